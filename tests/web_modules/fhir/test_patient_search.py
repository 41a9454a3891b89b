"""What a person types to find a patient, taken apart, and as a FHIR search."""

from datetime import date

import pytest

from web_modules.fhir import systems
from web_modules.fhir.patient_search import Wanted, patient_query, read_wanted

TODAY = date(2026, 11, 17)
MARCH = date(1961, 3, 12)
SARAH = f"{systems.NHS_NUMBER}|9991234578"


@pytest.mark.parametrize(
    "typed",
    [
        "12/3/61",
        "12/03/1961",
        "12-03-1961",
        "12.3.1961",
        "12 3 1961",
        "12-Mar-1961",
        "12 march 61",
        "12mar1961",
        "12th... 12 Mar, 1961",
        "1961-03-12",
        "1961/3/12",
        "12031961",
    ],
)
def test_a_birth_date_may_be_spelled_in_many_ways(typed: str) -> None:
    assert read_wanted(typed, TODAY).birth_dates == (MARCH,)


def test_a_year_of_two_digits_is_the_last_one_that_is_not_to_come() -> None:
    assert read_wanted("1/1/26", TODAY).birth_dates == (date(2026, 1, 1),)
    assert read_wanted("1/1/27", TODAY).birth_dates == (date(1927, 1, 1),)


def test_numbers_names_and_dates_stand_together() -> None:
    assert read_wanted("smith sa 12/3/61", TODAY) == Wanted(names=("smith", "sa"), birth_dates=(MARCH,))
    assert read_wanted("Smith, Sarah Jane", TODAY) == Wanted(family="Smith", names=("Sarah", "Jane"))
    assert read_wanted("999 123 4578", TODAY) == Wanted(nhs_numbers=("9991234578",))
    assert read_wanted("9991234578", TODAY) == Wanted(nhs_numbers=("9991234578",))
    assert read_wanted("104417", TODAY) == Wanted(practice_numbers=("104417",))
    assert read_wanted("31/2/61", TODAY).birth_dates == ()
    assert read_wanted("   ", TODAY).is_nothing


@pytest.mark.parametrize("typed", ["10417", "1041712", "12345678", "10111213", "104417123456"])
def test_a_number_that_is_no_birth_date_may_be_a_practices_own(typed: str) -> None:
    assert read_wanted(typed, TODAY) == Wanted(practice_numbers=(typed,))


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("Smith, Sarah 12/3/61", {"family": "Smith", "name": ["Sarah"], "birthdate": "1961-03-12"}),
        ("smith 999 123 4578", {"name": ["smith"], "identifier": SARAH}),
        ("999-123-4578", {"identifier": SARAH}),
        ("104417", {"identifier": f"{systems.patient_number('Y99002')}|104417"}),
        ("o$b", {"name": ["o\\$b"]}),
    ],
)
def test_all_of_it_is_asked_for(typed: str, query: dict[str, str | list[str]]) -> None:
    assert patient_query(read_wanted(typed, TODAY), "Y99002") == query


def test_a_number_is_taken_out_of_no_name_and_a_month_may_be_in_any_letters_that_match_it() -> None:
    assert read_wanted("smith4 4", TODAY) == Wanted(names=("smith4",), practice_numbers=("4",))
    assert read_wanted("1 \u017fep 1961", TODAY).birth_dates == (date(1961, 9, 1),)
