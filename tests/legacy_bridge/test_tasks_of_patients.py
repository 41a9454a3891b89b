"""What waits for a person is told of the patients whom it concerns, so that it is seen on each of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from sqlalchemy import text

from legacy_bridge.journal.database import engine_of, journal_url, open_journal
from legacy_bridge.journal.journal import SqlJournal
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import ODS, guid
from tests.legacy_bridge.test_mirror_of_patients import with_phone
from web_modules.fhir.mirror_tasks import OPEN_STATUSES, MirrorTask, TaskKind, task_of, unsettled_by_patient

pytestmark = pytest.mark.hazard("H14")

UNKNOWN_TIME = {"AppointmentDate": date(2027, 3, 28), "AppointmentStartTime": time(1, 30)}


def open_tasks(mirror: Mirror) -> list[MirrorTask]:
    found = [task_of(one) for one in mirror.client.search("Task", {"status": ",".join(OPEN_STATUSES)})]
    return [one for one in found if one is not None]


def named(mirror: Mirror) -> set[tuple[TaskKind, str | None]]:
    return {(one.kind, one.patient) for one in open_tasks(mirror)}


def reference(patient: Mapping[str, Any]) -> str:
    return f"Patient/{patient['id']}"


@pytest.mark.parametrize(
    "changed",
    [
        UNKNOWN_TIME,
        {"PlannedDurationInMinutes": -15},
        {"AppointmentDate": None},
        {"SlotStatus": "Slot Available"},
    ],
)
def test_an_appointment_that_is_held_back_names_its_patient(
    mirror: Mirror, changed: dict[str, object]
) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.practice.edit("Appointment_Slot", "slot0", **changed)
    mirror.drain()
    mary = mirror.patient("mary")
    assert named(mirror) == {(TaskKind.QUARANTINE, reference(mary))}
    assert unsettled_by_patient(open_tasks(mirror))[mary["id"]].held_back == 1, "what window and page count"


def test_a_booked_slot_that_never_reached_the_cloud_names_its_patient(mirror: Mirror) -> None:
    mirror.practice.add_slot("odd", **UNKNOWN_TIME, PatientGuid=guid("mary"), SlotStatus="Booked")
    mirror.drain()
    assert named(mirror) == {(TaskKind.QUARANTINE, reference(mirror.patient("mary")))}


def test_a_booking_that_cannot_be_taken_back_names_who_was_booked(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    mirror.practice.free("slot0")
    mirror.practice.edit("Appointment_Slot", "slot0", PlannedDurationInMinutes=-15)
    mirror.drain()
    assert named(mirror) == {(TaskKind.QUARANTINE, reference(mirror.patient("mary")))}


def test_a_patient_whose_change_is_held_back_is_named(mirror: Mirror) -> None:
    mary = mirror.patient("mary")
    mirror.put(mary, telecom=with_phone(mary, "0" * 101))
    mirror.drain()
    assert named(mirror) == {(TaskKind.QUARANTINE, reference(mary))}


def test_a_patient_who_was_deleted_and_came_back_on_the_cloud_is_named(mirror: Mirror) -> None:
    omar = mirror.patient("omar")
    mirror.practice.edit("Admin_Patient", "omar", Deleted=True)
    mirror.drain()
    again = mirror.client.create({name: one for name, one in omar.items() if name not in ("id", "meta")})
    mirror.drain()
    assert named(mirror) == {(TaskKind.QUARANTINE, reference(again))}


def test_a_slot_in_which_two_are_booked_is_told_of_both_and_of_one_when_one_is_cancelled(
    mirror: Mirror,
) -> None:
    slot, mary, omar = mirror.slot("slot0"), mirror.patient("mary"), mirror.patient("omar")
    made = [
        mirror.client.create(
            {
                "resourceType": "Appointment",
                "status": "booked",
                "slot": [{"reference": f"Slot/{slot['id']}"}],
                "start": slot["start"],
                "end": slot["end"],
                "participant": [{"actor": {"reference": reference(one)}, "status": "accepted"}],
            }
        )
        for one in (mary, omar)
    ]
    mirror.drain()
    both = {(TaskKind.QUARANTINE, reference(one)) for one in (mary, omar)}
    assert named(mirror) == both
    assert len({one.group for one in open_tasks(mirror)}) == 1, "one thing waits, shown on two patients"
    mirror.practice.edit("Appointment_Slot", "slot0", PlannedDurationInMinutes=-15)
    mirror.put(made[0], status="cancelled")
    mirror.drain()
    assert named(mirror) == {(TaskKind.QUARANTINE, reference(omar))}
    mirror.practice.edit("Appointment_Slot", "slot0", PlannedDurationInMinutes=10)
    mirror.drain()
    assert open_tasks(mirror) == []


def test_what_only_the_cloud_has_names_the_patient_whom_the_cloud_names(mirror: Mirror) -> None:
    stranger = mirror.client.create({"resourceType": "Patient", "name": [{"family": "Stranger"}]})
    slot = mirror.slot("slot0")
    mirror.client.create(
        {
            "resourceType": "Appointment",
            "status": "booked",
            "slot": [{"reference": f"Slot/{slot['id']}"}],
            "start": slot["start"],
            "end": slot["end"],
            "participant": [{"actor": {"reference": reference(stranger)}, "status": "accepted"}],
        }
    )
    mirror.client.create(
        {
            "resourceType": "Appointment",
            "status": "booked",
            "start": slot["start"],
            "end": slot["end"],
            "participant": [
                {"actor": {"reference": reference(mirror.patient("omar"))}, "status": "accepted"}
            ],
        }
    )
    mirror.drain()
    whom = sorted(str(one.patient) for one in open_tasks(mirror))
    assert whom == sorted([reference(stranger)] * 2 + [reference(mirror.patient("omar"))])


def test_a_patient_who_never_reached_the_cloud_has_a_task_that_names_nobody(mirror: Mirror) -> None:
    mirror.practice.add_patient("odd", Surname="Odd")
    with mirror.practice.engine.begin() as connection:
        statement = "UPDATE Admin_Patient SET DateOfBirth = 'soon' WHERE PatientGuid = :guid"
        connection.execute(text(statement), {"guid": guid("odd")})
    mirror.drain()
    (task,) = open_tasks(mirror)
    assert (task.kind, task.patient) == (TaskKind.QUARANTINE, None)
    assert task.words


def test_a_confidential_patient_is_not_named(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.practice.edit("Appointment_Slot", "slot0", PlannedDurationInMinutes=-15)
    mirror.drain()
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    assert named(mirror) == {(TaskKind.QUARANTINE, None)}


def test_a_conflict_names_who_was_booked_before_it_too(mirror: Mirror) -> None:
    mirror.practice.add_patient("ann", Surname="Lee")
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    (booked,) = mirror.appointments("slot0")
    mirror.practice.book("slot0", "omar")
    other = [{"actor": {"reference": reference(mirror.patient("ann"))}, "status": "accepted"}]
    mirror.put(booked, participant=other)
    mirror.drain()
    assert named(mirror) == {
        (TaskKind.CONFLICT, reference(mirror.patient(name))) for name in ("mary", "omar", "ann")
    }
    assert len({one.group for one in open_tasks(mirror)}) == 1


def test_what_an_earlier_journal_lists_is_named_after_the_upgrade(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.practice.edit("Appointment_Slot", "slot0", PlannedDurationInMinutes=-15)
    mirror.drain()
    mirror.stop()
    url = journal_url(str(mirror.folder / "journal.sqlite"))
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE quarantine DROP COLUMN patients"))
        connection.execute(text("DROP INDEX dirty_turn"))
        connection.execute(text("CREATE INDEX dirty_order ON dirty (practice, rank, not_before)"))
        for table in ("audit_log", "audit_end", "lately", "wishes"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("ALTER TABLE conflicts DROP COLUMN owner"))
        connection.execute(text("ALTER TABLE links DROP COLUMN doubt"))
        for table in ("conflicts", "quarantine"):
            for column in ("number", "escalated"):
                connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        connection.execute(text("CREATE TABLE audit (practice TEXT)"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    engine = open_journal(url)
    assert [one.patients for one in SqlJournal(engine, ODS, None).quarantined()] == [()]
    engine.dispose()
    mirror.start()
    mirror.drain()
    assert named(mirror) == {(TaskKind.QUARANTINE, reference(mirror.patient("mary")))}
    assert len(open_tasks(mirror)) == 1


def test_a_conflict_says_in_words_what_each_side_says_and_who_looks_after_it(
    mirror: Mirror, expected_logs: list[str]
) -> None:
    expected_logs.append("waits too long for a person")
    mirror.practice.edit("Admin_Patient", "mary", Surname="Hill")
    found = mirror.patient("mary")
    mirror.put(found, name=[{**found["name"][0], "family": "Dale"}])
    mirror.drain()
    (listed,) = mirror.journal.conflicts()
    mirror.journal.assign("Ann", digest=listed.digest)
    mirror.service._settings = replace(mirror.service._settings, escalate_hours=0.0)
    mirror.service.publish()
    (task,) = mirror.client.search("Task", {"status": "accepted"})
    said = {one["type"]["text"]: one["valueString"] for one in task["input"] if "text" in one["type"]}
    assert said == {
        "The legacy program says": "title: Ms; given: Mary; family: Hill",
        "The cloud says": "title: Ms; given: Mary; family: Dale",
        "Both agreed before on": "title: Ms; given: Mary; family: Lind",
    }
    assert task["owner"] == {"display": "Ann"}
    assert task["priority"] == "urgent"
    assert task["businessStatus"]["text"] == "Waits for a decision, for too long"
    assert "changed the name of Ms Mary Lind" in task["description"]
    mirror.practice.edit("Admin_Patient", "mary", Surname="Dale")
    mirror.drain()
    (task,) = mirror.client.search("Task", {"status": "completed"})
    assert task["businessStatus"]["text"] == "Over"


def test_what_is_held_back_says_which_day_and_time_and_no_hidden_name(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    mirror.practice.edit("Appointment_Slot", "slot0", PlannedDurationInMinutes=-15)
    mirror.drain()
    (task,) = mirror.client.search("Task", {"status": "requested"})
    assert task["description"].startswith("Appointment on 17-Nov-2026 09:00")
    assert "Mary" not in str(task)
    assert "Lind" not in str(task)
