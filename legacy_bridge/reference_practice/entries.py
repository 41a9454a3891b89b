"""Invents a little of the clinical record, with terms and code numbers that no terminology owns.

But for a blood pressure's three, which are known by SNOMED CT's numbers only.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

from legacy_bridge.reference_practice.practice import PracticePlan

Row = dict[str, Any]

_NO_CODE_SYSTEM = 990_000_000  # far below any number of a real terminology's form
_VALUES = (("Body weight", "kg", 45, 120), ("Pulse rate", "/min", 52, 105), ("Peak flow", "L/min", 250, 650))
_PRESSURE = (("Invented pressure reading", 163020007), ("Upper", 163030003), ("Lower", 163031004))
"""Term and SNOMED CT concept of a blood pressure's row and of the two below it."""
_FIRST_PRESSURE = 400  # of the code numbers
_PROBLEMS = ("Sore elbow of the reference practice", "Invented seasonal sneezing", "Made-up back ache")
_OTHERS = (
    ("Allergy to examplecillin", "Allergy and adverse reactions", "Allergy"),
    ("Allergy to invented nuts", "Allergy and adverse reactions", "Allergy"),
    ("Vaccination against made-up fever", "Immunisations", "Immunisation"),
    ("Family history of invented sneezing", "Family history", "Family History"),
    ("Invented blood test requested", "Investigation requests", "Test Request"),
    ("Referral to the reference hospital", "Referral", "Referral"),
    ("Invented blood panel", "Biochemistry", "Investigation"),
    ("Invented serum examplium", "Biochemistry", "Value"),
)
"""Term, category and what `ObservationType` says; the last is a result of the one before it."""
_ALLERGIES = (0, 1)
_PANEL, _RESULT = 6, 7
_ROWS_A_PATIENT = 1200  # coded rows on average, in a practice as large and as old as they are
_ROWS_A_CONSULTATION = 5.3  # coded rows that one consultation makes here, on average
_TAIL = 1.0  # of the lognormal distribution: one patient in a hundred has six times the average
_YEARS = 25
_DRUGS = ("Exampletine 500mg tablets", "Placeborol 20mg capsules", "Specimenine 5mg/5ml oral solution")
_DOSES = ("ONE TO BE TAKEN TWICE A DAY", "ONE TO BE TAKEN EACH MORNING", "5ML THREE TIMES A DAY")


def code_rows() -> tuple[list[Row], list[Row]]:
    """The clinical codes and the drug codes."""
    terms = [(value[0], "Biological values") for value in _VALUES]
    terms += [(problem, "Symptoms and Findings") for problem in _PROBLEMS]
    terms += [(term, category) for term, category, _ in _OTHERS]
    clinical = [
        {
            "CodeId": _NO_CODE_SYSTEM + place,
            "Term": term,
            "SnomedCTConceptId": _NO_CODE_SYSTEM + place,
            "SnomedCTDescriptionId": _NO_CODE_SYSTEM + place,
            "EmisCodeCategoryDescription": category,
        }
        for place, (term, category) in enumerate(terms)
    ]
    clinical += [
        {
            "CodeId": _NO_CODE_SYSTEM + _FIRST_PRESSURE + place,
            "Term": term,
            "SnomedCTConceptId": concept,
            "EmisCodeCategoryDescription": "Biological values",
        }
        for place, (term, concept) in enumerate(_PRESSURE)
    ]
    drugs = [
        {"CodeId": _NO_CODE_SYSTEM + 500 + place, "Term": term, "DmdProductCodeId": None}
        for place, term in enumerate(_DRUGS)
    ]
    return clinical, drugs


def entry_rows(
    plan: PracticePlan, organisation: str, person: Row, staff: Sequence[str]
) -> Iterator[tuple[str, Row]]:
    """One patient's entries, none before the birth: table and row."""
    patient: str = person["PatientGuid"]
    chance = random.Random(f"{plan.seed}/{patient}")  # noqa: S311
    days_old = (plan.today - person["DateOfBirth"]).days
    consultations, span = _how_much(plan, chance, days_old)
    for place in range(consultations):
        day = plan.today - timedelta(days=chance.randrange(2, span))
        if (plan.today - day).days > days_old:
            continue
        clinician = chance.choice(staff)
        consultation = plan.guid("consultation", patient, place)
        entered = {
            "PatientGuid": patient,
            "OrganisationGuid": organisation,
            "EffectiveDate": day,
            "EffectiveDatePrecision": "YMD",
            "EnteredDate": day,
            "EnteredTime": time(chance.randrange(9, 17), chance.randrange(60)),
            "ClinicianUserInRoleGuid": clinician,
            "EnteredByUserInRoleGuid": clinician,
            "Deleted": False,
            "IsConfidential": False,
        }
        yield (
            "CareRecord_Consultation",
            entered
            | {
                "ConsultationGuid": consultation,
                "ConsultationSourceTerm": "Main Surgery",
                "Complete": True,
                "ConsultationType": chance.choice(("Face to face consultation", "Telephone consultation")),
            },
        )
        for number, (_, unit, low, high) in enumerate(_VALUES):
            yield (
                "CareRecord_Observation",
                entered
                | {
                    "ObservationGuid": plan.guid("value", patient, place, number),
                    "CodeId": _NO_CODE_SYSTEM + number,
                    "ConsultationGuid": consultation,
                    "Value": Decimal(chance.randrange(low * 10, high * 10)) / 10,
                    "NumericUnit": unit,
                    "ObservationType": "Value",
                    "Abnormal": False,
                    "Episode": "None",
                },
            )
        yield from _pressure(plan, entered, consultation, place)
        yield from _noted(plan, chance, entered, consultation, place)
        if chance.random() < 0.5:
            drug = chance.randrange(len(_DRUGS))
            yield (
                "Prescribing_DrugRecord",
                entered
                | {
                    "DrugRecordGuid": plan.guid("drug", patient, place),
                    "CodeId": _NO_CODE_SYSTEM + 500 + drug,
                    "Dosage": _DOSES[drug],
                    "Quantity": Decimal("28.000"),
                    "QuantityUnit": "tablet",
                    "PrescriptionType": chance.choice(("Acute", "Repeat")),
                    "IsActive": True,
                    "NumberOfIssues": 1,
                    "NumberOfIssuesAuthorised": 6,
                },
            )
            yield (
                "Prescribing_IssueRecord",
                entered
                | {
                    "IssueRecordGuid": plan.guid("issue", patient, place),
                    "DrugRecordGuid": plan.guid("drug", patient, place),
                    "CodeId": _NO_CODE_SYSTEM + 500 + drug,
                    "Dosage": _DOSES[drug],
                    "Quantity": Decimal("28.000"),
                    "QuantityUnit": "tablet",
                    "CourseDurationInDays": 28,
                    "EstimatedNhsCost": Decimal("2.1500"),
                    "IsPrescribedAsContraceptive": False,
                    "IsPrivatelyPrescribed": False,
                    "ConsultationGuid": consultation,
                },
            )


