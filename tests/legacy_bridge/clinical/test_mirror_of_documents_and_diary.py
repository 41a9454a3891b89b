"""Documents and diary entries between real tables and the embedded store."""

from base64 import b64decode, b64encode
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from legacy_bridge.errors import RecordRefused
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import Content, Kind, LinkKey
from legacy_bridge.wording import value_in_words
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


@pytest.mark.hazard("H10")
def test_what_is_in_a_document_is_remembered_by_its_hash_and_still_compared(mirror: Mirror) -> None:
    letter = LinkKey(kind=Kind.DOCUMENT, key=guid("letter1").strip("{}").lower())
    remembered = mirror.journal.links([letter])[letter].baseline["content"]
    assert remembered == Content.of(b"Dear Dr Okafor")
    assert isinstance(remembered, Content)
    assert remembered.data is None
    with mirror.practice.engine.begin() as connection:
        table = METADATA.tables["Reference_DocumentContent"]
        connection.execute(update(table).values(Content=b"Dear Dr Nair"))
    mirror.practice.edit(ENTRIES, "letter1", ProcessingId=2)
    mirror.drain()
    data = entry(mirror, "DocumentReference", "letter1")["content"][0]["attachment"]["data"]
    assert b64decode(data) == b"Dear Dr Nair"
    assert mirror.differing() == []


@pytest.mark.hazard("H10")
def test_what_the_cloud_says_is_in_a_document_loses_to_legacy_and_is_listed_whole(mirror: Mirror) -> None:
    letter = entry(mirror, "DocumentReference", "letter1")
    (content,) = letter["content"]
    other = {**content["attachment"], "data": b64encode(b"Dear Nobody").decode()}
    mirror.put(letter, content=[{**content, "attachment": other}])
    mirror.drain()
    data = entry(mirror, "DocumentReference", "letter1")["content"][0]["attachment"]["data"]
    assert b64decode(data) == b"Dear Dr Okafor"
    (listed,) = mirror.journal.conflicts(decided=True)
    lost = listed.conflict.cloud["content"]
    assert isinstance(lost, Content)
    assert b64decode(str(lost.data)) == b"Dear Nobody"


def test_base64_in_lines_is_the_same_content_and_what_is_none_is_listed(mirror: Mirror) -> None:
    letter = entry(mirror, "DocumentReference", "letter1")
    assert Content.parse("RGVh\r\nciBE ciBPa2Fmb3I=") == Content.of(b"Dear Dr Okafor")
    with pytest.raises(RecordRefused, match="base64"):
        Content.parse("RGV?")
    assert value_in_words(Content.of(b"Dear Dr Okafor"), {}).startswith("a file of 14 bytes")
    assert letter["status"] == "current"


def test_documents_are_carried_few_at_a_time(mirror: Mirror) -> None:
    most: list[int] = []
    transaction = mirror.client.transaction

    def counted(entries: Any) -> Any:
        most.append(sum(one.url.startswith("DocumentReference") for one in entries))
        return transaction(entries)

    mirror.client.transaction = counted  # type: ignore[method-assign]
    for number in range(9):
        add_document(mirror.practice, f"scan{number}", b"a scan")
    mirror.drain()
    assert sum(most) >= 9
    assert max(most) <= 4
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
