"""What becomes of a save that nobody answers: the cloud is a real process, really stopped."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from tests.support.live_web import LivePage, StoppablePage, live_page, stoppable_page
from tests.support.module_web import TODAY
from tests.web_modules.appointments.practice import Practice
from tests.web_modules.patients.people import patient, sarah
from web_modules.fhir.errors import FhirUnavailable
from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.access import Access
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.store import Standard

pytestmark = pytest.mark.browser

UNSAVED = "document.documentElement.dataset.unsaved"
SAID = "#said"
IMPATIENT = "document.documentElement.dataset.answerSeconds = '1'"


@pytest.fixture
def hanging(qapp: QApplication, tmp_path: Path) -> Iterator[StoppablePage]:
    """A cloud that can be stopped."""
    with stoppable_page(tmp_path, agent="BanyanShell/0.1") as page:
        page.live.page.complaints.clear()
        yield page
        # without a shell around it nobody hears what a page tells it
        page.live.page.complaints[:] = [one for one in page.live.page.complaints if "banyan:" not in one]


@pytest.fixture
def live(qapp: QApplication, tmp_path: Path, standard: Standard) -> Iterator[LivePage]:
    """A browser beside a server of this process."""
    with live_page(tmp_path, standard) as page:
        yield page


@pytest.mark.hazard("H01")
@pytest.mark.hazard("H02")
def test_a_save_that_hung_is_never_done_after_its_time_and_the_page_says_so(hanging: StoppablePage) -> None:
    live = hanging.live
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit?context=one")
    live.run(IMPATIENT)
    live.write("#town", "Newton")
    hanging.stop()
    live.run("window.banyan.save()")
    live.until(f"document.querySelector('{SAID}').innerText.startsWith('Not known whether it was saved')")
    assert live.run(UNSAVED) == "true"
    hanging.go_on()
    live.until(f"document.querySelector('{SAID}').innerText.startsWith('It was not saved')")
    assert live.run("document.querySelector('#town').value") == "Newton"
    assert live.run(UNSAVED) == "true"
    assert live.fhir.read("Patient", made["id"])["meta"]["versionId"] == made["meta"]["versionId"]
    live.run("window.banyan.save()")
    live.until("document.querySelector('#done')")
    assert live.fhir.read("Patient", made["id"])["address"][1]["city"] == "Newton"


@pytest.mark.hazard("H01")
def test_a_booking_on_its_way_is_unsaved_work_until_it_is_known_what_became_of_it(
    hanging: StoppablePage,
) -> None:
    live = hanging.live
    practice = Practice(live.fhir)
    session = practice.schedule(practice.clinician("Dr", "Priya", "Nair", "GP"))
    slot, person = practice.slot(session, f"{TODAY} 10:00"), practice.patient("Smith")
    live.open(f"appointments/patients/{person}?date={TODAY}&slot={slot}&context=one")
    live.run(IMPATIENT)
    hanging.stop()
    live.run("document.querySelector('form[data-main]').requestSubmit()")
    assert live.run(UNSAVED) == "true"
    live.run("window.banyan.discard()")
    assert live.run(UNSAVED) == "true", "what is on its way cannot be called back"
    live.until(f"document.querySelector('{SAID}').innerText.startsWith('Not known whether it was booked')")
    hanging.go_on()
    live.until(f"{UNSAVED} === 'false'")
    assert live.fhir.read("Slot", slot)["status"] == "free"
    assert live.fhir.search("Appointment", {"slot": f"Slot/{slot}"}) == []


def test_a_save_that_was_done_without_an_answer_is_found_to_be_done(
    live: LivePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit")
    live.run("document.documentElement.dataset.answerSeconds = '3'")  # on a slow machine it is done in time
    live.write("#town", "Newton")
    send = FhirService.send

    def lose_the_answer(service: FhirService, request: FhirRequest, *access: Access) -> FhirResponse:
        answer = send(service, request, *access)
        if request.method == "PUT":
            raise FhirUnavailable("the answer was lost")
        return answer

    monkeypatch.setattr(FhirService, "send", lose_the_answer)
    live.press("Enter", ctrl=True)
    live.until(f"document.querySelector('{SAID}').innerText === 'It was saved.'")
    live.until("document.querySelector('#contact')")
    assert "Newton" in live.text("#shown")
    assert live.run(UNSAVED) == "false"


def test_what_is_typed_stays_when_the_records_refuse_a_save(
    live: LivePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit?context=one")
    live.write("#town", "Newton")
    other = live.fhir.create(patient("Khan", "Aisha", "1988-04-02"))
    live.run(
        f"fetch('/Y99002/patients/{other['id']}?context=two').then(() => {{ window.gone = true; }}) && 1"
    )
    live.until("window.gone")
    live.press("Enter", ctrl=True)
    live.until(f"document.querySelector('{SAID}').innerText.includes('gone on to another patient')")
    assert "What you typed is still here." in live.text(SAID)
    assert live.run("document.querySelector('#town').value") == "Newton"
    assert live.run(UNSAVED) == "true"
