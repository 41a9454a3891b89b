"""The parts of a reading: rows below its row in legacy, components of its Observation in FHIR."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.clinical.codes import code_of
from legacy_bridge.mapping.clinical.entry import CHILDREN, TABLE
from legacy_bridge.mapping.clinical.entry_kinds import NO_EPISODE
from legacy_bridge.mapping.clinical.parts import (
    LOINC,
    NAMES,
    PANEL,
    PARTS,
    SHARED,
    WHOLES,
    Part,
    component,
    is_of,
    rows_of_parts,
)
from legacy_bridge.mapping.field import Draft, FieldMapping
from legacy_bridge.mapping.resource import differing
from legacy_bridge.mapping.values import guid_column
from legacy_bridge.records import CloudContent, Fields, Kind, LinkKey, RowGroup, RowValue, Value
from legacy_bridge.sides.links import References
from legacy_bridge.sides.writes import RowChange

_OBSERVATION = "Observation"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_VITAL_SIGNS = {"coding": [{"system": _CATEGORY, "code": "vital-signs"}]}
_NEW_PART: Mapping[str, RowValue] = {
    "ObservationType": "Value",
    "Episode": NO_EPISODE,
    "Abnormal": False,
    "Deleted": False,
    "IsConfidential": False,
}
"""What a part's row says whatever it measures."""


def part_fields(measured: Sequence[FieldMapping]) -> tuple[FieldMapping, ...]:
    """The fields of all parts.

    Args:
        measured: the fields of what is measured, as a reading itself has them: the value, and what goes
            with it.
    """
    return tuple(_of_part(part, one) for part in PARTS for one in measured)


def check_components(content: CloudContent, references: References) -> None:
    """See that every component is a part that the legacy program can hold.

    Raises:
        RecordRefused: one is not.
    """
    observation = content.resources[_OBSERVATION]
    found = [one for one in observation.get("component", []) if set(one) - {"id", "code", "dataAbsentReason"}]
    if not found:
        return
    named = [part.name for one in found for part in PARTS if is_of(part, one)]
    code = code_of(observation.get("code"), references.codes, Kind.OBSERVATION)
    concept = None if code is None else references.codes.row(code).concept
    if (
        len(named) != len(found)
        or len(set(named)) != len(named)
        or concept not in {str(one) for one in WHOLES}
    ):
        raise RecordRefused(
            "component-unknown",
            "The legacy program holds one systolic and one diastolic number of a blood pressure; this "
            "says something else in parts. Enter it there as separate results.",
        )
    if any("valueQuantity" not in one for one in found):
        raise RecordRefused(
            "value-not-a-number",
            "The legacy program holds a number for each part of a blood pressure. Enter this one there.",
        )


def row_change(change: RowChange, fields: Fields, group: RowGroup | None) -> RowChange:
    """The change with what belongs to parts said of their own rows.

    Args:
        change: of the record, with the columns of parts named `systolic.Value`.
        fields: what is about to be agreed.
        group: the rows as read; None when they are made.
    """
    own, of_parts = _split(change.columns)
    there = {} if group is None else rows_of_parts(group, CHILDREN)
    shared = {} if group is None else {name: value for name, value in own.items() if name in SHARED}
    found: dict[str, Mapping[str, RowValue]] = {}
    for part in PARTS:
        row, columns = there.get(part.name), of_parts.get(part.name, {})
        if row is not None:
            is_gone = part.name not in fields
            columns = {"Deleted": True} if is_gone else {**shared, **differing(columns, row)}
            found |= {str(row["ObservationGuid"]): columns} if columns else {}
        elif part.name in fields:
            parent = guid_column(change.link.key)
            named = {**_NEW_PART, **columns, "ParentObservationGuid": parent}
            found[guid_column(_key(change.link, part))] = named
    return replace(change, columns=own, parts=found)


def deletion(change: RowChange, group: RowGroup) -> RowChange:
    """The deletion of a record with its parts: alone they would be records of their own."""
    rows = rows_of_parts(group, CHILDREN).values()
    return replace(change, parts={str(row["ObservationGuid"]): {"Deleted": True} for row in rows})


def _of_part(part: Part, one: FieldMapping) -> FieldMapping:
    """A field of a reading, of a part of it."""
    place, to_columns = component(part), one.to_columns

    def rows(group: RowGroup) -> Value | None:
        row = rows_of_parts(group, CHILDREN).get(part.name)
        if row is None:
            return None
        return one.from_rows(replace(group, rows={TABLE: (row,)}))

    def read(content: CloudContent, references: References) -> Value | None:
        found = place.get(content.resources[_OBSERVATION])
        if found is None or "valueQuantity" not in found:
            return None
        return one.from_cloud(replace(content, resources={_OBSERVATION: found}), references)

    def write(draft: Draft, value: Value | None, references: References) -> None:
        observation = draft[_OBSERVATION]
        drafted: Draft = {_OBSERVATION: dict(place.get(observation) or {})}
        one.to_draft(drafted, value, references)
        found = drafted[_OBSERVATION]
        if "valueQuantity" in found:
            found.pop("dataAbsentReason", None)
        if one.name == "code" and value is not None:
            _say(found["code"], part.loinc)
        place.put(observation, found)
        if "component" in observation:
            _say_vital_sign(observation)

    def columns(value: Value | None) -> Mapping[str, RowValue]:
        made = {} if to_columns is None else to_columns(value)
        return {f"{part.name}.{name}": found for name, found in made.items()}

    return FieldMapping(
        name=_name(part, one.name), from_rows=rows, from_cloud=read, to_draft=write, to_columns=columns
    )


def _name(part: Part, measured: str) -> str:
    return part.name if measured == "value" else f"{part.name}_{measured}"


def _key(link: LinkKey, part: Part) -> str:
    """The key of a part that the bridge makes: whoever makes it again makes the same one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{link}/{part.name}"))


def _split(
    columns: Mapping[str, RowValue],
) -> tuple[dict[str, RowValue], dict[str, dict[str, RowValue]]]:
    own: dict[str, RowValue] = {}
    of_parts: dict[str, dict[str, RowValue]] = {}
    for name, value in columns.items():
        part, _, column = name.rpartition(".")
        (of_parts.setdefault(part, {}) if part in NAMES else own)[column if part in NAMES else name] = value
    return own, of_parts


def _say(concept: dict[str, Any], code: str) -> None:
    codings = concept.get("coding", [])
    if not any(one.get("system") == LOINC for one in codings):
        concept["coding"] = [*codings, {"system": LOINC, "code": code}]


def _say_vital_sign(observation: dict[str, Any]) -> None:
    """What FHIR's vital signs ask of a blood pressure (FHIR R4 observation-vitalsigns.html)."""
    categories = observation.get("category", [])
    codes = [one.get("code") for category in categories for one in category.get("coding", [])]
    if "vital-signs" not in codes:
        observation["category"] = [*categories, _VITAL_SIGNS]
    if "code" in observation:
        observation["code"] = dict(observation["code"])
        _say(observation["code"], PANEL)
