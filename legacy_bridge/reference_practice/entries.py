"""Invents a little of the clinical record, with terms and code numbers that no terminology owns."""

import random
from collections.abc import Iterator, Sequence
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

from legacy_bridge.reference_practice.practice import PracticePlan

Row = dict[str, Any]

_NO_CODE_SYSTEM = 990_000_000  # far below any number of a real terminology's form
_VALUES = (("Body weight", "kg", 45, 120), ("Pulse rate", "/min", 52, 105), ("Peak flow", "L/min", 250, 650))
_PROBLEMS = ("Sore elbow of the reference practice", "Invented seasonal sneezing", "Made-up back ache")
_DRUGS = ("Exampletine 500mg tablets", "Placeborol 20mg capsules", "Specimenine 5mg/5ml oral solution")
_DOSES = ("ONE TO BE TAKEN TWICE A DAY", "ONE TO BE TAKEN EACH MORNING", "5ML THREE TIMES A DAY")


def code_rows() -> tuple[list[Row], list[Row]]:
    """The clinical codes and the drug codes."""
    terms = [(value[0], "Biological values") for value in _VALUES]
    terms += [(problem, "Symptoms and Findings") for problem in _PROBLEMS]
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
    for place in range(chance.randrange(1, 4)):
        day = plan.today - timedelta(days=chance.randrange(2, 900))
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
