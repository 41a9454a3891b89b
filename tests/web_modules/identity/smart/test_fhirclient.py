"""npm's `fhirclient`, an application's half that others wrote, in a real browser.

The application is on `localhost` and the cloud on 127.0.0.1: to a browser these are two sites, so that
cookies and requests across sites are treated as in earnest.
"""

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import uvicorn
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer, QUrl
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineProfile
from PySide6.QtWidgets import QApplication

from demo.programs import free_port
from tests.web_modules.identity.smart.practice import PRACTICE, fill
from web_modules.app import create_cloud
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.store import Standard, Store
from web_modules.settings import CloudSettings

pytestmark = pytest.mark.browser

SCRIPT = Path(__file__).parents[3] / "assets" / "fhirclient" / "fhir-client.pure.min.js"
GIVE_UP_SECONDS = 30
LAUNCH = """<!DOCTYPE html><title>launch</title><script src="fhirclient.js"></script><script>
FHIR.oauth2.authorize({clientId: "banyan-development", redirectUri: "app.html", pkceMode: "required",
  scope: new URLSearchParams(location.search).get("wanted")});
</script>"""
APP = """<!DOCTYPE html><title>app</title><script src="fhirclient.js"></script><script>
FHIR.oauth2.ready().then(async (client) => {
  const patient = await client.patient.read();
  const user = await client.user.read();
  const before = client.state.tokenResponse.access_token;
  await client.refresh();
  const again = await client.patient.read();
  window.told = {patient: patient.name[0].family, id: client.patient.id, user: user.name[0].family,
    type: client.user.resourceType, isSame: again.id === patient.id,
    isRenewed: client.state.tokenResponse.access_token !== before};
}).catch((error) => { window.told = {error: String(error)}; });
</script>"""


class _Application(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def application(folder: Path) -> Iterator[str]:
    """Serve the application; its address."""
    (folder / "launch.html").write_text(LAUNCH)
    (folder / "app.html").write_text(APP)
    (folder / "fhirclient.js").write_bytes(SCRIPT.read_bytes())
    handler = partial(_Application, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A browser with nobody signed in.

    Attributes:
        page: its one tab.
    """

    page: QWebEnginePage

    def run(self, script: str) -> Any:
        """The value of an expression on the page."""
        loop = QEventLoop()
        found: list[Any] = []

        def take(value: object) -> None:
            found.append(value)
            loop.quit()

        self.page.runJavaScript(f"JSON.stringify({script})", take)
        if not found:
            loop.exec()
        return json.loads(found[0]) if isinstance(found[0], str) and found[0] else None

    def until(self, script: str) -> Any:
        """Wait until an expression has a true value."""
        began = time.monotonic()
        while True:
            value = self.run(script)
            if value:
                return value
            here = self.page.url().toString()
            assert time.monotonic() - began < GIVE_UP_SECONDS, (
                f"not so at {here}: {script}: {self.run('document.body.innerText')}"
            )
            loop = QEventLoop()
            QTimer.singleShot(20, loop.quit)
            loop.exec()

    def click(self, selector: str) -> None:
        """Wait for something on the page, and click it."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.until(f"Boolean({found})")
        self.run(f"({found}.click(), true)")

    def write(self, selector: str, text: str) -> None:
        """Wait for a field, and fill it."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.until(f"Boolean({found})")
        self.run(f"({found}.value = {json.dumps(text)}, true)")


@pytest.fixture
def browser(qapp: QApplication) -> Iterator[Browser]:
    """A browser that forgets everything."""
    profile = QWebEngineProfile()
    page = QWebEnginePage(profile)
    yield Browser(page=page)
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    profile.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A cloud and an application beside it.

    Attributes:
        origin: of the cloud.
        application: address of the application.
        patient: who has Dr Nair as the usual GP.
    """

    origin: str
    application: str
    patient: str

    def launch_url(self, scope: str, launch: str = "") -> QUrl:
        """Where the application begins."""
        base = quote(f"{self.origin}/{PRACTICE}/fhir", safe="")
        given = f"&launch={launch}" if launch else ""
        return QUrl(f"{self.application}/launch.html?iss={base}&wanted={quote(scope, safe='')}{given}")


@pytest.fixture
def stage(tmp_path: Path, standard: Standard) -> Iterator[Stage]:
    """Both, served."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    database = f"sqlite:///{tmp_path / 'cloud.sqlite'}"
    settings = CloudSettings(database=database, practice=PRACTICE, port=port, is_development=True)
    store = Store(database, standard)
    made = create_cloud(settings, store, bytes(32), origin)
    patient, _ = fill(FhirClient(made.services.fhir))
    server = uvicorn.Server(
        uvicorn.Config(made.app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    (tmp_path / "application").mkdir()
    try:
        _wait(lambda: server.started)
        with application(tmp_path / "application") as address:
            yield Stage(origin=origin, application=address, patient=patient)
    finally:
        server.should_exit = True
        thread.join()
        store.close()


def _wait(condition: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < GIVE_UP_SECONDS


def sign_in(browser: Browser) -> None:
    """As Dr Priya Nair, on the page that is shown."""
    browser.click("input[value='priya.nair']")
    browser.click("button[type=submit]")


def check_told(browser: Browser, stage: Stage) -> None:
    told = browser.until("window.told")
    assert told == {
        "patient": "Ash",
        "id": stage.patient,
        "user": "Nair",
        "type": "Practitioner",
        "isSame": True,
        "isRenewed": True,
    }


def test_fhirclient_completes_a_standalone_launch(browser: Browser, stage: Stage) -> None:
    browser.page.load(stage.launch_url("openid fhirUser launch/patient patient/*.read offline_access"))
    sign_in(browser)
    browser.write("#find", "ash")
    browser.click("form[role=search] button")
    browser.click(f"input[name=patient][value='{stage.patient}']")
    browser.click("button[value=allow]")
    check_told(browser, stage)


def test_fhirclient_completes_an_ehr_launch(browser: Browser, stage: Stage) -> None:
    browser.page.load(QUrl(f"{stage.origin}/sign-in?next=/health"))
    sign_in(browser)
    browser.until("location.pathname === '/health'")
    signed_in = requests.post(
        f"{stage.origin}/sign-in",
        data={"person": "priya.nair"},
        headers={"Accept": "application/json"},
        timeout=10,
    ).json()
    launched = requests.post(
        f"{stage.origin}/{PRACTICE}/auth/launch",
        data={"patient": stage.patient},
        headers={"Authorization": f"Bearer {signed_in['session']}"},
        timeout=10,
    ).json()
    browser.page.load(
        stage.launch_url("openid fhirUser launch patient/*.rs online_access", launched["launch"])
    )
    check_told(browser, stage)


def test_an_application_that_is_refused_says_so(browser: Browser, stage: Stage) -> None:
    browser.page.load(stage.launch_url("launch/patient patient/*.rs"))
    sign_in(browser)
    browser.click("button[value=deny]")
    told = browser.until("window.told")
    assert set(told) == {"error"}
    assert "access_denied" in browser.run("location.search") + told["error"]
