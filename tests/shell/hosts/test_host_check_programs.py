"""`banyan-shell host-check` with programs in Tk and GTK as they ship, and with what can be wrong."""

import contextlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.host_checks import checked
from tests.support.panes import legacy_arguments
from tests.support.sample_programs import need, shipped
from tests.support.staged_hosts import ROOT
from tests.support.virtual_screen import VirtualScreen
from tests.support.waiting import until


def described(folder: Path, program: str, *changes: tuple[str, str]) -> Path:
    """A shipped description in which something is changed."""
    need(program)
    text = shipped(program)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{program}.toml"
    path.write_text(text.replace("window_within_seconds = 30", "window_within_seconds = 10"))
    return path


def answer(screen: VirtualScreen, title: str) -> threading.Thread:
    """Wait for a window in the background, and answer it with Return."""

    def wait_and_press() -> None:
        find = ("xdotool", "search", "--onlyvisible", "--name", title)
        window = until(lambda: screen.run_if_found(*find), f"{title} is there", seconds=40).split()[-1]
        until(lambda: _is_kept_above(screen, window), f"{title} is above the check's own window")
        until(lambda: _is_answered(screen, window, find), f"{title} is answered")

    thread = threading.Thread(target=wait_and_press)
    thread.start()
    return thread


def _is_kept_above(screen: VirtualScreen, window: str) -> bool:
    top = screen.run_if_found("xdotool", "search", "--name", "^Trying ").split()
    over = screen.run_if_found("xprop", "-id", window, "WM_TRANSIENT_FOR").rpartition(" ")[2]
    return over.startswith("0x") and str(int(over, 16)) in top


def _is_answered(screen: VirtualScreen, window: str, find: tuple[str, ...]) -> bool:
    """Press once and give it time: a second Return would be the main window's, and open the patient anew."""
    screen.run_if_found("xdotool", "windowfocus", "--sync", window, "key", "Return")
    with contextlib.suppress(AssertionError):
        return until(lambda: not screen.run_if_found(*find), f"{window} is gone", seconds=4)
    return False


@pytest.mark.parametrize("manager", ["bare_screen", "managed_screen"])
@pytest.mark.parametrize("program", ["card_index", "day_book"])
def test_a_program_that_ships_is_tried_whole_with_its_alert(
    request: pytest.FixtureRequest, tmp_path: Path, program: str, manager: str
) -> None:
    screen: VirtualScreen = request.getfixturevalue(manager)
    path = described(tmp_path, program)
    answering = answer(screen, "^(Card Index|Day Book) alert$")
    status, found = checked(screen, path, tmp_path, "104417", "105003", "104981", change="<F7>x")
    answering.join()
    assert [words for works, words in found if not works] == []
    assert status == 0
    said = "\n".join(words for _, words in found)
    for words in (
        "Patient 105003 is opened and read back",
        "alert” above the pane, and waits for an answer there",
        "Patient 104981 is opened and read back",
        "does not claim to show a number that nobody has",
        "The screen of patients is opened",
        "In a pane of half its least size it keeps 560 ×",
        "A change is marked as unsaved, and thrown away by Escape",
        "A change is marked as unsaved, and saved by F10",
        "The patient is closed",
        "given back to the screen",
        "taken in again",
        "It ends when it is asked to",
    ):
        assert words in said


DRIVER = '[driver]\ncommand = ["{python}", '
URL_COMMAND = 'url_command = ["/usr/bin/python3", '


@pytest.mark.parametrize(
    ("program", "old", "new", "words"),
    [
        (
            "card_index",
            "{number}<",
            "104981<",
            "the patient 104981, on the screen patients. That is somebody",
        ),
        (
            "card_index",
            "minimum_width = 560",
            "minimum_width = 300",
            "needs 560 × 380, and the description 300",
        ),
        ("card_index", "(?P<unsaved> ", "(?: ", "title.pattern has no group (?P<unsaved>…)"),
        ("day_book", DRIVER, '[driver]\ncommand = ["/nowhere", ', "The driver of Day Book cannot be started"),
        ("day_book", DRIVER, '[driver]\ncommand = ["echo", ', "says what is no answer"),
        ("day_book", DRIVER, '[driver]\ncommand = ["true", ', "The driver of Day Book has ended"),
        (
            "day_book",
            DRIVER,
            '[driver]\ncommand = ["{python}", "-c", "import time; time.sleep(60)", ',
            "Its driver does not say whom",
        ),
        ("day_book", URL_COMMAND, 'url_command = ["/nowhere", ', "See open.url_command in its description"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    managed_screen: VirtualScreen, tmp_path: Path, program: str, old: str, new: str, words: str
) -> None:
    path = described(tmp_path, program, (old, new))
    status, found = checked(managed_screen, path, tmp_path, "104417")
    assert status == 1
    assert any(words in said for works, said in found if not works), found


def test_a_program_that_never_shows_a_window_is_said(bare_screen: VirtualScreen, tmp_path: Path) -> None:
    path = Path(legacy_arguments("late", tmp_path)[1])
    path.write_text(path.read_text().replace("window_within_seconds = 20", "window_within_seconds = 3"))
    status, found = checked(bare_screen, path, tmp_path)
    assert status == 1
    words = "Test Guest was started, but showed no window within 3 seconds. Start it again."
    assert (False, words) in found


def test_two_windows_are_said(managed_screen: VirtualScreen, tmp_path: Path) -> None:
    path = described(tmp_path, "card_index")
    command = [sys.executable, "-m", "shell.reference_legacy.other_toolkits.card_index"]
    programs = [
        subprocess.Popen(
            [*command, "--database", str(tmp_path / "practice.db")],
            env=managed_screen.environment(),
            cwd=ROOT,
        )
        for _ in range(2)
    ]
    try:
        find = ("xdotool", "search", "--onlyvisible", "--name", "^Card Index: ")
        until(lambda: len(managed_screen.run_if_found(*find).split()) == 2, "both are there")
        status, found = checked(managed_screen, path, tmp_path, "104417")
    finally:
        for program in programs:
            program.kill()
            program.wait()
    assert status == 1
    assert any(
        "shows two windows that could be its main one" in said for works, said in found if not works
    ), found
    assert not any("opened and read back" in said for _, said in found)
