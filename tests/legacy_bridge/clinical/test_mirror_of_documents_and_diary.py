"""Documents and diary entries between real tables and the embedded store."""

from base64 import b64decode, b64encode
from datetime import date
from typing import Any

import pytest

from legacy_bridge.records import Kind
from tests.legacy_bridge.support.clinical import (
    CODES,
    ENTRIES,
    add_diary,
    add_document,
    doctor_reference,
    entry,
    held,
    patient_reference,
    snomed,
)
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import guid
from web_modules.fhir.errors import FhirGone, FhirNotFound

DIARY = "CareRecord_Diary"
CATEGORY = {"coding": [{"system": "https://banyan.example/CodeSystem/request-kind", "code": "diary"}]}


def diary(mirror: Mirror, name: str) -> dict[str, Any]:
    return mirror.resource("ServiceRequest", DIARY, name)


def test_a_document_is_carried_with_its_content(mirror: Mirror) -> None:
    letter = entry(mirror, "DocumentReference", "letter1")
    attachment = letter["content"][0]["attachment"]
    assert b64decode(attachment["data"]) == b"Dear Dr Okafor"
    assert (attachment["contentType"], attachment["title"]) == (
        "text/plain",
        "Letter from the invented hospital",
    )
    assert letter["type"]["text"] == "Invented discharge letter"
    assert letter["masterIdentifier"]["value"] == "urn:uuid:" + guid("letter1 file").strip("{}").lower()
    assert letter["context"]["period"] == {"start": "2026-11-12"}
    add_document(mirror.practice, "elsewhere", None)
    mirror.drain()
    absent = entry(mirror, "DocumentReference", "elsewhere")["content"][0]["attachment"]["extension"]
    assert absent[0]["valueCode"] == "unknown"
    assert mirror.differing() == []


@pytest.mark.hazard("H19")
def test_a_document_that_is_deleted_or_confidential_is_not_shown(mirror: Mirror) -> None:
    letter = entry(mirror, "DocumentReference", "letter1")
    mirror.practice.edit(ENTRIES, "letter1", Deleted=True)
    mirror.drain()
    assert mirror.client.read("DocumentReference", letter["id"])["status"] == "entered-in-error"
    mirror.practice.edit(ENTRIES, "letter1", Deleted=False)
    mirror.drain()
    assert mirror.client.read("DocumentReference", letter["id"])["status"] == "current"
    mirror.practice.edit(ENTRIES, "letter1", IsConfidential=True)
    mirror.drain()
    with pytest.raises((FhirGone, FhirNotFound)):
        mirror.client.read("DocumentReference", letter["id"])
    assert mirror.journal.standing().withheld[Kind.DOCUMENT] == 1


def test_a_document_made_in_the_cloud_is_listed_and_no_row_is_made(mirror: Mirror) -> None:
    data = b64encode(b"Typed in the new page").decode()
    mirror.client.create(
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "subject": patient_reference(mirror),
            "author": [doctor_reference(mirror)],
            "type": snomed("letter"),
            "content": [{"attachment": {"contentType": "text/plain", "data": data}}],
        }
    )
    mirror.drain()
    assert held(mirror) == [("document", "document-made-in-cloud")]


def test_a_diary_entry_is_done_on_either_side(mirror: Mirror) -> None:
    smear = diary(mirror, "smear")
    assert (smear["status"], smear["intent"]) == ("active", "plan")
    assert smear["occurrenceDateTime"] == "2027-05"
    assert smear["locationCode"][0]["text"] == "Surgery"
    mirror.put(smear, status="completed", occurrenceDateTime="2027-06-02")
    mirror.drain()
    row = mirror.practice.row(DIARY, "smear")
    assert (row["IsComplete"], row["IsActive"]) == (True, True)
    assert (row["EffectiveDate"], row["EffectiveDatePrecision"]) == (date(2027, 6, 2), "YMD")
    assert mirror.differing() == []
    add_diary(mirror.practice, "other smear")
    mirror.drain()
    mirror.practice.edit(DIARY, "other smear", IsActive=False)
    mirror.drain()
    assert diary(mirror, "other smear")["status"] == "revoked"
    mirror.practice.edit(DIARY, "other smear", IsComplete=True)
    mirror.drain()
    assert diary(mirror, "other smear")["status"] == "completed"
    assert mirror.differing() == []
    mirror.put(diary(mirror, "other smear"), status="on-hold")
    mirror.drain()
    assert held(mirror) == [("diary", "diary-status")]


@pytest.mark.hazard("H13")
def test_a_diary_entry_that_both_sides_moved_is_asked(mirror: Mirror) -> None:
    smear = diary(mirror, "smear")
    mirror.practice.edit(DIARY, "smear", EffectiveDate=date(2027, 7, 1))
    mirror.put(smear, occurrenceDateTime="2027-08-01")
    mirror.drain()
    (conflict,) = mirror.journal.conflicts()
    assert conflict.conflict.unit == "date"
    assert diary(mirror, "smear")["occurrenceDateTime"] == "2027-08-01"
    assert mirror.practice.row(DIARY, "smear")["EffectiveDate"] == date(2027, 7, 1)


@pytest.mark.hazard("H19")
def test_a_diary_entry_is_removed_and_withheld_as_the_record_is(mirror: Mirror) -> None:
    smear = diary(mirror, "smear")
    mirror.practice.edit(DIARY, "smear", Deleted=True)
    mirror.drain()
    assert mirror.client.read("ServiceRequest", smear["id"])["status"] == "entered-in-error"
    add_diary(mirror.practice, "secret", IsConfidential=True)
    add_diary(mirror.practice, "jab due", "jab")
    mirror.drain()
    assert mirror.resources("ServiceRequest", DIARY, "secret") == []
    mirror.client.delete("ServiceRequest", diary(mirror, "jab due")["id"])
    mirror.drain()
    assert mirror.practice.row(DIARY, "jab due")["Deleted"] is True
    assert held(mirror) == []


def test_a_diary_entry_made_in_the_cloud_becomes_one_row(mirror: Mirror) -> None:
    mirror.client.create(
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "plan",
            "category": [CATEGORY],
            "code": snomed("recall"),
            "subject": patient_reference(mirror),
            "requester": doctor_reference(mirror),
            "occurrenceDateTime": "2027-09",
        }
    )
    mirror.drain()
    assert held(mirror) == []
    assert mirror.differing() == []
    (made,) = (row for row in mirror.practice.rows(DIARY) if row["DiaryGuid"] != guid("smear"))
    assert (made["CodeId"], made["OriginalTerm"]) == (CODES["recall"][0], "Made-up smear due")
    assert (made["EffectiveDate"], made["EffectiveDatePrecision"]) == (date(2027, 9, 1), "YM")
    assert (made["IsActive"], made["IsComplete"]) == (True, False)
