"""A page whose cloud is gone can be read and no more; it writes again when the cloud is back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from tests.support.live_web import StoppablePage, stoppable_page
from tests.web_modules.patients.people import sarah

pytestmark = pytest.mark.browser

REACH = "document.getElementById('reach')"
GONE = f"{REACH}.innerText.startsWith('Read only: the cloud cannot be reached since ')"
EDIT = "document.querySelector('[data-key=e]')"
SAVE = "document.querySelector('form[data-main] [type=submit]')"


@pytest.fixture
def cloud(qapp: QApplication, tmp_path: Path) -> Iterator[StoppablePage]:
    """A cloud that can be ended and started again."""
    with stoppable_page(tmp_path) as page:
        yield page
        # the browser says by itself that nobody answered
        page.live.page.complaints[:] = [
            one for one in page.live.page.complaints if "ERR_" not in one and "status of 503" not in one
        ]


@pytest.mark.hazard("H03")
def test_page_is_read_only_with_words_while_the_cloud_is_gone_and_live_when_it_is_back(
    cloud: StoppablePage,
) -> None:
    live = cloud.live
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}")
    assert live.run(f"{EDIT}.ariaDisabled") is None
    assert live.text("#reach") == ""
    cloud.end()
    live.until(GONE)
    assert live.run(f"{EDIT}.ariaDisabled") == "true"
    live.press("e")
    assert str(live.run("location.pathname")).endswith(made["id"])
    cloud.start()
    live.until(f"{REACH}.hidden")
    assert live.run(f"{EDIT}.ariaDisabled") is None
    live.press("e")
    live.until("document.querySelector('form[data-edit]')")


@pytest.mark.hazard("H02")
def test_what_is_typed_when_the_cloud_goes_stays_and_is_saved_when_it_is_back(cloud: StoppablePage) -> None:
    live = cloud.live
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit")
    live.write("#town", "Newton")
    cloud.end()
    live.until(GONE)
    assert live.run(f"{SAVE}.ariaDisabled") == "true"
    live.press("Enter", ctrl=True)
    live.run("window.banyan.save()")
    assert live.run("document.querySelector('#town').value") == "Newton"
    assert live.run("document.documentElement.dataset.unsaved") == "true"
    assert live.text("#said") == ""
    cloud.start()
    live.until(f"{REACH}.hidden")
    live.press("Enter", ctrl=True)
    live.until("document.querySelector('#done')")
    assert live.fhir.read("Patient", made["id"])["address"][1]["city"] == "Newton"


@pytest.mark.hazard("H11")
def test_page_that_the_shell_stopped_is_read_only_with_words_until_it_may_write_again(
    cloud: StoppablePage,
) -> None:
    live = cloud.live
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit")
    live.write("#town", "Newton")
    live.run("document.documentElement.dataset.stopped = 'true'")
    live.until(f"{REACH}.innerText === 'Read only: this page was stopped. What you typed is kept.'")
    assert live.run(f"{SAVE}.ariaDisabled") == "true"
    live.press("Enter", ctrl=True)
    live.run("window.banyan.save()")
    assert live.run("document.querySelector('#town').value") == "Newton"
    assert live.run("document.documentElement.dataset.unsaved") == "true"
    assert live.fhir.read("Patient", made["id"])["address"][1]["city"] != "Newton"
    live.run("document.documentElement.dataset.stopped = 'false'")
    live.until(f"{REACH}.hidden")
    live.press("Enter", ctrl=True)
    live.until("document.querySelector('#done')")
