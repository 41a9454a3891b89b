"""Text from outside as every screen shows it: in one line, without characters that reorder others."""

_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
"""Unicode's explicit bidirectional controls (UAX #9): they would carry over into the words beside a name."""


def one_line(text: object) -> str:
    """A text for one line: no line ends, its letters in the order in which they are read; None is empty."""
    return "".join(
        " " if letter in "\r\n\t" else letter
        for letter in ("" if text is None else str(text))
        if letter not in _REORDERING
    )
