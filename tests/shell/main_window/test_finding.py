"""Names easily taken for each other, and what the palette can go to."""

from dataclasses import replace

import pytest

from shell.main_window.finding import actions_for, in_order, matching, same_name, similar
from shell.patient import Patient
from tests.support.window_stage import GWYNETH, SANDRA, SARAH, TODAY, offer_of
from web_modules.decision.decision import Standing, decide
from web_modules.decision.words import Environment, Function, Stage
from web_modules.fhir.patient_search import read_wanted


def named(family: str, given: str) -> Patient:
    """A patient of a name."""
    return replace(SARAH, fhir_id=f"{family}-{given}", family=family, given=given)


def test_names_that_could_be_taken_for_each_other_are_counted() -> None:
    assert similar([SARAH, SANDRA, named("Smithers", "Sam")]) == 3
    assert similar([SARAH, GWYNETH]) == 0
    assert similar([named("Jones", "Alan"), named("Jones", "Alun")]) == 2
    assert similar([named("Smith", "Sarah"), named("Smith", "John")]) == 0


def test_a_name_that_contains_another_could_be_taken_for_it() -> None:
    assert similar([named("Trần", "Linh"), named("Silva-Trần", "Lina")]) == 2
    assert similar([named("Berg", "Anna"), named("van der Berg", "Annika")]) == 2
    assert similar([named("Trần", "Linh"), named("Silva-Trần", "Bao")]) == 0


@pytest.mark.parametrize(
    ("typed", "order"),
    [
        ("tr", ["Trần", "Trant", "Silva-Tran"]),
        ("trant", ["Trant", "Silva-Tran", "Trần"]),
        ("lan tran", ["Trần", "Trant", "Silva-Tran"]),
        ("silva-tran", ["Silva-Tran", "Trần", "Trant"]),
        ("104417", ["Silva-Tran", "Trần", "Trant"]),
    ],
)
def test_family_names_that_are_or_begin_as_typed_stand_first(typed: str, order: list[str]) -> None:
    found = [named(family, "Lan") for family in ("Silva-Tran", "Trant", "Trần")]
    assert [one.family for one in in_order(found, read_wanted(typed, TODAY))] == order


def test_same_name_is_family_and_first_given_name_of_somebody_else() -> None:
    other = named("SMITH", "Sarah Jane")
    assert same_name(SARAH, [SARAH, other, SANDRA]) == [other]


def test_actions_name_views_that_there_are_functions_and_closing() -> None:
    decision = decide(Standing(stage=Stage.TRIAL), environment=Environment.REFERENCE, has_module=True)
    ids = [one.id for one in actions_for(offer_of(), "Patients", decision, SARAH)]
    assert "view:new" in ids
    assert "view:legacy" not in ids
    assert "function:appointments" in ids
    assert "function:patients" not in ids
    assert "close" in ids


@pytest.mark.hazard("H04")
def test_who_types_the_name_of_the_open_patient_does_not_find_to_close_them() -> None:
    decision = decide(Standing(stage=Stage.LEAD), environment=Environment.REFERENCE, has_module=True)
    actions = actions_for(offer_of(), "Patients", decision, SARAH)
    for typed in ("smith", "SMITH, S", "sarah"):
        assert "close" not in [one.id for one in matching(actions, typed)], typed
    for typed in ("clo", "close patient"):
        assert [one.id for one in matching(actions, typed)] == ["close"], typed


def test_actions_match_by_the_beginnings_of_their_words() -> None:
    decision = decide(Standing(stage=Stage.LEAD), environment=Environment.REFERENCE, has_module=True)
    actions = actions_for(offer_of(), "Patients", decision, None)
    assert [one.id for one in matching(actions, "sh leg")] == ["view:legacy"]
    assert matching(actions, "") == actions


@pytest.mark.parametrize(
    ("typed", "function"),
    [
        ("repeat presc", Function.PRESCRIBING),
        ("medication", Function.PRESCRIBING),
        ("bloods", Function.RESULTS),
        ("letter", Function.DOCUMENTS),
        ("fit note", Function.DOCUMENTS),
        ("diary", Function.APPOINTMENTS),
        ("2ww", Function.REFERRALS),
    ],
)
def test_a_function_is_found_by_what_a_practice_calls_it(typed: str, function: Function) -> None:
    one = offer_of().functions[0]
    offer = replace(
        offer_of(),
        functions=tuple(replace(one, function=any_one, title=any_one.value.title()) for any_one in Function),
    )
    decision = decide(Standing(stage=Stage.TRIAL), environment=Environment.REFERENCE, has_module=True)
    actions = actions_for(offer, "Patients", decision, None)
    assert f"function:{function.value}" in [one.id for one in matching(actions, typed)]


def test_the_beginning_of_a_name_finds_no_function_by_its_other_words() -> None:
    decision = decide(Standing(stage=Stage.TRIAL), environment=Environment.REFERENCE, has_module=True)
    actions = actions_for(offer_of(), "Patients", decision, None)
    assert [one.id for one in matching(actions, "smith sarah")] == []
