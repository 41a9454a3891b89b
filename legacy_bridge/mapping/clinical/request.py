"""What was asked for: a coded entry, and the referral that may extend it, and ServiceRequest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from legacy_bridge.mapping.clinical.entry import entry_fields, entry_mapping, plain_values
from legacy_bridge.mapping.clinical.entry_kinds import TYPES
from legacy_bridge.mapping.clinical.fields import field, flag_field, link_field, row_of, text_field
from legacy_bridge.mapping.clinical.places import element, extension
from legacy_bridge.mapping.clinical.record import ClinicalMapping
from legacy_bridge.mapping.field import Column, Draft, FieldMapping, identifier_of, set_identifier
from legacy_bridge.mapping.values import is_yes, text_of
from legacy_bridge.records import CloudContent, Kind, Value
from legacy_bridge.sides.links import References

_TYPE = "ServiceRequest"
_REFERRAL = "CareRecord_ObservationReferral"
_UBRN = "https://fhir.nhs.uk/Id/UBRN"
_PRIORITIES: Mapping[str, str] = {
    "Routine": "routine",
    "Urgent": "urgent",
    "Soon": "urgent",
    "2 Week Wait": "urgent",
    "Dated": "routine",
}
_URGENCY = extension("referral-urgency", "valueString")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMapping(ClinicalMapping):
    """The mapping of what is a ServiceRequest, told apart by its category."""

    def claims(self, resource: Mapping[str, Any]) -> bool:
        """Whether its category is this kind's."""
        mine = self.skeleton[_TYPE]["category"][0]["coding"][0]["code"]
        return any(
            one.get("code") == mine
            for category in resource.get("category", [])
            for one in category.get("coding", [])
        )


def _skeleton(code: str, display: str) -> Mapping[str, Any]:
    coding = {"system": "http://snomed.info/sct", "code": code, "display": display}
    return {"status": "active", "intent": "order", "category": [{"coding": [coding]}]}


def _request_fields(kind: Kind) -> tuple[FieldMapping, ...]:
    return (
        *entry_fields(
            _TYPE,
            kind,
            date=element("authoredOn"),
            entered=extension("entered", "valueDateTime"),
            clinician=element("requester"),
        ),
        *plain_values(_TYPE),
    )


def _column(name: str, length: int) -> Column:
    return Column(table=_REFERRAL, name=name, length=length, extends=True)


def _urgency_field() -> FieldMapping:
    """The legacy program's word, and FHIR's priority of it; one that means the same stays as it is."""
    made = text_field("urgency", _column("ReferralUrgency", 50), _TYPE, _URGENCY)

    def put(draft: Draft, value: Value | None, references: References) -> None:
        made.to_draft(draft, value, references)
        if value is None:
            draft[_TYPE].pop("priority", None)
        else:
            draft[_TYPE]["priority"] = _PRIORITIES.get(str(value), "routine")

    def get(content: CloudContent, _references: References) -> Value | None:
        request = content.resources[_TYPE]
        said, priority = text_of(_URGENCY.get(request)), text_of(request.get("priority"))
        if priority is None or _PRIORITIES.get(said or "") == priority:
            return said
        if said is not None and said not in _PRIORITIES and priority == "routine":
            return said
        return "Urgent" if priority in ("urgent", "asap", "stat") else "Routine"

    return FieldMapping(
        name=made.name, from_rows=made.from_rows, from_cloud=get, to_draft=put, to_columns=made.to_columns
    )


def _ubrn_field() -> FieldMapping:
    column = _column("ReferralUBRN", 12)

    def put(draft: Draft, value: Value | None, _references: References) -> None:
        set_identifier(draft[_TYPE], _UBRN, None if value is None else str(value))

    return FieldMapping(
        name="ubrn",
        from_rows=column.read,
        from_cloud=lambda content, _: identifier_of(content.resources[_TYPE], _UBRN),
        to_draft=put,
        to_columns=lambda value: {f"{_REFERRAL}.{name}": one for name, one in column.write(value).items()},
    )


def _transport_field() -> FieldMapping:
    made = flag_field(
        "transport", _REFERRAL, "TransportRequired", _TYPE, extension("transport-required", "valueBoolean")
    )
    return field(
        "transport",
        _TYPE,
        extension("transport-required", "valueBoolean"),
        rows=lambda group: True if is_yes(row_of(group, _REFERRAL), "TransportRequired") else None,
        read=made.from_cloud,
        write=lambda value, _references, _before: value,
        columns=lambda value: {f"{_REFERRAL}.TransportRequired": value is True},
    )


TEST_REQUEST = entry_mapping(
    RequestMapping,
    Kind.TEST_REQUEST,
    skeleton=_skeleton("108252007", "Laboratory procedure"),
    called=TYPES[Kind.TEST_REQUEST],
    fields=_request_fields(Kind.TEST_REQUEST),
)

REFERRAL = entry_mapping(
    RequestMapping,
    Kind.REFERRAL,
    skeleton=_skeleton("3457005", "Patient referral"),
    called=TYPES[Kind.REFERRAL],
    optional={"target": ""},
    new_row={f"{_REFERRAL}.TransportRequired": False},
    fields=(
        *_request_fields(Kind.REFERRAL),
        _urgency_field(),
        text_field(
            "service",
            _column("ReferralServiceType", 100),
            _TYPE,
            extension("referral-service-type", "valueString"),
        ),
        text_field("mode", _column("ReferralMode", 100), _TYPE, extension("referral-mode", "valueString")),
        _ubrn_field(),
        _transport_field(),
        link_field(
            "target",
            _REFERRAL,
            "ReferralTargetOrganisationGuid",
            _TYPE,
            extension("referral-target", "valueReference"),
            kind=Kind.ORGANIZATION,
            target="Organization",
            extends=True,
        ),
    ),
)
