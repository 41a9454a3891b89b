"""Patients as the mirror makes them, for tests."""

from typing import Any

from web_modules.fhir.systems import NHS_NUMBER, patient_number

PRACTICE = "Y99002"
_PART = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-"


def patient(
    family: str, given: str, born: str, *, nhs: str = "", number: str = "", title: str = "Mrs", **more: Any
) -> dict[str, Any]:
    """A Patient with what is given."""
    identifiers = [{"system": NHS_NUMBER, "value": nhs}] if nhs else []
    identifiers += [{"system": patient_number(PRACTICE), "value": number}] if number else []
    made: dict[str, Any] = {
        "resourceType": "Patient",
        "active": True,
        "identifier": identifiers,
        "name": [{"use": "official", "family": family, "given": [given], "prefix": [title]}],
        "gender": "female",
        "birthDate": born,
    }
    return {name: value for name, value in (made | more).items() if value != []}


def sarah() -> dict[str, Any]:
    """SMITH, Sarah (Mrs), with entries that the form does not know between those that it does."""
    return patient(
        "Smith",
        "Sarah",
        "1961-03-12",
        nhs="9991234578",
        number="104417",
        telecom=[
            {"system": "phone", "use": "work", "value": "01632 960555"},
            {"system": "phone", "use": "home", "value": "01632 960142", "id": "h1"},
            {"system": "phone", "use": "mobile", "value": "07700 900001", "period": {"end": "2020-01-01"}},
            {"system": "phone", "use": "mobile", "value": "07700 900318"},
            {"system": "email", "use": "home", "value": "sarah@example.com"},
        ],
        address=[
            {"use": "old", "line": ["1 Mill Lane"], "city": "Elsewhere"},
            {
                "use": "home",
                "line": ["14 Larkspur Close"],
                "_line": [
                    {"extension": [{"url": f"{_PART}streetAddressLine", "valueString": "14 Larkspur Close"}]}
                ],
                "city": "Fernbrook",
                "postalCode": "FB4 7QT",
                "period": {"start": "2001-05-01"},
            },
        ],
    )
