"""The day book as a browser gets it: what it shows, booking, cancelling, and who was first."""

import pytest

from tests.support.module_web import ModuleWeb, PageRead
from tests.web_modules.appointments.practice import Practice
from web_modules.fhir.client import version_of
from web_modules.fhir.resource_json import Resource

DAY = "2026-11-17"


def opened(web: ModuleWeb, patient: str, **query: str) -> PageRead:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return web.get(f"appointments/patients/{patient}?{asked}")


def booked(web: ModuleWeb, patient: str, slot: str, *, reason: str = "") -> PageRead:
    form = opened(web, patient, date=DAY, slot=slot)
    return web.post(f"appointments/patients/{patient}/book", form.fields | {"reason": reason})


def appointments_of(web: ModuleWeb, slot: str) -> list[Resource]:
    return web.fhir.search("Appointment", {"slot": f"Slot/{slot}"})


# ---- the book ------------------------------------------------------------------------------------


def test_the_book_shows_a_column_for_each_clinician(web: ModuleWeb, practice: Practice, session: str) -> None:
    nurse = practice.schedule(practice.clinician("Ms", "Jo", "Whitfield", "Nurse practitioner"))
    practice.slot(session, f"{DAY} 10:15")
    practice.slot(nurse, f"{DAY} 10:30")
    page = web.get(f"appointments?date={DAY}")
    assert page.status == 200
    assert "Tuesday 17 November 2026" in page.text
    assert page.text.index("Dr Priya Nair GP · Room 2") < page.text.index("Ms Jo Whitfield")
    assert page.root["data-function"] == "appointments"
    assert page.root["data-patient"] == ""


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("booked", "Booked"),
        ("arrived", "Arrived"),
        ("checked-in", "Sent in"),
        ("fulfilled", "Done"),
        ("noshow", "Did not attend"),
        ("cancelled", "Cancelled"),
    ],
)
def test_every_state_is_a_word(
    web: ModuleWeb, practice: Practice, session: str, status: str, words: str
) -> None:
    practice.booked(session, f"{DAY} 10:15", practice.patient("Smith"), status=status)
    page = web.get(f"appointments?date={DAY}")
    slot = page.text[page.text.index("10:15, 15 min") :]
    assert words in slot
    assert "SMITH, Sarah" in slot


def test_times_without_a_patient_say_what_they_are(web: ModuleWeb, practice: Practice, session: str) -> None:
    practice.slot(session, f"{DAY} 09:00", minutes=20)
    practice.slot(session, f"{DAY} 09:30", kind="On the day")
    practice.slot(session, f"{DAY} 10:00", status="busy-unavailable")
    text = web.get(f"appointments?date={DAY}").text
    assert "Free · 20 min" in text
    assert "On the day · 09:30" in text
    assert "Blocked" in text
    assert "Free 2" in text


