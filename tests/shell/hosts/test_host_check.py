"""`banyan-shell host-check`: what works is said, and what does not is said with what to do about it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.host_checks import checked
from tests.support.panes import legacy_arguments
from tests.support.virtual_screen import VirtualScreen


def described(folder: Path, old: str, new: str) -> Path:
    """A guest's description in which something is wrong."""
    path = Path(legacy_arguments("tk", folder)[1])
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new).replace("window_within_seconds = 20", "window_within_seconds = 2"))
    return path


@pytest.mark.parametrize("kind", ["tk", "qt"])
def test_a_program_in_any_toolkit_is_tried_from_its_start_to_its_end(
    bare_screen: VirtualScreen, tmp_path: Path, kind: str
) -> None:
    description = Path(legacy_arguments(kind, tmp_path)[1])
    status, found = checked(bare_screen, description, tmp_path, "104417", "104981")
    assert [words for works, words in found if not works] == []
    assert status == 0
    said = " ".join(words for _, words in found)
    for words in (
        "Its window was taken in",
        "Patient 104981 is opened and read back",
        "does not claim to show a number that nobody has",
        "The screen of appointments is opened",
        "The patient is closed",
        "given back to the screen",
        "taken in again",
        "It ends when it is asked to",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[find]", "[finde]", "“finde” is not a known key"),
        (
            '"tests.support.guests.tk_guest"',
            '"tests.support.guests.none"',
            "ended before it showed its window",
        ),
        ('wm_class = "test-guest"', 'wm_class = "other"', "find.wm_class says “other”"),
        ("title = '^Test Guest '", "title = '^Other '", "which find.title does not fit"),
        ("pattern = '^Test Guest ", "pattern = '^Other ", "title.pattern does not fit it"),
        ('command = ["{python}"', 'command = ["/nowhere/program"', "does not run on this machine"),
    ],
)
def test_what_is_wrong_is_said_with_where_to_mend_it(
    bare_screen: VirtualScreen, tmp_path: Path, old: str, new: str, words: str
) -> None:
    status, found = checked(bare_screen, described(tmp_path, old, new), tmp_path)
    assert status == 1
    assert any(words in said for works, said in found if not works), found


def test_without_a_screen_that_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shell", "host-check", str(tmp_path / "none.toml")],
        check=False,
        env={"PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "There is no screen" in done.stderr
