"""What every coded entry has, whatever it is: the fields of one row of CareRecord_Observation."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from legacy_bridge.mapping.clinical.entry_kinds import NO_EPISODE
from legacy_bridge.mapping.clinical.fields import (
    code_field,
    date_field,
    field,
    flag_field,
    link_field,
    moment_field,
    number_field,
    row_of,
    text_field,
)
from legacy_bridge.mapping.clinical.places import Place, element, extension
from legacy_bridge.mapping.clinical.record import CONSULTATION, ClinicalMapping, is_withheld, linked
from legacy_bridge.mapping.field import Column, FieldMapping, reference_of
from legacy_bridge.mapping.values import check_text, guid_key, link_of, text_of
from legacy_bridge.records import ENTRIES, CloudContent, Kind, LinkKey, RowGroup, RowValue, Value
from legacy_bridge.sides.links import References

TABLE = "CareRecord_Observation"
PROBLEM = "CareRecord_Problem"
CODE = "Coding_ClinicalCode"
CHILDREN, PARENT, OF_PROBLEM = "children", "parent", "problem"
"""What the rows of other entries are called beside an entry."""
_NEVER_NEGATIVE = frozenset({"kg", "g", "mg", "cm", "mm", "m", "mmHg", "kg/m2", "L/min", "/min", "%"})
"""Units of which a person has some, or none; a change or a score may be below nought, these may not."""
RESOURCE_TYPES: Mapping[Kind, str] = {
    Kind.CONDITION: "Condition",
    Kind.ALLERGY: "AllergyIntolerance",
    Kind.OBSERVATION: "Observation",
    Kind.REPORT: "DiagnosticReport",
    Kind.IMMUNIZATION: "Immunization",
    Kind.FAMILY_HISTORY: "FamilyMemberHistory",
    Kind.PROCEDURE: "Procedure",
    Kind.TEST_REQUEST: "ServiceRequest",
    Kind.REFERRAL: "ServiceRequest",
    Kind.DOCUMENT: "DocumentReference",
}
"""What each kind of entry is in FHIR."""
_PANELS = (Kind.OBSERVATION, Kind.REPORT)
_OPTIONAL: Mapping[str, str] = {
    "consultation": CONSULTATION,
    "problem": OF_PROBLEM,
    "parent": PARENT,
    "clinician": "",
    "entered_by": "",
}
_NEEDS: Mapping[str, str] = {
    "patient": "The legacy program does not know whom this is about: register the patient there first.",
    "code": "The legacy program takes no entry without a code: choose one in the new page.",
    "clinician": "The legacy program needs to know who entered this: say so in the new page.",
}
_DEFAULTS: Mapping[str, str] = {"entered_by": "clinician", "clinician": "entered_by"}
_NEW_ROW: Mapping[str, RowValue] = {"Abnormal": False, "Episode": NO_EPISODE, "EffectiveDatePrecision": "U"}
Entry = TypeVar("Entry", bound=ClinicalMapping)


def entry_mapping(  # noqa: PLR0913 - what differs from kind to kind, by name
    made: type[Entry],
    kind: Kind,
    *,
    skeleton: Mapping[str, Any],
    fields: tuple[FieldMapping, ...],
    called: str = "Observation",
    optional: Mapping[str, str] | None = None,
    awaited: frozenset[str] = frozenset(),
    new_row: Mapping[str, RowValue] | None = None,
    **more: Any,
) -> Entry:
    """The mapping of one kind of coded entry.

    Args:
        made: what of.
        kind: which.
        skeleton: what a new resource has before any field is written.
        fields: the fields.
        called: what a new row's ObservationType says.
        optional: see `ResourceMapping.optional`; what all entries have is there already.
        awaited: see `ResourceMapping.awaited`; likewise.
        new_row: see `ClinicalMapping.new_row`; likewise.
        more: what only this kind has.
    """
    resource_type = RESOURCE_TYPES[kind]
    return made(
        kind=kind,
        table=TABLE,
        resource_types=(resource_type,),
        skeleton={resource_type: skeleton},
        deleted_column="Deleted",
        withheld=is_withheld,
        parents=frozenset({"patient"}),
        optional={**_OPTIONAL, **(optional or {})},
        awaited=awaited | {"parent"},
        needs=_NEEDS,
        defaults=_DEFAULTS,
        new_row={**_NEW_ROW, "ObservationType": called, **(new_row or {})},
        remark=remark,
        fields=fields,
        **more,
    )


def entry_fields(  # noqa: PLR0913 - the places that differ by resource type
    resource_type: str,
    kind: Kind,
    *,
    date: Place,
    entered: Place,
    clinician: Place,
    entered_by: Place | None = None,
    subject: str = "subject",
    code: Place | None = None,
    consultation: Place | None = None,
    document: Place | None = None,
) -> tuple[FieldMapping, ...]:
    """The fields that all entries have.

    Args:
        resource_type: what the entry is in FHIR.
        kind: what kind of record it is.
        date: where the date of it is.
        entered: where the moment is at which it was entered.
        clinician: where the clinician is.
        entered_by: where the one who typed it is; None: an extension.
        subject: the element that names the patient.
        code: where the code is; None: the element of that name.
        consultation: where the consultation is named; None: the element `encounter`.
        document: where the document's own id is; None: an extension.
    """
    return (
        link_field(
            "patient",
            TABLE,
            "PatientGuid",
            resource_type,
            element(subject),
            kind=Kind.PATIENT,
            target="Patient",
        ),
        code_field("code", TABLE, "CodeId", CODE, resource_type, code or element("code"), kind=kind),
        date_field("date", TABLE, ("EffectiveDate", "EffectiveDatePrecision"), resource_type, date),
        moment_field("entered", TABLE, ("EnteredDate", "EnteredTime"), resource_type, entered),
        link_field(
            "clinician",
            TABLE,
            "ClinicianUserInRoleGuid",
            resource_type,
            clinician,
            kind=Kind.PRACTITIONER,
            target="Practitioner",
        ),
        link_field(
            "entered_by",
            TABLE,
            "EnteredByUserInRoleGuid",
            resource_type,
            entered_by or extension("entered-by", "valueReference"),
            kind=Kind.PRACTITIONER,
            target="Practitioner",
        ),
        link_field(
            "consultation",
            TABLE,
            "ConsultationGuid",
            resource_type,
            consultation or element("encounter"),
            kind=Kind.CONSULTATION,
            target="Encounter",
        ),
        _of_problem(resource_type),
        _parent_field(resource_type, kind),
        _document_field(resource_type, document or extension("document", "valueString")),
        episode_field(resource_type),
        text_field(
            "qualifiers",
            Column(table=TABLE, name="Qualifiers", length=8000),
            resource_type,
            extension("qualifiers", "valueString"),
        ),
    )


def plain_values(resource_type: str) -> tuple[FieldMapping, ...]:
    """The value of an entry whose resource has no place for one, and whether it is abnormal."""
    return (
        number_field(
            "value", TABLE, "Value", "NumericUnit", resource_type, extension("value", "valueQuantity")
        ),
        number_field(
            "range_low",
            TABLE,
            "NumericRangeLow",
            None,
            resource_type,
            extension("range-low", "valueQuantity"),
        ),
        number_field(
            "range_high",
            TABLE,
            "NumericRangeHigh",
            None,
            resource_type,
            extension("range-high", "valueQuantity"),
        ),
        flag_field("abnormal", TABLE, "Abnormal", resource_type, extension("abnormal", "valueBoolean")),
        text_field(
            "abnormal_reason",
            Column(table=TABLE, name="AbnormalReason", length=50),
            resource_type,
            extension("abnormal-reason", "valueString"),
        ),
    )


def members_field(resource_type: str, name: str) -> FieldMapping:
    """The results of a panel or report: they name it in legacy, it names them in FHIR."""

    def rows(group: RowGroup) -> Value | None:
        return tuple(one for one in linked(group, CHILDREN, "ObservationGuid") if _is_result(one)) or None

    def named(resource: Mapping[str, Any], references: References) -> tuple[LinkKey, ...]:
        found = (reference_of(one, references) for one in resource.get(name, []))
        return tuple(sorted((one for one in found if one is not None and _is_result(one)), key=str))

    def read(content: CloudContent, references: References) -> Value | None:
        return named(content.resources[resource_type], references) or None

    def write(value: Value, references: References, before: Any) -> Any:
        wanted = value if isinstance(value, tuple) else ()
        others = [one for one in before or [] if not _is_ours(one, references)]
        mine = [{"reference": references.reference(one, "Observation")} for one in wanted]
        return [*mine, *others] or None

    place = element(name)
    made = field("members", resource_type, place, rows=rows, read=read, write=write)
    put = made.to_draft

    def put_or_remove(draft: Any, value: Value | None, references: References) -> None:
        if value is not None:
            put(draft, value, references)
            return
        others = [one for one in place.get(draft[resource_type]) or [] if not _is_ours(one, references)]
        place.put(draft[resource_type], others or None)

    return FieldMapping(name="members", from_rows=rows, from_cloud=read, to_draft=put_or_remove)


def panels_of(group: RowGroup) -> Collection[LinkKey]:
    """The panel or report that an entry belongs to."""
    return linked(group, PARENT, "ObservationGuid")


def episode_field(resource_type: str) -> FieldMapping:
    """First, new, review: the legacy program's own word."""
    place = extension("episodicity", "valueString")

    def rows(group: RowGroup) -> Value | None:
        text = text_of(row_of(group, TABLE).get("Episode"))
        return None if text is None or text == NO_EPISODE else text

    def columns(value: Value | None) -> Mapping[str, RowValue]:
        return {"Episode": check_text(str(value or NO_EPISODE), column="Episode", length=10)}

    return field(
        "episode",
        resource_type,
        place,
        rows=rows,
        read=lambda content, _: text_of(place.get(content.resources[resource_type])),
        write=lambda value, _references, _before: value,
        columns=columns,
    )


