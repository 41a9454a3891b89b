"""Confidential patients: not on the cloud, not in its history, and not lost either."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from legacy_bridge import service
from legacy_bridge.cloud.resources import CloudResources
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.writes import CloudPlan, Outcome, OutcomeKind
from tests.legacy_bridge.support.faults import Faults, Killed
from tests.legacy_bridge.support.foreign_server import WithoutDeleteHistory
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import SmallPractice, guid, key
from tests.legacy_bridge.test_mirror_of_appointments import book_in_cloud
from tests.legacy_bridge.test_mirror_of_patients import with_phone
from web_modules.fhir.errors import FhirGone, FhirNotFound
from web_modules.fhir_store.service import FhirService


def test_a_confidential_patient_is_never_carried_and_is_counted(mirror: Mirror) -> None:
    mirror.practice.add_patient("secret", Surname="Grant", SpineSensitive=True)
    mirror.drain()
    assert mirror.resources("Patient", "Admin_Patient", "secret") == []
    assert mirror.journal.standing().withheld[Kind.PATIENT] == 1


def test_a_patient_who_becomes_confidential_is_withdrawn_which_is_no_deletion(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    mary = mirror.patient("mary")
    mirror.put(mary, telecom=with_phone(mary, "01632 222222"))
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    with pytest.raises((FhirGone, FhirNotFound)):
        mirror.client.read("Patient", mary["id"])
    assert mirror.appointments("slot0") == []
    assert mirror.slot("slot0")["status"] == "busy"
    row = mirror.practice.slot("slot0")
    assert (row["PatientGuid"], row["SlotStatus"]) == (guid("mary"), "Booked")
    assert mirror.practice.patient("mary")["HomePhone"] == "01632 222222", "what was typed there is not lost"
    assert mirror.practice.patient("mary")["Deleted"] is False
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=False)
    mirror.drain()
    assert mirror.patient("mary")["id"] != mary["id"]
    assert len(mirror.appointments("slot0")) == 1
    assert mirror.differing() == []


@pytest.mark.parametrize("is_known", [True, False], ids=["booked before", "booked after"])
def test_a_slot_of_a_patient_who_left_stays_busy_and_names_nobody(mirror: Mirror, *, is_known: bool) -> None:
    mirror.practice.book("slot0", "mary")
    if is_known:
        mirror.drain()
    mirror.practice.edit("Admin_Patient", "mary", Deleted=True)
    mirror.drain()
    assert mirror.journal.quarantined() == []
    assert (mirror.slot("slot0")["status"], mirror.appointments("slot0")) == ("busy", [])
    assert mirror.practice.slot("slot0")["PatientGuid"] == guid("mary")
    assert mirror.differing() == []
    mirror.practice.edit("Admin_Patient", "mary", Deleted=False)
    mirror.drain()
    assert len(mirror.appointments("slot0")) == 1
    assert mirror.differing() == []


def test_what_legacy_changed_stays_when_the_cloud_s_edit_is_fetched_before_a_withdrawal(
    mirror: Mirror,
) -> None:
    mary = mirror.patient("mary")
    mirror.put(mary, telecom=with_phone(mary, "01632 222222"))
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True, EmailAddress="mary@example.org")
    mirror.drain()
    row = mirror.practice.patient("mary")
    assert (row["HomePhone"], row["EmailAddress"]) == ("01632 222222", "mary@example.org")


@pytest.mark.hazard("H20")
def test_a_booking_made_in_the_cloud_reaches_legacy_before_its_patient_is_withdrawn(mirror: Mirror) -> None:
    book_in_cloud(mirror, "slot0", "mary")
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    row = mirror.practice.slot("slot0")
    assert (row["PatientGuid"], row["SlotStatus"]) == (guid("mary"), "Booked")
    assert mirror.appointments("slot0") == []


def test_a_booking_that_legacy_cannot_take_is_listed_before_its_patient_is_withdrawn(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "omar")
    book_in_cloud(mirror, "slot0", "mary")
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    assert mirror.appointments("slot0") == []
    listed = [one.conflict for one in mirror.journal.conflicts(decided=True)]
    assert key(Kind.PATIENT, "mary") in [one.cloud.get("patient") for one in listed]


def test_what_was_entered_in_a_record_that_cannot_be_read_is_listed_when_it_is_withdrawn(
    mirror: Mirror,
) -> None:
    mary = mirror.patient("mary")
    mirror.put({**mary, "telecom": with_phone(mary, "01632 222222")}, deceasedBoolean=True)
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    listed = [one.conflict for one in mirror.journal.conflicts(decided=True)]
    assert [one.cloud.get("home_phone") for one in listed if one.unit == "home_phone"] == ["01632 222222"]
    assert "died and not when" in str([one.cloud for one in listed if one.unit == "death_date"])


def test_a_confidential_patient_is_withdrawn_even_when_the_cloud_s_record_cannot_be_read(
    mirror: Mirror,
) -> None:
    mirror.drain()
    mary = mirror.patient("mary")
    mirror.put(mary, deceasedBoolean=True)
    mirror.drain()
    assert [one.reason for one in mirror.journal.quarantined()] == ["death-without-date"]
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    with pytest.raises((FhirGone, FhirNotFound)):
        mirror.client.read("Patient", mary["id"])
    assert mirror.practice.patient("mary")["DateOfDeath"] is None


def old_versions(mirror: Mirror) -> str:
    """All that the server's history still says, deletions apart."""
    return str([one.resource for one in mirror.client.history_since(None)])


