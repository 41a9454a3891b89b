"""Documents made in the cloud: an entry and a content each, whole, or a reason why not."""

from base64 import b64encode
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.mapping.clinical import document
from legacy_bridge.records import Kind
from legacy_bridge.settings import CaptureWay
from tests.legacy_bridge.support.clinical import (
    CODES,
    ENTRIES,
    add_document,
    add_record,
    clinical_stages,
    doctor_reference,
    entry,
    held,
    patient_reference,
    snomed,
)
from tests.legacy_bridge.support.legacy_databases import LegacyKind
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import SmallPractice, guid
from web_modules.fhir.errors import FhirGone, FhirNotFound
from web_modules.fhir_store.service import FhirService

CONTENTS = "Reference_DocumentContent"
SCAN = bytes(range(256)) * 40 + b"\r\n\x00"
HASH = b64encode(sha1(SCAN, usedforsecurity=False).digest()).decode()


def make(mirror: Mirror, attachment: dict[str, Any] | None = None, **elements: Any) -> dict[str, Any]:
    """Make a document as a page would, and let the bridge look."""
    told = {"contentType": "application/pdf", "title": "Scan of a letter", "data": b64encode(SCAN).decode()}
    made = mirror.client.create(
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "subject": patient_reference(mirror),
            "author": [doctor_reference(mirror)],
            "type": snomed("letter"),
            "context": {"period": {"start": "2026-11-16"}},
            "content": [{"attachment": told if attachment is None else attachment}],
            **elements,
        }
    )
    mirror.drain()
    return mirror.client.read("DocumentReference", made["id"])