def _of_problem(resource_type: str) -> FieldMapping:
    made = link_field(
        "problem",
        TABLE,
        "ProblemGuid",
        resource_type,
        extension("problem", "valueReference"),
        kind=Kind.CONDITION,
        target="Condition",
    )

    def rows(group: RowGroup) -> Value | None:
        named = linked(group, OF_PROBLEM, "ObservationGuid")
        if named and named[0].kind is not Kind.CONDITION:
            return None
        return link_of(Kind.CONDITION, row_of(group, TABLE).get("ProblemGuid"))

    return FieldMapping(
        name=made.name,
        from_rows=rows,
        from_cloud=made.from_cloud,
        to_draft=made.to_draft,
        to_columns=made.to_columns,
    )


def _parent_field(resource_type: str, kind: Kind) -> FieldMapping:
    """The entry that this one stands below; a panel or report names its results instead."""
    place = extension("entry-parent", "valueReference")

    def rows(group: RowGroup) -> Value | None:
        named = linked(group, PARENT, "ObservationGuid")
        if not named:
            return link_of(ENTRIES[0], row_of(group, TABLE).get("ParentObservationGuid"))
        return None if kind is Kind.OBSERVATION and named[0].kind in _PANELS else named[0]

    def read(content: CloudContent, references: References) -> Value | None:
        found = reference_of(place.get(content.resources[resource_type]), references)
        return found if found is not None and found.kind in ENTRIES else None

    def write(value: Value, references: References, _before: Any) -> Any:
        found = (
            references.reference(value, RESOURCE_TYPES[value.kind]) if isinstance(value, LinkKey) else None
        )
        return None if found is None else {"reference": found}

    return field("parent", resource_type, place, rows=rows, read=read, write=write)


