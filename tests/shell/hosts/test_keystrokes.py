"""Keystrokes as a description writes them, and the keys that a keyboard has."""

import pytest

from shell.hosts.legacy.keystrokes import Stroke, strokes

VALUES = {"number": "7B", "screen": "F6", "database": "x", "python": "p", "here": "h", "today": None}


def written(wanted: list[Stroke]) -> list[str]:
    """Strokes in short: a letter as it is, a key in brackets."""
    return [stroke.name if stroke.is_letter else f"[{stroke.name}]" for stroke in wanted]


def test_keys_are_pressed_and_all_else_is_typed() -> None:
    template = (("<{screen}>",), ("<F3>{number}<Return>",), ("<Ctrl+Shift+P>a b",))
    typed = written(strokes(template, VALUES))
    assert typed == ["[F6]", "[F3]", "7", "B", "[Return]", "[Ctrl+Shift+P]", "a", " ", "b"]


def test_a_group_without_a_value_is_left_out_whole() -> None:
    template = (("<F3>{number}<Return>",), ("<F5>",))
    assert written(strokes(template, {**VALUES, "number": None})) == ["[F5]"]


def test_a_value_is_typed_and_never_pressed_whatever_is_in_it() -> None:
    typed = written(strokes((("{number}",),), {**VALUES, "number": "<F4>{python}"}))
    assert typed == list("<F4>{python}")


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("<F3", "angle bracket too many or too few"),
        ("F3>", "angle bracket too many or too few"),
        ("<>", "angle bracket too many or too few"),
        ("<Hyper+K>", "“<Hyper[+]K>” is no key"),
        ("<{number}>", "“<7B>” is no key"),
    ],
)
def test_what_cannot_be_typed_is_said(part: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        strokes(((part,),), VALUES)
