"""What is labelled confidential is on no page of whoever may not see it, and the page says so."""

import pytest

from tests.support.module_web import ModuleWeb
from tests.web_modules.appointments.practice import Practice
from tests.web_modules.patients.people import patient
from web_modules.fhir.resource_json import Resource
from web_modules.fhir.systems import CONFIDENTIALITY
from web_modules.identity.people import DEVELOPMENT_PEOPLE

SAID = "Some records are not shown to you because they are confidential."
RESTRICTED = {"security": [{"system": CONFIDENTIALITY, "code": "R"}]}
DAY = "2026-11-17"


def sign_in(web: ModuleWeb, person: str) -> None:
    web.browser.post("/sign-in", data={"person": person})


def usual_gp(web: ModuleWeb) -> str:
    """Dr Priya Nair among the Practitioners."""
    system, _, number = DEVELOPMENT_PEOPLE[0].registration.partition("|")
    made = {"resourceType": "Practitioner", "identifier": [{"system": system, "value": number}]}
    return f"Practitioner/{web.create(made)['id']}"


def restrict(web: ModuleWeb, kind: str, identifier: str) -> None:
    resource = web.fhir.read(kind, identifier)
    web.fhir.update(resource | {"meta": {**resource["meta"], **RESTRICTED}})


@pytest.fixture
def hidden(web: ModuleWeb) -> Resource:
    """Sarah Smith, labelled R, whose usual GP is Dr Priya Nair; Alan Smith is anybody's."""
    gp = [{"reference": usual_gp(web)}]
    web.create(patient("Smith", "Alan", "1950-01-01", title="Mr"))
    return web.create(patient("Smith", "Sarah", "1961-03-12", meta=RESTRICTED, generalPractitioner=gp))


def test_a_receptionist_neither_finds_nor_counts_who_is_restricted_and_is_told_so(
    web: ModuleWeb, hidden: Resource
) -> None:
    page = web.post("patients", {"q": "smith"})
    assert "SMITH, Alan" in page.text
    assert "SMITH, Sarah" not in page.text
    assert hidden["id"] not in page.source
    assert "2 patients" not in page.text
    assert "similar" not in page.text
    assert SAID in page.text
    assert '<p class="bn-withheld" role="status">' in page.source


def test_what_is_said_does_not_tell_whether_a_hidden_name_was_guessed(
    web: ModuleWeb, hidden: Resource
) -> None:
    assert hidden["id"]
    for guess in ("alan", "sarah", "nobody"):
        assert SAID in web.post("patients", {"q": guess}).text
    assert SAID not in web.get("patients").text


def test_nothing_is_said_where_nothing_is_hidden(web: ModuleWeb) -> None:
    web.create(patient("Smith", "Alan", "1950-01-01", title="Mr"))
    assert SAID not in web.post("patients", {"q": "alan"}).text


@pytest.mark.parametrize(
    "path",
    ["patients/{id}", "patients/{id}/edit", "appointments/patients/{id}", "appointments/patients/{id}/book"],
)
def test_a_receptionist_does_not_open_who_is_restricted(web: ModuleWeb, hidden: Resource, path: str) -> None:
    page = web.get(path.format(id=hidden["id"]))
    assert page.status == 404
    assert "This is not in the records" in page.text
    assert "Sarah" not in page.source


def test_a_receptionist_does_not_write_to_who_is_restricted(web: ModuleWeb, hidden: Resource) -> None:
    assert web.post(f"patients/{hidden['id']}/edit", {"town": "Elsewhere"}).status == 404
    assert web.fhir.read("Patient", hidden["id"])["meta"]["versionId"] == hidden["meta"]["versionId"]


def test_a_namesake_who_is_restricted_is_not_named(web: ModuleWeb, hidden: Resource) -> None:
    other = web.create(patient("Smith", "Sarah", "1990-05-05"))
    page = web.get(f"patients/{other['id']}")
    assert page.status == 200
    assert "Another patient has this name" not in page.text
    assert "12-Mar-1961" not in page.text
    assert SAID in page.text
    assert hidden["id"] not in page.source


def test_the_gp_with_a_relationship_sees_all_of_it(web: ModuleWeb, hidden: Resource) -> None:
    sign_in(web, "priya.nair")
    found = web.post("patients", {"q": "smith"})
    assert "SMITH, Sarah" in found.text
    assert SAID not in found.text
    assert web.get(f"patients/{hidden['id']}").status == 200


def test_a_gp_without_a_relationship_is_told_that_somebody_is_not_shown(web: ModuleWeb) -> None:
    web.create(patient("Smith", "Sarah", "1961-03-12", meta=RESTRICTED))
    sign_in(web, "priya.nair")
    page = web.post("patients", {"q": "smith"})
    assert "SMITH, Sarah" not in page.text
    assert SAID in page.text


