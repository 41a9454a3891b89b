"""Text from a record as one line of plain characters, whatever is stored."""

import unicodedata

UNSHOWABLE = "\N{WHITE SQUARE}"
"""Stands for a character that would draw something else than itself."""

_KEPT_FORMATS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Invisible characters that names and emoji are written with."""


def plain_line(text: str | None) -> str:
    """Return the text in one line without anything that could rearrange or hide its neighbours.

    Line breaks and tabs become spaces; control characters, direction overrides, lone surrogates become a
    square. Markup stays as it is written: it is for widgets that draw plain text only.
    """
    if not text:
        return ""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Zl", "Zp", "Zs"} or character in "\t\r\n\v\f\x85":
        return " "
    if category in {"Cc", "Cs"} or (category == "Cf" and character not in _KEPT_FORMATS):
        return UNSHOWABLE
    return character
