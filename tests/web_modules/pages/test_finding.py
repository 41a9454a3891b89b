"""What a person types to find a patient, taken apart and looked for."""

from datetime import date

import pytest

from tests.support.module_web import TODAY, ModuleWeb
from tests.web_modules.patients.people import patient, sarah
from web_modules.pages.finding import Found, Wanted, find_patients, read_wanted

MARCH = date(1961, 3, 12)


def names(web: ModuleWeb, typed: str) -> list[str]:
    return [one.name.words for one in found(web, typed).patients]


def found(web: ModuleWeb, typed: str) -> Found:
    return find_patients(web.fhir, "Y99002", read_wanted(typed, TODAY), TODAY)


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


@pytest.mark.parametrize(
    "typed",
    ["smith sa", "SARAH SMITH", "smith, s", "12/3/61", "999 123 4578", "104417", "smi 12-mar-1961"],
)
def test_a_patient_is_found_by_each_of_them(web: ModuleWeb, typed: str) -> None:
    web.create(sarah())
    web.create(patient("Jones", "Alan", "1955-08-19", nhs="9997419065", number="104418"))
    assert names(web, typed) == ["SMITH, Sarah (Mrs)"]


def test_all_that_is_typed_must_fit(web: ModuleWeb) -> None:
    web.create(sarah())
    assert names(web, "smith 13/3/61") == []
    assert names(web, "smith alan") == []
    assert found(web, "") == Found()


def test_rows_are_in_the_order_of_their_names(web: ModuleWeb) -> None:
    for family, given in (("Smithers", "Sam"), ("Smith", "Zoe"), ("Smith", "Ann"), ("smith", "Bea")):
        web.create(patient(family, given, "1980-01-01", title="Dr"))
    assert names(web, "smith") == [
        "SMITH, Ann (Dr)",
        "SMITH, Bea (Dr)",
        "SMITH, Zoe (Dr)",
        "SMITHERS, Sam (Dr)",
    ]


@pytest.mark.parametrize(
    "typed", ["a,b|c$d\\", "smith\\", "|", "$", "%", "*", "' OR 1=1", "👩‍👩‍👧", "\u202e"]
)
def test_signs_that_mean_something_elsewhere_mean_nothing_here(web: ModuleWeb, typed: str) -> None:
    web.create(sarah())
    assert names(web, typed) == []


def test_names_that_could_be_taken_for_each_other_are_marked(web: ModuleWeb) -> None:
    pairs = {
        ("Smith", "Sarah"): True,
        ("Smith", "Sandra"): True,
        ("Smyth", "Sarah"): True,
        ("Smiht", "Sara"): True,
        ("Smithers", "Sarah"): False,
        ("Smith", "Peter"): False,
    }
    ids = {web.create(patient(*name, "1980-01-01"))["id"]: name for name in pairs}
    result = found(web, "sm")
    assert {ids[one] for one in result.similar} == {name for name, alike in pairs.items() if alike}
