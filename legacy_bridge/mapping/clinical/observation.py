"""A result, measurement or plain statement, and Observation; the report above some, and DiagnosticReport."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.clinical.entry import (
    CHILDREN,
    CODE,
    RESOURCE_TYPES,
    TABLE,
    entry_fields,
    entry_mapping,
    members_field,
    panels_of,
    plain_values,
)
from legacy_bridge.mapping.clinical.entry_kinds import INVESTIGATION_TYPE
from legacy_bridge.mapping.clinical.fields import code_field, number_field, quantity_of, row_of
from legacy_bridge.mapping.clinical.part_fields import check_components, deletion, part_fields, row_change
from legacy_bridge.mapping.clinical.places import element, marked
from legacy_bridge.mapping.clinical.record import ClinicalMapping
from legacy_bridge.mapping.field import Column, FieldMapping
from legacy_bridge.mapping.values import check_text, is_yes, text_of
from legacy_bridge.records import CloudContent, Fields, Kind, LinkKey, Reading, RowGroup, RowValue, Value
from legacy_bridge.sides.links import Link, References
from legacy_bridge.sides.writes import RowChange

_OBSERVATION, _REPORT = "Observation", "DiagnosticReport"
_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_PLACE = marked("interpretation", "abnormal")
_REASON = Column(table=TABLE, name="AbnormalReason", length=50)
_REASONS: Mapping[str | None, str] = {"Above range": "H", "Below range": "L"}
_NORMAL = frozenset({"N", "NEG", "IND", "IE"})
_OTHER_VALUES = (
    "valueCodeableConcept", "valueString", "valueBoolean", "valueInteger", "valueRange", "valueRatio",
    "valueSampledData", "valueTime", "valueDateTime", "valuePeriod",
)  # fmt: skip


def _value_field() -> FieldMapping:
    made = number_field("value", TABLE, "Value", "NumericUnit", _OBSERVATION, element("valueQuantity"))

    def read(content: CloudContent, references: References) -> Value | None:
        other = next((one for one in _OTHER_VALUES if one in content.resources[_OBSERVATION]), None)
        if other is not None:
            raise RecordRefused(
                "value-not-a-number",
                "The legacy program holds one number a result; this one says more, or something else "
                f"({other}). Enter it there as separate results.",
            )
        return made.from_cloud(content, references)

    return FieldMapping(
        name=made.name,
        from_rows=made.from_rows,
        from_cloud=read,
        to_draft=made.to_draft,
        to_columns=made.to_columns,
    )


def _range_field(name: str, column: str, end: str) -> FieldMapping:
    """One end of the reference range; its unit is the value's."""
    place = marked("referenceRange", "legacy", end)
    made = number_field(name, TABLE, column, None, _OBSERVATION, place)

    def read(content: CloudContent, _references: References) -> Value | None:
        observation = content.resources[_OBSERVATION]
        found, whole = quantity_of(place.get(observation)), quantity_of(observation.get("valueQuantity"))
        if found is None or found.unit is None:
            return found
        if whole is not None and whole.unit != found.unit:
            raise RecordRefused(
                "unit-contradicts-itself",
                "The reference range has another unit than the value. Enter it again in the new page.",
            )
        return type(found)(number=found.number)

    return FieldMapping(
        name=name,
        from_rows=made.from_rows,
        from_cloud=read,
        to_draft=made.to_draft,
        to_columns=made.to_columns,
    )


def _abnormal_of(resource: Mapping[str, Any]) -> tuple[bool, str | None]:
    found = _PLACE.get(resource) or {}
    codes = {str(one.get("code")) for one in found.get("coding", []) if one.get("system") == _INTERPRETATION}
    return bool(codes - _NORMAL), text_of(found.get("text"))


def _put_abnormal(resource: dict[str, Any], abnormal: bool, reason: str | None) -> None:
    if _abnormal_of(resource) == (abnormal, reason):
        return
    code = _REASONS.get(reason, "A") if abnormal else None
    coding = {} if code is None else {"coding": [{"system": _INTERPRETATION, "code": code}]}
    text = {} if reason is None else {"text": reason}
    _PLACE.put(resource, None)
    _PLACE.put(resource, {**coding, **text} or None)


