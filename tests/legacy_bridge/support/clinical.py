"""A clinical record of a handful of rows, edited as the legacy program and the new pages would."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from tests.legacy_bridge.support.mirror import Mirror, stages
from tests.legacy_bridge.support.small_practice import PracticeDatabase, guid
from web_modules.decision.decision import Standing
from web_modules.decision.words import Function, Stage

SEEN = date(2026, 11, 12)
ENTRIES = "CareRecord_Observation"
CODES = {
    "penicillin allergy": (
        101,
        "Allergy to an invented penicillin",
        "Allergy and adverse reactions",
        "^EXA1",
    ),
    "nut allergy": (102, "Allergy to made-up nuts", "Allergy and adverse reactions", "^EXA2"),
    "sore elbow": (
        103,
        "Sore elbow of the reference practice",
        "Conditions, operations and procedures",
        "^E3",
    ),
    "weight": (104, "Body weight", "Biological values", "^EXA4"),
    "panel": (105, "Invented panel", "Biochemistry", "^EXA5"),
    "sodium": (106, "Invented serum sodium", "Biochemistry", "^EXA6"),
    "jab": (108, "Invented vaccination", "Immunisations", "^EXA8"),
    "grandmother": (109, "Family history of made-up sneezing", "Family history", "^EXA9"),
    "stitches": (110, "Stitches of the reference practice", "Conditions, operations and procedures", "7H1.."),
    "blood test": (111, "Invented blood test requested", "Investigation requests", "^EX11"),
    "to hospital": (112, "Referral to the invented hospital", "Referral", "^EX12"),
    "letter": (113, "Invented discharge letter", "Administration, documents and attachments", "^EX13"),
    "recall": (114, "Made-up smear due", "Health management, screening and monitoring", "^EX14"),
    "cough": (107, "Invented cough", "Conditions, operations and procedures", "H33.."),
}
"""Number, term, category and Read code; the concept is the number with 900000 before it."""


def clinical_stages(stage: Stage = Stage.LEAD) -> dict[Function, Standing]:
    """Where functions stand when the clinical record is mirrored."""
    names = ("consultations", "results", "referrals", "prescribing", "documents", "tasks")
    return stages(**dict.fromkeys(names, stage))


def concept(name: str) -> str:
    """The SNOMED CT concept of a code's name."""
    return f"900000{CODES[name][0]}"


def add_codes(practice: PracticeDatabase) -> None:
    """The codes of the practice."""
    for number, term, category, read in CODES.values():
        practice.insert(
            "Coding_ClinicalCode",
            CodeId=number,
            Term=term,
            ReadTermId=read,
            SnomedCTConceptId=int(f"900000{number}"),
            SnomedCTDescriptionId=int(f"800000{number}"),
            EmisCodeCategoryDescription=category,
        )
    practice.insert(
        "Coding_DrugCode", CodeId=501, Term="Exampletine 500mg tablets", DmdProductCodeId=900000501
    )


def add_consultation(practice: PracticeDatabase, name: str, patient: str = "mary", **columns: Any) -> None:
    """Insert a consultation."""
    practice.add(
        "CareRecord_Consultation",
        name,
        **{
            "PatientGuid": guid(patient),
            "OrganisationGuid": guid("org"),
            "EffectiveDate": SEEN,
            "EffectiveDatePrecision": "YMD",
            "EnteredDate": SEEN,
            "EnteredTime": time(10, 5),
            "ClinicianUserInRoleGuid": guid("ann"),
            "EnteredByUserInRoleGuid": guid("bob"),
            "ConsultationSourceTerm": "Main Surgery",
            "ConsultationType": "Telephone consultation",
            "Complete": True,
            "Deleted": False,
            "IsConfidential": False,
            **columns,
        },
    )


