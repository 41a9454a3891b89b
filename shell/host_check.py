"""Tries a legacy program's description with the program itself, and says in words what works.

The same hosts do the work as in the window, so what works here works there. For whoever writes a description.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from shell.errors import HostError
from shell.hosts.interface import HostPatient, Shown, ShownState, Side
from shell.hosts.key_frame import KeyFrame
from shell.hosts.legacy.description_file import read_description
from shell.hosts.legacy_description import LegacyDescription
from shell.hosts.legacy_program import LegacyPlace, LegacyProgram
from shell.hosts.legacy_window import LegacyWindowHost
from shell.native.desktop import native_windows
from shell.native.interface import FoundWindow, NativeWindows

_LOOK_MILLISECONDS = 20
_ANSWER_SECONDS = 10.0
"""How long a program may take to show a patient, or to end."""
_TITLE_SECONDS = 3.0
_NOBODY_HAS = "99999999"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was seen of one thing that was tried.

    Attributes:
        is_well: whether it works.
        words: what was seen; where it does not work, what to do about it.
    """

    is_well: bool
    words: str


class HostCheck:
    """One description, tried once. Runs an event loop of its own while it waits.

    Args:
        path: the description.
        database: what `{database}` stands for.
        numbers: of patients who are there, one or two.
        today: what `{today}` stands for, or None.
        tell: hears each finding as it is made.
    """

    def __init__(
        self,
        path: Path,
        *,
        database: str,
        numbers: Sequence[str],
        today: str | None,
        tell: Callable[[Finding], None],
    ) -> None:
        self._path = path
        self._database = database
        self._numbers = tuple(numbers)
        self._today = today
        self._tell = tell
        self._is_well = True
        self.gone = ""

    def run(self, application: QApplication) -> bool:
        """Try everything; whether all of it works."""
        try:
            description = read_description(self._path)
            native = native_windows(application)
        except HostError as error:
            self._say(str(error), is_well=False)
            return False
        self._say(f"The description of {description.name} can be read.")
        with tempfile.TemporaryDirectory() as folder:
            place = LegacyPlace(database=self._database, today=self._today, state_folder=Path(folder))
            self._with_program(description, native, place)
        return self._is_well

    def _with_program(
        self, description: LegacyDescription, native: NativeWindows, place: LegacyPlace
    ) -> None:
        top = QWidget()
        top.setWindowTitle(f"Trying {description.name}")
        content = QWidget(top)
        layout = QVBoxLayout(top)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(content)
        frame = KeyFrame(top, content, native, lambda _side: None)
        program = LegacyProgram(description, place, frame)
        host = LegacyWindowHost(program, native, frame, self)
        pane = QVBoxLayout(content)
        pane.addWidget(host.widget)
        top.resize(1100, 760)
        top.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        top.show()
        try:
            if self._starts(description, native, program, host):
                self._shows_patients(description, host)
                self._shows_screens(description, host)
                self._closes_patients(description, host)
                self._is_given_back(native, program, host)
        finally:
            self._ends(program, host)
            frame.stop()
            top.close()

    def _starts(
        self,
        description: LegacyDescription,
        native: NativeWindows,
        program: LegacyProgram,
        host: LegacyWindowHost,
    ) -> bool:
        began = time.monotonic()
        number = self._numbers[0] if self._numbers else None
        self.gone = ""
        host.open(_first_screen(description), _patient(number), "")
        seconds = description.window_within_seconds + _TITLE_SECONDS
        if self._until(lambda: host.shown.state is not ShownState.UNKNOWN, seconds):
            self._say(f"Its window was taken in and its title read after {time.monotonic() - began:.1f} s.")
            return True
        process = program.process()
        windows = native.find(pids=[process.pid]) if process is not None else ()
        if host.title is not None:
            words = f"Its title “{host.title}” cannot be read: title.pattern does not fit it."
            self._say(words, is_well=False)
        elif self.gone and not windows:
            self._say(self.gone, is_well=False)
        elif windows:
            self._say(_why_not_taken(description, windows), is_well=False)
        else:
            words = f"No window came within {seconds:.0f} s: see start.command and window_within_seconds."
            self._say(words, is_well=False)
        return False

    def _shows_patients(self, description: LegacyDescription, host: LegacyWindowHost) -> None:
        for number in self._numbers:
            self._open(host, _first_screen(description), number, f"Patient {number} is opened and read back")
        host.open(_first_screen(description), _patient(_NOBODY_HAS), "")
        claims = self._until(lambda: host.shown.identifier == _NOBODY_HAS, 2.0)
        if claims:
            words = "The title names whoever was asked for, also a number that nobody has: it proves nothing."
            self._say(words, is_well=False)
        else:
            self._say(f"It does not claim to show a number that nobody has ({_NOBODY_HAS}).")

    def _shows_screens(self, description: LegacyDescription, host: LegacyWindowHost) -> None:
        number = self._numbers[0] if self._numbers else None
        for function in description.screens:
            self._open(host, function, number, f"The screen of {function} is opened and read back")

    def _closes_patients(self, description: LegacyDescription, host: LegacyWindowHost) -> None:
        self._open(host, _first_screen(description), None, "The patient is closed")

    def _is_given_back(self, native: NativeWindows, program: LegacyProgram, host: LegacyWindowHost) -> None:
        host.release()

        def is_on_the_screen() -> bool:
            process = program.process()
            pids = [process.pid] if process is not None else []
            return any(one.is_shown and program.owns(one) for one in native.find(pids=pids))

        self._report(self._until(is_on_the_screen, _ANSWER_SECONDS), "Its window is given back to the screen")
        self._open(host, _first_screen(program.description), None, "It is taken in again")

    def _ends(self, program: LegacyProgram, host: LegacyWindowHost) -> None:
        is_ours, runs = host.title is not None, program.process() is not None
        self.gone = ""
        host.close()
        if not is_ours or not runs:
            if runs:
                self._say("The program still runs: close it by its own means.")
            return
        ended = self._until(lambda: program.process() is None, _ANSWER_SECONDS)
        self._report(ended, "It ends when it is asked to, as by the close button")

    def _open(self, host: LegacyWindowHost, function: str, number: str | None, words: str) -> None:
        began = time.monotonic()
        self.gone = ""
        host.open(function, _patient(number), "")
        state = ShownState.SOMEBODY if number else ShownState.NOBODY

        def is_there() -> bool:
            shown = host.shown
            return shown.state is state and shown.identifier == number and shown.function in (function, None)

        if self._until(is_there, _ANSWER_SECONDS):
            self._say(f"{words} ({time.monotonic() - began:.1f} s).")
        else:
            self._say(f"{words}: no. {_read(host.shown)} See open, screens and title.", is_well=False)

    def _report(self, is_well: bool, words: str) -> None:
        self._say(
            f"{words}." if is_well else f"{words}: not within {_ANSWER_SECONDS:.0f} s.", is_well=is_well
        )

    def _say(self, words: str, *, is_well: bool = True) -> None:
        self._is_well = self._is_well and is_well
        self._tell(Finding(is_well=is_well, words=words))

    def _until(self, is_so: Callable[[], bool], seconds: float) -> bool:
        """Let everything go on until something is so; False: not in time, or the program is gone."""
        until = time.monotonic() + seconds
        loop = QEventLoop()
        looking = QTimer(loop, interval=_LOOK_MILLISECONDS)
        looking.timeout.connect(
            lambda: loop.quit() if is_so() or self.gone or time.monotonic() > until else None
        )
        looking.start()
        loop.exec()
        looking.stop()
        return is_so()

    # -- HostListener ---------------------------------------------------------------------------------------

    def on_shown(self, side: Side, shown: Shown) -> None:
        """The pane was read back: the host keeps it."""

    def on_active(self, side: Side | None) -> None:
        """Keys go elsewhere."""

    def on_gone(self, side: Side, reason: str) -> None:  # noqa: ARG002 - there is one pane
        """The program ended, or did not come."""
        self.gone = reason

    def on_patient_wanted(self, side: Side, identifier: str) -> None:
        """Programs do not ask."""

    def on_shell_key(self, key: str) -> None:
        """There is no shell around it."""

    def on_question(self, side: Side, *, is_open: bool) -> None:  # noqa: ARG002 - there is one pane
        """The program asks something of its own."""
        if is_open:
            self._say("It opened a window of its own above the pane, and waits for an answer there.")

    def on_notice(self, side: Side, words: str) -> None:  # noqa: ARG002 - there is one pane
        """Something was refused or happened."""
        self._say(words, is_well=False)


def _patient(number: str | None) -> HostPatient | None:
    return None if number is None else HostPatient(fhir_id=number, patient_number=number)


def _first_screen(description: LegacyDescription) -> str:
    return next(iter(description.screens), "patients")


def _read(shown: Shown) -> str:
    who = {
        ShownState.SOMEBODY: f"the patient {shown.identifier}",
        ShownState.NOBODY: "nobody",
        ShownState.UNKNOWN: "nothing that can be read",
    }[shown.state]
    return f"The title says {who}, on the screen {shown.function or '–'}."


def _why_not_taken(description: LegacyDescription, windows: Sequence[FoundWindow]) -> str:
    fitting = [one for one in windows if description.wm_class in one.wm_class.split("\0")]
    if not fitting:
        known = " and ".join(f"“{part}”" for part in windows[0].wm_class.split("\0") if part)
        return f"Its window has the class {known}, and find.wm_class says “{description.wm_class}”."
    if not any(description.window_title.search(one.title) for one in fitting):
        return f"Its window has the title “{fitting[0].title}”, which find.title does not fit."
    return f"Its window “{fitting[0].title}” was not taken in: see find.command_line."
