"""Programs in Tk and GTK, opened by keystrokes and by address, read by title and by driver, as they ship."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from shell.hosts import descriptions_folder
from shell.native.process import Process
from tests.support.sample_programs import GTK_PYTHON, need
from tests.support.staged_hosts import ROOT, StagedHosts
from tests.support.virtual_screen import VirtualScreen
from tests.support.waiting import until

PROGRAMS = ("card_index-bare", "card_index-openbox", "day_book-bare", "day_book-openbox")
FIRST = {"card_index": "patients", "day_book": "appointments"}
SECOND = {"card_index": "documents", "day_book": "patients"}
WRITTEN_ON = {"card_index": "patients", "day_book": "patients"}
"""The screen on which something can be written."""


def day_book() -> str:
    """The program in GTK, which only the system's Python can run."""
    return str(descriptions_folder().parents[1] / "reference_legacy" / "other_toolkits" / "day_book.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """A stage with one of the programs in its pane."""

    program: str
    stage: StagedHosts
    screen: VirtualScreen
    folder: Path

    def open(self, function: str, number: str | None) -> None:
        """Open a patient and wait until that is read back."""
        since = len(self.stage.events)
        self.stage.open("legacy", function, number)
        state = "somebody" if number else "nobody"
        self.stage.wait_for("shown", since=since, identifier=number, function=function, state=state)

    def write(self, text: str) -> None:
        """Change the patient's notes with real keys, and wait for the mark."""
        since = len(self.stage.events)
        self.stage.tell("take_keys", side="legacy")
        self.screen.key("F7")
        self.screen.type(text)
        self.stage.wait_for("shown", since=since, unsaved=True)

    def settle(self, how: str) -> bool:
        """Have the work saved or thrown away."""
        since = len(self.stage.events)
        self.stage.tell(how, side="legacy")
        done: bool = self.stage.wait_for("work_done", since=since)["done"]
        return done

    def kept(self) -> bytes:
        """What is on the disk."""
        return (self.folder / "practice").read_bytes()

    def process(self) -> int:
        """The program's process."""
        remembered = self.folder / f"{self.program.replace('_', '-')}.process.json"
        return msgspec.json.decode(remembered.read_bytes(), type=Process).pid

    def driver(self) -> int:
        """The process of its driver."""
        asks = ["pgrep", "-f", f"day_book_driver.py {self.folder}"]
        return int(subprocess.run(asks, check=True, capture_output=True, text=True).stdout.split()[0])

    def window(self, title: str) -> str:
        """A window of the program's on the screen, by its title; empty when there is none."""
        found = self.screen.run_if_found("xdotool", "search", "--onlyvisible", "--name", title)
        return found.split()[-1] if found else ""


@contextlib.contextmanager
def hosted(screen: VirtualScreen, program: str, folder: Path, text: str | None = None) -> Iterator[Hosted]:
    """A program in a pane, by its description or another; it is ended with the stage."""
    need(program)
    description = descriptions_folder() / f"{program}.toml"
    if text is not None:
        description = folder / description.name
        description.write_text(text)
    database = str(folder / "practice")
    arguments = ["--legacy", str(description), "--database", database, "--state", str(folder)]
    with StagedHosts(screen, *arguments) as stage:
        one = Hosted(program=program, stage=stage, screen=screen, folder=folder)
        try:
            yield one
        finally:
            with contextlib.suppress(OSError):
                os.kill(one.process(), signal.SIGKILL)


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hosted]:
    """Each program, with and without a window manager."""
    name, _, manager = request.param.partition("-")
    screen = request.getfixturevalue("managed_screen" if manager == "openbox" else "bare_screen")
    with hosted(screen, name, tmp_path) as one:
        yield one


def test_patients_and_screens_are_opened_read_back_changed_saved_and_closed(program: Hosted) -> None:
    program.open(FIRST[program.program], "104417")
    program.open(SECOND[program.program], "104981")
    program.open(WRITTEN_ON[program.program], "104981")
    program.write("Rang back.")
    assert program.settle("save_work") is True
    assert b"Rang back." in program.kept()
    program.write("Not this.")
    assert program.settle("discard_work") is True
    assert b"Not this." not in program.kept()
    program.open(FIRST[program.program], None)


def test_a_patient_that_nobody_has_is_not_claimed(program: Hosted) -> None:
    program.open(FIRST[program.program], "104417")
    program.stage.open("legacy", FIRST[program.program], "99999999")
    program.stage.tell("refresh_read_back", side="legacy")
    program.open(FIRST[program.program], "104981")
    said = [one["identifier"] for one in program.stage.events if one["event"] == "shown"]
    assert "99999999" not in said


def test_an_alert_is_on_the_glass_and_is_answered_with_keys(program: Hosted) -> None:
    program.open(FIRST[program.program], "104417")
    program.stage.tell("take_keys", side="legacy")
    since = len(program.stage.events)
    program.open(FIRST[program.program], "105003")
    program.stage.wait_for("question", since=since, is_open=True)
    title = "^(Card Index|Day Book) alert$"
    window = until(lambda: program.window(title), "the alert is on the screen")
    said = program.screen.run("xwininfo", "-id", window)
    x, y, width, height = (
        int(re.search(rf"{name}:\s+(-?\d+)", said)[1])  # type: ignore[index]
        for name in ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")
    )
    assert x >= 0
    assert y >= 0
    assert x + width <= 1280
    assert y + height <= 800
    until(
        lambda: re.search(title, program.screen.run_if_found("xdotool", "getwindowfocus", "getwindowname")),
        "the alert has the keys",
    )
    program.screen.key("Return")
    program.stage.wait_for("question", since=since, is_open=False)
    assert program.window(title) == ""


