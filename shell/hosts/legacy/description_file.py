"""Reads a legacy program's description from its file; a mistake is named by file, line and key."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from shell.errors import DescriptionError
from shell.hosts.legacy.toml_lines import line_of, line_of_mistake
from shell.hosts.legacy_description import PLACEHOLDERS, Command, LegacyDescription, placeholders

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


def read_description(path: Path) -> LegacyDescription:
    """Read a description file.

    Raises:
        DescriptionError: the sentence names the file, and the line and the key.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise DescriptionError(f"{path}: the description cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DescriptionError(f"{path}, line {line}: this is not UTF-8. Save it as UTF-8.") from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = line_of_mistake(text) or 1
        raise DescriptionError(f"{path}, line {line}: what begins here is not TOML: {error}.") from error
    return _Reader(path, text, content).description()


class _Reader:
    """Takes values out of the parsed file, or says which key is at fault."""

    def __init__(self, path: Path, text: str, content: dict[str, Any]) -> None:
        self._path = path
        self._text_of_file = text
        self._content = content

    def description(self) -> LegacyDescription:
        self._refuse_unknown_keys()
        return LegacyDescription(
            name=self._text("name"),
            start_command=self._command("start.command"),
            window_within_seconds=self._number("start.window_within_seconds", 30),
            wm_class=self._text("find.wm_class"),
            window_title=self._pattern("find.title"),
            command_line=tuple(
                part
                for group in self._command("find.command_line", (), PLACEHOLDERS - {"number", "screen"})
                for part in group
            ),
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

    def _wrong(self, key: str, what: str, entry: str | None = None) -> DescriptionError:
        """Names the line of the key or its entry; when it is missing, of the table that lacks it."""
        path = [*key.split("."), *([] if entry is None else [entry])]
        key = ".".join(path)
        line = None
        while path and line is None:
            line = line_of(self._text_of_file, path)
            path.pop()
        where = f"{self._path}, line {line}" if line is not None else str(self._path)
        return DescriptionError(f"{where}: “{key}” {what}.")

    def _refuse_unknown_keys(self) -> None:
        for table, known in _KNOWN.items():
            content = self._content.get(table, {}) if table else self._content
            if not isinstance(content, dict):
                raise self._wrong(table, "must be a table")
            for key in content:
                if key not in known:
                    raise self._wrong(table or key, "is not a known key", key if table else None)

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

    def _command(
        self, key: str, default: Command | None = None, known: frozenset[str] = PLACEHOLDERS
    ) -> Command:
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
                self._check_placeholders(key, part, known)
            groups.append(group)
        return tuple(groups)

    def _check_placeholders(self, key: str, part: str, known: frozenset[str]) -> None:
        try:
            names = placeholders(part)
        except ValueError as error:
            raise self._wrong(key, f"has a brace too many or too few in “{part}”: {error}") from error
        for name in sorted(names - known):
            raise self._wrong(key, f"has the unknown placeholder {{{name}}}")

    def _words(self, key: str) -> Mapping[str, str]:
        value = self._value(key)
        if not isinstance(value, dict):
            raise self._wrong(key, "must be a table of texts")
        for name, word in value.items():
            if not isinstance(word, str) or not word:
                raise self._wrong(key, "must be a text that is not empty", entry=name)
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
