"""What others wrote goes in and comes out with the same content; others' programs can read what comes out."""

import json
import lzma
import tarfile
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
        assert content(read.body) == content(sent), file.name
        assert str(content(read.body)) == str(content(sent)), file.name  # every digit, and the order


@pytest.mark.skipif(not SYNTHEA.is_file(), reason="needs ../shared/data/synthea-40.tar.xz")
def test_a_bundle_of_synthea_is_stored_whole(fhir: Caller) -> None:
    with lzma.open(SYNTHEA) as packed, tarfile.open(fileobj=packed) as archive:
        smallest = min(
            (one for one in archive.getmembers() if one.isfile() and one.size > 20_000),
            key=lambda one: one.size,
        )
        reading = archive.extractfile(smallest)
        assert reading is not None
        sent = json.loads(reading.read(), parse_float=Decimal)
    answer = fhir("POST", "", sent, prefer="return=representation")
    assert answer.status == 200, answer.body
    assert len(answer.resources) == len(sent["entry"])
    for before, after in zip(sent["entry"], answer.resources, strict=True):
        assert set(before["resource"]) - {"meta", "id"} == set(after) - {"meta", "id"}
        assert "urn:uuid:" not in json.dumps(after.get("subject", {}))


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
