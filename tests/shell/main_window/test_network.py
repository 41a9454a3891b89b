"""What a person types becomes a search that can find the person meant."""

import pytest

from shell.main_window.network import search_query, typed_date
from web_modules.fhir import systems


@pytest.mark.parametrize(
    "text", ["12-Mar-1961", "12/03/1961", "12.03.1961", "12-03-1961", "1961-03-12", "12031961"]
)
def test_date_of_birth_is_understood_as_people_type_it(text: str) -> None:
    assert typed_date(text) == "1961-03-12"


def test_numbers_are_searched_as_identifiers_of_their_system() -> None:
    assert search_query("999 123 4578", "Y99002") == {"identifier": f"{systems.NHS_NUMBER}|9991234578"}
    assert search_query("104417", "Y99002") == {"identifier": f"{systems.patient_number('Y99002')}|104417"}


def test_names_and_a_date_narrow_each_other() -> None:
    assert search_query("smith, sa 12/03/1961", "Y99002") == {
        "name": ["smith", "sa"],
        "birthdate": "1961-03-12",
    }


def test_one_letter_is_too_little_to_go_by() -> None:
    assert search_query("s", "Y99002") is None
    assert search_query("  ", "Y99002") is None
