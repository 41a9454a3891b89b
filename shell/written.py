"""How text from outside is written on the glass: in one line, in its own direction, ready to be wrapped."""

import unicodedata

from web_modules.fhir.one_line import one_line

_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_ISOLATED, _END = "\u200e\u2068", "\u2069"
"""The mark before it keeps the line itself left to right where that is guessed from the first letter."""
_BREAK = "\u200b"
_WHOLE_LETTERS = 20
"""A word of up to so many letters is kept whole; a longer one may be broken anywhere."""


def written(text: str | None) -> str:
    """A text from outside as the glass writes it.

    It stands in one line and keeps its place among the words beside it, whatever direction its own letters
    run in (Unicode's isolates, UAX #9). A word that is longer than any in use may be broken anywhere, so that
    it wraps where it would be cut.
    """
    words = " ".join(_breakable(word) for word in one_line(text).split(" "))
    is_right_to_left = any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in words)
    return f"{_ISOLATED}{words}{_END}" if is_right_to_left else words


def _breakable(word: str) -> str:
    if len(word) <= _WHOLE_LETTERS:
        return word
    parts = [word[0]]
    for letter in word[1:]:
        # never between a letter and the marks that belong to it, nor beside a joiner
        is_mark = unicodedata.category(letter).startswith("M") or letter in "\u200c\u200d"
        parts.append(letter if is_mark or parts[-1] in ("\u200c", "\u200d") else _BREAK + letter)
    return "".join(parts)
