"""What was done, given or is in the family: Procedure, Immunization, FamilyMemberHistory."""

from collections.abc import Mapping
from typing import Any

from legacy_bridge.mapping.clinical.entry import RESOURCE_TYPES, entry_fields, entry_mapping, plain_values
from legacy_bridge.mapping.clinical.entry_kinds import TYPES
from legacy_bridge.mapping.clinical.places import Place, element, extension, marked
from legacy_bridge.mapping.clinical.record import ClinicalMapping
from legacy_bridge.mapping.field import Element, FieldMapping
from legacy_bridge.records import Kind

_IMMUNIZATION, _FAMILY, _PROCEDURE = "Immunization", "FamilyMemberHistory", "Procedure"
_NOT_KNOWN = "Date not known"
"""FHIR R4 wants some word of when an immunization was given, and the legacy program may have none."""
_FAMILY_MEMBER = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
            "code": "FAMMEMB",
            "display": "family member",
        }
    ]
}
"""Who it is in the family is in the entry's code, not beside it."""


def _occurrence() -> Place:
    plain = element("occurrenceDateTime")

    def put(resource: Element, value: Any) -> None:
        plain.put(resource, value)
        if value is not None:
            resource.pop("occurrenceString", None)
        elif "occurrenceString" not in resource:
            resource["occurrenceString"] = _NOT_KNOWN

    return Place(get=plain.get, put=put)


def _history(
    kind: Kind, skeleton: Mapping[str, Any], called: str, fields: tuple[FieldMapping, ...]
) -> ClinicalMapping:
    return entry_mapping(
        ClinicalMapping,
        kind,
        skeleton=skeleton,
        called=called,
        fields=(*fields, *plain_values(RESOURCE_TYPES[kind])),
    )


IMMUNIZATION = _history(
    Kind.IMMUNIZATION,
    {"status": "completed", "occurrenceString": _NOT_KNOWN},
    TYPES[Kind.IMMUNIZATION],
    entry_fields(
        _IMMUNIZATION,
        Kind.IMMUNIZATION,
        date=_occurrence(),
        entered=element("recorded"),
        clinician=marked("performer", "clinician", "actor"),
        subject="patient",
        code=element("vaccineCode"),
    ),
)

FAMILY_HISTORY = _history(
    Kind.FAMILY_HISTORY,
    {"status": "completed", "relationship": _FAMILY_MEMBER},
    TYPES[Kind.FAMILY_HISTORY],
    entry_fields(
        _FAMILY,
        Kind.FAMILY_HISTORY,
        date=element("date"),
        entered=extension("entered", "valueDateTime"),
        clinician=extension("clinician", "valueReference"),
        subject="patient",
        code=marked("condition", "legacy", "code"),
        consultation=extension("consultation", "valueReference"),
    ),
)

PROCEDURE = _history(
    Kind.PROCEDURE,
    {"status": "completed"},
    "Observation",
    entry_fields(
        _PROCEDURE,
        Kind.PROCEDURE,
        date=element("performedDateTime"),
        entered=extension("entered", "valueDateTime"),
        clinician=element("asserter"),
        entered_by=element("recorder"),
    ),
)
