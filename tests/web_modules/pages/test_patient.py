"""Who a patient is, in words."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from web_modules.fhir.systems import NHS_NUMBER, patient_number
from web_modules.pages.patient import (
    ShownName,
    ShownPatient,
    identifier_of,
    person_words,
    shown_name,
    shown_patient,
)


def shown(**elements: Any) -> ShownPatient:
    resource = {"resourceType": "Patient", "id": "1", "meta": {"versionId": "1"}, **elements}
    return shown_patient(resource, "Y99002", date(2026, 11, 17))


def test_the_official_name_that_has_not_ended_counts() -> None:
    names: list[Mapping[str, Any]] = [
        {"use": "usual", "family": "Known"},
        {"use": "official", "family": "Old", "period": {"end": "2001-01-01"}},
        {"use": "official", "family": "Smith", "given": ["Sarah", "Jane"], "prefix": ["Mrs"]},
    ]
    assert shown_name(names) == ShownName(family="Smith", given="Sarah Jane", title="Mrs")
    assert shown_name(names[:2]).short == "KNOWN"
    assert shown_name(names[1:2]).short == "OLD"


def test_a_name_with_parts_missing_is_said_as_far_as_it_is_known() -> None:
    assert shown_name([]).short == "No name recorded"
    assert shown_name([{"given": ["Sarah"]}]).short == "Sarah"
    assert shown_name([{"text": "Baby of Hassan"}]).short == "BABY OF HASSAN"


def test_staff_are_named_as_one_speaks_of_them() -> None:
    assert person_words([{"family": "Nair", "given": ["Priya"], "prefix": ["Dr"]}]) == "Dr Priya Nair"


def test_nothing_recorded_is_said_and_never_guessed() -> None:
    nobody = shown()
    assert (nobody.born_words, nobody.gender, nobody.number_words) == (
        "Not recorded",
        "Not recorded",
        "Not known.",
    )


def test_without_an_nhs_number_the_practices_own_is_shown() -> None:
    one = shown(identifier=[{"system": patient_number("Y99002"), "value": "105233"}])
    assert one.number_words == "Not known. Practice No. 105233"


def test_an_old_number_is_not_the_number() -> None:
    known = {
        "identifier": [
            {"system": NHS_NUMBER, "use": "old", "value": "9990000000"},
            {"system": NHS_NUMBER, "value": "9991234578"},
        ]
    }
    assert identifier_of(known, NHS_NUMBER) == "9991234578"


def test_the_age_of_someone_who_died_stands_beside_the_death() -> None:
    one = shown(birthDate="1938-01-11", deceasedDateTime="2026-09-03")
    assert (one.born_words, one.died_words) == ("11-Jan-1938", "03-Sep-2026 (88y)")
    partly = shown(birthDate="1938-01-11", deceasedDateTime="2026")
    assert (partly.born_words, partly.died_words) == ("11-Jan-1938", "2026")
    somehow = shown(birthDate="1938-01-11", deceasedBoolean=True)
    assert somehow.died_words == "date not recorded"
