"""Keystrokes of a description: `<F3>{number}<Return>`, a key in angle brackets, all else typed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer

from shell.hosts.legacy.description import Command, filled, placeholders
from shell.native.interface import Guest

KEY: Final = re.compile(
    r"(?:(?:Ctrl|Alt|Shift)\+)*"
    r"(?:F\d{1,2}|Escape|Return|Tab|Space|Backspace|Insert|Delete|Home|End|Left|Right|Up|Down|PageUp|PageDown|[^+\s])"
)
"""A key by its name: `F10`, `Ctrl+S`."""
_PART: Final = re.compile(r"<([^<>]+)>|([^<>]+)")
_GAP_MILLISECONDS: Final = 20
"""Between two strokes: long enough that a question is seen before the next stroke answers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """One key pressed and let go of."""

    name: str
    is_letter: bool
    """Whether it is a letter, digit or sign that is typed; a key by its name otherwise."""


def strokes(template: Command, values: Mapping[str, str | None]) -> list[Stroke]:
    """The strokes of a template; groups without a value are left out.

    A value is never read as a key, whatever is in it, but where its placeholder stands for one: `<{screen}>`.

    Raises:
        ValueError: something is no key, or angle brackets do not match; the message says what.
    """
    found: list[Stroke] = []
    for group in template:
        names = {name for part in group for name in placeholders(part)}
        if any(values.get(name) is None for name in names):
            continue
        for part in group:
            found += _strokes_of(part, values)
    return found


def plain_strokes(text: str) -> list[Stroke]:
    """The strokes of a text without placeholders, in which a brace is a brace.

    Raises:
        ValueError: as of `strokes`.
    """
    return strokes((((text.replace("{", "{{").replace("}", "}}")),),), {})


def _strokes_of(part: str, values: Mapping[str, str | None]) -> list[Stroke]:
    found: list[Stroke] = []
    end = 0
    for match in _PART.finditer(part):
        if match.start() != end:
            break
        end = match.end()
        key, text = match.groups()
        words = "".join(filled((((key or text),),), values))
        if key is None:
            found += [Stroke(name=letter, is_letter=True) for letter in words]
        elif KEY.fullmatch(words):
            found.append(Stroke(name=words, is_letter=False))
        else:
            raise ValueError(f"“<{words}>” is no key such as <F10> or <Ctrl+S>")
    if end != len(part):
        raise ValueError(f"“{part}” has an angle bracket too many or too few")
    return found


class Typing(QObject):
    """Types into a guest alone, one stroke after the other; what a person types goes where it went before.

    Args:
        is_asked: whether the program has put a question: no stroke may answer it.
    """

    def __init__(self, is_asked: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._is_asked = is_asked
        self._guest: Guest | None = None
        self._left: list[Stroke] = []
        self._done: Callable[[str | None], None] | None = None
        self._gap = QTimer(self, interval=_GAP_MILLISECONDS)
        self._gap.timeout.connect(self._next)

    def begin(self, guest: Guest, wanted: list[Stroke], done: Callable[[str | None], None]) -> None:
        """Type; `done` is told None at the end, or why not all was typed. One at a time."""
        self.stop()
        self._guest, self._left, self._done = guest, list(wanted), done
        guest.begin_keys()
        self._gap.start()

    @property
    def is_under_way(self) -> bool:
        """Whether strokes are still to come."""
        return self._guest is not None

    def stop(self) -> None:
        """Type no more: whoever waits is told that it is over."""
        self._end(None)

    def _next(self) -> None:
        if self._guest is None:
            return
        if not self._left:
            self._end(None)
            return
        if self._is_asked():
            self._end("asks something: answer it, then open the patient again")
            return
        stroke = self._left.pop(0)
        press = self._guest.type_letter if stroke.is_letter else self._guest.press
        if not press(stroke.name):
            self._end("could not be asked: this keyboard lacks one of the keys")

    def _end(self, why_not: str | None) -> None:
        self._gap.stop()
        (guest, done), self._guest, self._done = (self._guest, self._done), None, None
        if guest is not None:
            guest.end_keys()
        if done is not None:
            done(why_not)
