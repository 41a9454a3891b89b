"""What a page writes down of what is typed, and how it takes it up again, in a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from tests.support.live_web import LivePage, live_page
from tests.web_modules.appointments.practice import Practice
from tests.web_modules.desk.tasks import conflict_task
from tests.web_modules.patients.people import sarah
from web_modules.fhir.mirror_tasks import task_resource
from web_modules.fhir_store.store import Standard

pytestmark = pytest.mark.browser
DAY = "2026-11-17"
DRAFT = "document.documentElement.dataset.draft ?? ''"


@pytest.fixture
def live(qapp: QApplication, tmp_path: Path, standard: Standard) -> Iterator[LivePage]:
    """A browser that says that it is the shell's."""
    with live_page(tmp_path, standard, agent="BanyanShell/0.1") as page:
        yield page
        # without a shell around it nobody hears what a page tells it
        page.page.complaints[:] = [one for one in page.page.complaints if "banyan:" not in one]


@pytest.fixture
def outside(qapp: QApplication, tmp_path: Path, standard: Standard) -> Iterator[LivePage]:
    """Any browser."""
    with live_page(tmp_path, standard) as page:
        yield page


def draft(live: LivePage) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(str(live.run(DRAFT)) or "{}")
    return said


def resume(live: LivePage, said: dict[str, Any], patient: str) -> None:
    live.run(f"void window.banyan.resume({json.dumps({**said, 'patient': patient})})")


def book_form(live: LivePage) -> tuple[str, str, str]:
    """A patient, a session and a free time, its form open and a reason typed."""
    practice = Practice(live.fhir)
    patient = practice.patient("Smith")
    session = practice.schedule(practice.clinician("Dr", "Priya", "Nair", "GP"))
    slot = practice.slot(session, f"{DAY} 10:00")
    live.open(f"appointments/patients/{patient}?date={DAY}&slot={slot}&context=c1")
    live.write("#reason", "Knee pain")
    return patient, slot, session


def test_contact_details_are_written_down_as_they_are_typed_until_they_are_saved(live: LivePage) -> None:
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit?context=c1")
    assert draft(live) == {}
    live.write("#mobile_phone", "07700 900999")
    said = draft(live)
    assert said["form"] == "contact"
    assert said["at"] == f"/Y99002/patients/{made['id']}/edit"
    (field,) = said["fields"]
    assert (field["name"], field["value"]) == ("mobile_phone", "07700 900999")
    live.press("Enter", ctrl=True)
    live.until("document.querySelector('#done')")
    assert draft(live) == {}


def test_contact_details_are_taken_up_in_the_context_of_now(live: LivePage) -> None:
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit?context=c1")
    live.write("#mobile_phone", "07700 900999")
    said = draft(live)
    live.open(f"patients/{made['id']}?context=c2")
    assert draft(live) == {}
    resume(live, said, made["id"])
    live.until("document.querySelector('#mobile_phone')?.value === '07700 900999'")
    assert live.run("document.activeElement.id") == "mobile_phone"
    assert live.run("new URLSearchParams(location.search).get('context')") == "c2"
    assert live.run("document.documentElement.dataset.unsaved") == "true"
    assert draft(live) == said


@pytest.mark.hazard("H13")
def test_what_changed_elsewhere_since_is_told_and_never_written_over_unasked(live: LivePage) -> None:
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit")
    live.write("#mobile_phone", "07700 900999")
    said = draft(live)
    live.open(f"patients/{made['id']}")
    resource = live.fhir.read("Patient", made["id"])
    resource["telecom"][3]["value"] = "07700 900555"
    live.fhir.update(resource)
    resume(live, said, made["id"])
    live.until("document.querySelector('[data-field=mobile_phone] [data-elsewhere]:not([hidden])')")
    assert "Changed on the other side just now: 07700 900555." in live.text("[data-field=mobile_phone]")
    live.press("Enter", ctrl=True)
    live.until("document.querySelector('#others')")
    assert live.fhir.read("Patient", made["id"])["telecom"][3]["value"] == "07700 900555"


@pytest.mark.hazard("H02")
def test_a_draft_is_not_put_into_another_patients_form(live: LivePage) -> None:
    made, other = live.fhir.create(sarah()), live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit")
    live.write("#mobile_phone", "07700 900999")
    said = draft(live)
    live.open(f"patients/{other['id']}/edit")
    resume(live, said, made["id"])  # of the other
    at_other = {**said, "at": said["at"].replace(made["id"], other["id"])}
    resume(live, at_other, made["id"])
    resume(live, said, other["id"])  # which leads to the first one's form, under the second one's name
    live.until("document.getElementById('said').textContent.includes('07700 900999')")
    assert live.run("document.querySelector('#mobile_phone').value") != "07700 900999"


def test_a_reason_goes_on_where_it_was_typed(live: LivePage) -> None:
    patient, slot, _ = book_form(live)
    said = draft(live)
    assert said["form"] == "book"
    live.open(f"appointments/patients/{patient}?date={DAY}&context=c2")
    assert draft(live) == {}
    resume(live, said, patient)
    live.until("document.querySelector('#reason')?.value === 'Knee pain'")
    assert live.run("new URLSearchParams(location.search).get('slot')") == slot
    assert draft(live)["fields"] == said["fields"]
    live.press("Enter", ctrl=True)
    live.until("document.querySelector('.ap-panel .bn-bar--ok')")
    assert draft(live) == {}


def test_a_reason_outlives_its_form_and_goes_to_the_next_time(live: LivePage) -> None:
    patient, slot, session = book_form(live)
    said = draft(live)
    other = Practice(live.fhir).slot(session, f"{DAY} 10:15")
    live.fhir.update(live.fhir.read("Slot", slot) | {"status": "busy-unavailable"})
    live.open(f"appointments/patients/{patient}?date={DAY}&context=c2")
    resume(live, said, patient)
    live.until("document.getElementById('said').textContent.includes('“Knee pain”')")
    assert draft(live)["fields"] == said["fields"]
    live.until(f"document.getElementById('slot-{other}')")
    live.run(f"document.getElementById('slot-{other}').click()")
    live.until("document.querySelector('#reason')?.value === 'Knee pain'")


def test_what_is_thrown_away_is_written_down_no_more(live: LivePage) -> None:
    book_form(live)
    live.run("window.banyan.discard()")
    live.until("!document.querySelector('#reason')")
    assert draft(live) == {}


def test_a_third_value_on_the_desk_goes_on_in_its_own_decision_only(live: LivePage) -> None:
    made = live.fhir.create(task_resource(conflict_task()))
    other = live.fhir.create(task_resource(conflict_task(key="c2", title="Another one")))
    live.open(f"desk?task={made['id']}&keep=other")
    live.write("#value_mobile_phone", "07700 900999")
    said = draft(live)
    assert said["form"] == f"decision-{made['id']}"
    live.open(f"desk?task={other['id']}&keep=other")
    resume(live, {**said, "at": f"/Y99002/desk?task={other['id']}&keep=other"}, "")
    live.until("document.getElementById('said').textContent.includes('07700 900999')")
    assert live.run("document.querySelector('#value_mobile_phone').value") == ""
    resume(live, said, "")
    live.until("document.querySelector('#value_mobile_phone').value === '07700 900999'")


def test_outside_the_shell_nothing_is_written_down(outside: LivePage) -> None:
    book_form(outside)
    assert draft(outside) == {}
