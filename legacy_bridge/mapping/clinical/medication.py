"""What is prescribed, as MedicationRequest: drug records are plans, their issues are orders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.clinical.fields import (
    code_field,
    date_field,
    date_text,
    field,
    flag_field,
    link_field,
    moment_field,
    number_field,
    partial_date_of,
    row_of,
    text_field,
)
from legacy_bridge.mapping.clinical.places import Place, element, extension, marked
from legacy_bridge.mapping.clinical.record import ClinicalMapping, is_withheld
from legacy_bridge.mapping.field import Column, Draft, FieldMapping
from legacy_bridge.mapping.values import date_column, date_of, is_yes, text_of
from legacy_bridge.records import CloudContent, Kind, RowGroup, RowValue, Value
from legacy_bridge.sides.links import References

_TYPE = "MedicationRequest"
DRUGS, ISSUES = "Prescribing_DrugRecord", "Prescribing_IssueRecord"
_CODE = "Coding_DrugCode"
_ACTIVE, _STOPPED, _COMPLETED = "active", "stopped", "completed"
_OVER = frozenset({_STOPPED, _COMPLETED, "cancelled"})
_COURSES: Mapping[str, str] = {"Acute": "acute", "Repeat": "continuous", "Repeat Dispensing": "continuous"}
_COURSE_SYSTEM = "http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy"
_COURSE = element("courseOfTherapyType")
_CANCELLED = extension("medication-cancelled", "valueDate")


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationMapping(ClinicalMapping):
    """The mapping of what is a MedicationRequest, told apart by its intent.

    Attributes:
        intent: plan or order.
    """

    intent: str

    def claims(self, resource: Mapping[str, Any]) -> bool:
        """Whether its intent is this kind's."""
        return bool((resource.get("intent") == "plan") == (self.intent == "plan"))


def _is_over(content: CloudContent, _references: References) -> Value | None:
    """Whether a plan has ended, stopped or run out: the legacy program has one word for both."""
    status = str(content.resources[_TYPE].get("status"))
    if status == _ACTIVE:
        return None
    if status in _OVER:
        return True
    raise RecordRefused(
        "prescription-status",
        f"The legacy program cannot say that a prescription is {status}: "
        "make it active, stopped or completed in the new page.",
    )


def _put_over(draft: Draft, value: Value | None, _references: References) -> None:
    request = draft[_TYPE]
    if value is None:
        request["status"] = _ACTIVE
    elif request.get("status") not in _OVER:
        request["status"] = _COMPLETED if _CANCELLED.get(request) is None else _STOPPED


def _course_text(content: CloudContent, _references: References) -> Value | None:
    return text_of((_COURSE.get(content.resources[_TYPE]) or {}).get("text"))


def _course(value: Value) -> Mapping[str, Any]:
    code = _COURSES.get(str(value))
    coding = {} if code is None else {"coding": [{"system": _COURSE_SYSTEM, "code": code}]}
    return {**coding, "text": value}


def _whole_number(name: str, table: str, column: str, place: Place) -> FieldMapping:
    def rows(group: RowGroup) -> Value | None:
        found = row_of(group, table).get(column)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    return field(
        name,
        _TYPE,
        place,
        rows=rows,
        read=lambda content, _: place.get(content.resources[_TYPE]),
        write=lambda value, _references, _before: value,
        columns=lambda value: {column: value if isinstance(value, int) else None},
    )


def _day(name: str, table: str, column: str, place: Place, *, is_moment: bool) -> FieldMapping:
    """A whole day; a column of moments holds its midnight."""

    def read(content: CloudContent, _references: References) -> Value | None:
        return partial_date_of(place.get(content.resources[_TYPE]))

    def columns(value: Value | None) -> Mapping[str, RowValue]:
        day = date_column(value)
        return {column: datetime.combine(day, time()) if is_moment and isinstance(day, date) else day}

    return field(
        name,
        _TYPE,
        place,
        rows=lambda group: date_of(row_of(group, table).get(column)),
        read=read,
        write=lambda value, _references, before: (
            before if partial_date_of(before) == value else date_text(value)
        ),
        columns=columns,
    )


def _text(name: str, table: str, column: str, length: int, place: Place | None = None) -> FieldMapping:
    return text_field(
        name,
        Column(table=table, name=column, length=length),
        _TYPE,
        place or extension(f"medication-{name.replace('_', '-')}", "valueString"),
    )


def _number(name: str, table: str, column: str) -> FieldMapping:
    place = extension(f"medication-{name.replace('_', '-')}", "valueQuantity")
    return number_field(name, table, column, None, _TYPE, place)


def _flag(name: str, table: str, column: str) -> FieldMapping:
    place = extension(f"medication-{name.replace('_', '-')}", "valueBoolean")
    return flag_field(name, table, column, _TYPE, place)


def _common(table: str, kind: Kind) -> tuple[FieldMapping, ...]:
    def link(name: str, column: str, place: Place, target_kind: Kind, target: str) -> FieldMapping:
        return link_field(name, table, column, _TYPE, place, kind=target_kind, target=target)

    return (
        link("patient", "PatientGuid", element("subject"), Kind.PATIENT, "Patient"),
        code_field("code", table, "CodeId", _CODE, _TYPE, element("medicationCodeableConcept"), kind=kind),
        date_field("date", table, ("EffectiveDate", "EffectiveDatePrecision"), _TYPE, element("authoredOn")),
        moment_field(
            "entered", table, ("EnteredDate", "EnteredTime"), _TYPE, extension("entered", "valueDateTime")
        ),
        link("clinician", "ClinicianUserInRoleGuid", element("requester"), Kind.PRACTITIONER, "Practitioner"),
        link("entered_by", "EnteredByUserInRoleGuid", element("recorder"), Kind.PRACTITIONER, "Practitioner"),
        link(
            "problem",
            "ProblemObservationGuid",
            extension("problem", "valueReference"),
            Kind.CONDITION,
            "Condition",
        ),
        _text("dosage", table, "Dosage", 400, marked("dosageInstruction", "legacy", "text")),
        number_field(
            "quantity", table, "Quantity", "QuantityUnit", _TYPE, element("dispenseRequest", "quantity")
        ),
    )


