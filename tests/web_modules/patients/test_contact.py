"""Contact details: found by key, checked in words, written back without touching anything else."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web_modules.patients.people import sarah
from web_modules.patients.contact import (
    FIELDS,
    changed_fields,
    contact_values,
    form_values,
    mistakes,
    other_points,
    typed_values,
    with_contact,
)


def changed(**typed: str) -> dict[str, Any]:
    """Sarah after these fields were typed."""
    before = contact_values(sarah())
    after = before | typed
    return with_contact(sarah(), after, changed_fields(before, after))


def test_fields_are_found_by_system_and_use_and_never_by_place() -> None:
    values = contact_values(sarah())
    assert values["home_phone"] == "01632 960142"
    assert values["mobile_phone"] == "07700 900318"
    assert values["email"] == "sarah@example.com"
    assert (values["street"], values["town"], values["postcode"]) == (
        "14 Larkspur Close",
        "Fernbrook",
        "FB4 7QT",
    )
    assert (values["house"], values["preferred"]) == ("", "")


def test_a_changed_number_changes_its_entry_and_no_other() -> None:
    expected = sarah()
    expected["telecom"][3]["value"] = "07700 900999"
    assert changed(mobile_phone="07700 900999") == expected


def test_entries_that_the_form_does_not_know_stay_as_and_where_they_are() -> None:
    expected = sarah()
    del expected["telecom"][1]
    assert changed(home_phone="") == expected


def test_a_new_number_is_added_behind_the_others() -> None:
    without = sarah()
    del without["telecom"][4]
    before = contact_values(without)
    after = with_contact(without, before | {"email": "new@example.com"}, ("email",))
    assert after["telecom"] == [
        *without["telecom"],
        {"system": "email", "use": "home", "id": "email", "value": "new@example.com"},
    ]


def two_home_phones(*, marked: int) -> dict[str, Any]:
    """Two home numbers, one of which the mirror marked as the one of the legacy record."""
    points: list[dict[str, Any]] = [
        {"system": "phone", "use": "home", "value": value} for value in ("01632 960001", "01632 960002")
    ]
    points[marked] = {"id": "home-phone", **points[marked]}
    return sarah() | {"telecom": points}


@pytest.mark.parametrize("marked", [0, 1])
def test_of_several_numbers_of_a_kind_the_marked_one_is_shown_and_changed(marked: int) -> None:
    several = two_home_phones(marked=marked)
    before = contact_values(several)
    assert before["home_phone"] == several["telecom"][marked]["value"]
    assert [point["value"] for point in other_points(several)] == [several["telecom"][1 - marked]["value"]]
    after = with_contact(several, before | {"home_phone": "01632 960009"}, ("home_phone",))
    several["telecom"][marked]["value"] = "01632 960009"
    assert after == several


@pytest.mark.parametrize("marked", [0, 1])
def test_a_number_that_is_cleared_is_not_followed_by_another_of_its_kind(marked: int) -> None:
    several = two_home_phones(marked=marked)
    cleared = with_contact(several, contact_values(several) | {"home_phone": ""}, ("home_phone",))
    assert cleared["telecom"][1 - marked] == several["telecom"][1 - marked]
    assert cleared["telecom"][marked] == {"id": "home-phone", "system": "phone", "use": "home"}
    before = contact_values(cleared)
    assert before["home_phone"] == ""
    back = with_contact(cleared, before | {"home_phone": "01632 960003"}, ("home_phone",))
    assert back["telecom"][marked] == several["telecom"][marked] | {"value": "01632 960003"}
    assert back["telecom"][1 - marked] == several["telecom"][1 - marked]


def test_without_a_mark_the_first_is_cleared_and_leaves_the_mark() -> None:
    several = two_home_phones(marked=0)
    del several["telecom"][0]["id"]
    cleared = with_contact(several, contact_values(several) | {"home_phone": ""}, ("home_phone",))
    assert cleared["telecom"] == [
        {"id": "home-phone", "system": "phone", "use": "home"},
        several["telecom"][1],
    ]


def test_the_last_entry_takes_the_empty_list_with_it() -> None:
    alone = sarah() | {"telecom": [{"system": "phone", "use": "home", "value": "01632 960142"}]}
    before = contact_values(alone)
    assert "telecom" not in with_contact(alone, before | {"home_phone": ""}, ("home_phone",))


def test_a_changed_address_keeps_its_other_elements_and_the_other_addresses() -> None:
    after = changed(house="Flat 2", town="Newton")
    assert after["address"][0] == sarah()["address"][0]
    home = after["address"][1]
    assert (home["line"], home["city"], home["period"]) == (
        ["Flat 2", "14 Larkspur Close"],
        "Newton",
        {"start": "2001-05-01"},
    )
    assert contact_values(after) == contact_values(sarah()) | {"house": "Flat 2", "town": "Newton"}


def test_the_preferred_one_has_rank_one_and_the_others_of_the_form_have_none() -> None:
    ranked = changed(preferred="mobile_phone")
    assert [point.get("rank") for point in ranked["telecom"]] == [None, None, None, 1, None]
    before = contact_values(ranked)
    assert before["preferred"] == "mobile_phone"
    after = with_contact(ranked, before | {"preferred": "email"}, ("preferred",))
    assert [point.get("rank") for point in after["telecom"]] == [None, None, None, None, 1]
    assert with_contact(after, before | {"preferred": ""}, ("preferred",)) == sarah()


def test_what_the_form_does_not_know_is_listed() -> None:
    assert [point["value"] for point in other_points(sarah())] == ["01632 960555", "07700 900001"]


def test_nothing_changed_writes_nothing() -> None:
    original = sarah()
    kept = copy.deepcopy(original)
    assert with_contact(original, contact_values(original), ()) == kept
    assert original == kept


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("home_phone", "abc", "Enter a telephone number, like 01632 960142 or +44 7700 900142"),
        ("mobile_phone", "07", "Enter a telephone number, like 01632 960142 or +44 7700 900142"),
        ("email", "sarah at example", "Enter an e-mail address in the right form, like name@example.com"),
        ("postcode", "FB4", "Enter a full postcode, like FB4 7QT"),
        ("street", "x" * 51, "Number and street must be 50 characters or fewer"),
        ("email", f"{'x' * 100}@example.com", "E-mail must be 100 characters or fewer"),
        ("town", "Fern\u202ebrook", "Town holds a sign that cannot be seen: type it again"),
    ],
)
def test_a_mistake_is_told_in_words(name: str, text: str, words: str) -> None:
    before = contact_values(sarah())
    assert mistakes(before, before | {name: text}) == {name: words}


@pytest.mark.parametrize("number", ["+44 (0)1632 960142", "01632-960142 ext 12", "111", "01632.960.142"])
def test_numbers_are_taken_as_people_write_them(number: str) -> None:
    before = contact_values(sarah())
    assert mistakes(before, before | {"home_phone": number}) == {}


def test_what_was_recorded_before_is_never_refused() -> None:
    odd = sarah()
    odd["telecom"][1]["value"] = "ask the neighbour"
    before = contact_values(odd)
    assert mistakes(before, before | {"mobile_phone": "07700 900111"}) == {}


def test_a_preferred_number_must_be_there() -> None:
    before = contact_values(sarah())
    told = mistakes(before, before | {"home_phone": "", "preferred": "home_phone"})
    assert told == {"preferred": "Home phone is preferred, and it is empty: enter it, or choose another"}


def test_a_line_end_in_a_recorded_value_is_no_change_of_the_form() -> None:
    odd = sarah()
    odd["telecom"][1]["value"] = "01632\r\n960142 "
    before = form_values(odd)
    assert before["home_phone"] == "01632960142"
    sent = {f"was_{name}": value for name, value in before.items()} | before
    assert changed_fields(typed_values(sent, prefix="was_"), typed_values(sent)) == ()


@given(st.dictionaries(st.sampled_from(FIELDS[:-1]), st.text(st.characters(codec="utf-8"), max_size=20)))
def test_what_is_written_is_read_back(typed: dict[str, str]) -> None:
    sent = {name: text for name, text in typed_values(typed).items() if name in typed}
    before = contact_values(sarah())
    wanted = before | sent
    after = with_contact(sarah(), wanted, changed_fields(before, wanted))
    assert contact_values(after) == wanted