def _pressure(plan: PracticePlan, entered: Row, consultation: str, place: int) -> Iterator[tuple[str, Row]]:
    """In some consultations a blood pressure: the reading, and its two numbers below it."""
    patient: str = entered["PatientGuid"]
    chance = random.Random(f"{plan.seed}/{patient}/pressure/{place}")  # noqa: S311
    if chance.random() >= 0.3:
        return
    measured = (None, chance.randrange(98, 182), chance.randrange(55, 110))
    for what, value in enumerate(measured):
        yield (
            "CareRecord_Observation",
            entered
            | {
                "ObservationGuid": plan.guid("pressure", patient, place, what),
                "ParentObservationGuid": plan.guid("pressure", patient, place, 0) if what else None,
                "CodeId": _NO_CODE_SYSTEM + _FIRST_PRESSURE + what,
                "ConsultationGuid": consultation,
                "Value": None if value is None else Decimal(value),
                "NumericUnit": None if value is None else "mmHg",
                "ObservationType": "Observation" if value is None else "Value",
                "Abnormal": False,
                "Episode": "None",
            },
        )


def _how_much(plan: PracticePlan, chance: random.Random, days_old: int) -> tuple[int, int]:
    """How many consultations a patient had, and in how many days: a few people had very many."""
    if not plan.density:
        return chance.randrange(1, 4), 900
    share = chance.lognormvariate(-(_TAIL**2) / 2, _TAIL)  # one on average
    wanted = round(plan.density * _ROWS_A_PATIENT / _ROWS_A_CONSULTATION * share)
    return max(1, wanted), max(3, min(days_old, _YEARS * 365))


def _noted(
    plan: PracticePlan, chance: random.Random, entered: Row, consultation: str, place: int
) -> Iterator[tuple[str, Row]]:
    """What else was noted in one consultation: a problem, an allergy, a panel with its result."""
    patient: str = entered["PatientGuid"]

    def noted(what: int, **columns: Any) -> tuple[str, Row]:
        return (
            "CareRecord_Observation",
            entered
            | {
                "ObservationGuid": plan.guid("noted", patient, place, what),
                "CodeId": _NO_CODE_SYSTEM + len(_VALUES) + len(_PROBLEMS) + what,
                "ConsultationGuid": consultation,
                "ObservationType": _OTHERS[what][2],
                "Abnormal": False,
                "Episode": "None",
            }
            | columns,
        )

    for what in range(len(_OTHERS)):
        if what not in (*_ALLERGIES, _PANEL, _RESULT) and chance.random() < 0.1:
            yield noted(what)
    if place == 0 and chance.random() < 0.2:
        yield noted(chance.choice(_ALLERGIES))
    if chance.random() < 0.2:
        yield noted(_PANEL)
        yield noted(
            _RESULT,
            ParentObservationGuid=plan.guid("noted", patient, place, _PANEL),
            Value=Decimal(chance.randrange(300, 600)) / 10,
            NumericUnit="mmol/L",
            NumericRangeLow=Decimal("35.0"),
            NumericRangeHigh=Decimal("50.0"),
        )
    if chance.random() < 0.4:
        problem = chance.randrange(len(_PROBLEMS))
        guid = plan.guid("problem", patient, place)
        yield (
            "CareRecord_Observation",
            entered
            | {
                "ObservationGuid": guid,
                "CodeId": _NO_CODE_SYSTEM + len(_VALUES) + problem,
                "ConsultationGuid": consultation,
                "ObservationType": "Observation",
                "Abnormal": False,
                "Episode": "First",
            },
        )
        yield (
            "CareRecord_Problem",
            {
                "ObservationGuid": guid,
                "PatientGuid": patient,
                "OrganisationGuid": entered["OrganisationGuid"],
                "Deleted": False,
                "EndDatePrecision": "U",
                "ExpectedDuration": 14,
                "ProblemStatusDescription": "Active Problem",
                "SignificanceDescription": chance.choice(("Significant Problem", "Minor Problem")),
            },
        )
