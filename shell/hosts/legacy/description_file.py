"""Reads a legacy program's description from its file; a mistake is named by file, line and key."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from shell.errors import DescriptionError
from shell.hosts.legacy.description import PLACEHOLDERS, Command, LegacyDescription, Opening, placeholders
from shell.hosts.legacy.keystrokes import KEY, strokes
from shell.hosts.legacy.toml_lines import line_of, line_of_mistake

_MEANS: Final = ("open.command", "open.url", "open.keys", "driver.opens")
_URL_COMMAND: Final[Command] = (("xdg-open",), ("{url}",))
_DRIVER_PLACEHOLDERS: Final = frozenset({"python", "here", "database", "today", "process", "window"})
_SAMPLE: Final = "1"
_KNOWN: Final[dict[str, frozenset[str]]] = {
    "": frozenset(
        {"name", "start", "find", "open", "screens", "title", "driver", "alerts", "work", "window", "keys"}
    ),
    "start": frozenset({"command", "window_within_seconds"}),
    "find": frozenset({"wm_class", "title", "command_line"}),
    "open": frozenset({"command", "url", "url_command", "keys", "nobody_keys", "nobody"}),
    "title": frozenset({"pattern", "screens"}),
    "driver": frozenset({"command", "opens", "screens"}),
    "alerts": frozenset({"title"}),
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


def _quoted(keys: Iterable[str]) -> str:
    return ", ".join(f"“{key}”" for key in keys)


class _Reader:
    """Takes values out of the parsed file, or says which key is at fault."""

    def __init__(self, path: Path, text: str, content: dict[str, Any]) -> None:
        self._path = path
        self._text_of_file = text
        self._content = content

    def description(self) -> LegacyDescription:
        self._refuse_unknown_keys()
        has_driver = self._has("driver.command")
        if has_driver and self._has("title.pattern"):
            raise self._wrong("title.pattern", "and “driver.command” cannot both say what is shown: keep one")
        return LegacyDescription(
            name=self._text("name"),
            folder=self._path.absolute().parent,
            start_command=self._command("start.command"),
            window_within_seconds=self._number("start.window_within_seconds", 30),
            wm_class=self._text("find.wm_class"),
            window_title=self._pattern("find.title"),
            command_line=tuple(
                part
                for group in self._command("find.command_line", (), PLACEHOLDERS - {"number", "screen"})
                for part in group
            ),
            opening=self._opening(),
            nobody=self._text("open.nobody") if self._value("open.nobody", "") else None,
            screens=self._words("screens"),
            title_pattern=None if has_driver else self._pattern("title.pattern", group="patient"),
            shown_screens=self._words("driver.screens" if has_driver else "title.screens"),
            driver=self._command("driver.command", (), _DRIVER_PLACEHOLDERS),
            alerts=self._pattern("alerts.title") if self._has("alerts.title") else None,
            save_key=self._key("work.save_key"),
            discard_key=self._key("work.discard_key"),
            minimum_width=self._number("window.minimum_width", 640),
            minimum_height=self._number("window.minimum_height", 480),
            shell_keys=self._keys("keys.shell"),
        )

    def _opening(self) -> Opening:
        means = [key for key in _MEANS if self._has(key)]
        if not means:
            raise self._wrong("open", f"must say how a patient is opened: by one of {_quoted(_MEANS)}")
        if len(means) > 1:
            raise self._wrong(means[-1], f"is one means too many of opening a patient: {_quoted(means)}")
        by_driver = self._value("driver.opens", default=False)
        if not isinstance(by_driver, bool):
            raise self._wrong("driver.opens", "must be true or false")
        if by_driver and not self._has("driver.command"):
            raise self._wrong("driver.command", "is missing, and “driver.opens” asks for it")
        with_url = PLACEHOLDERS | {"url"}
        return Opening(
            command=self._command("open.command", ()),
            url=self._command("open.url", ()),
            url_command=self._command("open.url_command", _URL_COMMAND, with_url),
            keys=self._strokes("open.keys"),
            nobody_keys=self._strokes("open.nobody_keys"),
            by_driver=by_driver,
        )

    def _strokes(self, key: str) -> Command:
        template = self._command(key, ())
        is_named = any("<{screen}>" in part for group in template for part in group)
        screens = self._words("screens")
        for function, word in screens.items():
            if is_named and not KEY.fullmatch(word):
                raise self._wrong("screens", f"must be a key such as F6, as “{key}” presses it", function)
        sample = dict.fromkeys(PLACEHOLDERS, _SAMPLE) | {"screen": next(iter(screens.values()), _SAMPLE)}
        try:
            strokes(template, sample)
        except ValueError as error:
            raise self._wrong(key, f"cannot be typed: {error}") from error
        return template

    def _has(self, key: str) -> bool:
        return self._value(key, default=False) is not False

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
            raise self._wrong(key, "must be a list of texts that is not empty")
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
        if not isinstance(value, str) or not KEY.fullmatch(value):
            raise self._wrong(key, "must be a key such as F10 or Ctrl+S")
        return value

    def _keys(self, key: str) -> tuple[str, ...]:
        value = self._value(key)
        if not isinstance(value, list):
            raise self._wrong(key, "must be a list of keys")
        for item in value:
            if not isinstance(item, str) or not KEY.fullmatch(item):
                raise self._wrong(key, f"has “{item}”, which is no key such as Ctrl+K")
        return tuple(value)
