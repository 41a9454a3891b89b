"""A patient: Admin_Patient and Patient, in the shape of UK Core."""

from collections.abc import Mapping
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.address import address_fields
from legacy_bridge.mapping.codes import (
    GENDER_TO_SEX,
    NHS_NUMBER_NOT_TRACED,
    NHS_NUMBER_STATUS,
    NHS_NUMBER_STATUS_SYSTEM,
    ORIGINAL_TERM,
    gender_of,
)
from legacy_bridge.mapping.field import (
    Column,
    Draft,
    Element,
    FieldMapping,
    extension_of,
    identifier,
    identifier_of,
    link_column,
    link_to_column,
    reference_of,
    set_element,
    set_extension,
    set_identifier,
    telecom,
)
from legacy_bridge.mapping.registration import registration_fields
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.mapping.values import date_column, date_of, is_yes, nhs_number_is_right, text_of
from legacy_bridge.records import CloudContent, Kind, LinkKey, PartialDate, RowGroup, RowValue, Value
from legacy_bridge.sides.links import References
from web_modules.fhir.systems import NHS_NUMBER, NHS_NUMBER_STATUS_EXTENSION, patient_number

TABLE = "Admin_Patient"
USUAL_GP = "Admin_UserInRole"
"""The usual GP's row, present only when it is one of this practice."""
UNVERIFIED_NUMBER = "NHS number as entered, check digit wrong"
_REPLACED_BY = "replaced-by"
_MIDDLE_NAME = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier"
_NHS_COLUMN = Column(table=TABLE, name="NhsNumber", length=10)
_SEX = Column(table=TABLE, name="Sex", length=1)


def is_confidential(row: Mapping[str, RowValue]) -> bool:
    """Whether a patient's row says that the record is confidential."""
    return is_yes(row, "IsConfidential") or is_yes(row, "SpineSensitive")


def _column(name: str, length: int) -> Column:
    return Column(table=TABLE, name=name, length=length)


def _patient(content: CloudContent) -> Mapping[str, Any]:
    return content.resources["Patient"]


def _official(patient: Mapping[str, Any]) -> tuple[int | None, Mapping[str, Any]]:
    names = list(enumerate(patient.get("name", [])))
    for use in ("official", "usual", None):
        for index, name in names:
            if name.get("use") == use and "end" not in (name.get("period") or {}):
                return index, name
    return None, {}


def _given_names(name: Mapping[str, Any]) -> tuple[str | None, str | None]:
    given = name.get("given") or []
    marks = name.get("_given") or []
    first: str | None = None
    middle: list[str] = []
    for index, text in enumerate(given):
        mark = marks[index] if index < len(marks) else None
        is_middle = extension_of(mark or {}, _MIDDLE_NAME).get("valueCode") == "MID"
        known = text_of(text)
        if known is not None and index == 0 and not is_middle:
            first = known
        elif known is not None:
            middle.append(known)
    return first, " ".join(middle) or None


def _name_part(content: CloudContent, part: str) -> Value | None:
    name = _official(_patient(content))[1]
    if part == "family":
        return text_of(name.get("family"))
    if part == "title":
        return text_of(" ".join(name.get("prefix") or []))
    return _given_names(name)[0 if part == "given" else 1]


def _put_name_part(draft: Draft, part: str, value: Value | None) -> None:
    patient = draft["Patient"]
    at, found = _official(patient)
    name: Element = {"use": "official", **found}
    name.pop("text", None)
    if part == "family":
        set_element(name, "family", value)
    elif part == "title":
        set_element(name, "prefix", None if value is None else [value])
    else:
        names: tuple[Value | None, Value | None] = _given_names(name)
        first, middle = (value, names[1]) if part == "given" else (names[0], value)
        set_element(name, "given", [one for one in (first, middle) if one is not None] or None)
        is_only_middle = first is None and middle is not None
        mark = {"extension": [{"url": _MIDDLE_NAME, "valueCode": "MID"}]}
        set_element(name, "_given", [mark] if is_only_middle else None)
    others = list(patient.get("name", []))
    mine = [] if set(name) <= {"use"} else [name]
    if at is None:
        others += mine
    else:
        others[at : at + 1] = mine
    set_element(patient, "name", others or None)


