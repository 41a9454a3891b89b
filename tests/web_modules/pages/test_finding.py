"""What a person types finds the patients who are meant, and marks those easily taken for each other."""

import pytest

from tests.support.module_web import TODAY, ModuleWeb
from tests.web_modules.patients.people import patient, sarah
from web_modules.fhir.patient_search import read_wanted
from web_modules.pages.finding import Found, find_patients


def names(web: ModuleWeb, typed: str) -> list[str]:
    return [one.name.words for one in found(web, typed).patients]


def found(web: ModuleWeb, typed: str) -> Found:
    return find_patients(web.fhir, "Y99002", read_wanted(typed, TODAY), TODAY)


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
        ("Smithers", "Sarah"): True,
        ("Smiling", "Sarah"): False,
        ("Smith", "Peter"): False,
    }
    ids = {web.create(patient(*name, "1980-01-01"))["id"]: name for name in pairs}
    result = found(web, "sm")
    assert {ids[one] for one in result.similar} == {name for name, alike in pairs.items() if alike}