def test_a_covered_program_is_opened_and_read_all_the_same(program: Hosted) -> None:
    program.open(FIRST[program.program], "104417")
    program.stage.tell("cover", side="legacy")
    program.open(SECOND[program.program], "104981")


def test_what_is_typed_into_the_shell_while_keys_open_a_patient_stays_there(
    managed_screen: VirtualScreen, tmp_path: Path
) -> None:
    with hosted(managed_screen, "card_index", tmp_path) as program:
        program.open("patients", "104417")
        program.stage.tell("focus_line")
        program.stage.tell("clear")
        words = "the quick brown fox jumps over the lazy dog"
        typing = subprocess.Popen(
            ["xdotool", "type", "--delay", "15", words], env=managed_screen.environment()
        )
        for number in ("104981", "104417", "104981"):
            program.open("documents", number)
        assert typing.wait(20) == 0
        until(lambda: program.stage.tell("text") == words, "all of it is in the shell's line")


def test_keys_are_not_typed_into_work_that_is_not_saved(
    managed_screen: VirtualScreen, tmp_path: Path
) -> None:
    with hosted(managed_screen, "card_index", tmp_path) as program:
        program.open("patients", "104417")
        program.write("half a sen")
        since = len(program.stage.events)
        program.stage.open("legacy", "patients", "104981")
        words = program.stage.wait_for("notice", since=since)["words"]
        assert "Card Index holds work that is not saved" in words
        program.stage.wait_for("shown", since=since, identifier="104417", unsaved=True)


def test_a_number_is_never_read_as_a_part_of_the_address(
    managed_screen: VirtualScreen, tmp_path: Path
) -> None:
    with hosted(managed_screen, "day_book", tmp_path) as program:
        program.open("appointments", "104981")
        program.stage.open("legacy", "appointments", "104417&screen=remarks&x=")
        program.stage.tell("refresh_read_back", side="legacy")
        program.open("appointments", "105003")
        said = [
            (one["identifier"], one["function"]) for one in program.stage.events if one["event"] == "shown"
        ]
        assert ("104417", "patients") not in said


def test_a_driver_sees_a_patient_who_was_chosen_in_the_program(
    managed_screen: VirtualScreen, tmp_path: Path
) -> None:
    with hosted(managed_screen, "day_book", tmp_path) as program:
        program.open("appointments", "104417")
        since = len(program.stage.events)
        other = [
            GTK_PYTHON,
            "-P",
            str(descriptions_folder() / "../../reference_legacy/other_toolkits/day_book.py"),
        ]
        managed_screen.run(*other, "--database", str(tmp_path / "practice"), "daybook://open?patient=104981")
        program.stage.wait_for("shown", since=since, identifier="104981")


def test_what_does_not_answer_its_driver_is_unknown_until_it_does(
    managed_screen: VirtualScreen, tmp_path: Path
) -> None:
    with hosted(managed_screen, "day_book", tmp_path) as program:
        program.open("appointments", "104417")
        since = len(program.stage.events)
        os.kill(program.process(), signal.SIGSTOP)
        try:
            program.stage.wait_for("shown", since=since, state="unknown", identifier=None)
        finally:
            os.kill(program.process(), signal.SIGCONT)
        program.stage.wait_for("shown", since=since, identifier="104417")


def test_a_driver_that_ends_is_said_and_nothing_is_known(
    managed_screen: VirtualScreen, tmp_path: Path
) -> None:
    with hosted(managed_screen, "day_book", tmp_path) as program:
        program.open("appointments", "104417")
        since = len(program.stage.events)
        os.kill(program.driver(), signal.SIGKILL)
        words = program.stage.wait_for("notice", since=since)["words"]
        assert words.startswith("The driver of Day Book ")
        assert "see driver.command in its description" in words
        program.stage.wait_for("shown", since=since, state="unknown")


def test_a_window_that_is_no_alert_is_left_alone(managed_screen: VirtualScreen, tmp_path: Path) -> None:
    with hosted(managed_screen, "day_book", tmp_path) as program:
        program.open("appointments", "104417")
        program.stage.tell("take_keys", side="legacy")
        managed_screen.key("F9")
        until(lambda: program.window("^Day Book notepad$"), "the notepad is on the screen")
        program.open("appointments", "105003")
        program.stage.wait_for("question", is_open=True)
        since = len(program.stage.events)
        managed_screen.do("windowclose", program.window("^Day Book alert$"))
        program.stage.wait_for("question", since=since, is_open=False)
        assert program.window("^Day Book notepad$")


def test_two_windows_are_said_and_nothing_is_known_until_there_is_one(
    managed_screen: VirtualScreen, tmp_path: Path
) -> None:
    with hosted(managed_screen, "card_index", tmp_path) as program:
        program.open("patients", "104417")
        since = len(program.stage.events)
        command = [sys.executable, "-m", "shell.reference_legacy.other_toolkits.card_index"]
        second = subprocess.Popen(
            [*command, "--database", str(tmp_path / "practice")], env=managed_screen.environment(), cwd=ROOT
        )
        try:
            words = program.stage.wait_for("notice", since=since)["words"]
            assert words.startswith("Card Index shows two windows that could be its main one.")
            program.stage.wait_for("shown", since=since, state="unknown")
            since = len(program.stage.events)
            program.stage.open("legacy", "patients", "104981")
            program.stage.wait_for("shown", since=since, state="unknown")
        finally:
            second.kill()
            second.wait()
        program.stage.wait_for("shown", since=since, state="somebody", identifier="104981")
        said = [one for one in program.stage.events[since:] if one["event"] == "shown"]
        assert not [one for one in said if one["identifier"] == "104417"]
