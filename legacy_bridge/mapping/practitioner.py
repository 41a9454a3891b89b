"""A member of staff: Admin_UserInRole and Practitioner with one PractitionerRole."""

from typing import Any

from legacy_bridge.mapping.codes import DOCTOR_JOB_CODES, GMC_NUMBER
from legacy_bridge.mapping.field import (
    Column,
    Draft,
    Element,
    FieldMapping,
    identifier_of,
    link_column,
    reference_of,
    set_element,
    set_identifier,
)
from legacy_bridge.mapping.resource import SELF, ResourceMapping
from legacy_bridge.mapping.values import date_of, text_of
from legacy_bridge.records import CloudContent, Kind, LinkKey, PartialDate, RowGroup, Value
from legacy_bridge.sides.links import References
from web_modules.fhir.systems import SDS_JOB_ROLE

_TABLE = "Admin_UserInRole"
_REGISTRATION = "https://banyan.example/Id/professional-registration"
_JOB_CODE = Column(table=_TABLE, name="JobCategoryCode", length=5)


def _name_field(name: str, column: Column, element: str) -> FieldMapping:
    is_list = element != "family"

    def get(content: CloudContent, _references: References) -> Value | None:
        value = _name(content.resources["Practitioner"]).get(element)
        return text_of(" ".join(value) if is_list and value else value)

    def put(draft: Draft, value: Value | None, _references: References) -> None:
        rest = draft["Practitioner"].get("name", [])[1:]
        changed = dict(_name(draft["Practitioner"]))
        set_element(changed, element, [value] if is_list and value is not None else value)
        set_element(draft["Practitioner"], "name", [*([changed] if changed else []), *rest] or None)

    return FieldMapping(
        name=name, from_rows=column.read, from_cloud=get, to_draft=put, to_columns=column.write
    )


def _name(practitioner: Any) -> Element:
    names: list[Element] = practitioner.get("name") or [{}]
    return names[0]


def _registration_rows(group: RowGroup) -> Value | None:
    number = Column(table=_TABLE, name="RegistrationNumber", length=50).read(group)
    if number is None:
        return None
    system = GMC_NUMBER if _JOB_CODE.read(group) in DOCTOR_JOB_CODES else _REGISTRATION
    return f"{system}|{number}"


def _registration_cloud(content: CloudContent, _references: References) -> Value | None:
    for system in (GMC_NUMBER, _REGISTRATION):
        value = identifier_of(content.resources["Practitioner"], system)
        if value is not None:
            return f"{system}|{value}"
    return None


def _put_registration(draft: Draft, value: Value | None, _references: References) -> None:
    system, _, number = str(value or "").partition("|")
    for one in (GMC_NUMBER, _REGISTRATION):
        set_identifier(draft["Practitioner"], one, number if one == system else None)


def _role(content: CloudContent) -> Element:
    codes: list[Element] = content.resources["PractitionerRole"].get("code") or [{}]
    return codes[0]


def _job_code(content: CloudContent, _references: References) -> Value | None:
    codings = _role(content).get("coding", [])
    return next((text_of(one.get("code")) for one in codings if one.get("system") == SDS_JOB_ROLE), None)


def _put_job(draft: Draft, *, code: Value | None = None, name: Value | None = None) -> None:
    role = draft["PractitionerRole"]
    codes = role.get("code") or [{}]
    changed = dict(codes[0])
    if code is not None:
        others = [one for one in changed.get("coding", []) if one.get("system") != SDS_JOB_ROLE]
        changed["coding"] = [{"system": SDS_JOB_ROLE, "code": code}, *others]
    if name is not None:
        changed["text"] = name
    set_element(role, "code", [*([changed] if changed else []), *codes[1:]] or None)


def _period_field(name: str, column: str, element: str) -> FieldMapping:
    def from_rows(group: RowGroup) -> Value | None:
        return date_of(group.rows[_TABLE][0].get(column))

    def get(content: CloudContent, _references: References) -> Value | None:
        text = text_of((content.resources["PractitionerRole"].get("period") or {}).get(element))
        return None if text is None else PartialDate.parse(text[:10])

    def put(draft: Draft, value: Value | None, _references: References) -> None:
        period = dict(draft["PractitionerRole"].get("period") or {})
        set_element(period, element, value.text if isinstance(value, PartialDate) else None)
        set_element(draft["PractitionerRole"], "period", period or None)

    return FieldMapping(name=name, from_rows=from_rows, from_cloud=get, to_draft=put)


def _organization(content: CloudContent, references: References) -> Value | None:
    return reference_of(content.resources["PractitionerRole"].get("organization"), references)


def _put_organization(draft: Draft, value: Value | None, references: References) -> None:
    found = references.reference(value, "Organization") if isinstance(value, LinkKey) else None
    set_element(draft["PractitionerRole"], "organization", {"reference": found} if found else None)


PRACTITIONER = ResourceMapping(
    kind=Kind.PRACTITIONER,
    table=_TABLE,
    resource_types=("Practitioner", "PractitionerRole"),
    skeleton={
        "Practitioner": {"active": True},
        "PractitionerRole": {"active": True, "practitioner": {"reference": f"{SELF}Practitioner"}},
    },
    parents=frozenset({"organization"}),
    fields=(
        _name_field("family", Column(table=_TABLE, name="Surname", length=100), "family"),
        _name_field("given", Column(table=_TABLE, name="GivenName", length=108), "given"),
        _name_field("title", Column(table=_TABLE, name="Title", length=50), "prefix"),
        FieldMapping(
            name="registration",
            from_rows=_registration_rows,
            from_cloud=_registration_cloud,
            to_draft=_put_registration,
        ),
        FieldMapping(
            name="job_code",
            from_rows=_JOB_CODE.read,
            from_cloud=_job_code,
            to_draft=lambda draft, value, _: _put_job(draft, code=value),
        ),
        FieldMapping(
            name="job",
            from_rows=Column(table=_TABLE, name="JobCategoryName", length=100).read,
            from_cloud=lambda content, _: text_of(_role(content).get("text")),
            to_draft=lambda draft, value, _: _put_job(draft, name=value),
        ),
        _period_field("contract_start", "ContractStartDate", "start"),
        _period_field("contract_end", "ContractEndDate", "end"),
        FieldMapping(
            name="organization",
            from_rows=link_column(_TABLE, "OrganisationGuid", Kind.ORGANIZATION),
            from_cloud=_organization,
            to_draft=_put_organization,
        ),
    ),
)
