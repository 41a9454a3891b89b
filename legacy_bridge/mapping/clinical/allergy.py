"""An allergy or intolerance: a coded entry and AllergyIntolerance."""

from collections.abc import Mapping
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.clinical.entry import entry_fields, entry_mapping, plain_values
from legacy_bridge.mapping.clinical.entry_kinds import TYPES
from legacy_bridge.mapping.clinical.places import element
from legacy_bridge.mapping.clinical.record import VERIFICATION_ALLERGY, ClinicalMapping
from legacy_bridge.mapping.field import Draft, FieldMapping
from legacy_bridge.records import CloudContent, Kind, RowValue, Value
from legacy_bridge.sides.links import References

_TYPE = "AllergyIntolerance"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_ACTIVE = {"coding": [{"system": _CLINICAL, "code": "active", "display": "Active"}]}
_CONFIRMED = {"coding": [{"system": VERIFICATION_ALLERGY[1], "code": "confirmed", "display": "Confirmed"}]}


def _doubt(content: CloudContent, _references: References) -> Value | None:
    """What the cloud says against an allergy, ended or refuted: the legacy program has no word for it."""
    allergy = content.resources[_TYPE]
    for name, plain in (("clinicalStatus", {"active"}), ("verificationStatus", {"confirmed", "unconfirmed"})):
        codes = {str(one.get("code")) for one in (allergy.get(name) or {}).get("coding", [])}
        if codes - plain:
            return sorted(codes - plain)[0]
    return None


def _put_doubt(draft: Draft, value: Value | None, _references: References) -> None:
    allergy: dict[str, Any] = draft[_TYPE]
    if value is None:
        allergy |= {"clinicalStatus": _ACTIVE, "verificationStatus": _CONFIRMED}


def _refuse_doubt(value: Value | None) -> Mapping[str, RowValue]:
    if value is None:
        return {}
    raise RecordRefused(
        "allergy-ended",
        "The legacy program knows no allergy that has ended or was refuted: it would go on showing it. "
        "Delete the allergy there, or make it active again in the new page.",
    )


ALLERGY = entry_mapping(
    ClinicalMapping,
    Kind.ALLERGY,
    skeleton={"clinicalStatus": _ACTIVE, "verificationStatus": _CONFIRMED},
    called=TYPES[Kind.ALLERGY],
    error=VERIFICATION_ALLERGY,
    drops_in_error=("clinicalStatus",),
    fields=(
        *entry_fields(
            _TYPE,
            Kind.ALLERGY,
            date=element("onsetDateTime"),
            entered=element("recordedDate"),
            clinician=element("asserter"),
            entered_by=element("recorder"),
            subject="patient",
        ),
        *plain_values(_TYPE),
        FieldMapping(
            name="doubt",
            from_rows=lambda _: None,
            from_cloud=_doubt,
            to_draft=_put_doubt,
            to_columns=_refuse_doubt,
        ),
    ),
)
