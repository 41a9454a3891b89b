"""A blood pressure is one Observation with two components, and a row with two below it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import Kind
from tests.legacy_bridge.support.clinical import (
    ENTRIES,
    add_codes,
    add_entry,
    clinical_stages,
    doctor_reference,
    entry,
    held,
    patient_reference,
)
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import PracticeDatabase, SmallPractice, guid
from web_modules.fhir.systems import legacy_key
from web_modules.fhir_store.service import FhirService

TABLE = METADATA.tables[ENTRIES]
READING, SYSTOLIC, DIASTOLIC = 246, 2469, 2460
CONCEPTS = {READING: 163020007, SYSTOLIC: 163030003, DIASTOLIC: 163031004}


def add_pressure_codes(practice: SmallPractice) -> None:
    for number, concept in CONCEPTS.items():
        practice.insert(
            "Coding_ClinicalCode",
            CodeId=number,
            Term={READING: "BP reading", SYSTOLIC: "Systolic BP", DIASTOLIC: "Diastolic BP"}[number],
            SnomedCTConceptId=concept,
            EmisCodeCategoryDescription="Biological values",
        )


def add_part(practice: PracticeDatabase, name: str, code: int, value: str, **columns: Any) -> None:
    add_entry(
        practice,
        name,
        None,
        **{
            "CodeId": code,
            "ParentObservationGuid": guid("bp"),
            "ObservationType": "Value",
            "Value": Decimal(value),
            "NumericUnit": "mmHg",
            **columns,
        },
    )


@pytest.fixture
def mirror(practice: SmallPractice, fhir: FhirService, tmp_path: Path) -> Iterator[Mirror]:
    """A bridge that has carried a blood pressure once."""
    add_codes(practice)
    add_pressure_codes(practice)
    add_entry(practice, "bp", None, CodeId=READING)
    add_part(practice, "upper", SYSTOLIC, "142.000", NumericRangeLow=Decimal("90.0"), Abnormal=True)
    add_part(practice, "lower", DIASTOLIC, "94")
    made = Mirror(practice, fhir, tmp_path, standings=clinical_stages())
    made.drain()
    yield made
    made.stop()


def pressure(mirror: Mirror) -> dict[str, Any]:
    return entry(mirror, "Observation", "bp")


def numbers(resource: Mapping[str, Any]) -> dict[str, str]:
    """The components' values by LOINC's code."""
    return {
        coding["code"]: str(one["valueQuantity"]["value"])
        for one in resource.get("component", [])
        for coding in one["code"]["coding"]
        if coding["system"] == "http://loinc.org"
    }


def changed(resource: dict[str, Any], **values: Decimal | None) -> list[dict[str, Any]]:
    """The components with other values: by the LOINC code `c8480_6`; None removes one."""
    found = []
    for one in resource["component"]:
        code = next(c["code"] for c in one["code"]["coding"] if c["system"] == "http://loinc.org")
        value = values.get(f"c{code}".replace("-", "_"), one["valueQuantity"]["value"])
        if value is not None:
            found.append({**one, "valueQuantity": {**one["valueQuantity"], "value": value}})
    return found


def alone(mirror: Mirror, name: str) -> list[dict[str, Any]]:
    """The Observation of a part that is a record of its own; none where it was entered in error."""
    found = mirror.resources("Observation", ENTRIES, name)
    return [one for one in found if one["status"] != "entered-in-error"]


def test_a_reading_is_one_resource_with_its_numbers_digit_for_digit(mirror: Mirror) -> None:
    found = pressure(mirror)
    assert numbers(found) == {"8480-6": "142.000", "8462-4": "94"}
    upper, lower = found["component"]
    assert (upper["valueQuantity"]["unit"], upper["valueQuantity"]["code"]) == ("mmHg", "mm[Hg]")
    assert str(upper["referenceRange"][0]["low"]["value"]) == "90.0"
    assert upper["interpretation"][0]["coding"][0]["code"] == "A"
    assert "interpretation" not in lower
    assert {one["code"] for one in upper["code"]["coding"]} == {"163030003", "2469", "8480-6"}
    assert "85354-9" in {one["code"] for one in found["code"]["coding"]}
    assert found["category"][0]["coding"][0]["code"] == "vital-signs"
    assert "hasMember" not in found
    assert (alone(mirror, "upper"), alone(mirror, "lower")) == ([], [])
    assert (held(mirror), mirror.differing()) == ([], [])
    assert mirror.journal.standing().linked[Kind.OBSERVATION] == 1
    assert mirror.drain().written_to_cloud == 0


def test_a_number_corrected_in_legacy_reaches_its_component(mirror: Mirror) -> None:
    mirror.practice.edit(ENTRIES, "lower", Value=Decimal("84.50"))
    mirror.drain()
    assert numbers(pressure(mirror)) == {"8480-6": "142.000", "8462-4": "84.50"}
    assert mirror.differing() == []


def test_a_number_corrected_in_the_cloud_reaches_its_own_row_and_no_other(mirror: Mirror) -> None:
    found = pressure(mirror)
    before = {name: mirror.practice.row(ENTRIES, name) for name in ("bp", "lower")}
    mirror.put(found, component=changed(found, c8480_6=Decimal("124.0")))
    mirror.drain()
    assert mirror.practice.row(ENTRIES, "upper")["Value"] == Decimal("124.0")
    assert {name: mirror.practice.row(ENTRIES, name) for name in before} == before
    assert (held(mirror), mirror.differing()) == ([], [])


def test_a_date_corrected_in_the_cloud_is_the_date_of_all_three_rows(mirror: Mirror) -> None:
    mirror.put(pressure(mirror), effectiveDateTime="2026-11")
    mirror.drain()
    rows = [mirror.practice.row(ENTRIES, name) for name in ("bp", "upper", "lower")]
    assert {(str(one["EffectiveDate"]), one["EffectiveDatePrecision"]) for one in rows} == {
        ("2026-11-01", "YM")
    }
    assert numbers(pressure(mirror)) == {"8480-6": "142.000", "8462-4": "94"}
    assert mirror.differing() == []


def test_a_number_that_is_removed_on_either_side_is_gone_and_comes_back(mirror: Mirror) -> None:
    mirror.form_minutes = 0.0
    mirror.start()
    found = pressure(mirror)
    mirror.put(found, component=changed(found, c8462_4=None))
    mirror.drain()
    assert mirror.practice.row(ENTRIES, "lower")["Deleted"] is True
    assert mirror.practice.row(ENTRIES, "upper")["Deleted"] is False
    assert numbers(pressure(mirror)) == {"8480-6": "142.000"}
    mirror.service.publish()
    mirror.practice.edit(ENTRIES, "lower", Deleted=False, Value=Decimal("96"))
    mirror.practice.edit(ENTRIES, "upper", Deleted=True)
    mirror.drain()
    assert numbers(pressure(mirror)) == {"8462-4": "96"}
    assert mirror.differing() == []


@pytest.mark.hazard("H13")
def test_a_number_that_a_form_opened_before_puts_back_is_asked_about(mirror: Mirror) -> None:
    found = pressure(mirror)
    mirror.put(found, component=changed(found, c8462_4=None))
    mirror.drain()
    mirror.practice.edit(ENTRIES, "lower", Deleted=False)
    mirror.drain()
    (one,) = mirror.journal.conflicts()
    assert one.conflict.unit == "blood_pressure"
    assert "diastolic" in one.conflict.legacy
    assert "diastolic" not in one.conflict.cloud
    assert numbers(pressure(mirror)) == {"8480-6": "142.000"}


def test_a_number_added_in_the_cloud_becomes_a_row_below_the_reading(mirror: Mirror) -> None:
    whole = pressure(mirror)["component"]
    mirror.practice.remove(ENTRIES, "lower")
    mirror.drain()
    mirror.put(pressure(mirror), component=whole)
    mirror.drain()
    (row,) = [one for one in mirror.practice.rows(ENTRIES) if one["CodeId"] == DIASTOLIC]
    bp = mirror.practice.row(ENTRIES, "bp")
    assert (row["Value"], row["NumericUnit"], row["ObservationType"]) == (Decimal("94"), "mmHg", "Value")
    assert row["ParentObservationGuid"] == guid("bp")
    assert all(row[name] == bp[name] for name in ("PatientGuid", "EffectiveDate", "EnteredTime"))
    assert mirror.differing() == []


@pytest.mark.hazard("H24")
@pytest.mark.parametrize("whose", ["bp", "upper"])
def test_a_confidential_number_is_not_shown_and_comes_back(mirror: Mirror, whose: str) -> None:
    mirror.practice.edit(ENTRIES, whose, IsConfidential=True)
    mirror.drain()
    shown = mirror.resources("Observation", ENTRIES, "bp")
    assert [numbers(one) for one in shown] == ([] if whose == "bp" else [{"8462-4": "94"}])
    assert mirror.resources("Observation", ENTRIES, "upper") == []
    mirror.practice.edit(ENTRIES, whose, IsConfidential=False)
    mirror.drain()
    assert numbers(pressure(mirror)) == {"8480-6": "142.000", "8462-4": "94"}
    assert mirror.differing() == []


_MORE_THAN_A_COMPONENT_SAYS: tuple[dict[str, Any], ...] = (
    {"PatientGuid": guid("omar")},
    {"EffectiveDatePrecision": "YM"},
    {"Qualifiers": "<lying/>"},
    {"Episode": "First"},
    {"ObservationType": "Document"},
)


def test_a_number_that_says_more_than_a_component_can_is_a_record_of_its_own(mirror: Mirror) -> None:
    before = mirror.practice.row(ENTRIES, "upper")
    for odd in _MORE_THAN_A_COMPONENT_SAYS:
        mirror.practice.edit(ENTRIES, "upper", **odd)
        mirror.drain()
        assert numbers(pressure(mirror)) == {"8462-4": "94"}, odd
        assert mirror.differing() == [], odd
        mirror.practice.edit(ENTRIES, "upper", **{name: before[name] for name in odd})
        mirror.drain()
        assert numbers(pressure(mirror)) == {"8480-6": "142.000", "8462-4": "94"}, odd
        assert (alone(mirror, "upper"), mirror.differing()) == ([], []), odd


def test_two_systolic_numbers_of_one_reading_are_records_of_their_own(mirror: Mirror) -> None:
    add_part(mirror.practice, "again", SYSTOLIC, "138")
    mirror.drain()
    found = pressure(mirror)
    assert numbers(found) == {"8462-4": "94"}
    assert [len(alone(mirror, name)) for name in ("upper", "again")] == [1, 1]
    assert len(found["hasMember"]) == 2
    mirror.practice.edit(ENTRIES, "again", Deleted=True)
    mirror.drain()
    assert numbers(pressure(mirror)) == {"8480-6": "142.000", "8462-4": "94"}
    assert (alone(mirror, "upper"), mirror.differing()) == ([], [])


def test_a_reading_deleted_on_either_side_takes_its_numbers_along(mirror: Mirror) -> None:
    mirror.put(pressure(mirror), status="entered-in-error")
    mirror.drain()
    rows = [mirror.practice.row(ENTRIES, name) for name in ("bp", "upper", "lower")]
    assert [one["Deleted"] for one in rows] == [True, True, True]
    assert mirror.differing() == []


def test_numbers_whose_reading_alone_is_deleted_in_legacy_are_shown_alone(mirror: Mirror) -> None:
    mirror.practice.edit(ENTRIES, "bp", Deleted=True)
    mirror.drain()
    assert pressure(mirror)["status"] == "entered-in-error"
    assert [len(alone(mirror, name)) for name in ("upper", "lower")] == [1, 1]
    assert mirror.differing() == []


def test_a_number_that_both_sides_changed_is_asked_as_one_reading(mirror: Mirror) -> None:
    found = pressure(mirror)
    mirror.practice.edit(ENTRIES, "upper", Value=Decimal("150"))
    mirror.put(found, component=changed(found, c8462_4=Decimal("70")))
    mirror.drain()
    (one,) = mirror.journal.conflicts()
    assert one.conflict.unit == "blood_pressure"
    assert mirror.practice.row(ENTRIES, "lower")["Value"] == Decimal("94")
    assert numbers(pressure(mirror)) == {"8480-6": "142.000", "8462-4": "70"}


def made_in_cloud(mirror: Mirror, *components: dict[str, Any], code: int = READING) -> dict[str, Any]:
    return mirror.client.create(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": concept(code),
            "subject": patient_reference(mirror),
            "performer": [doctor_reference(mirror)],
            "effectiveDateTime": "2026-11-16",
            "component": list(components),
        }
    )


def concept(code: int) -> dict[str, Any]:
    return {"coding": [{"system": "http://snomed.info/sct", "code": str(CONCEPTS[code])}]}


def part(code: int, value: str) -> dict[str, Any]:
    quantity = {"value": Decimal(value), "unit": "mmHg"}
    return {"code": concept(code), "valueQuantity": quantity}


def test_a_reading_made_in_the_cloud_becomes_three_rows_once(mirror: Mirror) -> None:
    made = made_in_cloud(mirror, part(SYSTOLIC, "120.0"), part(DIASTOLIC, "80"))
    mirror.drain()
    mirror.drain()
    rows = {
        one["CodeId"]: one
        for one in mirror.practice.rows(ENTRIES)
        if str(one["EffectiveDate"]) == "2026-11-16"
    }
    assert set(rows) == {READING, SYSTOLIC, DIASTOLIC}
    assert rows[SYSTOLIC]["ParentObservationGuid"] == rows[READING]["ObservationGuid"]
    assert str(rows[SYSTOLIC]["Value"]) == "120.0"
    found = mirror.client.read("Observation", made["id"])
    assert any(one["system"] == legacy_key("Y99002", ENTRIES) for one in found["identifier"])
    assert (held(mirror), mirror.differing()) == ([], [])


@pytest.mark.hazard("H24")
def test_a_number_of_the_bridge_that_became_confidential_is_not_written_over(mirror: Mirror) -> None:
    made = made_in_cloud(mirror, part(SYSTOLIC, "120.0"), part(DIASTOLIC, "80"))
    mirror.drain()
    upper = update(TABLE).where(TABLE.c.CodeId == SYSTOLIC, TABLE.c.ObservationGuid != guid("upper"))
    with mirror.practice.engine.begin() as connection:
        connection.execute(upper.values(IsConfidential=True))
    mirror.drain()
    found = mirror.client.read("Observation", made["id"])
    assert numbers(found) == {"8462-4": "80"}
    mirror.put(found, component=[part(SYSTOLIC, "99"), *found["component"]])
    mirror.drain()
    assert held(mirror) == [("observation", "legacy-refuses")]
    (row,) = [one for one in mirror.practice.rows(ENTRIES) if one["IsConfidential"]]
    assert row["Value"] == Decimal("120.0")


def test_half_a_reading_is_carried_and_what_is_unknown_of_it_stays(mirror: Mirror) -> None:
    absent = {"code": concept(DIASTOLIC), "dataAbsentReason": {"text": "not taken"}}
    made = made_in_cloud(mirror, part(SYSTOLIC, "120"), absent)
    mirror.drain()
    rows = [one for one in mirror.practice.rows(ENTRIES) if str(one["EffectiveDate"]) == "2026-11-16"]
    assert {one["CodeId"] for one in rows} == {READING, SYSTOLIC}
    assert absent in mirror.client.read("Observation", made["id"])["component"]
    assert (held(mirror), mirror.differing()) == ([], [])


_NOT_TO_BE_HELD = (
    ("component-unknown", (part(SYSTOLIC, "1"), part(SYSTOLIC, "2"))),
    ("component-unknown", (part(READING, "1"),)),
    ("component-unknown", ({"code": {"text": "cuff"}, "valueString": "large"},)),
    ("value-not-a-number", ({"code": concept(SYSTOLIC), "valueString": "high"},)),
)


def test_parts_that_legacy_cannot_hold_are_listed_and_no_row_is_made(mirror: Mirror) -> None:
    rows = len(mirror.practice.rows(ENTRIES))
    for _, components in _NOT_TO_BE_HELD:
        made_in_cloud(mirror, *components)
    mirror.drain()
    assert sorted(held(mirror)) == [("observation", reason) for reason, _ in _NOT_TO_BE_HELD]
    assert len(mirror.practice.rows(ENTRIES)) == rows
