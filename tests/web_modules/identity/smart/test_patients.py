"""The patients whom a person may choose for an application."""

from typing import Any

import pytest

from tests.web_modules.identity.smart.practice import SmartPractice
from web_modules.fhir.client import FhirClient
from web_modules.fhir.systems import CONFIDENTIALITY, NHS_NUMBER
from web_modules.fhir_store.access import READING, Access, Agent, Grant
from web_modules.identity.smart.patients import PatientFinder

READER = Access(agent=Agent(id="x", name="X"), grants=(Grant(resource_type="Patient", interactions=READING),))
MARGARET: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"use": "official", "family": "Ashworth", "given": ["Margaret", "Rose"]}],
    "birthDate": "1961-04-23",
    "identifier": [{"system": NHS_NUMBER, "value": "9990000018"}],
}


@pytest.fixture(scope="module")
def margaret(practice: SmartPractice) -> str:
    return str(FhirClient(practice.cloud.services.fhir).create(MARGARET)["id"])


@pytest.fixture
def finder(practice: SmartPractice) -> PatientFinder:
    return PatientFinder(practice.cloud.services.fhir)


@pytest.mark.parametrize(
    "typed", ["ashw", "Margaret Ashworth", "ashworth, marg", "999 000 0018", "1961-04-23"]
)
def test_a_patient_is_found_by_what_people_type(finder: PatientFinder, margaret: str, typed: str) -> None:
    (found,), is_partial = finder.find(typed, READER)
    assert (found.id, found.name) == (margaret, "ASHWORTH, Margaret Rose")
    assert (found.born, found.nhs_number) == ("23-Apr-1961", "999 000 0018")
    assert not is_partial


@pytest.mark.parametrize("typed", ["nobody", "$,|\\", "ashworth 1999-01-01", "é\u202e", "'; drop table --"])
def test_nobody_is_found_by_what_is_not_theirs(finder: PatientFinder, margaret: str, typed: str) -> None:
    assert finder.find(typed, READER) == ([], False)


def test_a_patient_who_is_restricted_is_not_offered(finder: PatientFinder, practice: SmartPractice) -> None:
    label = {"security": [{"system": CONFIDENTIALITY, "code": "R"}]}
    fhir = FhirClient(practice.cloud.services.fhir)
    hidden = fhir.create({"resourceType": "Patient", "name": [{"family": "Hidden"}], "meta": label})["id"]
    assert finder.find("hidden", READER) == ([], False)
    assert not finder.is_there(hidden, READER)
    cleared = Access(agent=READER.agent, grants=READER.grants, clearance=frozenset("R"), relationships=None)
    assert finder.is_there(hidden, cleared)


def test_who_may_not_read_patients_finds_none(finder: PatientFinder, margaret: str) -> None:
    nobody = Access(agent=READER.agent, grants=())
    assert finder.find("ashworth", nobody) == ([], False)
    assert not finder.is_there(margaret, nobody)


@pytest.mark.parametrize(("born", "shown"), [("1961", "1961"), ("1961-04", "Apr-1961"), (None, "")])
def test_a_partial_date_of_birth_stays_partial(
    finder: PatientFinder, practice: SmartPractice, born: str | None, shown: str
) -> None:
    elements = {"name": [{"text": "No family"}], "gender": "other"} | ({"birthDate": born} if born else {})
    fhir = FhirClient(practice.cloud.services.fhir)
    made = fhir.create({"resourceType": "Patient", **elements})
    (found,) = [one for one in finder.find("no", READER)[0] if one.id == made["id"]]
    assert (found.name, found.born) == ("No family", shown)