def _name_field(part: str, column: Column) -> FieldMapping:
    return FieldMapping(
        name=part,
        from_rows=column.read,
        from_cloud=lambda content, _: _name_part(content, part),
        to_draft=lambda draft, value, _: _put_name_part(draft, part, value),
        to_columns=column.write,
    )


def _nhs_number(content: CloudContent, _references: References) -> Value | None:
    right = identifier_of(_patient(content), NHS_NUMBER)
    if right is not None:
        return right.replace(" ", "")
    return next((text_of(one.get("value")) for one in _as_entered(_patient(content))), None)


def _as_entered(patient: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        one
        for one in patient.get("identifier", [])
        if "system" not in one and (one.get("type") or {}).get("text") == UNVERIFIED_NUMBER
    ]


def _put_nhs_number(draft: Draft, value: Value | None, _references: References) -> None:
    patient = draft["Patient"]
    entered = _as_entered(patient)
    kept = [one for one in patient.get("identifier", []) if one not in entered]
    set_element(patient, "identifier", kept or None)
    number = None if value is None else str(value)
    is_right = number is not None and nhs_number_is_right(number)
    before = identifier_of(patient, NHS_NUMBER)
    status: dict[str, Any] = {}
    if before != number:
        coding = {
            "system": NHS_NUMBER_STATUS_SYSTEM,
            "code": NHS_NUMBER_NOT_TRACED,
            "display": NHS_NUMBER_STATUS[NHS_NUMBER_NOT_TRACED],
        }
        set_extension(status, NHS_NUMBER_STATUS_EXTENSION, {"valueCodeableConcept": {"coding": [coding]}})
    set_identifier(patient, NHS_NUMBER, number if is_right else None, **status)
    if before not in (None, number) and number is not None:
        patient["identifier"] = [
            *patient.get("identifier", []),
            {"use": "old", "system": NHS_NUMBER, "value": before},
        ]
    if number is not None and not is_right:
        patient["identifier"] = [
            *patient.get("identifier", []),
            {"type": {"text": UNVERIFIED_NUMBER}, "value": number},
        ]


def _sex(content: CloudContent, _references: References) -> Value | None:
    patient = _patient(content)
    gender = text_of(patient.get("gender"))
    original = extension_of(patient.get("_gender") or {}, ORIGINAL_TERM).get("valueString")
    if gender is None:
        return None
    return original if original and gender_of(original) == gender else GENDER_TO_SEX.get(gender)


def _put_sex(draft: Draft, value: Value | None, _references: References) -> None:
    patient = draft["Patient"]
    set_element(patient, "gender", None if value is None else gender_of(str(value)))
    mark = dict(patient.get("_gender") or {})
    set_extension(mark, ORIGINAL_TERM, None if value in (None, "M", "F") else {"valueString": value})
    set_element(patient, "_gender", mark or None)


def _birth_date(content: CloudContent, _references: References) -> Value | None:
    text = text_of(_patient(content).get("birthDate"))
    return None if text is None else PartialDate.parse(text)


def _put_birth_date(draft: Draft, value: Value | None, _references: References) -> None:
    set_element(draft["Patient"], "birthDate", value.text if isinstance(value, PartialDate) else None)


def _death(content: CloudContent, _references: References) -> Value | None:
    text = text_of(_patient(content).get("deceasedDateTime"))
    if text is not None:
        return PartialDate.parse(text[:10])
    if _patient(content).get("deceasedBoolean") is True:
        raise RecordRefused(
            "death-without-date",
            "The cloud says that the patient died and not when; the legacy program needs the date. "
            "Add it in the new page.",
        )
    return None


def _put_death(draft: Draft, value: Value | None, _references: References) -> None:
    draft["Patient"].pop("deceasedBoolean", None)
    set_element(draft["Patient"], "deceasedDateTime", value.text if isinstance(value, PartialDate) else None)


def _date_field(name: str, column: str, **both: Any) -> FieldMapping:
    return FieldMapping(
        name=name,
        from_rows=lambda group: date_of(group.rows[TABLE][0].get(column)),
        to_columns=lambda value: {column: date_column(value)},
        **both,
    )


