"""Text from outside on the glass."""

from shell.written import written
from web_modules.fhir.one_line import one_line


def test_line_ends_and_reordering_characters_are_taken_out() -> None:
    hostile = "O\u202eBrien\r\n<b>x</b>"
    assert one_line(hostile) == "OBrien  <b>x</b>"
    assert written(hostile) == "OBrien  <b>x</b>"


def test_usual_words_are_written_as_they_are() -> None:
    assert written("Featherstonehaugh-Jo") == "Featherstonehaugh-Jo"
    assert written(None) == ""


def test_word_that_is_longer_than_any_may_be_broken_anywhere() -> None:
    word = "Cholmondeley" * 9
    assert written(word).split("\u200b") == list(word)


def test_mark_is_not_broken_off_its_letter() -> None:
    assert written("e\u0301" * 30).split("\u200b") == ["e\u0301"] * 30


def test_text_that_runs_from_right_to_left_is_isolated() -> None:
    assert written("שרה") == "\u200e\u2068שרה\u2069"
    assert written("12 Rose Lane") == "12 Rose Lane"