def _document_field(resource_type: str, place: Place) -> FieldMapping:
    """The id of the document that comes with an entry."""

    def rows(group: RowGroup) -> Value | None:
        key = guid_key(row_of(group, TABLE).get("DocumentGuid"))
        return None if key is None else f"urn:uuid:{key}"

    return field(
        "document",
        resource_type,
        place,
        rows=rows,
        read=lambda content, _: text_of(place.get(content.resources[resource_type])),
        write=lambda value, _references, _before: value,
    )


def remark(group: RowGroup) -> tuple[str, str] | None:
    """What is odd about an entry that is carried all the same: nobody can put it right but a person."""
    row = row_of(group, TABLE)
    number = row.get("Value")
    if row.get("CodeId") is not None and not group.rows.get(CODE):
        return (
            "code-without-term",
            f"The legacy program's list of codes does not have {text_of(row['CodeId'])}: the entry "
            "is carried with the number alone. Choose its code again in the legacy program.",
        )
    if isinstance(number, Decimal | int) and number < 0 and row.get("NumericUnit") in _NEVER_NEGATIVE:
        return (
            "value-negative",
            f"A value in {text_of(row['NumericUnit'])} is below nought: the entry is carried as it was "
            "entered. Look at it, and correct it in the legacy program.",
        )
    return None


def _is_result(link: LinkKey) -> bool:
    return link.kind is Kind.OBSERVATION


def _is_ours(one: Mapping[str, Any], references: References) -> bool:
    found = reference_of(one, references)
    return found is not None and _is_result(found)