def _general_practitioner(content: CloudContent, references: References) -> Value | None:
    found = (reference_of(one, references) for one in _patient(content).get("generalPractitioner", []))
    return next((one for one in found if one is not None and one.kind is Kind.PRACTITIONER), None)


def _put_general_practitioner(draft: Draft, value: Value | None, references: References) -> None:
    patient = draft["Patient"]
    kept = []
    for one in patient.get("generalPractitioner", []):
        link = reference_of(one, references)
        is_ours = link is not None and link.kind is Kind.PRACTITIONER
        if not is_ours:
            kept.append(one)
    found = references.reference(value, "Practitioner") if isinstance(value, LinkKey) else None
    set_element(patient, "generalPractitioner", [*([{"reference": found}] if found else []), *kept] or None)


def _merged_into(content: CloudContent, references: References) -> Value | None:
    for one in _patient(content).get("link", []):
        if one.get("type") == _REPLACED_BY:
            return reference_of(one["other"], references) or text_of(one["other"].get("reference"))
    return None


def _put_merged_into(draft: Draft, value: Value | None, _references: References) -> None:
    if value is None:  # the legacy program, which merges records, says of none that it was merged
        kept = [one for one in draft["Patient"].get("link", []) if one.get("type") != _REPLACED_BY]
        set_element(draft["Patient"], "link", kept or None)


def _is_active(group: RowGroup) -> Value | None:
    return group.rows[TABLE][0].get("DateofDeactivation") is None


def patient_mapping(ods: str) -> ResourceMapping:
    """The mapping of one practice's patients; its own patient numbers have a system of their own."""
    return ResourceMapping(
        kind=Kind.PATIENT,
        table=TABLE,
        resource_types=("Patient",),
        skeleton={"Patient": {}},
        deleted_column="Deleted",
        parents=frozenset({"general_practitioner"}),
        withheld=lambda group: is_confidential(group.rows[TABLE][0]),
        fields=(
            FieldMapping(
                name="nhs_number",
                from_rows=_NHS_COLUMN.read,
                from_cloud=_nhs_number,
                to_draft=_put_nhs_number,
                to_columns=_NHS_COLUMN.write,
            ),
            identifier("patient_number", _column("PatientNumber", 10), "Patient", patient_number(ods)),
            _name_field("title", _column("Title", 50)),
            _name_field("given", _column("GivenName", 40)),
            _name_field("middle", _column("MiddleNames", 256)),
            _name_field("family", _column("Surname", 100)),
            FieldMapping(
                name="sex",
                from_rows=_SEX.read,
                from_cloud=_sex,
                to_draft=_put_sex,
                to_columns=_SEX.write,
            ),
            _date_field("birth_date", "DateOfBirth", from_cloud=_birth_date, to_draft=_put_birth_date),
            _date_field("death_date", "DateOfDeath", from_cloud=_death, to_draft=_put_death),
            *address_fields(TABLE, "Patient", repeats=True),
            telecom("home_phone", _column("HomePhone", 100), "Patient", "phone", "home"),
            telecom("mobile_phone", _column("MobilePhone", 100), "Patient", "phone", "mobile"),
            telecom("email", _column("EmailAddress", 100), "Patient", "email", "home"),
            FieldMapping(
                name="general_practitioner",
                from_rows=link_column(USUAL_GP, "UserInRoleGuid", Kind.PRACTITIONER),
                from_cloud=_general_practitioner,
                to_draft=_put_general_practitioner,
                to_columns=link_to_column("UsualGpUserInRoleGuid"),
            ),
            *registration_fields(TABLE),
            FieldMapping(
                name="active",
                from_rows=_is_active,
                from_cloud=lambda content, _: _patient(content).get("active"),
                to_draft=lambda draft, value, _: set_element(draft["Patient"], "active", value),
            ),
            FieldMapping(
                name="merged_into",
                from_rows=lambda _: None,
                from_cloud=_merged_into,
                to_draft=_put_merged_into,
            ),
        ),
    )
