"""A consultation: CareRecord_Consultation and Encounter."""

from collections.abc import Mapping
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
from legacy_bridge.mapping.clinical.places import Place, element, extension
from legacy_bridge.mapping.clinical.record import ClinicalMapping, is_withheld
from legacy_bridge.mapping.field import Column, Draft, Element, FieldMapping
from legacy_bridge.mapping.values import is_yes, text_of
from legacy_bridge.records import CloudContent, Kind, Value
from legacy_bridge.sides.links import References

TABLE = "CareRecord_Consultation"
_TYPE = "Encounter"
_CODE = "Coding_ClinicalCode"
_STYLE = Column(table=TABLE, name="ConsultationType", length=200)
_CLASS_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_AMBULATORY = {"system": _CLASS_SYSTEM, "code": "AMB", "display": "ambulatory"}
_CLASSES: Mapping[str, Element] = {
    "Telephone consultation": {"system": _CLASS_SYSTEM, "code": "VR", "display": "virtual"},
    "Home visit": {"system": _CLASS_SYSTEM, "code": "HH", "display": "home health"},
}
_FINISHED, _OPEN = "finished", "in-progress"


def _participant(code: str) -> Place:
    """The person who took part in one way."""

    def is_it(one: Mapping[str, Any]) -> bool:
        return any(
            coding.get("code") == code for kind in one.get("type", []) for coding in kind.get("coding", [])
        )

    def get(resource: Mapping[str, Any]) -> Any:
        return next((one.get("individual") for one in resource.get("participant", []) if is_it(one)), None)

    def put(resource: Element, value: Any) -> None:
        others = list(resource.get("participant", []))
        at = next((index for index, one in enumerate(others) if is_it(one)), None)
        kind = {"type": [{"coding": [{"system": _PARTICIPATION, "code": code}]}]}
        whole = {**(kind if at is None else others[at]), "individual": value}
        others[slice(len(others), None) if at is None else slice(at, at + 1)] = (
            [] if value is None else [whole]
        )
        if others:
            resource["participant"] = others
        else:
            resource.pop("participant", None)

    return Place(get=get, put=put)


def _style(content: CloudContent, _references: References) -> Value | None:
    types = content.resources[_TYPE].get("type") or [{}]
    return text_of(types[0].get("text"))


def _put_style(draft: Draft, value: Value | None, _references: References) -> None:
    encounter = draft[_TYPE]
    first, *rest = encounter.get("type") or [{}]
    kept = {name: one for name, one in first.items() if name != "text"}
    changed = {**kept, **({} if value is None else {"text": value})}
    encounter["type"] = [*([changed] if changed else []), *rest]
    if not encounter["type"]:
        del encounter["type"]
    encounter["class"] = _CLASSES.get(str(value), _AMBULATORY)


def _complete(content: CloudContent, _references: References) -> Value | None:
    status = content.resources[_TYPE].get("status")
    if status == "cancelled":
        raise RecordRefused(
            "consultation-cancelled",
            "The legacy program has no consultation that did not happen: delete it, or say that it ended.",
        )
    return True if status == _FINISHED else None


def _put_complete(draft: Draft, value: Value | None, _references: References) -> None:
    if (draft[_TYPE].get("status") == _FINISHED) != (value is True):
        draft[_TYPE]["status"] = _FINISHED if value is True else _OPEN


_SOURCE = extension("consultation-source", "valueCodeableConcept")


def _source_text(content: CloudContent, _references: References) -> Value | None:
    return text_of(extension("consultation-source-term", "valueString").get(content.resources[_TYPE]))


CONSULTATION = ClinicalMapping(
    kind=Kind.CONSULTATION,
    table=TABLE,
    resource_types=(_TYPE,),
    skeleton={_TYPE: {"status": _OPEN, "class": _AMBULATORY}},
    deleted_column="Deleted",
    withheld=is_withheld,
    parents=frozenset({"patient"}),
    optional={"clinician": "", "entered_by": "", "slot": ""},
    needs={
        "patient": "The legacy program does not know whose consultation this is: register the patient first.",
        "clinician": "The legacy program needs to know who consulted: say so in the new page.",
        "date": "The legacy program needs the day of the consultation: say it in the new page.",
    },
    defaults={"entered_by": "clinician"},
    new_row={"Complete": False},
    fields=(
        link_field(
            "patient", TABLE, "PatientGuid", _TYPE, element("subject"), kind=Kind.PATIENT, target="Patient"
        ),
        date_field(
            "date", TABLE, ("EffectiveDate", "EffectiveDatePrecision"), _TYPE, element("period", "start")
        ),
        moment_field(
            "entered", TABLE, ("EnteredDate", "EnteredTime"), _TYPE, extension("entered", "valueDateTime")
        ),
        link_field(
            "clinician",
            TABLE,
            "ClinicianUserInRoleGuid",
            _TYPE,
            _participant("PPRF"),
            kind=Kind.PRACTITIONER,
            target="Practitioner",
        ),
        link_field(
            "entered_by",
            TABLE,
            "EnteredByUserInRoleGuid",
            _TYPE,
            _participant("ENT"),
            kind=Kind.PRACTITIONER,
            target="Practitioner",
        ),
        link_field(
            "slot",
            TABLE,
            "AppointmentSlotGuid",
            _TYPE,
            extension("consultation-slot", "valueReference"),
            kind=Kind.SLOT,
            target="Slot",
        ),
        code_field(
            "source", TABLE, "ConsultationSourceCodeId", _CODE, _TYPE, _SOURCE, kind=Kind.CONSULTATION
        ),
        text_field(
            "source_term",
            Column(table=TABLE, name="ConsultationSourceTerm", length=200),
            _TYPE,
            extension("consultation-source-term", "valueString"),
        ),
        FieldMapping(
            name="style",
            from_rows=_STYLE.read,
            from_cloud=_style,
            to_draft=_put_style,
            to_columns=_STYLE.write,
        ),
        FieldMapping(
            name="complete",
            from_rows=lambda group: True if is_yes(row_of(group, TABLE), "Complete") else None,
            from_cloud=_complete,
            to_draft=_put_complete,
            to_columns=lambda value: {"Complete": value is True},
        ),
    ),
)
