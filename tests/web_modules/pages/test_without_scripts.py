"""Every form also works in a browser that runs no scripts: it says truly where it comes from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEventLoop, QUrl
from PySide6.QtWebEngineCore import QWebEngineScript, QWebEngineSettings
from PySide6.QtWidgets import QApplication

from tests.support.live_web import LivePage, live_page
from tests.support.module_web import PRACTICE
from tests.web_modules.patients.people import sarah
from web_modules.fhir_store.store import Standard

pytestmark = pytest.mark.browser

_OURS = QWebEngineScript.ScriptWorldId.ApplicationWorld.value
"""A world beside the page's own: a test can look into a page that runs no scripts."""


@pytest.fixture
def live(qapp: QApplication, tmp_path: Path, standard: Standard) -> Iterator[LivePage]:
    """A browser whose pages run no scripts."""
    with live_page(tmp_path, standard) as page:
        page.page.settings().setAttribute(QWebEngineSettings.WebAttribute.JavascriptEnabled, False)
        yield page


def opened(live: LivePage, path: str) -> None:
    loop = QEventLoop()
    live.page.loadFinished.connect(loop.quit)
    live.page.load(QUrl(f"{live.origin}/{path}"))
    loop.exec()


def sent(live: LivePage, form: str, **fields: str) -> str:
    """Fill in a form and send it by its own button; what is read on the page that answers."""
    loop = QEventLoop()
    live.page.loadFinished.connect(loop.quit)
    fill = "".join(f"form.elements[{name!r}].value = {value!r};" for name, value in fields.items())
    live.page.runJavaScript(
        f"const form = document.querySelector({form!r}); {fill}"
        "form.querySelector('button:not([type=button])').click();",
        _OURS,
    )
    loop.exec()
    found: list[Any] = []

    def take(value: object) -> None:
        found.append(value)
        loop.quit()

    live.page.runJavaScript("document.body.innerText", _OURS, take)
    loop.exec()
    return str(found[0])


def test_a_patient_is_found(live: LivePage) -> None:
    live.fhir.create(sarah())
    opened(live, f"{PRACTICE}/patients")
    assert "12-Mar-1961" in sent(live, "form[role=search]", q="Smith")


def test_contact_details_are_saved(live: LivePage) -> None:
    made = live.fhir.create(sarah())
    opened(live, f"{PRACTICE}/patients/{made['id']}/edit")
    sent(live, "form.bn-form", mobile_phone="07700 900999")
    assert live.fhir.read("Patient", made["id"])["telecom"][3]["value"] == "07700 900999"


def test_somebody_signs_in(live: LivePage) -> None:
    opened(live, "sign-in")
    sent(live, "form[action='/sign-in']", person="dawn.hartley")
    assert "sign-in" not in live.page.url().path()
