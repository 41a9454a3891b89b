"""A legacy database of exactly the published shape, without the tables that the reference practice adds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from legacy_bridge.errors import SchemaDrifted
from legacy_bridge.guards import check_schema
from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.legacy.schema import METADATA, OPTIONAL
from legacy_bridge.settings import CaptureWay
from tests.legacy_bridge.support.clinical import (
    ENTRIES,
    add_codes,
    add_document,
    add_record,
    add_value,
    clinical_stages,
    concept,
    doctor_reference,
    held,
    patient_reference,
    snomed,
)
from tests.legacy_bridge.support.legacy_databases import LegacyKind
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice
from web_modules.fhir_store.service import FhirService


@pytest.fixture(params=[LegacyKind.SQLITE, LegacyKind.POSTGRESQL], ids=["sqlite", "postgresql"])
def legacy_kind(request: pytest.FixtureRequest) -> LegacyKind:
    found: LegacyKind = request.param
    return found


@pytest.fixture
def bare(practice: SmallPractice) -> SmallPractice:
    """A practice whose database has the published tables only."""
    METADATA.drop_all(practice.engine, tables=[METADATA.tables[name] for name in sorted(OPTIONAL)])
    assert OPTIONAL.isdisjoint(inspect(practice.engine).get_table_names())
    return practice


@pytest.fixture(params=[CaptureWay.OUTBOX, CaptureWay.SNAPSHOT], ids=["outbox", "snapshot"])
def mirror(
    request: pytest.FixtureRequest, bare: SmallPractice, fhir: FhirService, tmp_path: Path
) -> Iterator[Mirror]:
    add_codes(bare)
    add_value(bare, "weight1", "60.000")
    add_document(bare, "letter1", None)
    made = Mirror(bare, fhir, tmp_path, standings=clinical_stages(), capture=request.param)
    made.drain()
    yield made
    made.stop()


def test_everything_else_is_carried_both_ways(mirror: Mirror, bare: SmallPractice) -> None:
    assert mirror.differing() == []
    assert held(mirror) == []
    bare.edit(ENTRIES, "weight1", NumericUnit="g")
    bare.edit("Admin_Patient", "omar", Surname="Hill")
    found = mirror.patient("mary")
    mirror.put(found, name=[{**found["name"][0], "family": "Dale"}])
    for _ in range(3):
        mirror.drain()
    assert mirror.resource("Observation", ENTRIES, "weight1")["valueQuantity"]["unit"] == "g"
    assert mirror.patient("omar")["name"][0]["family"] == "Hill"
    assert bare.patient("mary")["Surname"] == "Dale"
    assert mirror.differing() == []


def test_a_document_is_carried_without_its_content(mirror: Mirror) -> None:
    letter = mirror.resource("DocumentReference", ENTRIES, "letter1")
    assert letter["type"]["coding"][0]["code"] == concept("letter")
    assert "data" not in letter["content"][0].get("attachment", {})
    assert held(mirror) == []


@pytest.mark.hazard("H10")
def test_a_document_of_the_cloud_is_held_where_legacy_keeps_no_contents(
    mirror: Mirror, bare: SmallPractice
) -> None:
    count = len(bare.rows(ENTRIES))
    mirror.client.create(
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "type": snomed("letter"),
            "subject": patient_reference(mirror),
            "date": "2026-11-23T10:00:00Z",
            "author": [doctor_reference(mirror)],
            "content": [{"attachment": {"contentType": "text/plain", "data": "RGVhcg==", "title": "Letter"}}],
        }
    )
    mirror.drain()
    assert ("document", "no-contents-in-legacy") in held(mirror)
    assert len(bare.rows(ENTRIES)) == count


def test_a_table_that_was_there_and_goes_is_a_change_of_the_schema(practice: SmallPractice) -> None:
    add_record(practice)
    rows = LegacyRows(practice.engine, ODS)
    check_schema(rows.mapped_columns(), rows.columns())
    METADATA.tables["Reference_DocumentContent"].drop(practice.engine)
    with pytest.raises(SchemaDrifted, match="Reference_DocumentContent"):
        check_schema(rows.mapped_columns(), rows.columns())
    METADATA.tables["CareRecord_Diary"].drop(practice.engine)
    anew = LegacyRows(practice.engine, ODS)
    with pytest.raises(SchemaDrifted, match="CareRecord_Diary"):
        check_schema(anew.mapped_columns(), anew.columns())
