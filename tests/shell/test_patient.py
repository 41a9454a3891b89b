"""Identity as the NHS Common User Interface writes it."""

from datetime import date

import pytest

from shell.patient import Patient, age_words, date_words, nhs_number_words, patient_of
from web_modules.fhir import systems

ON = date(2026, 11, 17)


def _patient(**given: object) -> Patient:
    base: dict[str, object] = {
        "fhir_id": "1",
        "patient_number": "104417",
        "family": "Smith",
        "given": "Sarah",
        "title": "Mrs",
        "born": "1961-03-12",
        "gender": "female",
        "nhs_number": "9991234578",
    }
    return Patient(**(base | given))  # type: ignore[arg-type]  # the test's own words


@pytest.mark.parametrize(
    ("born", "words"),
    [
        ("2026-11-17", "0d"),
        ("2026-11-14", "3d"),
        ("2026-10-21", "27d"),
        ("2026-10-20", "4w 0d"),
        ("2025-11-18", "52w 0d"),
        ("2025-11-17", "12m 0d"),
        ("2024-12-01", "23m 16d"),
        ("2024-11-17", "2y 0m"),
        ("2008-11-18", "17y 11m"),
        ("2008-11-17", "18y"),
        ("1961-03-12", "65y"),
        ("1960-02-29", "66y"),
    ],
)
def test_age_is_told_in_the_units_of_its_band(born: str, words: str) -> None:
    assert age_words(born, ON) == words


@pytest.mark.hazard("H15")
@pytest.mark.parametrize("born", ["1961", "1961-03", "2026-11-18", "", "tomorrow"])
def test_age_is_not_made_up_from_a_partial_or_impossible_date(born: str) -> None:
    assert age_words(born, ON) is None


def test_age_in_months_and_days_counts_over_the_end_of_a_short_month() -> None:
    assert age_words("2025-01-31", date(2026, 3, 1)) == "13m 1d"


@pytest.mark.hazard("H15")
@pytest.mark.parametrize(
    ("text", "words"),
    [("1961-03-12", "12-Mar-1961"), ("1961-03", "Mar-1961"), ("1961", "1961"), ("1961-13-01", "1961-13-01")],
)
def test_partial_date_stays_partial(text: str, words: str) -> None:
    assert date_words(text) == words


def test_name_is_written_with_the_family_name_in_capitals() -> None:
    assert _patient().name == "SMITH, Sarah (Mrs)"
    assert _patient(title=None).name == "SMITH, Sarah"
    assert _patient(family="", given="", title=None).name == "Name not recorded"


def test_nhs_number_stands_in_groups_and_a_missing_one_is_said() -> None:
    assert nhs_number_words("9991234578") == "999 123 4578"
    assert _patient(nhs_number=None).number_words == "Not known. Practice No. 104417"


def test_dead_patient_has_the_age_at_death_beside_the_date_of_death() -> None:
    dead = _patient(born="1938-01-11", died="2026-09-03")
    assert dead.born_words(ON) == "11-Jan-1938"
    assert dead.died_words() == "Died 03-Sep-2026 (88y)"
    assert _patient(died="").died_words() == "Died, date not known"
    assert _patient().died_words() is None


def test_hostile_name_stays_in_its_line_and_turns_nothing_round() -> None:
    assert _patient(family="O\u202eBrien\r\n").name == "OBRIEN  , Sarah (Mrs)"


def test_each_right_to_left_name_keeps_its_place_family_name_first() -> None:
    hebrew = _patient(family="כהן", given="שרה")
    assert hebrew.name == "\u200e\u2068כהן\u2069, \u200e\u2068שרה\u2069 (Mrs)"
    assert hebrew.short_name == "\u200e\u2068כהן\u2069, \u200e\u2068שרה\u2069"


def test_fhir_patient_is_read_by_system_and_use_and_not_by_position() -> None:
    patient = patient_of(
        {
            "resourceType": "Patient",
            "id": "abc",
            "identifier": [
                {"system": systems.patient_number("Y99001"), "value": "7"},
                {"system": systems.NHS_NUMBER, "value": "9990000018", "use": "old"},
                {"system": systems.NHS_NUMBER, "value": "9991234578"},
                {"system": systems.patient_number("Y99002"), "value": "104417"},
            ],
            "name": [
                {"use": "maiden", "family": "Jones"},
                {"use": "official", "family": "Smith", "given": ["Sarah", "Jane"], "prefix": ["Mrs"]},
            ],
            "telecom": [
                {"system": "email", "value": "s@example.org"},
                {"system": "phone", "use": "mobile", "value": "07700 900142"},
                {"system": "phone", "use": "home", "value": "01632 960142"},
            ],
            "address": [
                {"use": "home", "line": ["14 Larkspur Close"], "city": "Fernbrook", "postalCode": "FB4 7QT"}
            ],
            "birthDate": "1961-03-12",
            "gender": "female",
        },
        "Y99002",
    )
    assert patient.name == "SMITH, Sarah Jane (Mrs)"
    assert (patient.patient_number, patient.nhs_number) == ("104417", "9991234578")
    assert patient.phone == "01632 960142 (home)"
    assert patient.address == "14 Larkspur Close, Fernbrook, FB4 7QT"
