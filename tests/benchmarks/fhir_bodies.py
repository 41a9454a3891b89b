"""Patients and Observations like a GP's, made from numbers: the same number makes the same body."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from web_modules.fhir.systems import NHS_NUMBER, ODS_CODE, patient_number

Resource = dict[str, Any]

OBSERVATIONS_OF_EACH = 4
"""A GP's record is mostly readings; a patient with four is the smallest family with that proportion."""
FAMILY = 1 + OBSERVATIONS_OF_EACH
"""Resources of one patient: the patient and the readings."""

_FAMILY_NAMES = (
    "Ahmed Baker Clarke Davies Evans Foster Green Hughes Iqbal Jones Khan Lewis Morgan Nowak".split()
)
_GIVEN_NAMES = "Aisha Brian Carol Daniel Elaine Farid Grace Henry Irene James Kate Liam Maria".split()
_STREETS = "High Street,Mill Lane,Station Road,Church Close,Victoria Terrace".split(",")
_PRACTICE = "Y99002"
_SNOMED = "http://snomed.info/sct"
_UNITS = "http://unitsofmeasure.org"
_CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"

_READINGS = (
    ("27113001", "Body weight", "kg", 52.0),
    ("50373000", "Body height", "cm", 148.0),
    ("364075005", "Heart rate", "/min", 56.0),
)
_SYSTOLIC, _DIASTOLIC = ("271649006", "Systolic blood pressure"), ("271650006", "Diastolic blood pressure")


def nhs_number(number: int) -> str:
    """A number of its own for each, with the right check digit."""
    first = 900_000_000 + 2 * number
    for nine in (first, first + 1):  # two that follow each other are never both without a check digit
        digits = str(nine)
        check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) % 11
        if check != 10:
            return digits + str(check % 11)
    raise AssertionError(number)


def patient(number: int) -> Resource:
    """One patient, registered and with two ways to be reached."""
    given = _GIVEN_NAMES[number % 13]
    return {
        "resourceType": "Patient",
        "identifier": [
            {"use": "official", "system": NHS_NUMBER, "value": nhs_number(number)},
            {"use": "usual", "system": patient_number(_PRACTICE), "value": str(100_000 + number)},
        ],
        "active": True,
        "name": [
            {"use": "official", "family": _FAMILY_NAMES[number % 14], "given": [given], "prefix": ["Mx"]}
        ],
        "telecom": [
            {"system": "phone", "use": "home", "value": f"0113 496 {number % 10_000:04}"},
            {"system": "email", "use": "home", "value": f"{given.lower()}.{number}@example.org"},
        ],
        "gender": ("female", "male")[number % 2],
        "birthDate": f"{1930 + number % 90}-{1 + number % 12:02}-{1 + number % 28:02}",
        "address": [
            {
                "use": "home",
                "line": [f"{1 + number % 240} {_STREETS[number % 5]}"],
                "city": "Leeds",
                "postalCode": f"LS{1 + number % 29} {number % 10}AB",
            }
        ],
        "managingOrganization": {"identifier": {"system": ODS_CODE, "value": _PRACTICE}},
    }


def observation(number: int, subject: str) -> Resource:
    """One reading of a patient; every fourth is a blood pressure, which has two values."""
    day = f"{2015 + number % 11}-{1 + number % 12:02}-{1 + number % 28:02}"
    made: Resource = {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORIES, "code": "vital-signs", "display": "Vital Signs"}]}],
        "code": _code("75367002", "Blood pressure"),
        "subject": {"reference": subject},
        "effectiveDateTime": f"{day}T{8 + number % 10:02}:{number % 60:02}:00+00:00",
        "issued": f"{day}T18:{number % 60:02}:00+00:00",
    }
    kind = number % OBSERVATIONS_OF_EACH
    if kind == len(_READINGS):
        made["component"] = [
            {"code": _code(*_SYSTOLIC), "valueQuantity": _quantity(100 + number % 60, "mm[Hg]")},
            {"code": _code(*_DIASTOLIC), "valueQuantity": _quantity(60 + number % 35, "mm[Hg]")},
        ]
    else:
        code, display, unit, least = _READINGS[kind]
        made |= {
            "code": _code(code, display),
            "valueQuantity": _quantity(round(least + number % 400 / 10, 1), unit),
        }
    return made


def resource(number: int, subject: str) -> Resource:
    """Whatever comes next where patients and readings are written one by one."""
    return observation(number, subject) if number % FAMILY else patient(number)


def batch(numbers: Iterable[int], subject: str) -> Resource:
    """One create for each number, each for itself."""
    made = (resource(number, subject) for number in numbers)
    return _bundle("batch", [{"resource": one, "request": _create(one)} for one in made])


def registrations(numbers: Iterable[int]) -> Resource:
    """A transaction in which every number is a new patient with readings that refer to the patient."""
    entries = []
    for number in numbers:
        name = UUID(int=number + 1).urn
        family = [observation(number * FAMILY + each, name) for each in range(OBSERVATIONS_OF_EACH)]
        entries.append({"fullUrl": name, "resource": patient(number), "request": _create(patient(number))})
        entries += [{"resource": one, "request": _create(one)} for one in family]
    return _bundle("transaction", entries)


def known_families(numbers: Iterable[int]) -> Resource:
    """A transaction that puts patients and readings under ids that are known beforehand."""
    return _bundle(
        "transaction",
        [
            {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
            for number in numbers
            for one in known_family(number)
        ],
    )


def known_family(number: int, *, change: int = 0) -> list[Resource]:
    """The patient and the readings of a number, with their ids; another `change`, another content."""
    made: list[Resource] = [{**patient(number), "id": patient_id(number)}]
    made[0]["telecom"][0]["value"] = f"0113 496 {(number + change) % 10_000:04}"
    for each in range(OBSERVATIONS_OF_EACH):
        body = observation(number * OBSERVATIONS_OF_EACH + each + change * 4, f"Patient/{patient_id(number)}")
        made.append({**body, "id": f"{patient_id(number)}-{each}"})
    return made


def patient_id(number: int) -> str:
    """The id of a patient who is there before anything is measured."""
    return f"known-{number}"


def as_bytes(body: Resource) -> bytes:
    """As it is sent."""
    return json.dumps(body, separators=(",", ":")).encode()


def _bundle(kind: str, entries: list[Resource]) -> Resource:
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def _create(body: Resource) -> Resource:
    return {"method": "POST", "url": body["resourceType"]}


def _code(code: str, display: str) -> Resource:
    return {"coding": [{"system": _SNOMED, "code": code, "display": display}]}


def _quantity(value: float, unit: str) -> Resource:
    return {"value": value, "unit": unit, "system": _UNITS, "code": unit}
