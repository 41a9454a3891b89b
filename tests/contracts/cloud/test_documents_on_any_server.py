"""The content of documents travels, and goes with them, on every FHIR server."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from legacy_bridge.legacy.schema import METADATA
from tests.contracts.cloud.test_mirror_on_any_server import rested
from tests.legacy_bridge.support.clinical import (
    ENTRIES,
    add_document,
    add_record,
    clinical_stages,
    doctor_reference,
    entry,
    patient_reference,
    snomed,
)
from tests.legacy_bridge.support.lossy_transport import LossyTransport
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import SmallPractice
from web_modules.fhir.errors import FhirGone, FhirNotFound

CONTENTS = METADATA.tables["Reference_DocumentContent"]
SCAN = bytes(range(256)) * 40


@pytest.fixture
def mirror(practice: SmallPractice, cloud: LossyTransport, tmp_path: Path) -> Iterator[Mirror]:
    add_record(practice)
    made = Mirror(practice, cloud, tmp_path, standings=clinical_stages())
    yield made
    made.stop()


def document_of(mirror: Mirror, binary: dict[str, Any]) -> dict[str, Any]:
    return mirror.client.create(
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "subject": patient_reference(mirror),
            "author": [doctor_reference(mirror)],
            "type": snomed("letter"),
            "context": {"period": {"start": "2026-11-16"}},
            "content": [{"attachment": {"url": f"Binary/{binary['id']}", "contentType": "image/png"}}],
        }
    )


def edit(mirror: Mirror, statement: Any) -> None:
    with mirror.practice.engine.begin() as connection:
        connection.execute(statement)
    rested(mirror)


@pytest.mark.hazard("H24")
@pytest.mark.parametrize(
    "cloud",
    [
        "over HTTP",
        "sekmet-fhir",
        "sekmet-fhir, whole addresses",
        "whole addresses",
        "without history",
        "without transactions",
        "one resource at a time",
        "minimal answers",
    ],
    indirect=True,
)
def test_a_content_beside_its_document_travels_and_goes_with_it(mirror: Mirror) -> None:
    rested(mirror)
    told = {"resourceType": "Binary", "contentType": "image/png", "data": b64encode(SCAN).decode()}
    binary = mirror.client.create({**told, "securityContext": patient_reference(mirror)})
    document = document_of(mirror, binary)
    rested(mirror)
    (content,) = (one for one in mirror.practice.rows(CONTENTS.name) if one["Title"] is None)
    assert bytes(content["Content"]) == SCAN
    mine = CONTENTS.c.DocumentGuid == content["DocumentGuid"]
    edit(mirror, update(CONTENTS).where(mine).values(Content=b"another sheet"))
    now = mirror.client.read("Binary", binary["id"])
    assert b64decode(now["data"]) == b"another sheet"
    context = now["securityContext"]["reference"]
    assert context.endswith(f"DocumentReference/{document['id']}")
    mirror.client.update({**now, "data": b64encode(b"not so").decode()})
    rested(mirror)
    assert b64decode(mirror.client.read("Binary", binary["id"])["data"]) == b"another sheet"
    entries = METADATA.tables[ENTRIES]
    mine = entries.c.DocumentGuid == content["DocumentGuid"]
    edit(mirror, update(entries).where(mine).values(IsConfidential=True))
    for one in (binary, document):
        with pytest.raises((FhirGone, FhirNotFound)):
            mirror.client.read(one["resourceType"], one["id"])


@pytest.mark.hazard("H24")
@pytest.mark.parametrize(
    ("cloud", "is_beside"),
    [
        ("over HTTP", True),
        ("sekmet-fhir", False),
        ("sekmet-fhir, whole addresses", False),
        ("whole addresses", True),
        ("strong ETags", True),
        ("minimal answers", True),
        ("without transactions", False),
        ("transactions of one", False),
    ],
    indirect=["cloud"],
)
def test_a_large_document_is_whole_and_goes_with_what_it_holds(mirror: Mirror, *, is_beside: bool) -> None:
    large = SCAN * 10
    add_document(mirror.practice, "scan", large)
    rested(mirror)
    document = entry(mirror, "DocumentReference", "scan")
    (content,) = document["content"]
    attachment = content["attachment"]
    assert ("url" in attachment) is is_beside
    there = [("DocumentReference", document["id"])]
    data = attachment.get("data")
    if is_beside:
        there.append(("Binary", attachment["url"].rpartition("/")[2]))
        data = mirror.client.read(*there[1])["data"]
    assert b64decode(data) == large
    assert "document" not in {one.partition("/")[0] for one in mirror.differing()}
    mirror.practice.edit(ENTRIES, "scan", IsConfidential=True)
    rested(mirror)
    for resource_type, resource_id in there:
        with pytest.raises((FhirGone, FhirNotFound)):
            mirror.client.read(resource_type, resource_id)
