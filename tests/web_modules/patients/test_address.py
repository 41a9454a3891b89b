"""An address: six fields out of lines with and without marks, and back."""

from web_modules.patients.address import address_lines, address_parts, home_address, with_address


def test_lines_without_marks_are_read_by_their_number() -> None:
    assert address_parts({"line": ["14 Larkspur Close"]})["street"] == "14 Larkspur Close"
    two = address_parts({"line": ["14 Larkspur Close", "Overton"]})
    assert (two["street"], two["village"]) == ("14 Larkspur Close", "Overton")
    three = address_parts({"line": ["Flat 2", "14 Larkspur Close", "Overton"]})
    assert (three["house"], three["street"], three["village"]) == ("Flat 2", "14 Larkspur Close", "Overton")


def test_more_lines_than_fields_are_kept_in_the_last() -> None:
    four = address_parts({"line": ["Flat 2", "Larkspur House", "Close", "Overton"]})
    assert four["village"] == "Close, Overton"


def test_todays_home_is_the_first_home_address_that_has_not_ended() -> None:
    old = {"use": "home", "line": ["1 Mill Lane"], "period": {"end": "2001-01-01"}}
    now = {"line": ["14 Larkspur Close"]}
    assert home_address({"address": [{"use": "work"}, old, now]}) == (2, now)
    assert home_address({}) == (None, {})


def test_an_emptied_address_is_taken_away_and_the_others_stay() -> None:
    work = {"use": "work", "city": "Newton"}
    patient = {"address": [work, {"use": "home", "city": "Fernbrook"}]}
    empty = dict.fromkeys(address_parts({}), "")
    assert with_address(patient, empty) == [work]
    assert with_address({"address": []}, empty) is None


def test_a_first_address_becomes_the_home_address() -> None:
    parts = address_parts({}) | {"town": "Fernbrook"}
    assert with_address({}, parts) == [{"use": "home", "city": "Fernbrook"}]


def test_an_address_is_shown_as_on_an_envelope() -> None:
    assert address_lines({"line": ["Flat 2", "14 Larkspur Close"], "city": "Fernbrook"}) == (
        "Flat 2",
        "14 Larkspur Close",
        "Fernbrook",
    )
    assert address_lines({"text": "Boat on the canal"}) == ("Boat on the canal",)
