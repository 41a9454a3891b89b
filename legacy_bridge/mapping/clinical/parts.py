"""Entries that are no record of their own but part of the one above: the two numbers of a blood pressure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from legacy_bridge.mapping.clinical.places import Place
from legacy_bridge.mapping.field import Element, set_element
from legacy_bridge.records import Row, RowGroup

SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
WHOLES = frozenset({163020007, 75367002})
"""SNOMED CT concepts of a reading that has parts: `O/E - blood pressure reading`, `Blood pressure`."""
PANEL = "85354-9"
"""What LOINC calls it, which FHIR's vital signs ask for (FHIR R4 observation-vitalsigns.html)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One number of a reading.

    Attributes:
        name: what its fields and rows are called.
        concepts: the SNOMED CT concepts that mean it.
        loinc: what LOINC calls it.
    """

    name: str
    concepts: frozenset[int]
    loinc: str


PARTS = (
    Part(name="systolic", concepts=frozenset({163030003, 72313002, 271649006}), loinc="8480-6"),
    Part(name="diastolic", concepts=frozenset({163031004, 1091811000000102, 271650006}), loinc="8462-4"),
)
NAMES = frozenset(one.name for one in PARTS)
SHARED = (
    *("PatientGuid", "ConsultationGuid", "EffectiveDate", "EffectiveDatePrecision", "EnteredDate"),
    *("EnteredTime", "ClinicianUserInRoleGuid", "EnteredByUserInRoleGuid"),
)
"""What a part's row says as the row above does: else it is a record of its own."""


def rows_of_parts(group: RowGroup, name: str) -> Mapping[str, Row]:
    """The rows of the parts of a reading, by the part's name.

    Args:
        group: the reading's rows.
        name: what the rows below it are called.
    """
    return {kind: row for row in group.rows.get(name, ()) if (kind := str(row.get("_kind"))) in NAMES}


def is_of(part: Part, component: Mapping[str, Any]) -> bool:
    """Whether a component of an Observation is a part."""
    codings = (component.get("code") or {}).get("coding", [])
    wanted = {str(one) for one in part.concepts}
    return any(one.get("system") == SNOMED and str(one.get("code")) in wanted for one in codings)


def component(part: Part) -> Place:
    """Where an Observation says a part."""

    def place(items: list[Any]) -> int | None:
        return next((at for at, one in enumerate(items) if is_of(part, one)), None)

    def get(resource: Mapping[str, Any]) -> Any:
        items = resource.get("component", [])
        at = place(items)
        return None if at is None else items[at]

    def put(resource: Element, value: Any) -> None:
        items = list(resource.get("component", []))
        at = place(items)
        end = len(items) if at is None else at
        is_there = value is not None and "code" in value
        items[end : end + 1] = [value] if is_there else []
        set_element(resource, "component", items or None)

    return Place(get=get, put=put)
