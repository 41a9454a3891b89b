"""How long a commit on one side takes to be seen on the other, both ways.

To the page: a telephone number is committed to the legacy program's database by SQL, as the legacy program
does it, and looked for in the text of the patient's page in a QtWebEngine view that is left alone: the page
has to renew itself. Back: the number is committed through FHIR, as the page does it, and looked for in the
legacy program's row. Nobody else here mirrors, so there is no peer.
"""

import json
import os
import random
import secrets
import sqlite3
import time
import urllib.request
from collections.abc import Callable

from PySide6.QtCore import QByteArray, QEventLoop, QTimer, QUrl
from PySide6.QtNetwork import QNetworkCookie
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineProfile
from PySide6.QtWidgets import QApplication

from demo.session import SIGN_IN
from tests.benchmarks.bare_window import draw_as_the_shell_does
from tests.benchmarks.measurement import Measurement, percentile
from tests.benchmarks.world import World
from web_modules.fhir.client import FhirClient
from web_modules.fhir.systems import patient_number
from web_modules.fhir.transport import HttpTransport

SAMPLES = 100
"""The 99th percentile of fewer would be a single outlier's luck."""
BETWEEN_SECONDS = 0.15
"""On average, at random: commits do not come in step with anybody's polling."""
GIVE_UP_SECONDS = 20.0
LOOK_MILLISECONDS = 2


class Unseen(Exception):
    """A commit was not seen on the other side."""


def measure_lag(world: World) -> list[Measurement]:
    """Measure both directions. The page is drawn, and shown to nobody."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    draw_as_the_shell_does()
    opened = _signed_in(world)
    number, guid = _some_patient(world)
    fhir = FhirClient(HttpTransport(opened["fhir"], token=opened["session"]))
    system = patient_number(opened["ods"])
    (patient,) = fhir.search("Patient", {"identifier": f"{system}|{number}"})
    page = _Page(world.cloud, opened["session"], opened["patient_url"].format(patient=patient["id"]))
    to_page = [_to_page(world, guid, page) for _ in range(SAMPLES)]
    page.close()
    to_legacy = [_to_legacy(world, guid, fhir, patient["id"]) for _ in range(SAMPLES)]
    return [
        Measurement(benchmark=name, metric=metric, unit="s", ours=round(percentile(values, share), 4))
        for name, values in (("legacy_to_page", to_page), ("page_to_legacy", to_legacy))
        for metric, share in (("lag_p50", 0.5), ("lag_p99", 0.99))
    ]


def _signed_in(world: World) -> dict[str, str]:
    with urllib.request.urlopen(f"{world.cloud}/functions.json") as answer:  # noqa: S310 - loopback
        functions = json.load(answer)
    asked = urllib.request.Request(  # noqa: S310 - loopback
        f"{world.cloud}/sign-in", data=f"person={SIGN_IN}".encode(), headers={"Accept": "application/json"}
    )
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 - loopback
        session = json.load(answer)["session"]
    (patients,) = [entry for entry in functions["functions"] if entry["id"] == "patients"]
    return {
        "session": session,
        "fhir": functions["fhir"],
        "ods": functions["practice"]["ods"],
        "patient_url": patients["patient_url"],
    }


def _some_patient(world: World) -> tuple[str, str]:
    with _legacy(world) as database:
        row = database.execute(
            "SELECT PatientNumber, PatientGuid FROM Admin_Patient WHERE MobilePhone IS NOT NULL LIMIT 1"
        ).fetchone()
    return str(row[0]), str(row[1])


def _legacy(world: World) -> sqlite3.Connection:
    return sqlite3.connect(world.session.place.database, timeout=10, isolation_level=None)


def _new_number() -> str:
    return f"07700 900{secrets.randbelow(1000):03d}"


def _to_page(world: World, guid: str, page: "_Page") -> float:
    number = _new_number()
    while number in page.text():
        number = _new_number()
    _pause()
    with _legacy(world) as database:
        database.execute("UPDATE Admin_Patient SET MobilePhone = ? WHERE PatientGuid = ?", (number, guid))
    committed = time.perf_counter()
    _look(lambda: number in page.text(), committed)
    return time.perf_counter() - committed


def _to_legacy(world: World, guid: str, fhir: FhirClient, patient_id: str) -> float:
    _pause()
    patient = fhir.read("Patient", patient_id)
    (mobile,) = [entry for entry in patient["telecom"] if entry.get("use") == "mobile"]
    number = _new_number()
    while number == mobile["value"]:
        number = _new_number()
    mobile["value"] = number
    fhir.update(patient)
    committed = time.perf_counter()
    with _legacy(world) as database:
        _look(
            lambda: (
                database.execute(
                    "SELECT 1 FROM Admin_Patient WHERE PatientGuid = ? AND MobilePhone = ?", (guid, number)
                ).fetchone()
                is not None
            ),
            committed,
        )
    return time.perf_counter() - committed


def _pause() -> None:
    loop = QEventLoop()
    QTimer.singleShot(int(random.uniform(0.5, 1.5) * BETWEEN_SECONDS * 1000), loop.quit)
    loop.exec()


def _look(is_seen: Callable[[], bool], since: float) -> None:
    while not is_seen():
        if time.perf_counter() - since > GIVE_UP_SECONDS:
            raise Unseen(f"a commit was not seen on the other side within {GIVE_UP_SECONDS:.0f} s")
        loop = QEventLoop()
        QTimer.singleShot(LOOK_MILLISECONDS, loop.quit)
        loop.exec()


class _Page:
    """A page in a browser of its own; what it shows is asked for, never pushed."""

    def __init__(self, cloud: str, session: str, url: str) -> None:
        self._app = QApplication.instance() or QApplication(["bench"])
        self._profile = QWebEngineProfile()
        cookie = QNetworkCookie(QByteArray(b"banyan_session"), QByteArray(session.encode()))
        self._profile.cookieStore().setCookie(cookie, QUrl(cloud))
        self._page = QWebEnginePage(self._profile)
        loop = QEventLoop()
        self._page.loadFinished.connect(loop.quit)
        self._page.load(QUrl(url))
        loop.exec()

    def text(self) -> str:
        """What a person would read on the page, the values of its fields included."""
        loop = QEventLoop()
        found: list[str] = []

        def take(text: object) -> None:
            found.append(str(text))
            loop.quit()

        script = (
            "document.body.innerText + Array.from(document.querySelectorAll('input'), i => i.value).join(' ')"
        )
        self._page.runJavaScript(script, take)
        if not found:
            loop.exec()
        return found[0]

    def close(self) -> None:
        """End the page, then its profile."""
        self._page.deleteLater()
        self._app.processEvents()
        self._profile.deleteLater()
        self._app.processEvents()
