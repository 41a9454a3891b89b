import pytest

from shell.reference_legacy.plain_text import plain_line


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (None, ""),
        ("O'Brien-Smith", "O'Brien-Smith"),
        ("<b>Smith</b> & Sons", "<b>Smith</b> & Sons"),
        ("one\r\ntwo\tthree\N{LINE SEPARATOR}four", "one  two three four"),
        ("Smith\N{RIGHT-TO-LEFT OVERRIDE}htimS", "Smith\N{WHITE SQUARE}htimS"),
        ("bell\a\0", "bell\N{WHITE SQUARE}\N{WHITE SQUARE}"),
        ("lone \ud800", "lone \N{WHITE SQUARE}"),
        ("👩\N{ZERO WIDTH JOINER}👧", "👩\N{ZERO WIDTH JOINER}👧"),
        ("e\N{COMBINING ACUTE ACCENT}", "e\N{COMBINING ACUTE ACCENT}"),
        ("محمد", "محمد"),
    ],
)
def test_text_is_one_line_and_nothing_in_it_rearranges_its_neighbours(stored: str | None, shown: str) -> None:
    assert plain_line(stored) == shown
