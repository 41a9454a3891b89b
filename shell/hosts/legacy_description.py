"""A legacy program as its TOML file describes it: how to start, find, drive and read it."""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shell.hosts.interface import ShownState

Command = tuple[tuple[str, ...], ...]
"""Groups of arguments; a group is left out when one of its placeholders has no value."""

PLACEHOLDERS: Final = frozenset({"python", "database", "today", "number", "screen"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleReading:
    """What a window title says."""

    state: ShownState
    patient_number: str | None
    function: str | None
    unsaved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyDescription:
    """Everything that hosting needs to know of one legacy program."""

    name: str
    start_command: Command
    window_within_seconds: float
    wm_class: str
    window_title: re.Pattern[str]
    command_line: tuple[str, ...]
    """Arguments that a process must have been started with for its window to be taken."""
    open_command: Command
    nobody: str | None
    """What is given as the number to close the open patient; None: the program has no word for that."""
    screens: Mapping[str, str]
    """Function id → the program's word for the screen."""
    title_pattern: re.Pattern[str]
    title_screens: Mapping[str, str]
    """The word in the title → function id."""
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

    def read_title(self, title: str) -> TitleReading:
        """Read a title; one that the pattern does not fit says `ShownState.UNKNOWN`."""
        match = self.title_pattern.search(title)
        if match is None:
            return TitleReading(state=ShownState.UNKNOWN, patient_number=None, function=None, unsaved=False)
        groups = match.groupdict()
        number = groups.get("patient")
        return TitleReading(
            state=ShownState.SOMEBODY if number else ShownState.NOBODY,
            patient_number=number,
            function=self.title_screens.get(groups.get("screen") or ""),
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