def _abnormal_fields() -> tuple[FieldMapping, ...]:
    def flag(draft: Any, value: Value | None, _references: References) -> None:
        resource = draft[_OBSERVATION]
        _put_abnormal(resource, value is True, _abnormal_of(resource)[1])

    def reason(draft: Any, value: Value | None, _references: References) -> None:
        resource = draft[_OBSERVATION]
        _put_abnormal(resource, _abnormal_of(resource)[0], None if value is None else str(value))

    def reason_rows(group: RowGroup) -> Value | None:
        text = _REASON.read(group)
        return None if text is None else check_text(text, column=_REASON.name, length=None)

    return (
        FieldMapping(
            name="abnormal",
            from_rows=lambda group: True if is_yes(row_of(group, TABLE), "Abnormal") else None,
            from_cloud=lambda content, _: _abnormal_of(content.resources[_OBSERVATION])[0] or None,
            to_draft=flag,
            to_columns=lambda value: {"Abnormal": value is True},
        ),
        FieldMapping(
            name="abnormal_reason",
            from_rows=reason_rows,
            from_cloud=lambda content, _: _abnormal_of(content.resources[_OBSERVATION])[1],
            to_draft=reason,
            to_columns=_REASON.write,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultMapping(ClinicalMapping):
    """The mapping of what belongs to panels and reports."""

    def from_cloud(self, content: CloudContent | None, references: References) -> Reading | None:
        """The result in its resource; what it says in parts has to be what legacy can hold."""
        reading = ClinicalMapping.from_cloud(self, content, references)
        if reading is not None and content is not None and _OBSERVATION in content.resources:
            check_components(content, references)
        return reading

    def to_legacy(self, fields: Fields, changed: Collection[str], group: RowGroup) -> RowChange:
        """The columns of the result's row, and of those of its parts."""
        return row_change(ClinicalMapping.to_legacy(self, fields, changed, group), fields, group)

    def deletion(self, group: RowGroup) -> RowChange:
        """The rows marked deleted, those of its parts too."""
        return deletion(ClinicalMapping.deletion(self, group), group)

    def undeletion(self, group: RowGroup, fields: Fields, changed: Collection[str]) -> RowChange:
        """See `ResourceMapping.undeletion`; not of what has parts, which were deleted with it."""
        if fields.get("systolic") is not None or fields.get("members"):
            raise RecordRefused(
                "legacy-owned", "It has results of its own: only the legacy program can bring them all back."
            )
        return ClinicalMapping.undeletion(self, group, fields, changed)

    def dependents(self, group: RowGroup) -> tuple[LinkKey, ...]:
        """The panel or report that lists it."""
        return tuple(panels_of(group))

    def insertion(self, link: Link, fields: Any, content: CloudContent) -> RowChange | None:
        """New rows; a panel whose results are in legacy is made there."""
        if fields.get("members"):
            raise RecordRefused(
                "panel-made-in-cloud",
                "The legacy program makes its panels and reports itself: enter this one there.",
            )
        change = ClinicalMapping.insertion(self, link, fields, content)
        has_value = "value" in fields and change is not None
        columns: Mapping[str, RowValue] = {"ObservationType": "Value"} if has_value else {}
        if change is None:
            return None
        return row_change(replace(change, columns={**change.columns, **columns}), fields, None)


def _results(kind: Kind, called: str, *fields: FieldMapping) -> ResultMapping:
    resource_type = RESOURCE_TYPES[kind]
    return entry_mapping(
        ResultMapping,
        kind,
        skeleton={"status": "final"},
        called=called,
        optional={"members": CHILDREN},
        fields=(
            *entry_fields(
                resource_type,
                kind,
                date=element("effectiveDateTime"),
                entered=element("issued"),
                clinician=marked("performer", "clinician"),
            ),
            *fields,
        ),
    )


_MEASURED = (
    _value_field(),
    _range_field("range_low", "NumericRangeLow", "low"),
    _range_field("range_high", "NumericRangeHigh", "high"),
    *_abnormal_fields(),
)
_CODE = code_field("code", TABLE, "CodeId", CODE, _OBSERVATION, element("code"), kind=Kind.OBSERVATION)

OBSERVATION = _results(
    Kind.OBSERVATION,
    "Observation",
    *_MEASURED,
    members_field(_OBSERVATION, "hasMember"),
    *part_fields((_CODE, *_MEASURED)),
)
REPORT = _results(Kind.REPORT, INVESTIGATION_TYPE, *plain_values(_REPORT), members_field(_REPORT, "result"))
