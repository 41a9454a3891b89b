"""A small program that reads, and may drive, a legacy program: asked and answering in lines of JSON.

    shell → driver   {"do": "read"}
                     {"do": "open", "patient": "104417" or null, "screen": "record" or null}
    driver → shell   {"shows": "somebody", "patient": "104417", "screen": "record", "unsaved": false}
                     {"opened": true}    {"opened": false, "why": "a sentence"}

Each question has one answer, in order. A line that says what is shown may also come unasked.
"""

import os
from collections.abc import Callable, Mapping
from typing import Final, Literal

import msgspec
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer

from shell.hosts.interface import ShownState
from shell.hosts.legacy.description import NOTHING_READ, LegacyDescription, Reading, filled

_ANSWER_MILLISECONDS: Final = 2000
"""As long as a page has (`interface.Shown`); then what is shown is not known."""
_OPEN_MILLISECONDS: Final = 10_000
_LOOK_MILLISECONDS: Final = 500
"""A program may change its patient without a word in its title."""
_KILLED_MILLISECONDS: Final = 200
_LONGEST_LINE: Final = 10_000


class _Shows(msgspec.Struct, forbid_unknown_fields=True):
    shows: Literal["somebody", "nobody", "unknown"]
    patient: str | None = None
    screen: str | None = None
    unsaved: bool = False


class _Opened(msgspec.Struct, forbid_unknown_fields=True):
    opened: bool
    why: str = ""


class LegacyDriver(QObject):
    """A driver that runs as long as the window is in its pane.

    Args:
        description: names the driver.
        environment: of its process.
        took: told each reading; what the driver does not say in time, or in no words that are known, is
            `NOTHING_READ`.
        failed: told once a run, in words, that the driver cannot be used.
    """

    def __init__(
        self,
        description: LegacyDescription,
        environment: Mapping[str, str],
        took: Callable[[Reading], None],
        failed: Callable[[str], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._description = description
        self._took = took
        self._failed = failed
        self._has_failed = False
        self._is_asked = self._is_stale = False
        self._opening: Callable[[str | None], None] | None = None
        self._process: QProcess | None = None
        self._environment = QProcessEnvironment()
        for name, value in environment.items():
            self._environment.insert(name, value)
        self._answer = self._timer(_ANSWER_MILLISECONDS, self._is_late)
        self._opens = self._timer(_OPEN_MILLISECONDS, lambda: self._was_opened("did not answer its driver"))
        self._look = QTimer(self, interval=_LOOK_MILLISECONDS)
        self._look.timeout.connect(lambda: None if self._is_asked else self.ask())

    def start(self, values: Mapping[str, str | None]) -> None:
        """Start it for a window that was taken in."""
        self.stop()
        self._has_failed = False
        program, *arguments = filled(self._description.driver, values)
        self._process = process = QProcess(self)
        process.setProcessEnvironment(self._environment)
        # what it says may name patients: it is kept nowhere
        process.setStandardErrorFile(os.devnull)
        process.readyReadStandardOutput.connect(self._hear)
        process.errorOccurred.connect(self._failed_at)
        process.finished.connect(lambda *_: self._fail("has ended"))
        process.start(program, arguments)
        self._look.start()

    def stop(self) -> None:
        """End it."""
        for timer in (self._answer, self._opens, self._look):
            timer.stop()
        self._is_asked = self._is_stale = False
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.closeWriteChannel()
            process.kill()
            process.waitForFinished(_KILLED_MILLISECONDS)
            process.deleteLater()
        self._was_opened(None)

    def ask(self) -> None:
        """Ask what is shown; the answer comes by `took`, always."""
        if self._process is None or self._has_failed:
            self._took(NOTHING_READ)
        elif self._is_asked:
            self._is_stale = True  # what is answered now was asked before: it is asked again
        else:
            self._is_asked = True
            self._say({"do": "read"})
            self._answer.start()

    def open(self, number: str | None, screen: str | None, done: Callable[[str | None], None]) -> None:
        """Have the program asked for a patient and a screen; `done` is told None, or why not."""
        if self._process is None or self._has_failed:
            done("cannot be asked: its driver does not run")
            return
        self._opening = done
        self._opens.start()
        self._say({"do": "open", "patient": number, "screen": screen})

    # -- inside -----------------------------------------------------------------------------------

    def _timer(self, milliseconds: int, late: Callable[[], None]) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=milliseconds)
        timer.timeout.connect(late)
        return timer

    def _say(self, words: Mapping[str, object]) -> None:
        if self._process is not None:
            self._process.write(msgspec.json.encode(words) + b"\n")

    def _hear(self) -> None:
        while self._process is not None and self._process.canReadLine():
            self._heard(bytes(self._process.readLine().data()))
        if self._process is not None and self._process.bytesAvailable() > _LONGEST_LINE:
            self._fail("says a line without an end")

    def _heard(self, line: bytes) -> None:
        try:
            said = _decoded(line)
        except msgspec.MsgspecError:
            self._fail("says what is no answer (shell/docs/legacy_programs.md)")
            return
        if isinstance(said, _Opened):
            self._was_opened(None if said.opened else said.why or "refused")
            return
        self._answer.stop()
        is_stale, self._is_stale, self._is_asked = self._is_stale, False, False
        if is_stale:
            self.ask()
        else:
            self._took(self._reading(said))

    def _reading(self, said: _Shows) -> Reading:
        state = ShownState(said.shows)
        if state is ShownState.UNKNOWN or (state is ShownState.SOMEBODY) != bool(said.patient):
            return NOTHING_READ
        return Reading(
            state=state,
            patient_number=said.patient or None,
            function=self._description.shown_screens.get(said.screen or ""),
            unsaved=said.unsaved,
        )

    def _was_opened(self, why_not: str | None) -> None:
        self._opens.stop()
        done, self._opening = self._opening, None
        if done is not None:
            done(why_not)

    def _is_late(self) -> None:
        # a late answer is still heard; it is asked again at the next look
        self._is_asked = self._is_stale = False
        self._took(NOTHING_READ)

    def _failed_at(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:  # of all others the end is told as well
            self._fail("cannot be started")

    def _fail(self, what: str) -> None:
        if self._has_failed:
            return
        self._has_failed = True
        self._look.stop()
        self._answer.stop()
        self._is_asked = False
        self._was_opened("cannot be asked: its driver does not run")
        self._failed(f"The driver of {self._description.name} {what}: see driver.command in its description.")
        self._took(NOTHING_READ)


def _decoded(line: bytes) -> _Shows | _Opened:
    if b'"opened"' in line:
        return msgspec.json.decode(line, type=_Opened)
    return msgspec.json.decode(line, type=_Shows)