def test_a_withheld_patient_is_booked_without_a_name(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    slot = practice.slot(session, f"{DAY} 10:15", status="busy")
    page = web.get(f"appointments?date={DAY}&slot={slot}")
    assert "10:15, 15 min: Booked" in page.text
    assert "The patient is not shown here" in page.text
    assert "Book appointment" not in page.text


@pytest.mark.hazard("H15")
def test_a_day_begins_and_ends_at_the_practice(web: ModuleWeb, practice: Practice, session: str) -> None:
    practice.slot(session, "2026-07-01 23:45")
    practice.slot(session, "2026-07-02 00:00")
    text = web.get("appointments?date=2026-07-01").text
    assert "23:45, 15 min" in text
    assert "00:00, 15 min" not in text


@pytest.mark.hazard("H20")
def test_two_appointments_in_one_time_are_both_named(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    slot = practice.booked(session, f"{DAY} 10:15", practice.patient("Smith"))
    practice.appointment(slot, [practice.patient("Jones", "Alan")])
    text = web.get(f"appointments?date={DAY}").text
    assert "Booked twice" in text
    assert "SMITH, Sarah + JONES, Alan" in text


def test_a_name_opens_its_patient(web: ModuleWeb, practice: Practice, session: str) -> None:
    patient = practice.patient("Smith")
    slot = practice.booked(session, f"{DAY} 10:15", patient)
    page = web.get(f"appointments?date={DAY}", user_agent="Mozilla BanyanShell/0.1")
    assert f'data-patient-open="{patient}"' in page.source
    assert f"appointments/patients/{patient}?date={DAY}&amp;slot={slot}" in page.source
    assert "Sign out" not in page.text


def test_a_name_is_text_whatever_it_holds(web: ModuleWeb, practice: Practice, session: str) -> None:
    practice.booked(session, f"{DAY} 10:15", practice.patient("<b>x</b>"), reason="<script>alert(1)</script>")
    source = web.get(f"appointments?date={DAY}").source
    assert "<script>alert" not in source
    assert "&lt;B&gt;X" in source


def test_an_empty_day_says_so(web: ModuleWeb) -> None:
    page = web.get("appointments?date=15/11")
    assert "Nobody has a surgery on Sunday 15 November 2026" in page.text


def test_what_is_not_a_day_is_said_and_today_is_shown(web: ModuleWeb) -> None:
    page = web.get("appointments?date=31/02")
    assert "“31/02” is not a day" in page.text
    assert "Tuesday 17 November 2026" in page.text


def test_the_next_free_time_is_found_on_a_later_day(web: ModuleWeb, practice: Practice, session: str) -> None:
    practice.slot(session, "2026-11-19 09:00", kind="On the day")
    practice.slot(session, "2026-11-20 09:00", status="busy")
    slot = practice.slot(session, "2026-11-20 09:15")
    page = web.get("appointments/next-free?date=2026-11-18")
    assert page.url.endswith(f"appointments?date=2026-11-20&slot={slot}")
    assert "Open a patient first" in page.text


def test_no_free_time_is_said(web: ModuleWeb) -> None:
    assert "There is no free time after" in web.get("appointments/next-free?date=2026-11-18").text


# ---- with a patient ------------------------------------------------------------------------------


def test_a_patients_own_appointment_is_chosen(web: ModuleWeb, practice: Practice, session: str) -> None:
    patient = practice.patient("Smith")
    practice.booked(session, f"{DAY} 10:15", patient, reason="Knee pain")
    practice.booked(session, "2026-11-24 09:10", patient, reason="Blood test")
    page = opened(web, patient, date=DAY)
    assert page.root["data-patient"] == patient
    assert "Chosen appointment SMITH, Sarah (Mrs) Born 12-Mar-1961 (65y)" in page.text
    assert "Booked 05-Nov-2026 14:20" in page.text
    coming = page.text[page.text.index("Coming up for this patient") :]
    assert "24-Nov-2026 09:10 Blood test" in coming


def test_another_patients_appointment_cannot_be_cancelled(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    mine, other = practice.patient("Smith"), practice.patient("Jones", "Alan")
    slot = practice.booked(session, f"{DAY} 10:15", other)
    page = opened(web, mine, date=DAY, slot=slot)
    assert "Another patient’s appointment JONES, Alan" in page.text
    assert "Cancel appointment" not in page.text
    assert "Open this patient" in page.links
    appointment = appointments_of(web, slot)[0]["id"]
    told = web.post(
        f"appointments/patients/{mine}/cancel",
        {"appointment": appointment, "slot": slot, "date": DAY, "why": "pat"},
    )
    assert told.status == 409
    assert appointments_of(web, slot)[0]["status"] == "booked"


def test_booking_makes_an_appointment_and_takes_the_time(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    patient, slot = practice.patient("Smith"), practice.slot(session, f"{DAY} 11:30")
    page = booked(web, patient, slot, reason="  Knee pain ")
    assert "Booked: 11:30 with Dr Priya Nair" in page.text
    (made,) = appointments_of(web, slot)
    stored = web.fhir.read("Slot", slot)
    assert stored["status"] == "busy"
    assert (made["status"], made["description"], made["minutesDuration"]) == ("booked", "Knee pain", 15)
    assert (made["start"], made["end"]) == (stored["start"], stored["end"])
    actors = [one["actor"]["reference"].partition("/")[0] for one in made["participant"]]
    assert actors == ["Patient", "Practitioner"]
    assert made["created"].startswith(DAY)


def test_booking_twice_books_once(web: ModuleWeb, practice: Practice, session: str) -> None:
    patient, slot = practice.patient("Smith"), practice.slot(session, f"{DAY} 11:30")
    form = opened(web, patient, date=DAY, slot=slot).fields
    for _ in range(2):
        page = web.post(f"appointments/patients/{patient}/book", form)
        assert "Booked: 11:30" in page.text
    assert len(appointments_of(web, slot)) == 1


@pytest.mark.hazard("H20")
def test_a_time_that_was_taken_meanwhile_is_refused_and_the_reason_is_kept(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    mine, other = practice.patient("Smith"), practice.patient("Jones", "Alan")
    slot = practice.slot(session, f"{DAY} 11:30")
    form = opened(web, mine, date=DAY, slot=slot).fields
    booked(web, other, slot)
    page = web.post(f"appointments/patients/{mine}/book", form | {"reason": "Knee pain"})
    assert page.status == 409
    assert "That time was taken a moment ago by another booking. Choose another." in page.text
    assert "Knee pain" in page.text
    assert len(appointments_of(web, slot)) == 1


def test_a_time_that_the_mirror_only_touched_is_booked(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    patient, slot = practice.patient("Smith"), practice.slot(session, f"{DAY} 11:30")
    form = opened(web, patient, date=DAY, slot=slot).fields
    web.fhir.update(web.fhir.read("Slot", slot) | {"comment": "seen by the mirror"})
    page = web.post(f"appointments/patients/{patient}/book", form)
    assert "Booked: 11:30" in page.text
    assert web.fhir.read("Slot", slot)["comment"] == "seen by the mirror"


def test_a_time_that_moved_is_not_booked(web: ModuleWeb, practice: Practice, session: str) -> None:
    patient, slot = practice.patient("Smith"), practice.slot(session, f"{DAY} 11:30")
    form = opened(web, patient, date=DAY, slot=slot).fields
    web.fhir.update(
        web.fhir.read("Slot", slot) | {"start": f"{DAY}T11:45:00+00:00", "end": f"{DAY}T12:00:00+00:00"}
    )
    page = web.post(f"appointments/patients/{patient}/book", form)
    assert "was moved a moment ago" in page.text
    assert appointments_of(web, slot) == []


@pytest.mark.parametrize("change", ["blocked", "gone"])
def test_a_time_that_is_not_free_any_more_is_not_booked(
    web: ModuleWeb, practice: Practice, session: str, change: str
) -> None:
    patient, slot = practice.patient("Smith"), practice.slot(session, f"{DAY} 11:30")
    form = opened(web, patient, date=DAY, slot=slot).fields
    if change == "gone":
        web.fhir.delete("Slot", slot)
    else:
        web.fhir.update(web.fhir.read("Slot", slot) | {"status": "busy-unavailable"})
    page = web.post(f"appointments/patients/{patient}/book", form)
    assert page.status == 409
    assert ("not in the book any more" if change == "gone" else "blocked a moment ago") in page.text


def test_nothing_is_booked_for_someone_who_died(web: ModuleWeb, practice: Practice, session: str) -> None:
    patient = practice.patient("Smith", deceasedDateTime="2026-09-03")
    slot = practice.slot(session, f"{DAY} 11:30")
    page = opened(web, patient, date=DAY, slot=slot)
    assert "This patient died 03-Sep-2026" in page.text
    assert "Book appointment" not in page.text
    told = web.post(f"appointments/patients/{patient}/book", {"slot": slot, "date": DAY})
    assert told.status == 409
    assert appointments_of(web, slot) == []


def test_cancelling_wants_a_reason_and_gives_the_time_back(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    patient = practice.patient("Smith")
    slot = practice.booked(session, f"{DAY} 11:30", patient)
    assert "Cancel appointment" in opened(web, patient, date=DAY, slot=slot).links
    form = opened(web, patient, date=DAY, slot=slot, cancel="1").fields
    asked = web.post(f"appointments/patients/{patient}/cancel", form)
    assert "Choose why it is cancelled" in asked.text
    assert web.fhir.read("Slot", slot)["status"] == "busy"
    page = web.post(f"appointments/patients/{patient}/cancel", form | {"why": "pat"})
    assert "Cancelled: 11:30 with Dr Priya Nair. The time is free again." in page.text
    (ended,) = appointments_of(web, slot)
    assert ended["status"] == "cancelled"
    assert ended["cancelationReason"]["coding"][0]["code"] == "pat"
    assert web.fhir.read("Slot", slot)["status"] == "free"


def test_cancelling_one_of_two_leaves_the_time_to_the_other(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    mine, other = practice.patient("Smith"), practice.patient("Jones", "Alan")
    slot = practice.booked(session, f"{DAY} 11:30", mine)
    practice.appointment(slot, [other])
    form = opened(web, mine, date=DAY, slot=slot, cancel="1").fields
    web.post(f"appointments/patients/{mine}/cancel", form | {"why": "other"})
    assert web.fhir.read("Slot", slot)["status"] == "busy"
    assert sorted(one["status"] for one in appointments_of(web, slot)) == ["booked", "cancelled"]


def test_someone_who_arrived_meanwhile_is_not_cancelled(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    patient = practice.patient("Smith")
    slot = practice.booked(session, f"{DAY} 11:30", patient)
    form = opened(web, patient, date=DAY, slot=slot, cancel="1").fields
    web.fhir.update(appointments_of(web, slot)[0] | {"status": "arrived"})
    page = web.post(f"appointments/patients/{patient}/cancel", form | {"why": "pat"})
    assert "it is not waiting any more" in page.text
    assert appointments_of(web, slot)[0]["status"] == "arrived"


def test_a_cancelled_appointment_keeps_what_it_held(web: ModuleWeb, practice: Practice, session: str) -> None:
    patient = practice.patient("Smith")
    slot = practice.booked(session, f"{DAY} 11:30", patient)
    before = appointments_of(web, slot)[0]
    form = opened(web, patient, date=DAY, slot=slot, cancel="1").fields
    web.post(f"appointments/patients/{patient}/cancel", form | {"why": "pat"})
    after = appointments_of(web, slot)[0]
    assert after["extension"] == before["extension"]
    assert after["participant"] == before["participant"]
    assert version_of(after) != version_of(before)


def test_a_page_has_one_filled_button(web: ModuleWeb, practice: Practice, session: str) -> None:
    patient = practice.patient("Smith")
    free = practice.slot(session, f"{DAY} 10:00")
    taken = practice.booked(session, f"{DAY} 10:15", patient)
    path = f"appointments/patients/{patient}?date={DAY}"
    for chosen, filled in (
        ("", 1),
        (f"&slot={free}", 1),
        (f"&slot={taken}", 1),
        (f"&slot={taken}&cancel=1", 0),
    ):
        assert web.get(f"{path}{chosen}").source.count("bn-btn--p") == filled, chosen
