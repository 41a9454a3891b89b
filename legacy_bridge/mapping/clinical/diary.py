"""What is to be done for a patient one day: CareRecord_Diary, and ServiceRequest as a plan."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.clinical.fields import (
    code_field,
    date_field,
    link_field,
    moment_field,
    row_of,
    text_field,
)
from legacy_bridge.mapping.clinical.places import Place, element, extension, marked
from legacy_bridge.mapping.clinical.record import CONSULTATION, is_withheld
from legacy_bridge.mapping.clinical.request import RequestMapping
from legacy_bridge.mapping.field import Column, Draft, FieldMapping
from legacy_bridge.mapping.values import is_yes, text_of
from legacy_bridge.records import CloudContent, Coded, Kind, RowGroup, Value
from legacy_bridge.sides.links import References

TABLE = "CareRecord_Diary"
CATEGORY = "https://banyan.example/CodeSystem/request-kind"
_TYPE = "ServiceRequest"
_CODE = "Coding_ClinicalCode"
_ACTIVE, _REVOKED, _COMPLETED = "active", "revoked", "completed"
_INACTIVE = extension("diary-inactive", "valueBoolean")
"""Of what is done: that it is no longer active either; else its status says so."""


_WORDS = element("code", "text")
"""The words that were chosen for the code: the entry's own, not the code's."""


def _status(content: CloudContent) -> str:
    status = str(content.resources[_TYPE].get("status"))
    if status in (_ACTIVE, _REVOKED, _COMPLETED):
        return status
    raise RecordRefused(
        "diary-status",
        f"The legacy program cannot say that something to be done is {status}: "
        "make it active, revoked or completed in the new page.",
    )


def _is_complete(content: CloudContent, _references: References) -> Value | None:
    return True if _status(content) == _COMPLETED else None


def _is_inactive(content: CloudContent, _references: References) -> Value | None:
    is_kept = _INACTIVE.get(content.resources[_TYPE]) is True
    status = _status(content)
    return True if status == _REVOKED or (status == _COMPLETED and is_kept) else None


def _put(request: dict[str, Any], *, is_complete: bool, is_inactive: bool) -> None:
    request["status"] = _COMPLETED if is_complete else _REVOKED if is_inactive else _ACTIVE
    _INACTIVE.put(request, True if is_complete and is_inactive else None)


def _put_complete(draft: Draft, value: Value | None, _references: References) -> None:
    request = draft[_TYPE]
    is_inactive = request.get("status") == _REVOKED or _INACTIVE.get(request) is True
    _put(request, is_complete=value is True, is_inactive=is_inactive)


def _put_inactive(draft: Draft, value: Value | None, _references: References) -> None:
    request = draft[_TYPE]
    _put(request, is_complete=request.get("status") == _COMPLETED, is_inactive=value is True)


def _link(name: str, column: str, place: Place, kind: Kind, target: str) -> FieldMapping:
    return link_field(name, TABLE, column, _TYPE, place, kind=kind, target=target)


def _text(name: str, column: str, length: int, place: Place) -> FieldMapping:
    return text_field(name, Column(table=TABLE, name=column, length=length), _TYPE, place)


def _code_field() -> FieldMapping:
    """The code; another one does not take the entry's words away."""
    made = code_field("code", TABLE, "CodeId", _CODE, _TYPE, element("code"), kind=Kind.DIARY)

    def put(draft: Draft, value: Value | None, references: References) -> None:
        words = _WORDS.get(draft[_TYPE])
        made.to_draft(draft, value, references)
        if words is not None:
            _WORDS.put(draft[_TYPE], words)

    def read(content: CloudContent, references: References) -> Value | None:
        has_code = bool((content.resources[_TYPE].get("code") or {}).get("coding"))
        return made.from_cloud(content, references) if has_code else None

    return replace(made, from_cloud=read, to_draft=put)


def _term_field() -> FieldMapping:
    """The entry's words; where there are none they are the code's."""
    made = _text("term", "OriginalTerm", 200, _WORDS)
    code = _code_field()

    def rows(group: RowGroup) -> Value | None:
        return made.from_rows(group) or text_of(row_of(group, _CODE).get("Term"))

    def read(content: CloudContent, references: References) -> Value | None:
        coded = code.from_cloud(content, references)
        return made.from_cloud(content, references) or (coded.term if isinstance(coded, Coded) else None)

    return replace(made, from_rows=rows, from_cloud=read)


def _skeleton() -> Mapping[str, Any]:
    coding = {"system": CATEGORY, "code": "diary", "display": "Diary entry"}
    return {"status": _ACTIVE, "intent": "plan", "category": [{"coding": [coding]}]}


DIARY = RequestMapping(
    kind=Kind.DIARY,
    table=TABLE,
    resource_types=(_TYPE,),
    skeleton={_TYPE: _skeleton()},
    deleted_column="Deleted",
    withheld=is_withheld,
    parents=frozenset({"patient"}),
    optional={"consultation": CONSULTATION, "clinician": "", "entered_by": ""},
    needs={
        "patient": "The legacy program does not know whom this is for: register the patient there first.",
        "code": "The legacy program takes no diary entry without a code: choose one in the new page.",
        "clinician": "The legacy program needs to know who planned this: say so in the new page.",
    },
    defaults={"entered_by": "clinician", "clinician": "entered_by"},
    new_row={"EffectiveDatePrecision": "U", "IsActive": True, "IsComplete": False},
    fields=(
        _link("patient", "PatientGuid", element("subject"), Kind.PATIENT, "Patient"),
        _code_field(),
        _term_field(),
        date_field(
            "date", TABLE, ("EffectiveDate", "EffectiveDatePrecision"), _TYPE, element("occurrenceDateTime")
        ),
        moment_field("entered", TABLE, ("EnteredDate", "EnteredTime"), _TYPE, element("authoredOn")),
        _link(
            "clinician",
            "ClinicianUserInRoleGuid",
            element("requester"),
            Kind.PRACTITIONER,
            "Practitioner",
        ),
        _link(
            "entered_by",
            "EnteredByUserInRoleGuid",
            extension("entered-by", "valueReference"),
            Kind.PRACTITIONER,
            "Practitioner",
        ),
        _link("consultation", "ConsultationGuid", element("encounter"), Kind.CONSULTATION, "Encounter"),
        _text("duration", "DurationTerm", 50, extension("diary-duration", "valueString")),
        _text("place", "LocationTypeDescription", 50, marked("locationCode", "place", "text")),
        FieldMapping(
            name="complete",
            from_rows=lambda group: True if is_yes(row_of(group, TABLE), "IsComplete") else None,
            from_cloud=_is_complete,
            to_draft=_put_complete,
            to_columns=lambda value: {"IsComplete": value is True},
        ),
        FieldMapping(
            name="inactive",
            from_rows=lambda group: None if is_yes(row_of(group, TABLE), "IsActive") else True,
            from_cloud=_is_inactive,
            to_draft=_put_inactive,
            to_columns=lambda value: {"IsActive": value is not True},
        ),
    ),
)