def add_entry(
    practice: PracticeDatabase, name: str, code: str | None, patient: str = "mary", **columns: Any
) -> None:
    """Insert a coded entry."""
    practice.add(
        ENTRIES,
        name,
        **{
            "PatientGuid": guid(patient),
            "OrganisationGuid": guid("org"),
            "EffectiveDate": SEEN,
            "EffectiveDatePrecision": "YMD",
            "EnteredDate": SEEN,
            "EnteredTime": time(10, 5),
            "ClinicianUserInRoleGuid": guid("ann"),
            "EnteredByUserInRoleGuid": guid("bob"),
            "CodeId": None if code is None else CODES[code][0],
            "ObservationType": "Observation",
            "Abnormal": False,
            "Episode": "None",
            "Deleted": False,
            "IsConfidential": False,
            **columns,
        },
    )


def add_allergy(
    practice: PracticeDatabase, name: str, code: str = "penicillin allergy", **columns: Any
) -> None:
    """Insert an allergy."""
    add_entry(practice, name, code, **{"ObservationType": "Allergy", **columns})


def add_problem(practice: PracticeDatabase, name: str, code: str = "sore elbow", **columns: Any) -> None:
    """Insert an entry and the problem that extends it."""
    add_entry(practice, name, code)
    practice.insert(
        "CareRecord_Problem",
        **{
            "ObservationGuid": guid(name),
            "PatientGuid": guid("mary"),
            "OrganisationGuid": guid("org"),
            "Deleted": False,
            "EndDatePrecision": "U",
            "ProblemStatusDescription": "Active Problem",
            "SignificanceDescription": "Significant Problem",
            "ExpectedDuration": 14,
            **columns,
        },
    )


def add_value(
    practice: PracticeDatabase, name: str, number: str, code: str = "weight", **columns: Any
) -> None:
    """Insert a value."""
    add_entry(
        practice,
        name,
        code,
        **{"ObservationType": "Value", "Value": Decimal(number), "NumericUnit": "kg", **columns},
    )


def add_drug(practice: PracticeDatabase, name: str, **columns: Any) -> None:
    """Insert a drug that is prescribed on repeat."""
    practice.add(
        "Prescribing_DrugRecord",
        name,
        **{
            "PatientGuid": guid("mary"),
            "OrganisationGuid": guid("org"),
            "EffectiveDate": SEEN,
            "EffectiveDatePrecision": "YMD",
            "EnteredDate": SEEN,
            "EnteredTime": time(10, 5),
            "ClinicianUserInRoleGuid": guid("ann"),
            "EnteredByUserInRoleGuid": guid("bob"),
            "CodeId": 501,
            "Dosage": "ONE TO BE TAKEN EACH DAY",
            "Quantity": Decimal("28.000"),
            "QuantityUnit": "tablet",
            "PrescriptionType": "Repeat",
            "IsActive": True,
            "NumberOfIssues": 1,
            "NumberOfIssuesAuthorised": 6,
            "ExpiryDate": datetime(2027, 5, 12),  # noqa: DTZ001 - the column has no zone
            "IsConfidential": False,
            "Deleted": False,
            **columns,
        },
    )


def add_issue(practice: PracticeDatabase, name: str, plan: str, **columns: Any) -> None:
    """Insert an issue of a drug."""
    practice.add(
        "Prescribing_IssueRecord",
        name,
        **{
            "PatientGuid": guid("mary"),
            "OrganisationGuid": guid("org"),
            "DrugRecordGuid": guid(plan),
            "EffectiveDate": SEEN,
            "EffectiveDatePrecision": "YMD",
            "ClinicianUserInRoleGuid": guid("ann"),
            "EnteredByUserInRoleGuid": guid("bob"),
            "CodeId": 501,
            "Dosage": "ONE TO BE TAKEN EACH DAY",
            "Quantity": Decimal("28.000"),
            "QuantityUnit": "tablet",
            "CourseDurationInDays": 28,
            "EstimatedNhsCost": Decimal("2.1500"),
            "IsConfidential": False,
            "Deleted": False,
            **columns,
        },
    )


