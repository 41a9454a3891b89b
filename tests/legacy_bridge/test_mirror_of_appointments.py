"""Sessions, slots and bookings between real tables and the embedded store."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from legacy_bridge.records import Kind
from tests.legacy_bridge.support.legacy_databases import ALSO_ON_POSTGRESQL
from tests.legacy_bridge.support.mirror import Mirror, stages
from tests.legacy_bridge.support.small_practice import DAY, guid
from web_modules.decision.words import Stage
from web_modules.fhir.client import TransactionEntry, version_of

LONDON = ZoneInfo("Europe/London")

pytestmark = ALSO_ON_POSTGRESQL


def book_in_cloud(mirror: Mirror, slot: str, patient: str) -> dict[str, Any]:
    """Book as the module does: the Slot and the Appointment in one transaction."""
    found = mirror.slot(slot)
    appointment = {
        "resourceType": "Appointment",
        "status": "booked",
        "slot": [{"reference": f"Slot/{found['id']}"}],
        "start": found["start"],
        "end": found["end"],
        "created": "2026-11-17T08:31:07.123Z",
        "participant": [
            {"actor": {"reference": f"Patient/{mirror.patient(patient)['id']}"}, "status": "accepted"}
        ],
    }
    _, made = mirror.client.transaction(
        [
            TransactionEntry(
                method="PUT",
                url=f"Slot/{found['id']}",
                resource={**found, "status": "busy"},
                if_match=version_of(found),
            ),
            TransactionEntry(method="POST", url="Appointment", resource=appointment),
        ]
    )
    return made


def cancel_in_cloud(mirror: Mirror, slot: str, appointment: dict[str, Any]) -> None:
    """Cancel as the module does."""
    found = mirror.slot(slot)
    mirror.client.transaction(
        [
            TransactionEntry(
                method="PUT",
                url=f"Appointment/{appointment['id']}",
                resource={**appointment, "status": "cancelled"},
                if_match=version_of(appointment),
            ),
            TransactionEntry(method="PUT", url=f"Slot/{found['id']}", resource={**found, "status": "free"}),
        ]
    )


def statuses(mirror: Mirror, slot: str) -> list[str]:
    return sorted(one["status"] for one in mirror.appointments(slot))


def test_slot_is_carried_at_the_practice_s_local_time(mirror: Mirror) -> None:
    slot = mirror.slot("slot1")
    assert slot["status"] == "free"
    assert datetime.fromisoformat(slot["start"]) == datetime.combine(DAY, time(9, 15), LONDON)
    assert datetime.fromisoformat(slot["end"]) == datetime.combine(DAY, time(9, 30), LONDON)
    schedule = mirror.resource("Schedule", "Appointment_Session", "session")
    assert slot["schedule"]["reference"] == f"Schedule/{schedule['id']}"
    assert schedule["comment"] == "GP surgery am"
    assert [one["reference"].partition("/")[0] for one in schedule["actor"]] == ["Practitioner", "Location"]


def test_booking_in_legacy_makes_one_appointment(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    (made,) = mirror.appointments("slot0")
    assert made["status"] == "booked"
    assert mirror.slot("slot0")["status"] == "busy"
    assert [one["actor"]["reference"].partition("/")[0] for one in made["participant"]] == [
        "Patient",
        "Practitioner",
    ]
    assert made["minutesDuration"] == 15
    assert mirror.differing() == []


def test_booking_in_the_cloud_appears_in_legacy_as_its_own(mirror: Mirror) -> None:
    book_in_cloud(mirror, "slot0", "mary")
    done = mirror.drain()
    row = mirror.practice.slot("slot0")
    assert row["PatientGuid"] == guid("mary")
    assert (row["SlotStatus"], row["BookingMethod"]) == ("Booked", "Practice")
    assert (row["BookedDate"], row["BookedTime"]) == (DAY, time(8, 31, 7))
    assert (done.written_to_legacy, done.written_to_cloud) == (1, 0)
    assert mirror.differing() == []


def test_cancelling_in_legacy_cancels_that_appointment_and_frees_the_slot(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    mirror.practice.free("slot0")
    mirror.drain()
    assert statuses(mirror, "slot0") == ["cancelled"]
    assert mirror.slot("slot0")["status"] == "free"
    assert mirror.differing() == []


def test_cancelling_in_the_cloud_frees_the_legacy_slot(mirror: Mirror) -> None:
    made = book_in_cloud(mirror, "slot0", "mary")
    mirror.drain()
    cancel_in_cloud(mirror, "slot0", made)
    mirror.drain()
    row = mirror.practice.slot("slot0")
    assert (row["PatientGuid"], row["SlotStatus"], row["BookedDate"]) == (None, "Slot Available", None)
    assert mirror.differing() == []


def test_rebooking_for_another_patient_makes_a_new_appointment(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    mirror.practice.book("slot0", "omar", minute=20)
    mirror.drain()
    assert statuses(mirror, "slot0") == ["booked", "cancelled"]
    assert mirror.differing() == []


def test_booking_the_same_patient_again_makes_a_new_appointment(mirror: Mirror) -> None:
    for _ in range(2):
        mirror.practice.book("slot0", "mary")
        mirror.drain()
        mirror.practice.free("slot0")
        mirror.drain()
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    assert statuses(mirror, "slot0") == ["booked", "cancelled", "cancelled"]
    assert mirror.differing() == []


@pytest.mark.parametrize(
    ("term", "status"),
    [("Arrived", "arrived"), ("Sent In", "checked-in"), ("Left", "fulfilled"), ("DNA", "noshow")],
)
def test_progress_of_an_appointment_is_carried_in_its_own_words(
    mirror: Mirror, term: str, status: str
) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    mirror.practice.edit("Appointment_Slot", "slot0", SlotStatus=term)
    mirror.drain()
    (made,) = mirror.appointments("slot0")
    assert made["status"] == status
    assert mirror.practice.slot("slot0")["SlotStatus"] == term
    assert mirror.differing() == []


def test_an_unknown_status_comes_back_unchanged(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary", status="Walked Out")
    mirror.drain()
    mirror.service.compare_everything()
    mirror.drain()
    assert mirror.practice.slot("slot0")["SlotStatus"] == "Walked Out"
    assert mirror.differing() == []


def test_did_not_attend_marked_in_the_cloud_reaches_legacy(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    (made,) = mirror.appointments("slot0")
    mirror.put(made, status="noshow")
    mirror.drain()
    row = mirror.practice.slot("slot0")
    assert (row["SlotStatus"], row["DidNotAttend"]) == ("DNA", True)
    assert mirror.differing() == []


def test_cancelled_by_the_patient_keeps_the_patient_on_both_sides(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    mirror.practice.edit("Appointment_Slot", "slot0", SlotStatus="Cancelled by Patient")
    mirror.drain()
    assert statuses(mirror, "slot0") == ["cancelled"]
    assert mirror.slot("slot0")["status"] == "busy-unavailable"
    assert mirror.practice.slot("slot0")["PatientGuid"] == guid("mary")
    assert mirror.differing() == []


@pytest.mark.hazard("H20")
def test_a_slot_booked_on_both_sides_is_listed_on_both_patients_and_neither_is_cancelled(
    mirror: Mirror,
) -> None:
    mirror.practice.book("slot0", "mary")
    book_in_cloud(mirror, "slot0", "omar")
    mirror.drain()
    assert mirror.practice.slot("slot0")["PatientGuid"] == guid("mary")
    (made,) = mirror.appointments("slot0")
    omar, mary = mirror.patient("omar")["id"], mirror.patient("mary")["id"]
    assert made["participant"][0]["actor"]["reference"] == f"Patient/{omar}"
    assert [one.conflict.unit for one in mirror.journal.conflicts()] == ["booking"]
    tasks = mirror.client.search("Task", {"code": "conflict"})
    assert {one["for"]["reference"] for one in tasks} == {f"Patient/{omar}", f"Patient/{mary}"}
    mirror.practice.add_patient("zoe", Surname="Third")
    mirror.practice.book("slot0", "zoe")
    mirror.drain()
    zoe = mirror.patient("zoe")["id"]
    open_now = {
        one["for"]["reference"]
        for one in mirror.client.search("Task", {"code": "conflict", "status": "requested"})
    }
    assert open_now == {f"Patient/{omar}", f"Patient/{zoe}"}
    mirror.practice.book("slot0", "omar", minute=31)
    mirror.practice.edit("Appointment_Slot", "slot0", BookedTime=time(8, 31, 7))
    mirror.drain()
    assert mirror.journal.conflicts() == []
    assert {one["status"] for one in mirror.client.search("Task", {"code": "conflict"})} == {"completed"}


def test_a_slot_of_a_patient_from_elsewhere_is_busy_and_names_nobody(mirror: Mirror) -> None:
    mirror.practice.edit(
        "Appointment_Slot", "slot0", SlotStatus="Booked", ExternalPatientGuid=guid("somebody")
    )
    mirror.drain()
    assert mirror.slot("slot0")["status"] == "busy"
    assert mirror.appointments("slot0") == []
    mirror.put(mirror.slot("slot0"), status="free")
    mirror.drain()
    assert mirror.practice.slot("slot0")["SlotStatus"] == "Booked"
    assert mirror.slot("slot0")["status"] == "busy"


def test_booking_over_what_the_cloud_cannot_know_is_a_conflict_and_not_undone(mirror: Mirror) -> None:
    book_in_cloud(mirror, "slot0", "omar")
    mirror.practice.edit(
        "Appointment_Slot", "slot0", SlotStatus="Booked", ExternalPatientGuid=guid("somebody")
    )
    mirror.drain()
    assert statuses(mirror, "slot0") == ["booked"]
    assert len(mirror.journal.conflicts()) == 1


@pytest.mark.hazard("H15")
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"AppointmentDate": date(2027, 3, 28), "AppointmentStartTime": time(1, 30)},
            "time-does-not-exist",
        ),
        ({"PlannedDurationInMinutes": -15}, "slot-without-length"),
        ({"AppointmentDate": None}, "slot-without-time"),
        ({"PatientGuid": guid("mary")}, "slot-contradicts-itself"),
    ],
)
def test_a_slot_that_cannot_be_is_quarantined_and_the_others_flow(
    mirror: Mirror, changed: dict[str, object], reason: str
) -> None:
    mirror.practice.add_slot("odd", **changed)
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    assert [one.reason for one in mirror.journal.quarantined()] == [reason]
    assert statuses(mirror, "slot0") == ["booked"]


def test_blocking_a_slot_travels_both_ways(mirror: Mirror) -> None:
    mirror.practice.edit("Appointment_Slot", "slot0", IsBlocked=True)
    mirror.put(mirror.slot("slot1"), status="busy-unavailable")
    mirror.drain()
    assert mirror.slot("slot0")["status"] == "busy-unavailable"
    assert mirror.practice.slot("slot1")["IsBlocked"] is True
    assert mirror.differing() == []


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_ending_only_the_appointment_frees_the_slot_on_both_sides(mirror: Mirror, status: str) -> None:
    book_in_cloud(mirror, "slot0", "mary")
    mirror.drain()
    (made,) = mirror.appointments("slot0")
    mirror.put(made, status=status)
    mirror.drain()
    row = mirror.practice.slot("slot0")
    assert (row["PatientGuid"], row["SlotStatus"], row["IsBlocked"]) == (None, "Slot Available", False)
    assert mirror.slot("slot0")["status"] == "free"
    assert statuses(mirror, "slot0") == [status]
    assert mirror.journal.conflicts(decided=True) == []
    assert mirror.differing() == []
    mirror.practice.book("slot0", "omar")
    mirror.drain()
    assert statuses(mirror, "slot0") == sorted(["booked", status])


def test_a_slot_whose_patient_becomes_confidential_is_never_free_for_a_moment(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    slot = mirror.slot("slot0")
    told = [one.resource for one in mirror.client.history_since(None) if one.resource_id == slot["id"]]
    assert [one["status"] for one in told if one is not None] == ["free", "busy"]


def test_a_booking_taken_up_again_in_the_cloud_is_taken_up_in_legacy(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary", status="Cancelled by Patient")
    mirror.drain()
    (made,) = mirror.appointments("slot0")
    mirror.put(made, status="booked")
    mirror.drain()
    assert mirror.practice.slot("slot0")["SlotStatus"] == "Booked"
    assert statuses(mirror, "slot0") == ["booked"]
    assert mirror.differing() == []


def test_an_appointment_entered_in_error_stays_so_when_the_patient_had_cancelled_it(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary", status="Cancelled by Patient")
    mirror.drain()
    (made,) = mirror.appointments("slot0")
    mirror.put(made, status="entered-in-error")
    mirror.drain()
    row = mirror.practice.slot("slot0")
    assert (row["PatientGuid"], row["SlotStatus"], row["IsBlocked"]) == (None, "Slot Available", False)
    assert mirror.slot("slot0")["status"] == "free"
    assert statuses(mirror, "slot0") == ["entered-in-error"]
    assert mirror.differing() == []


def test_ending_an_appointment_that_legacy_moved_on_meanwhile_is_asked_and_the_slot_stays_taken(
    mirror: Mirror,
) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    (made,) = mirror.appointments("slot0")
    mirror.practice.edit("Appointment_Slot", "slot0", SlotStatus="Arrived")
    mirror.put(made, status="cancelled")
    mirror.drain()
    assert [one.conflict.unit for one in mirror.journal.conflicts()] == ["booking"]
    assert mirror.slot("slot0")["status"] == "busy"
    assert mirror.practice.slot("slot0")["SlotStatus"] == "Arrived"


@pytest.mark.parametrize("status", ["busy", "busy-tentative", "entered-in-error"])
def test_a_slot_that_the_cloud_takes_for_nobody_is_blocked_in_legacy_and_keeps_its_word(
    mirror: Mirror, status: str
) -> None:
    mirror.put(mirror.slot("slot0"), status=status)
    mirror.drain()
    row = mirror.practice.slot("slot0")
    assert (row["PatientGuid"], row["SlotStatus"], row["IsBlocked"]) == (None, "Slot Available", True)
    mirror.practice.edit("Appointment_Slot", "slot0", SlotType="Follow-up")
    mirror.service.compare_everything()
    mirror.drain()
    assert mirror.slot("slot0")["status"] == status
    assert mirror.slot("slot0")["appointmentType"]["text"] == "Follow-up"
    assert mirror.differing() == []


def test_a_slot_entered_in_error_is_never_given_out_again_without_a_word(mirror: Mirror) -> None:
    mirror.put(mirror.slot("slot0"), status="entered-in-error")
    mirror.drain()
    mirror.practice.edit("Appointment_Slot", "slot0", IsBlocked=False)
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    assert [one.reason for one in mirror.journal.quarantined()] == ["slot-entered-in-error"]
    assert mirror.slot("slot0")["status"] == "entered-in-error"
    assert mirror.appointments("slot0") == []
    mirror.practice.free("slot0")
    mirror.practice.edit("Appointment_Slot", "slot0", IsBlocked=True)
    mirror.drain()
    assert mirror.journal.quarantined() == []


def test_a_tentative_booking_keeps_its_word(mirror: Mirror) -> None:
    made = book_in_cloud(mirror, "slot0", "mary")
    mirror.put(made, status="pending")
    mirror.put(mirror.slot("slot0"), status="busy-tentative")
    mirror.drain()
    assert mirror.practice.slot("slot0")["PatientGuid"] == guid("mary")
    assert mirror.slot("slot0")["status"] == "busy-tentative"
    assert statuses(mirror, "slot0") == ["pending"]
    assert mirror.differing() == []
    mirror.practice.free("slot0")
    mirror.drain()
    assert mirror.slot("slot0")["status"] == "free"
    assert statuses(mirror, "slot0") == ["cancelled"]


def test_a_slot_time_changed_in_the_cloud_is_put_back_and_listed(mirror: Mirror) -> None:
    slot = mirror.slot("slot0")
    mirror.put(slot, start="2026-11-17T11:00:00Z", end="2026-11-17T11:15:00Z")
    mirror.drain()
    assert datetime.fromisoformat(mirror.slot("slot0")["start"]).hour == 9
    assert mirror.practice.slot("slot0")["AppointmentStartTime"] == time(9)
    assert "start" in [one.conflict.unit for one in mirror.journal.conflicts(decided=True)]


def test_deleting_a_slot_travels_both_ways(mirror: Mirror) -> None:
    mirror.practice.edit("Appointment_Slot", "slot0", Deleted=True)
    mirror.client.delete("Slot", mirror.slot("slot1")["id"])
    mirror.drain()
    assert mirror.resources("Slot", "Appointment_Slot", "slot0") == []
    assert mirror.practice.slot("slot1")["Deleted"] is True
    assert mirror.journal.standing().linked[Kind.SLOT] == 1


def test_a_removed_row_is_a_deletion(mirror: Mirror) -> None:
    mirror.practice.remove("Appointment_Slot", "slot0")
    mirror.drain()
    assert mirror.resources("Slot", "Appointment_Slot", "slot0") == []


def test_a_slot_deleted_on_one_side_and_booked_on_the_other_is_asked(mirror: Mirror) -> None:
    book_in_cloud(mirror, "slot0", "mary")
    mirror.practice.edit("Appointment_Slot", "slot0", Deleted=True)
    mirror.drain()
    assert statuses(mirror, "slot0") == ["booked"]
    assert [one.conflict.unit for one in mirror.journal.conflicts()] == [
        "deleted in legacy, changed in the cloud"
    ]


def test_a_child_waits_for_its_parent(mirror: Mirror) -> None:
    mirror.standings = stages(patients=Stage.LEGACY)
    mirror.practice.add_patient("new", Surname="Newcomer")
    mirror.practice.book("slot0", "new")
    mirror.drain()
    assert mirror.appointments("slot0") == []
    assert mirror.journal.quarantined() == []
    mirror.standings = stages()
    mirror.drain()
    assert statuses(mirror, "slot0") == ["booked"]


def test_an_appointment_for_a_patient_whom_legacy_does_not_have_is_quarantined(mirror: Mirror) -> None:
    stranger = mirror.client.create({"resourceType": "Patient", "name": [{"family": "Stranger"}]})
    slot = mirror.slot("slot0")
    mirror.client.create(
        {
            "resourceType": "Appointment",
            "status": "booked",
            "slot": [{"reference": f"Slot/{slot['id']}"}],
            "start": slot["start"],
            "end": slot["end"],
            "participant": [{"actor": {"reference": f"Patient/{stranger['id']}"}, "status": "accepted"}],
        }
    )
    mirror.drain()
    assert {one.reason for one in mirror.journal.quarantined()} == {"only-in-cloud", "patient-unknown"}
    assert mirror.practice.slot("slot0")["PatientGuid"] is None


def test_what_a_slot_is_for_and_why_nobody_came_is_carried(mirror: Mirror) -> None:
    mirror.practice.insert(
        "Coding_ClinicalCode", CodeId=77, Term="Made-up reason", SnomedCTConceptId=90000077
    )
    mirror.practice.edit(
        "Appointment_Slot",
        "slot0",
        IsBookableOnline=True,
        ContextType="Care related Encounter",
        ServiceSetting="GP Practice",
        NationalSlotCategoryName="General Consultation Routine",
        DnaReasonCodeId=77,
    )
    mirror.practice.edit("Appointment_Session", "session", Private=True)
    mirror.drain()
    said = {one["url"].rpartition("/")[2]: one for one in mirror.slot("slot0")["extension"]}
    assert said["slot-bookable-online"]["valueBoolean"] is True
    assert said["slot-context"]["valueString"] == "Care related Encounter"
    assert said["slot-setting"]["valueString"] == "GP Practice"
    assert said["slot-national-category"]["valueString"] == "General Consultation Routine"
    assert said["slot-dna-reason"]["valueCodeableConcept"]["text"] == "Made-up reason"
    (private,) = mirror.resource("Schedule", "Appointment_Session", "session")["extension"]
    assert private["valueBoolean"] is True
    assert mirror.differing() == []