def _is_issue_withheld(group: RowGroup) -> bool:
    """An issue says what was prescribed: it is as confidential as its drug."""
    return is_withheld(group) or any(is_yes(row, "IsConfidential") for row in group.rows.get(DRUGS, ()))


_COURSE_COLUMN = Column(table=DRUGS, name="PrescriptionType", length=20)
_NEEDS: Mapping[str, str] = {
    "patient": "The legacy program does not know whom this is for: register the patient there first.",
    "code": "The legacy program takes no prescription without a drug that it knows: choose one.",
    "clinician": "The legacy program needs to know who prescribed: say so in the new page.",
    "dosage": "The legacy program takes no prescription without a dosage: say it in the new page.",
    "quantity": "The legacy program takes no prescription without a quantity: say it in the new page.",
}

MEDICATION = MedicationMapping(
    kind=Kind.MEDICATION,
    table=DRUGS,
    resource_types=(_TYPE,),
    intent="plan",
    skeleton={_TYPE: {"status": _ACTIVE, "intent": "plan"}},
    deleted_column="Deleted",
    withheld=is_withheld,
    parents=frozenset({"patient"}),
    optional={"problem": "problem", "clinician": "", "entered_by": ""},
    needs={**_NEEDS, "type": "Say whether this is acute or repeat: the legacy program needs to know."},
    defaults={"entered_by": "clinician", "clinician": "entered_by"},
    new_row={"EffectiveDatePrecision": "U", "IsActive": True},
    fields=(
        *_common(DRUGS, Kind.MEDICATION),
        _day("cancelled", DRUGS, "CancellationDate", _CANCELLED, is_moment=False),
        FieldMapping(
            name="over",
            from_rows=lambda group: None if is_yes(row_of(group, DRUGS), "IsActive") else True,
            from_cloud=_is_over,
            to_draft=_put_over,
            to_columns=lambda value: {"IsActive": value is not True},
        ),
        field(
            "type",
            _TYPE,
            _COURSE,
            rows=_COURSE_COLUMN.read,
            read=_course_text,
            write=lambda value, _references, _before: _course(value),
            columns=_COURSE_COLUMN.write,
        ),
        _whole_number("issues", DRUGS, "NumberOfIssues", extension("medication-issues", "valueInteger")),
        _whole_number(
            "issues_authorised",
            DRUGS,
            "NumberOfIssuesAuthorised",
            extension("medication-issues-authorised", "valueInteger"),
        ),
        _day(
            "expires",
            DRUGS,
            "ExpiryDate",
            element("dispenseRequest", "validityPeriod", "end"),
            is_moment=True,
        ),
    ),
)

ISSUE = MedicationMapping(
    kind=Kind.ISSUE,
    table=ISSUES,
    resource_types=(_TYPE,),
    intent="order",
    skeleton={_TYPE: {"status": _COMPLETED, "intent": "order"}},
    deleted_column="Deleted",
    withheld=_is_issue_withheld,
    parents=frozenset({"patient"}),
    optional={
        "problem": "problem",
        "clinician": "",
        "entered_by": "",
        "plan": DRUGS,
        "consultation": "CareRecord_Consultation",
    },
    needs=_NEEDS,
    defaults={"entered_by": "clinician", "clinician": "entered_by"},
    new_row={
        "EffectiveDatePrecision": "U",
        "IsPrescribedAsContraceptive": False,
        "IsPrivatelyPrescribed": False,
    },
    fields=(
        *_common(ISSUES, Kind.ISSUE),
        link_field(
            "plan",
            ISSUES,
            "DrugRecordGuid",
            _TYPE,
            marked("basedOn", "plan"),
            kind=Kind.MEDICATION,
            target=_TYPE,
        ),
        link_field(
            "consultation",
            ISSUES,
            "ConsultationGuid",
            _TYPE,
            element("encounter"),
            kind=Kind.CONSULTATION,
            target="Encounter",
        ),
        _whole_number(
            "course_days",
            ISSUES,
            "CourseDurationInDays",
            extension("medication-course-days", "valueInteger"),
        ),
        _number("cost", ISSUES, "EstimatedNhsCost"),
        _text("emis_code", ISSUES, "EmisCode", 50),
        _text("patient_message", ISSUES, "PatientMessage", 8000),
        _text("pharmacy_stamp", ISSUES, "ScriptPharmacyStamp", 255),
        _number("compliance", ISSUES, "Compliance"),
        _number("average_compliance", ISSUES, "AverageCompliance"),
        _flag("contraceptive", ISSUES, "IsPrescribedAsContraceptive"),
        _flag("private", ISSUES, "IsPrivatelyPrescribed"),
        _text("pharmacy_message", ISSUES, "PharmacyMessage", 8000),
        _text("pharmacy_text", ISSUES, "PharmacyText", 8000),
        _day(
            "expires",
            ISSUES,
            "ExpiryDate",
            element("dispenseRequest", "validityPeriod", "end"),
            is_moment=True,
        ),
        _day("review", ISSUES, "ReviewDate", extension("medication-review", "valueDate"), is_moment=True),
        _text("method", ISSUES, "IssueMethodDescription", 100),
    ),
)
