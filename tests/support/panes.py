"""Stages with a guest or pages in them, in words that fit both sides."""

import contextlib
import importlib.util
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shell.native.process import Process
from tests.support.page_server import PageServer, page_server
from tests.support.staged_hosts import StagedHosts
from tests.support.virtual_screen import VirtualScreen
from tests.support.waiting import until

DESCRIPTION = """
name = "Test Guest"
[start]
command = ["{{python}}", "-m", "tests.support.guests.{kind}_guest", "--database", "{{database}}",
           ["--patient", "{{number}}"], ["--screen", "{{screen}}"]]
window_within_seconds = 20
[find]
wm_class = "test-guest"
title = '^Test Guest '
command_line = ["{{database}}"]
[open]
command = ["{{python}}", "-m", "tests.support.guests.{kind}_guest", "--database", "{{database}}",
           ["--patient", "{{number}}"], ["--screen", "{{screen}}"]]
[screens]
patients = "patients"
appointments = "appointments"
[title]
pattern = '^Test Guest \\S+ - \\[(?P<screen>\\w+) - (?:Patient (?P<patient>\\w+)|No patient)(?P<unsaved> .)?'
[title.screens]
Patients = "patients"
Appointments = "appointments"
[work]
save_key = "F10"
discard_key = "Escape"
[window]
minimum_width = 300
minimum_height = 200
[keys]
shell = ["Ctrl+K", "Ctrl+1", "Alt+2", "Ctrl+J", "Ctrl+Shift+X", "Ctrl+/"]
"""


@dataclass(slots=True, kw_only=True)
class Pane:
    """A stage with one side's pane in it, and how to see what reached its program."""

    stage: StagedHosts
    side: str
    screen: VirtualScreen

    def identifier(self, number: str) -> str:
        """A patient in the words of this side."""
        return number

    def typed(self) -> str:
        """What was typed into the program's field."""
        raise NotImplementedError

    def open(self, function: str, number: str | None, *, context: str = "c1") -> dict[str, Any]:
        """Open a patient and wait until that is read back."""
        since = len(self.stage.events)
        self.stage.open(self.side, function, number, context=context)
        return self.stage.wait_for(
            "shown",
            since=since,
            side=self.side,
            function=function,
            state="somebody" if number else "nobody",
            identifier=self.identifier(number) if number else None,
        )

    def do(self, name: str) -> None:
        """Have the host do something that needs no arguments."""
        self.stage.tell(name, side=self.side)

    def type_into_line(self, text: str) -> None:
        """Type into the shell's own line by mouse and keys, and wait until it is there."""
        self.stage.tell("clear")
        self.screen.click(*self.stage.middle("line"))
        self.screen.type(text)
        until(lambda: self.stage.tell("text") == text, f"{text} is in the shell's line")


@dataclass(slots=True, kw_only=True)
class GuestPane(Pane):
    """A small legacy program in a pane."""

    folder: Path

    def typed(self) -> str:
        """What the guest wrote down."""
        path = self.folder / "practice.db.typed"
        return path.read_text() if path.exists() else ""

    def process(self) -> Process:
        """The guest's process, as the host remembers it."""
        return msgspec.json.decode((self.folder / "test-guest.process.json").read_bytes(), type=Process)


@dataclass(slots=True, kw_only=True)
class WebPane(Pane):
    """Pages of a small cloud in a pane."""

    server: PageServer
    outside: PageServer

    def identifier(self, number: str) -> str:
        """The FHIR id."""
        return f"p{number}"

    def typed(self) -> str:
        """What is in the page's field."""
        return str(self.script("field.value"))

    def script(self, code: str) -> object:
        """Run a script in the page and return what it says."""
        since = len(self.stage.events)
        self.stage.tell("script", code=code)
        answer: object = self.stage.wait_for("script", since=since)["answer"]
        return answer


def legacy_arguments(kind: str, folder: Path) -> list[str]:
    """A stage's arguments for a guest of a kind (`tk`, `qt`) with its files in a folder."""
    if kind == "tk" and importlib.util.find_spec("tkinter") is None:
        pytest.skip("needs Tk for Python (python3-tk)")
    description = folder / "guest.toml"
    description.write_text(DESCRIPTION.format(kind=kind))
    return ["--legacy", str(description), "--database", str(folder / "practice.db"), "--state", str(folder)]


@contextlib.contextmanager
def guest_pane(screen: VirtualScreen, kind: str, folder: Path) -> Iterator[GuestPane]:
    """A stage with a guest that shows patient 104417; the guest is ended with it."""
    with StagedHosts(screen, *legacy_arguments(kind, folder)) as stage:
        pane = GuestPane(stage=stage, side="legacy", screen=screen, folder=folder)
        try:
            pane.open("patients", "104417")
            yield pane
        finally:
            end_guest(folder)


@contextlib.contextmanager
def web_pane(screen: VirtualScreen, *more: str, is_nobody: bool = False) -> Iterator[WebPane]:
    """A stage with pages that show patient 104417; `is_nobody` as `StagedHosts` has it."""
    with (
        page_server() as outside,
        page_server(outside=outside.url) as server,
        StagedHosts(screen, "--web", server.url, *more, is_nobody=is_nobody) as stage,
    ):
        pane = WebPane(stage=stage, side="cloud", screen=screen, server=server, outside=outside)
        pane.open("patients", "104417")
        yield pane


def end_guest(folder: Path) -> None:
    """End the guest that a host remembers in a folder, if it still runs."""
    path = folder / "test-guest.process.json"
    if path.exists():
        process = msgspec.json.decode(path.read_bytes(), type=Process)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