def new_rows(mirror: Mirror) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The entries and contents of documents other than the first one."""
    entries = [one for one in mirror.practice.rows(ENTRIES) if one["CodeId"] == CODES["letter"][0]]
    contents = mirror.practice.rows(CONTENTS)
    return (
        [one for one in entries if one["ObservationGuid"] != guid("letter1")],
        [one for one in contents if one["DocumentGuid"] != guid("letter1 file")],
    )


@pytest.mark.hazard("H10")
def test_a_document_made_in_the_cloud_is_in_legacy_byte_for_byte(mirror: Mirror) -> None:
    there = make(mirror)
    assert held(mirror) == []
    (row,), (content,) = new_rows(mirror)
    assert (row["ObservationType"], row["PatientGuid"]) == ("Document", guid("mary"))
    assert row["ClinicianUserInRoleGuid"] == guid("ann")
    assert row["DocumentGuid"] == content["DocumentGuid"]
    assert (content["MediaType"], content["Title"]) == ("application/pdf", "Scan of a letter")
    assert (bytes(content["Content"]), content["PatientGuid"], content["Deleted"]) == (
        SCAN,
        guid("mary"),
        False,
    )
    assert there["content"][0]["attachment"]["data"] == b64encode(SCAN).decode()
    assert mirror.differing() == []
    mirror.drain()
    assert new_rows(mirror) == ([row], [content])


def test_what_its_author_calls_a_document_stays(mirror: Mirror) -> None:
    mine = {"system": "urn:oid:1.2.3", "value": "scanner 7, sheet 3"}
    there = make(
        mirror,
        {"contentType": "application/pdf", "data": b64encode(SCAN).decode(), "size": len(SCAN), "hash": HASH},
        masterIdentifier=mine,
        content=[
            {
                "id": "page1",
                "attachment": {
                    "contentType": "application/pdf",
                    "data": b64encode(SCAN).decode(),
                    "size": len(SCAN),
                    "hash": HASH,
                },
            }
        ],
    )
    assert held(mirror) == []
    assert there["masterIdentifier"] == mine
    assert (there["content"][0]["id"], there["content"][0]["attachment"]["hash"]) == ("page1", HASH)
    (_,), (content,) = new_rows(mirror)
    assert (bytes(content["Content"]), content["Title"]) == (SCAN, None)
    assert mirror.differing() == []


@pytest.mark.hazard("H10")
@pytest.mark.parametrize(("more", "is_held"), [(-1, False), (0, False), (1, True)])
def test_a_document_of_too_many_bytes_is_listed_and_never_cut(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, more: int, *, is_held: bool
) -> None:
    monkeypatch.setattr(document, "MOST_BYTES", len(SCAN) - more)
    make(mirror)
    entries, contents = new_rows(mirror)
    assert held(mirror) == ([("document", "content-too-large")] if is_held else [])
    assert [bytes(one["Content"]) for one in contents] == ([] if is_held else [SCAN])
    assert len(entries) == len(contents)


DATA = b64encode(SCAN).decode()


@pytest.mark.parametrize(
    ("attachment", "elements", "reason"),
    [
        ({"contentType": "text/plain", "title": "Nothing in it"}, {}, "content-missing"),
        ({"contentType": "text/plain", "data": DATA, "size": 3}, {}, "content-damaged"),
        (
            {"contentType": "text/plain", "data": DATA, "hash": b64encode(b"x" * 20).decode()},
            {},
            "content-damaged",
        ),
        ({"contentType": "text/plain", "url": "https://example.org/scan"}, {}, "document-elsewhere"),
        ({"contentType": "text/plain", "title": "x" * 201, "data": DATA}, {}, "text-too-long"),
        (None, {"docStatus": "preliminary"}, "document-not-final"),
        (None, {"status": "superseded"}, "document-not-final"),
        (
            None,
            {"content": [{"attachment": {"contentType": "text/plain", "data": DATA}}] * 2},
            "document-in-several-forms",
        ),
    ],
)
def test_what_legacy_cannot_show_is_listed_and_no_row_is_made(
    mirror: Mirror, attachment: dict[str, Any] | None, elements: dict[str, Any], reason: str
) -> None:
    make(mirror, attachment, **elements)
    assert held(mirror) == [("document", reason)]
    assert new_rows(mirror) == ([], [])


def test_a_document_that_is_finished_later_is_carried_then(mirror: Mirror) -> None:
    draft = make(mirror, docStatus="preliminary")
    mirror.put(draft, docStatus="final")
    mirror.drain()
    assert held(mirror) == []
    (_,), (content,) = new_rows(mirror)
    assert bytes(content["Content"]) == SCAN


def test_a_document_cannot_name_what_is_in_another(mirror: Mirror) -> None:
    other = "urn:uuid:" + guid("letter1 file").strip("{}").lower()
    make(mirror, masterIdentifier={"value": other})
    assert held(mirror) == [("document", "legacy-refuses")]
    assert new_rows(mirror) == ([], [])
    make(mirror, {"contentType": "text/plain"}, masterIdentifier={"value": other})
    assert ("document", "content-missing") in held(mirror)
    assert new_rows(mirror) == ([], [])


def test_a_document_made_in_the_cloud_is_deleted_and_withheld_as_any_other(mirror: Mirror) -> None:
    made = make(mirror)
    (row,), _ = new_rows(mirror)
    with mirror.practice.engine.begin() as connection:
        table = METADATA.tables[ENTRIES]
        mine = table.c.ObservationGuid == row["ObservationGuid"]
        connection.execute(update(table).where(mine).values(Deleted=True))
    mirror.drain()
    assert mirror.client.read("DocumentReference", made["id"])["status"] == "entered-in-error"
    with mirror.practice.engine.begin() as connection:
        connection.execute(update(table).where(mine).values(Deleted=False))
    mirror.drain()
    assert mirror.client.read("DocumentReference", made["id"])["status"] == "current"
    with mirror.practice.engine.begin() as connection:
        connection.execute(update(table).where(mine).values(IsConfidential=True))
    mirror.drain()
    assert mirror.client.search("DocumentReference", {"_id": made["id"]}) == []
    assert mirror.journal.standing().withheld[Kind.DOCUMENT] == 1


@pytest.mark.hazard("H03")
def test_a_content_that_changes_or_comes_later_is_carried_at_once(mirror: Mirror) -> None:
    table = METADATA.tables[CONTENTS]
    with mirror.practice.engine.begin() as connection:
        connection.execute(update(table).values(Content=b"Dear Dr Nair", Title="Letter, corrected"))
    mirror.drain()
    attachment = entry(mirror, "DocumentReference", "letter1")["content"][0]["attachment"]
    assert (attachment["data"], attachment["title"]) == (
        b64encode(b"Dear Dr Nair").decode(),
        "Letter, corrected",
    )
    add_document(mirror.practice, "later", None)
    mirror.drain()
    with mirror.practice.engine.begin() as connection:
        connection.execute(
            insert(table).values(
                DocumentGuid=guid("later file"),
                OrganisationGuid=guid("org"),
                PatientGuid=guid("mary"),
                MediaType="text/plain",
                Title="Late",
                Content=b"Here it is",
                Deleted=False,
            )
        )
    mirror.drain()
    attachment = entry(mirror, "DocumentReference", "later")["content"][0]["attachment"]
    assert (attachment["data"], attachment["title"]) == (b64encode(b"Here it is").decode(), "Late")
    assert mirror.differing() == []


def both_ways(mirror: Mirror) -> None:
    """A document from the cloud, and a content that changes in legacy."""
    make(mirror)
    assert held(mirror) == []
    (_,), (content,) = new_rows(mirror)
    assert bytes(content["Content"]) == SCAN
    table = METADATA.tables[CONTENTS]
    with mirror.practice.engine.begin() as connection:
        mine = table.c.DocumentGuid == guid("letter1 file")
        connection.execute(update(table).where(mine).values(Content=SCAN[::-1]))
    mirror.drain()
    attachment = entry(mirror, "DocumentReference", "letter1")["content"][0]["attachment"]
    assert attachment["data"] == b64encode(SCAN[::-1]).decode()
    rest = mirror.drain()
    assert (rest.written_to_cloud, rest.written_to_legacy) == (0, 0)
    assert mirror.differing() == []


@pytest.mark.parametrize("legacy_kind", [LegacyKind.POSTGRESQL, LegacyKind.POSTGRESQL_ODBC])
def test_documents_travel_both_ways_on_postgresql(mirror: Mirror) -> None:
    both_ways(mirror)


@pytest.mark.parametrize("legacy_kind", [LegacyKind.SQLITE, LegacyKind.POSTGRESQL])
def test_documents_travel_both_ways_where_changes_are_found_by_comparison(
    practice: SmallPractice, fhir: FhirService, tmp_path: Path
) -> None:
    add_record(practice)
    mirror = Mirror(practice, fhir, tmp_path, standings=clinical_stages(), capture=CaptureWay.SNAPSHOT)
    mirror.drain()
    both_ways(mirror)
    mirror.stop()


@pytest.mark.hazard("H24")
def test_what_was_entered_in_error_is_withdrawn_when_it_comes_back_as_confidential(mirror: Mirror) -> None:
    made = make(mirror)
    (row,), _ = new_rows(mirror)
    table = METADATA.tables[ENTRIES]
    mine = table.c.ObservationGuid == row["ObservationGuid"]
    with mirror.practice.engine.begin() as connection:
        connection.execute(update(table).where(mine).values(Deleted=True))
    mirror.drain()
    assert mirror.client.read("DocumentReference", made["id"])["status"] == "entered-in-error"
    with mirror.practice.engine.begin() as connection:
        connection.execute(update(table).where(mine).values(Deleted=False, IsConfidential=True))
    mirror.drain()
    assert mirror.client.search("DocumentReference", {"_id": made["id"]}) == []
    with pytest.raises((FhirGone, FhirNotFound)):
        mirror.client.read("DocumentReference", f"{made['id']}/_history/1")


@pytest.mark.hazard("H24")
@pytest.mark.parametrize("whose", ["own", "patient"])
def test_what_was_entered_in_error_is_withdrawn_when_it_becomes_confidential(
    mirror: Mirror, whose: str
) -> None:
    letter = entry(mirror, "DocumentReference", "letter1")
    mirror.practice.edit(ENTRIES, "letter1", Deleted=True)
    mirror.drain()
    assert mirror.client.read("DocumentReference", letter["id"])["status"] == "entered-in-error"
    if whose == "own":
        mirror.practice.edit(ENTRIES, "letter1", IsConfidential=True)
    else:
        mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    assert mirror.client.search("DocumentReference", {"_id": letter["id"]}) == []
