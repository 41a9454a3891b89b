"""The tables are those of the extract, and real data fits into them."""

import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, inspect, select

from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.legacy.shapes import SHAPES

FACTS = Path(__file__).parents[4] / "shared" / "data" / "emis-extract-schema.md"
OURS = {shape.name for shape in SHAPES if shape.is_ours}


def test_the_extract_has_21_tables_and_ours_are_marked() -> None:
    assert len(METADATA.tables) - len(OURS) == 21
    assert {name for name in METADATA.tables if name.startswith("Reference_")} == OURS
    assert all(METADATA.tables[name].comment for name in OURS)


def test_the_organisation_is_part_of_the_key_wherever_a_row_has_one() -> None:
    for table in METADATA.tables.values():
        key = [column.name for column in table.primary_key]
        if key and "OrganisationGuid" in table.c:
            assert key[0] == "OrganisationGuid"
    assert [name for name, table in METADATA.tables.items() if not table.primary_key] == [
        "Audit_PatientAudit",
        "Audit_RegistrationAudit",
    ]


def test_only_keys_are_required_and_no_reference_is_enforced() -> None:
    for table in METADATA.tables.values():
        assert not table.foreign_keys
        assert [column.name for column in table.c if not column.nullable] == [
            column.name for column in table.c if column.primary_key
        ]


def test_a_free_slot_needs_nothing_but_its_key() -> None:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    slots = METADATA.tables["Appointment_Slot"]
    with engine.begin() as connection:
        connection.execute(insert(slots), {"OrganisationGuid": "{O}", "SlotGuid": "{S}"})
        assert connection.execute(select(slots.c.PatientGuid)).scalar_one() is None
    assert "ix_Appointment_Slot_OrganisationGuid_AppointmentDate" in {
        index["name"] for index in inspect(engine).get_indexes("Appointment_Slot")
    }
    engine.dispose()


@pytest.mark.skipif(not FACTS.is_file(), reason="needs ../shared")
def test_names_and_lengths_are_those_of_the_published_facts() -> None:
    text = FACTS.read_text(encoding="utf-8").split("## Tables", 1)[1].split("Totals:", 1)[0]
    tables = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    assert {table.split()[0] for table in tables} == set(METADATA.tables) - OURS
    for table in tables:
        name = table.split()[0]
        rows = [line.split("|")[1:4] for line in table.splitlines() if line.startswith("| ")][1:]
        stated = {column.strip(): (kind.strip(), length.strip()) for column, kind, length in rows}
        columns = METADATA.tables[name].c
        assert list(stated) == list(columns.keys()), name
        for column, (kind, length) in stated.items():
            if kind in ("varchar", "char"):
                assert getattr(columns[column].type, "length", None) == int(length), (name, column)
