"""A legacy program as its TOML file describes it: how to start, find, drive and read it."""

import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shell.errors import DescriptionError
from shell.hosts.interface import ShownState

Command = tuple[tuple[str, ...], ...]
"""Groups of arguments; a group is left out when one of its placeholders has no value."""

PLACEHOLDERS: Final = frozenset({"python", "database", "today", "number", "screen"})
_KEY = re.compile(r"(?:(?:Ctrl|Alt|Shift)\+)*(?:F\d{1,2}|Escape|Return|Tab|[^+\s])")
_KNOWN: Final[dict[str, frozenset[str]]] = {
    "": frozenset({"name", "start", "find", "open", "screens", "title", "work", "window", "keys"}),
    "start": frozenset({"command", "window_within_seconds"}),
    "find": frozenset({"wm_class", "title", "command_line"}),
    "open": frozenset({"command", "nobody"}),
    "title": frozenset({"pattern", "screens"}),
    "work": frozenset({"save_key", "discard_key"}),
    "window": frozenset({"minimum_width", "minimum_height"}),
    "keys": frozenset({"shell"}),
}


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
        names = {name for part in group for name in _placeholders(part)}
        if all(values.get(name) is not None for name in names):
            arguments += [part.format(**values) for part in group]
    return arguments


def read_description(path: Path) -> LegacyDescription:
    """Read a description file.

    Raises:
        DescriptionError: the sentence names the file, and the line or the key.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DescriptionError(f"{path}: the description cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DescriptionError(f"{path}: this is not TOML: {error}.") from error
    return _Reader(path, content).description()


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


class _Reader:
    """Takes values out of the parsed file, or says which key is at fault."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self._path = path
        self._content = content

    def description(self) -> LegacyDescription:
        self._refuse_unknown_keys()
        return LegacyDescription(
            name=self._text("name"),
            start_command=self._command("start.command"),
            window_within_seconds=self._number("start.window_within_seconds", 30),
            wm_class=self._text("find.wm_class"),
            window_title=self._pattern("find.title"),
            command_line=tuple(part for group in self._command("find.command_line", ()) for part in group),
            open_command=self._command("open.command"),
            nobody=self._text("open.nobody") if self._value("open.nobody", "") else None,
            screens=self._words("screens"),
            title_pattern=self._pattern("title.pattern", group="patient"),
            title_screens=self._words("title.screens"),
            save_key=self._key("work.save_key"),
            discard_key=self._key("work.discard_key"),
            minimum_width=self._number("window.minimum_width", 640),
            minimum_height=self._number("window.minimum_height", 480),
            shell_keys=self._keys("keys.shell"),
        )

    def _wrong(self, key: str, what: str) -> DescriptionError:
        return DescriptionError(f"{self._path}: “{key}” {what}.")

    def _refuse_unknown_keys(self) -> None:
        for table, known in _KNOWN.items():
            content = self._content.get(table, {}) if table else self._content
            if not isinstance(content, dict):
                raise self._wrong(table, "must be a table")
            for key in content.keys() - known:
                raise self._wrong(f"{table}.{key}" if table else key, "is not a known key")

    def _value(self, key: str, default: object = None) -> object:
        value: object = self._content
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is None and default is None:
            raise self._wrong(key, "is missing")
        return default if value is None else value

    def _text(self, key: str) -> str:
        value = self._value(key)
        if not isinstance(value, str) or not value:
            raise self._wrong(key, "must be a text that is not empty")
        return value

    def _number(self, key: str, default: int) -> int:
        value = self._value(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise self._wrong(key, "must be a whole number above 0")
        return value

    def _pattern(self, key: str, group: str | None = None) -> re.Pattern[str]:
        try:
            pattern = re.compile(self._text(key))
        except re.error as error:
            raise self._wrong(key, f"is not a regular expression ({error})") from error
        if group is not None and group not in pattern.groupindex:
            raise self._wrong(key, f"has no group (?P<{group}>…)")
        return pattern

    def _command(self, key: str, default: Command | None = None) -> Command:
        value = self._value(key, default)
        if value is default and default is not None:
            return default
        if not isinstance(value, list) or not value:
            raise self._wrong(key, "must be a list of arguments")
        groups = []
        for item in value:
            group = tuple(item) if isinstance(item, list) else (item,)
            for part in group:
                if not isinstance(part, str):
                    raise self._wrong(key, "may hold texts and lists of texts only")
                self._check_placeholders(key, part)
            groups.append(group)
        return tuple(groups)

    def _check_placeholders(self, key: str, part: str) -> None:
        try:
            names = _placeholders(part)
        except ValueError as error:
            raise self._wrong(key, f"has a brace too many or too few in “{part}”") from error
        for name in names - PLACEHOLDERS:
            raise self._wrong(key, f"has the unknown placeholder {{{name}}}")

    def _words(self, key: str) -> Mapping[str, str]:
        value = self._value(key)
        if not isinstance(value, dict) or not all(isinstance(word, str) for word in value.values()):
            raise self._wrong(key, "must be a table of texts")
        return dict(value)

    def _key(self, key: str) -> str | None:
        value = self._value(key, "")
        if value == "":
            return None
        if not isinstance(value, str) or not _KEY.fullmatch(value):
            raise self._wrong(key, "must be a key such as F10 or Ctrl+S")
        return value

    def _keys(self, key: str) -> tuple[str, ...]:
        value = self._value(key)
        if not isinstance(value, list):
            raise self._wrong(key, "must be a list of keys")
        for item in value:
            if not isinstance(item, str) or not _KEY.fullmatch(item):
                raise self._wrong(key, f"has “{item}”, which is no key such as Ctrl+K")
        return tuple(value)