@pytest.mark.hazard("H24")
def test_a_withdrawn_patient_is_not_readable_in_the_server_s_history_either(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", Surname="Quillfeather")
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    mary, (booked,) = mirror.patient("mary"), mirror.appointments("slot0")
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    told = old_versions(mirror)
    assert "Quillfeather" not in told
    assert f"Patient/{mary['id']}" not in told
    for resource in (mary, booked):
        with pytest.raises((FhirGone, FhirNotFound)):
            mirror.client.read(resource["resourceType"], f"{resource['id']}/_history/1")
    assert "Abernathy" in told, "the others keep theirs"


@pytest.mark.hazard("H24")
def test_what_a_task_said_of_a_patient_who_is_withdrawn_is_gone_with_its_history(mirror: Mirror) -> None:
    mary = mirror.patient("mary")
    mirror.practice.edit("Admin_Patient", "mary", Surname="Quillfeather")
    mirror.put(mary, name=[{**mary["name"][0], "family": "Quillfoot"}])
    mirror.drain()
    (task,) = mirror.client.search("Task", {"code": "conflict"})
    assert "Quillfeather" in str(task)
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    told = old_versions(mirror)
    assert "Quillf" not in told
    assert f"Patient/{mary['id']}" not in told
    assert mirror.journal.conflicts() == []
    assert mirror.client.search("Task", {"code": "conflict"}) == []


@pytest.mark.hazard("H24")
def test_a_withdrawal_that_the_cloud_refuses_is_listed_and_tried_again(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    mary = mirror.patient("mary")
    right = CloudResources.write
    refusal = ("cloud-refuses", "The cloud refuses the record: it answered 422")

    def refused(self: CloudResources, changes: Sequence[CloudPlan]) -> Mapping[LinkKey, Outcome]:
        monkeypatch.setattr(CloudResources, "write", right)
        reasons.append(changes[0].withdraws)
        return {one.link: Outcome(kind=OutcomeKind.REFUSED, refusal=refusal) for one in changes}

    reasons: list[bool] = []
    monkeypatch.setattr(CloudResources, "write", refused)
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    assert reasons == [True]
    assert mirror.resources("Patient", "Admin_Patient", "mary") == []
    assert f"Patient/{mary['id']}" not in old_versions(mirror)
    assert mirror.journal.quarantined() == []


@pytest.mark.hazard("H24")
def test_a_task_that_is_published_at_once_does_not_name_who_was_withdrawn_either(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_PUBLISH_AFTER_CHANGE_SECONDS", 0.0)
    mary = mirror.patient("mary")
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    junk_in(mirror, "mary", "DateOfBirth = 'soon'", "IsConfidential = 1")
    mirror.drain()
    assert f"Patient/{mary['id']}" not in old_versions(mirror)


def test_a_kill_between_the_withdrawal_and_the_removal_of_old_versions_is_made_good(
    practice: SmallPractice, fhir: FhirService, tmp_path: Path
) -> None:
    faults = Faults(0)
    faults.is_on = False
    mirror = Mirror(practice, fhir, tmp_path, wrap=faults.wrap)
    mirror.drain()
    kills = 0
    for moment in range(2, 16):
        practice.edit("Admin_Patient", "mary", IsConfidential=True, Surname=f"Quillfeather{moment}")
        faults.is_on, faults.kill_at, faults.count = True, moment, 0
        try:
            mirror.service.step()
        except Killed:
            kills += 1
            mirror.start()
        faults.is_on = False
        mirror.drain()
        assert "Quillfeather" not in old_versions(mirror), f"after a kill at {moment}"
        practice.edit("Admin_Patient", "mary", IsConfidential=False, Surname="Lind")
        mirror.drain()
        assert mirror.differing() == []
    assert kills >= 8
    mirror.stop()


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_that_keeps_old_versions_is_named_once(
    practice: SmallPractice, fhir: FhirService, tmp_path: Path, status: int
) -> None:
    mirror = Mirror(practice, WithoutDeleteHistory(fhir, status), tmp_path)
    mirror.drain()
    for name in ("mary", "omar"):
        practice.edit("Admin_Patient", name, IsConfidential=True)
        mirror.drain()
    assert mirror.journal.standing().withheld[Kind.PATIENT] == 2
    (held,) = mirror.journal.quarantined()
    assert (held.subject, held.reason) == ("mirror/history-kept", "history-kept")
    assert "may still be readable on this server" in held.words
    assert mirror.journal.standing().quarantined == {"mirror": 1}
    (task,) = mirror.client.search("Task", {"code": "quarantine"})
    assert task["description"] == held.words
    mirror.stop()


def junk_in(mirror: Mirror, patient: str, *assignments: str) -> None:
    """Put into a patient's row what its columns cannot hold."""
    with mirror.practice.engine.begin() as connection:
        statement = f"UPDATE Admin_Patient SET {', '.join(assignments)} WHERE PatientGuid = :guid"  # noqa: S608
        connection.execute(text(statement), {"guid": guid(patient)})


@pytest.mark.hazard("H24")
@pytest.mark.parametrize("flag", ["IsConfidential = 1", "SpineSensitive = 'true'"])
@pytest.mark.parametrize("junk", ["DateOfBirth = 'soon'", "Surname = CAST(x'4ac3' AS TEXT)"])
def test_a_patient_whose_row_cannot_be_read_is_withdrawn_when_it_says_confidential(
    mirror: Mirror, junk: str, flag: str
) -> None:
    mary = mirror.patient("mary")
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    mary = mirror.put(mary, telecom=with_phone(mary, "01632 222222"))
    junk_in(mirror, "mary", junk, flag)
    mirror.drain()
    assert mirror.resources("Patient", "Admin_Patient", "mary") == []
    assert mirror.appointments("slot0") == []
    assert f"Patient/{mary['id']}" not in old_versions(mirror)
    assert mirror.journal.standing().withheld[Kind.PATIENT] == 1
    assert [one.reason for one in mirror.journal.quarantined()] == ["row-unreadable"]
    (lost,) = mirror.journal.conflicts(decided=True)
    assert lost.conflict.cloud["home_phone"] == "01632 222222", "what was typed there is listed"
    junk_in(mirror, "mary", "DateOfBirth = '1980-02-03'", "Surname = 'Lind'")
    mirror.drain()
    assert mirror.journal.quarantined() == []
    assert mirror.resources("Patient", "Admin_Patient", "mary") == []
    junk_in(mirror, "mary", "IsConfidential = 0", "SpineSensitive = 0")
    mirror.drain()
    assert mirror.differing() == []


@pytest.mark.hazard("H24")
@pytest.mark.parametrize(
    "junk", ["IsConfidential = 'perhaps', DateOfBirth = 'soon'", "SpineSensitive = CAST(x'c3' AS TEXT)"]
)
def test_a_patient_whose_confidentiality_cannot_be_read_is_withheld_and_counted_apart(
    mirror: Mirror, junk: str
) -> None:
    junk_in(mirror, "mary", junk)
    mirror.drain()
    assert mirror.resources("Patient", "Admin_Patient", "mary") == []
    standing = mirror.journal.standing()
    assert (standing.withheld[Kind.PATIENT], standing.unsure) == (1, 1)
    assert [one.reason for one in mirror.journal.quarantined()] == ["confidentiality-unreadable"]
    junk_in(mirror, "mary", "IsConfidential = 0", "SpineSensitive = NULL", "DateOfBirth = '1980-02-03'")
    mirror.drain()
    assert mirror.journal.standing().unsure == 0
    assert mirror.differing() == []


def test_an_unreadable_row_of_nobody_confidential_is_held_and_stays_as_it_is(mirror: Mirror) -> None:
    junk_in(mirror, "mary", "DateOfBirth = 'soon'")
    mirror.drain()
    assert mirror.patient("mary")["birthDate"] == "1980-02-03"
    assert mirror.journal.standing().withheld[Kind.PATIENT] == 0
