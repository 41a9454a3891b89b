"""What others wrote goes in and comes out with the same content; others' programs can read what comes out."""

import json
import lzma
import tarfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.patient import Patient

from tests.web_modules.fhir_store.conftest import Caller

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
UKCORE = SHARED / "ukcore"
SYNTHEA = SHARED / "synthea-40.tar.xz"


def content(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource without what the store sets."""
    meta = {
        key: value
        for key, value in resource.get("meta", {}).items()
        if key not in {"versionId", "lastUpdated"}
    }
    return {key: value for key, value in resource.items() if key not in {"meta", "id"}} | (
        {"meta": meta} if meta else {}
    )


@pytest.mark.skipif(not UKCORE.is_dir(), reason="needs ../shared/data/ukcore")
def test_the_examples_of_uk_core_come_out_with_the_same_content(fhir: Caller) -> None:
    files = sorted(UKCORE.glob("*.json"))
    assert files
    for file in files:
        sent = json.loads(file.read_bytes(), parse_float=Decimal)
        stored = fhir("POST", sent["resourceType"], file.read_bytes())
        assert stored.status == 201, (file.name, stored.body)
        read = fhir("GET", f"{sent['resourceType']}/{stored.body['id']}")
        if sent["resourceType"] == "Subscription":
            sent["status"] = "off"  # the server says so: its end has passed
        if sent["resourceType"] == "AuditEvent":
            sent["agent"].append(read.body["agent"][-1])  # the server says who sent it
            assert len(read.body["agent"]) == 2
        assert content(read.body) == content(sent), file.name
        assert str(content(read.body)) == str(content(sent)), file.name  # every digit, and the order


@pytest.mark.skipif(not SYNTHEA.is_file(), reason="needs ../shared/data/synthea-40.tar.xz")
def test_every_bundle_of_synthea_is_stored_whole(fhir: Caller) -> None:
    found = 0
    for sent in _bundles_of_synthea():
        answer = fhir("POST", "", sent, prefer="return=representation")
        assert answer.status == 200, answer.body
        names = {
            before["fullUrl"]: f"{after['resourceType']}/{after['id']}"
            for before, after in zip(sent["entry"], answer.resources, strict=True)
        }
        for before, after in zip(sent["entry"], answer.resources, strict=True):
            wanted = _pointed(before["resource"], names)
            assert content(after) == content(wanted), before["fullUrl"]
        found += len(names)
    assert found > 7000


def _bundles_of_synthea() -> Iterator[dict[str, Any]]:
    with lzma.open(SYNTHEA) as packed, tarfile.open(fileobj=packed) as archive:
        for one in archive:
            reading = archive.extractfile(one)
            if reading is not None:
                yield json.loads(reading.read(), parse_float=Decimal)


def _pointed(value: Any, names: Mapping[str, str]) -> Any:
    """The same with each reference to another entry as the transaction resolves it."""
    if isinstance(value, dict):
        return {key: _pointed(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_pointed(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def test_others_can_read_every_kind_of_answer(fhir: Caller) -> None:
    created = fhir(
        "POST", "Patient", {"resourceType": "Patient", "name": [{"family": "A"}], "birthDate": "1980-01"}
    )
    Patient.model_validate(created.body)
    for answer in (
        fhir("GET", "Patient"),
        fhir("GET", "Patient", query={"_count": "1", "name": "a"}),
        fhir("GET", "_history"),
        fhir(
            "POST",
            "",
            {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [{"request": {"method": "GET", "url": "Patient"}}],
            },
        ),
    ):
        Bundle.model_validate(answer.body)
    OperationOutcome.model_validate(fhir("GET", "Patient/nobody").body)
    OperationOutcome.model_validate(fhir("POST", "Patient", {"resourceType": "Patient", "gender": "m"}).body)