@pytest.fixture
def practice(web: ModuleWeb) -> Practice:
    return Practice(web.fhir)


@pytest.fixture
def session(practice: Practice) -> str:
    return practice.schedule(practice.clinician("Dr", "Priya", "Nair", "GP"))


def test_the_book_and_its_panel_show_no_restricted_appointment(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    sarah = practice.patient("Smith", generalPractitioner=[{"reference": usual_gp(web)}])
    slot = practice.slot(session, f"{DAY} 10:00", status="busy")
    later = practice.slot(session, "2026-11-24 09:10", status="busy")
    for one in (slot, later):
        restrict(web, "Appointment", practice.appointment(one, [sarah], reason="Clinic for sleep"))
    for path in ("appointments", f"appointments/patients/{sarah}"):
        page = web.get(f"{path}?date={DAY}&slot={slot}")
        assert page.status == 200
        assert "Clinic for sleep" not in page.source
        assert "24-Nov-2026 09:10" not in page.text
        assert SAID in page.text
    sign_in(web, "priya.nair")
    page = web.get(f"appointments/patients/{sarah}?date={DAY}&slot={slot}")
    assert "Clinic for sleep" in page.text
    assert "24-Nov-2026 09:10" in page.text
    assert SAID not in page.text


def test_who_is_restricted_is_not_named_in_the_book(web: ModuleWeb, practice: Practice, session: str) -> None:
    sarah = practice.patient("Smith")
    slot = practice.booked(session, f"{DAY} 10:00", sarah)
    restrict(web, "Patient", sarah)
    page = web.get(f"appointments?date={DAY}&slot={slot}")
    assert "SMITH" not in page.source
    assert SAID in page.text


def test_the_next_free_time_is_no_restricted_one(web: ModuleWeb, practice: Practice, session: str) -> None:
    restrict(web, "Slot", practice.slot(session, f"{DAY} 23:30"))
    page = web.get(f"appointments/next-free?date={DAY}")
    assert page.status == 200
    assert "There is no free time" in page.text


def test_a_time_that_a_hidden_appointment_has_is_not_booked(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    slot = practice.slot(session, f"{DAY} 10:00")
    restrict(web, "Appointment", practice.appointment(slot, [practice.patient("Jones", "Alan")]))
    sarah = practice.patient("Smith")
    fields = {"slot": slot, "starts": web.fhir.read("Slot", slot)["start"], "date": DAY}
    page = web.post(f"appointments/patients/{sarah}/book", fields)
    assert page.status == 409
    assert "That time was taken" in page.text
    assert len(web.fhir.search("Appointment", {"slot": f"Slot/{slot}"})) == 1


def test_a_time_that_a_hidden_appointment_has_too_is_not_given_back(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    sarah = practice.patient("Smith")
    slot = practice.slot(session, f"{DAY} 10:00", status="busy")
    mine = practice.appointment(slot, [sarah])
    restrict(web, "Appointment", practice.appointment(slot, [practice.patient("Jones", "Alan")]))
    fields = {"slot": slot, "appointment": mine, "why": "pat", "date": DAY}
    web.post(f"appointments/patients/{sarah}/cancel", fields)
    assert web.fhir.read("Appointment", mine)["status"] == "cancelled"
    assert web.fhir.read("Slot", slot)["status"] == "busy"


@pytest.mark.parametrize(
    "path", ["patients/{id}", "patients/{id}/edit", "appointments", "appointments/patients/{id}"]
)
def test_it_staff_are_told_plainly_that_they_may_not_see_it(
    web: ModuleWeb, hidden: Resource, path: str
) -> None:
    sign_in(web, "sam.iqbal")
    page = web.get(path.format(id=hidden["id"]))
    assert page.status == 403
    assert "You may not see this" in page.text
    assert web.post("patients", {"q": "smith"}).status == 403


def test_the_audit_names_the_person_for_what_a_page_read_and_wrote(web: ModuleWeb) -> None:
    made = web.create(patient("Khan", "Aisha", "1988-04-02"))
    form = web.get(f"patients/{made['id']}/edit").fields
    web.post(f"patients/{made['id']}/edit", form | {"town": "Fernbrook"})
    assert web.fhir.read("Patient", made["id"])["address"][0]["city"] == "Fernbrook"
    events = web.fhir.search("AuditEvent", {"patient": f"Patient/{made['id']}"})
    who = [(event["action"], event["agent"][0]["who"]["display"]) for event in events]
    assert {("R", "Dawn Hartley"), ("U", "Dawn Hartley")} <= set(who)
