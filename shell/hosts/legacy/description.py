"""A legacy program as its TOML file describes it: how to start, find, drive and read it."""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shell.hosts.interface import ShownState

Command = tuple[tuple[str, ...], ...]
"""Groups of arguments; a group is left out when one of its placeholders has no value."""

PLACEHOLDERS: Final = frozenset({"python", "here", "database", "today", "number", "screen"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a program is seen to show, by its title or by its driver."""

    state: ShownState
    patient_number: str | None
    function: str | None
    unsaved: bool


NOTHING_READ: Final = Reading(state=ShownState.UNKNOWN, patient_number=None, function=None, unsaved=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a running program is asked for a patient and a screen: by one of four means."""

    command: Command = ()
    """A second start, with arguments."""
    url: Command = ()
    """An address, put together of its parts; handed to `url_command`."""
    url_command: Command = ()
    keys: Command = ()
    """Keystrokes: `<F3>` is a key, all else is typed as it is."""
    nobody_keys: Command = ()
    """Those that close the open patient."""
    by_driver: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyDescription:
    """Everything that hosting needs to know of one legacy program."""

    name: str
    folder: Path
    """Where the description lies: what `{here}` stands for."""
    start_command: Command
    window_within_seconds: float
    wm_class: str
    window_title: re.Pattern[str]
    command_line: tuple[str, ...]
    """Arguments that a process must have been started with for its window to be taken."""
    opening: Opening
    nobody: str | None
    """What is given as the number to close the open patient; None: the program has no word for that."""
    screens: Mapping[str, str]
    """Function id → the program's word for the screen."""
    title_pattern: re.Pattern[str] | None
    """None: the driver reads the program."""
    shown_screens: Mapping[str, str]
    """The word in the title, or of the driver → function id."""
    driver: Command
    """Starts the driver; empty: there is none, and the title says everything."""
    alerts: re.Pattern[str] | None
    """Which of the program's other windows are its alerts, by their titles; None: all of them."""
    save_key: str | None
    discard_key: str | None
    minimum_width: int
    minimum_height: int
    """Device pixels below which the program's screens are clipped."""
    shell_keys: tuple[str, ...]

    @property
    def start_opens_patient(self) -> bool:
        """Whether starting the program already opens the patient."""
        return any("{number}" in part for group in self.start_command for part in group)

    @property
    def needs_database(self) -> bool:
        """Whether starting the program asks for the database."""
        return any("{database}" in part for group in self.start_command for part in group)

    def read_title(self, title: str) -> Reading:
        """Read a title; one that the pattern does not fit says `ShownState.UNKNOWN`."""
        match = None if self.title_pattern is None else self.title_pattern.search(title)
        if match is None:
            return NOTHING_READ
        groups = match.groupdict()
        number = groups.get("patient")
        return Reading(
            state=ShownState.SOMEBODY if number else ShownState.NOBODY,
            patient_number=number,
            function=self.shown_screens.get(groups.get("screen") or ""),
            unsaved=bool(groups.get("unsaved")),
        )


def filled(command: Command, values: Mapping[str, str | None]) -> list[str]:
    """The arguments of a command; groups without a value are left out."""
    arguments: list[str] = []
    for group in command:
        names = {name for part in group for name in placeholders(part)}
        if all(values.get(name) is not None for name in names):
            arguments += [part.format(**values) for part in group]
    return arguments


def placeholders(text: str) -> set[str]:
    """The names of the placeholders in a part of a command.

    Raises:
        ValueError: a brace is open or closed alone, or there is more than a name between two.
    """
    names = set()
    for _, name, form, conversion in string.Formatter().parse(text):
        if form or conversion:
            raise ValueError(f"{{{name}}} stands alone between its braces")
        if name is not None:
            names.add(name)
    return names
