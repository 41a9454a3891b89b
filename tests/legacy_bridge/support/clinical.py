"""A clinical record of a handful of rows, edited as the legacy program and the new pages would."""

from datetime import date, time
from decimal import Decimal
from typing import Any

from tests.legacy_bridge.support.mirror import Mirror, stages
from tests.legacy_bridge.support.small_practice import SmallPractice, guid
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
    "cough": (107, "Invented cough", "Conditions, operations and procedures", "H33.."),
}
"""Number, term, category and Read code; the concept is the number with 900000 before it."""


def clinical_stages(stage: Stage = Stage.LEAD) -> dict[Function, Standing]:
    """Where functions stand when the clinical record is mirrored."""
    return stages(consultations=stage, results=stage, referrals=stage)


def concept(name: str) -> str:
    """The SNOMED CT concept of a code's name."""
    return f"900000{CODES[name][0]}"


def add_codes(practice: SmallPractice) -> None:
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


def add_consultation(practice: SmallPractice, name: str, patient: str = "mary", **columns: Any) -> None:
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
    practice: SmallPractice, name: str, code: str | None, patient: str = "mary", **columns: Any
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


def add_allergy(practice: SmallPractice, name: str, code: str = "penicillin allergy", **columns: Any) -> None:
    """Insert an allergy."""
    add_entry(practice, name, code, **{"ObservationType": "Allergy", **columns})


def add_problem(practice: SmallPractice, name: str, code: str = "sore elbow", **columns: Any) -> None:
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


def add_value(practice: SmallPractice, name: str, number: str, code: str = "weight", **columns: Any) -> None:
    """Insert a value."""
    add_entry(
        practice,
        name,
        code,
        **{"ObservationType": "Value", "Value": Decimal(number), "NumericUnit": "kg", **columns},
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
