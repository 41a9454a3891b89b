"""How a patient is registered, who cares for them and who else is their GP: fields of a patient's record."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from legacy_bridge.mapping.clinical.fields import date_text, field, flag_field, partial_date_of, text_field
from legacy_bridge.mapping.clinical.places import Place, element, extension, marked, within
from legacy_bridge.mapping.field import Column, Element, FieldMapping, main_row, set_element
from legacy_bridge.mapping.values import date_of

_TYPE = "Patient"
_MARK = "carer"
_ABSENT = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
_REGISTERED = extension("registration-date", "valueDate")


def _carer() -> Place:
    """The contact that the bridge marks as the carer; a next of kin without the mark is somebody else."""

    def get(resource: Mapping[str, Any]) -> Any:
        return next((one for one in resource.get("contact", []) if one.get("id") == _MARK), None)

    def put(resource: Element, value: Any) -> None:
        others = [one for one in resource.get("contact", []) if one.get("id") != _MARK]
        told = {
            name: one for name, one in (value or {}).items() if one not in (None, {"extension": [_ABSENT]})
        }
        if set(told) > {"id"} or (told and "id" not in told):
            told = {"name": {"extension": [_ABSENT]}, **told, "id": _MARK}  # FHIR R4 Patient: pat-1
            others.append(told)
        set_element(resource, "contact", others or None)

    return Place(get=get, put=put)


_CARER = _carer()


def _text(table: str, name: str, column: str, length: int, place: Place) -> FieldMapping:
    return text_field(name, Column(table=table, name=column, length=length), _TYPE, place)


def _told(table: str, name: str, column: str, length: int) -> FieldMapping:
    """What only the legacy program says, in an extension."""
    place = extension(name.replace("_", "-"), "valueString")
    return replace(_text(table, name, column, length, place), to_columns=None)


def registration_fields(table: str) -> tuple[FieldMapping, ...]:
    """The fields, of a table's columns."""
    dummy = flag_field("dummy", table, "DummyType", _TYPE, extension("dummy-patient", "valueBoolean"))
    relation = within(_CARER, marked("relationship", "carer-relation", "text"))
    return (
        field(
            "registered",
            _TYPE,
            _REGISTERED,
            rows=lambda group: date_of(main_row(group).get("DateOfRegistration")),
            read=lambda content, _: partial_date_of(_REGISTERED.get(content.resources[_TYPE])),
            write=lambda value, _references, _before: date_text(value),
        ),
        _told(table, "registration_type", "PatientTypeDescription", 30),
        replace(dummy, to_columns=None),
        _told(table, "residential_institute", "ResidentialInstituteCode", 2),
        _text(table, "carer", "CarerName", 452, within(_CARER, element("name", "text"))),
        _text(table, "carer_relation", "CarerRelation", 100, relation),
        _text(
            table, "contact_comments", "ContactComments", 200, extension("contact-comments", "valueString")
        ),
        _told(table, "other_gp", "ExternalUsualGP", 263),
        _told(table, "other_gp_id", "ExternalUsualGPGuid", 38),
        _told(table, "other_gp_organisation", "ExternalUsualGPOrganisation", 38),
    )