def add_document(practice: PracticeDatabase, name: str, content: bytes | None, **columns: Any) -> None:
    """Insert a document's entry, and its content where it has one."""
    add_entry(
        practice,
        name,
        "letter",
        **{"ObservationType": "Document", "DocumentGuid": guid(f"{name} file"), **columns},
    )
    if content is not None:
        practice.insert(
            "Reference_DocumentContent",
            DocumentGuid=guid(f"{name} file"),
            OrganisationGuid=guid("org"),
            PatientGuid=guid("mary"),
            MediaType="text/plain",
            Title="Letter from the invented hospital",
            Content=content,
            Deleted=False,
        )


def add_diary(practice: PracticeDatabase, name: str, code: str = "recall", **columns: Any) -> None:
    """Insert a diary entry."""
    practice.add(
        "CareRecord_Diary",
        name,
        **{
            "PatientGuid": guid("mary"),
            "OrganisationGuid": guid("org"),
            "EffectiveDate": date(2027, 5, 1),
            "EffectiveDatePrecision": "YM",
            "EnteredDate": SEEN,
            "EnteredTime": time(10, 5),
            "ClinicianUserInRoleGuid": guid("ann"),
            "EnteredByUserInRoleGuid": guid("bob"),
            "CodeId": CODES[code][0],
            "OriginalTerm": "Smear of the reference practice due",
            "DurationTerm": "1 year",
            "LocationTypeDescription": "Surgery",
            "IsActive": True,
            "IsComplete": False,
            "Deleted": False,
            "IsConfidential": False,
            **columns,
        },
    )


def patient_reference(mirror: Mirror, name: str = "mary") -> dict[str, Any]:
    """A Reference to a patient."""
    return {"reference": f"Patient/{mirror.patient(name)['id']}"}


def doctor_reference(mirror: Mirror, name: str = "ann") -> dict[str, Any]:
    """A Reference to a doctor."""
    return {"reference": f"Practitioner/{mirror.resource('Practitioner', 'Admin_UserInRole', name)['id']}"}


def snomed(name: str) -> dict[str, Any]:
    """A CodeableConcept that has only the SNOMED CT concept of a code."""
    return {"coding": [{"system": "http://snomed.info/sct", "code": concept(name)}]}


def add_record(practice: PracticeDatabase) -> None:
    """Insert a record with one entry of every kind, and the codes."""
    add_codes(practice)
    add_consultation(practice, "visit")
    add_allergy(practice, "pen", ConsultationGuid=guid("visit"))
    add_problem(practice, "elbow")
    add_value(practice, "weight1", "60.000", ConsultationGuid=guid("visit"), ProblemGuid=guid("elbow"))
    add_entry(practice, "bloods", "panel", ObservationType="Investigation")
    add_value(
        practice,
        "sodium1",
        "5.60E+1",
        "sodium",
        NumericUnit="mmol/L",
        ParentObservationGuid=guid("bloods"),
        NumericRangeLow=Decimal("40.0"),
        NumericRangeHigh=Decimal("50.0"),
        Abnormal=True,
        AbnormalReason="Above range",
        Qualifiers='<Qualifiers>\r\n"é"</Qualifiers> ',
    )
    add_entry(practice, "jab1", "jab", ObservationType="Immunisation")
    add_entry(practice, "gran", "grandmother", ObservationType="Family History")
    add_entry(practice, "cut", "stitches")
    add_entry(practice, "asked", "blood test", ObservationType="Test Request")
    add_document(practice, "letter1", b"Dear Dr Okafor")
    add_diary(practice, "smear")
    add_entry(practice, "sent", "to hospital", ObservationType="Referral")
    practice.insert(
        "CareRecord_ObservationReferral",
        ObservationGuid=guid("sent"),
        PatientGuid=guid("mary"),
        OrganisationGuid=guid("org"),
        ReferralUrgency="2 Week Wait",
        ReferralUBRN="000012345678",
        ReferralTargetOrganisationGuid=guid("elsewhere"),
    )


def entry(mirror: Mirror, resource_type: str, name: str) -> dict[str, Any]:
    """The resource of a coded entry."""
    return mirror.resource(resource_type, ENTRIES, name)


def held(mirror: Mirror) -> list[tuple[str, str]]:
    """Kind and reason of what is in quarantine."""
    return [(one.subject.partition("/")[0], one.reason) for one in mirror.journal.quarantined()]
