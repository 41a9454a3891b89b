"""What is prescribed, as MedicationRequest: drug records are plans, their issues are orders."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from legacy_bridge.mapping.clinical import stops
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
from legacy_bridge.mapping.field import Column, FieldMapping
from legacy_bridge.mapping.resource import CloudContext
from legacy_bridge.mapping.values import date_column, date_of, is_yes, text_of
from legacy_bridge.records import CloudContent, Fields, Kind, Reading, RowGroup, RowValue, Value
from legacy_bridge.sides.links import Link, References
from legacy_bridge.sides.writes import CloudPlan, RowChange

_TYPE = "MedicationRequest"
DRUGS, ISSUES = "Prescribing_DrugRecord", "Prescribing_IssueRecord"
_CODE = "Coding_DrugCode"
_COURSES: Mapping[str, str] = {"Acute": "acute", "Repeat": "continuous", "Repeat Dispensing": "continuous"}
_COURSE_SYSTEM = "http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy"
_COURSE = element("courseOfTherapyType")


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

    def wants_words(self, content: CloudContent | None, ods: str) -> bool:
        """Whether the day of a stop is to be said too: by the version's own it would move with each edit."""
        is_undated = content is not None and stops.is_undated(content.resources.get(_TYPE, {}))
        return is_undated or ClinicalMapping.wants_words(self, content, ods)

    def to_cloud(
        self,
        link: Link,
        fields: Fields,
        changed: Collection[str],
        content: CloudContent | None,
        context: CloudContext,
    ) -> CloudPlan:
        """The resource, with the day of a stop."""
        is_undated = content is not None and stops.is_undated(content.resources.get(_TYPE, {}))
        names = {*changed, "cancelled"} if is_undated and "cancelled" in fields else changed
        return ClinicalMapping.to_cloud(self, link, fields, names, content, context)

    def to_legacy(self, fields: Fields, changed: Collection[str], group: RowGroup) -> RowChange:
        """The columns; with whether it is over goes the day, so that none of an earlier time is left."""
        names = {*changed, "cancelled"} if "over" in changed else changed
        return ClinicalMapping.to_legacy(self, fields, names, group)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueMapping(MedicationMapping):
    """The mapping of what was issued."""

    def from_cloud(self, content: CloudContent | None, references: References) -> Reading | None:
        """The order in its resource; what is not issued, or no longer to be given, has no word in legacy."""
        reading = MedicationMapping.from_cloud(self, content, references)
        if reading is not None and content is not None:
            stops.check_issued(content.resources[_TYPE])
        return reading


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
    skeleton={_TYPE: {"status": stops.ACTIVE, "intent": "plan"}},
    deleted_column="Deleted",
    withheld=is_withheld,
    parents=frozenset({"patient"}),
    optional={"problem": "problem", "clinician": "", "entered_by": ""},
    needs={**_NEEDS, "type": "Say whether this is acute or repeat: the legacy program needs to know."},
    defaults={"entered_by": "clinician", "clinician": "entered_by"},
    new_row={"EffectiveDatePrecision": "U", "IsActive": True},
    fields=(
        *_common(DRUGS, Kind.MEDICATION),
        *stops.fields_of(DRUGS),
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

ISSUE = IssueMapping(
    kind=Kind.ISSUE,
    table=ISSUES,
    resource_types=(_TYPE,),
    intent="order",
    skeleton={_TYPE: {"status": stops.COMPLETED, "intent": "order"}},
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
