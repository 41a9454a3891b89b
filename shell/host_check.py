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
from shell.hosts.legacy.description import LegacyDescription
from shell.hosts.legacy.description_file import read_description
from shell.hosts.legacy.keystrokes import Stroke, Typing
from shell.hosts.legacy.program import LegacyPlace, LegacyProgram
from shell.hosts.legacy.window import LegacyWindowHost
from shell.native.desktop import native_windows
from shell.native.interface import FoundWindow, NativeWindows

_LOOK_MILLISECONDS = 20
_ANSWER_SECONDS = 10.0
"""How long a program may take to show a patient, or to end."""
_TITLE_SECONDS = 3.0
_PERSON_SECONDS = 30.0
"""How long a question of the program's waits for whoever tries it."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a description is tried with.

    Attributes:
        database: what `{database}` stands for.
        numbers: of patients who are there, one or two.
        today: what `{today}` stands for, or None.
        change: keystrokes that change the record of the first patient; none: that is not tried.
    """

    database: str
    numbers: tuple[str, ...]
    today: str | None
    change: list[Stroke]


class HostCheck:
    """One description, tried once. Runs an event loop of its own while it waits.

    Args:
        path: the description.
        trial: what it is tried with.
        tell: hears each finding as it is made.
    """

    def __init__(self, path: Path, trial: Trial, tell: Callable[[Finding], None]) -> None:
        self._path = path
        self._trial = trial
        self._numbers = trial.numbers
        self._tell = tell
        self._is_well = True
        self._program: LegacyProgram | None = None
        self._native: NativeWindows | None = None
        self._is_asked = self._is_stuck = False
        self._refused = ""
        self._left_alone: set[int] = set()
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
            place = LegacyPlace(
                database=self._trial.database, today=self._trial.today, state_folder=Path(folder)
            )
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
        self._program, self._native = program, native
        pane = QVBoxLayout(content)
        pane.addWidget(host.widget)
        top.resize(1100, 760)
        top.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        top.show()
        try:
            if self._starts(description, native, program, host):
                self._shows_patients(description, host)
                self._shows_screens(description, host)
                self._keeps_its_size(description, host, top)
                self._marks_work(description, host)
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
        self._until(lambda: self._refused != "" or host.shown.state is not ShownState.UNKNOWN, seconds)
        if host.shown.state is not ShownState.UNKNOWN:
            read = "its driver" if description.driver else "its title"
            self._say(f"Its window was taken in and {read} read after {time.monotonic() - began:.1f} s.")
            return True
        if host.title is not None and self._refused:
            return False  # that it shows two windows, or that its driver fails, was said
        process = program.process()
        found = native.find(pids=[process.pid]) if process is not None else ()
        windows = [one for one in found if one.is_shown]
        if host.title is not None:
            words = f"Its title “{host.title}” cannot be read: title.pattern does not fit it."
            if description.driver:
                words = "Its driver does not say whom it shows: see driver.command."
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
        if not self._is_answered():
            return
        host.open(_first_screen(description), _patient(_NOBODY_HAS), "")
        claims = self._until(lambda: host.shown.identifier == _NOBODY_HAS, 2.0)
        if claims:
            words = (
                "It claims to show whoever is asked for, also a number that nobody has: it proves nothing."
            )
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
        if not self._is_answered():
            return
        began = time.monotonic()
        self.gone = self._refused = ""
        host.open(function, _patient(number), "")
        state = ShownState.SOMEBODY if number else ShownState.NOBODY

        def is_there() -> bool:
            shown = host.shown
            return shown.state is state and shown.identifier == number and shown.function in (function, None)

        self._until(lambda: is_there() or self._refused != "", _ANSWER_SECONDS)
        if is_there():
            self._say(f"{words} ({time.monotonic() - began:.1f} s).")
        else:
            self._say(f"{words}: no. {_read(host.shown, number)}", is_well=False)

    def _keeps_its_size(self, description: LegacyDescription, host: LegacyWindowHost, top: QWidget) -> None:
        """What is clipped cannot be read: the size described must be one that the program can have."""
        if host.guest is None:
            return
        wide, high = description.minimum_width, description.minimum_height
        least = host.least_size or (0, 0)
        if least[0] > wide or least[1] > high:
            words = (
                f"It says itself that it needs {least[0]} × {least[1]}, and the description {wide} × {high}: "
                "see window.minimum_width and window.minimum_height."
            )
            self._say(words, is_well=False)
            return
        before = top.size()
        top.resize(wide // 2, high // 2)
        keeps = self._until(
            lambda: host.guest is not None and host.guest.size() == (wide, high), _TITLE_SECONDS
        )
        top.resize(before)
        words = f"In a pane of half its least size it keeps {wide} × {high}, and the pane scrolls"
        self._report(keeps, words)

    def _marks_work(self, description: LegacyDescription, host: LegacyWindowHost) -> None:
        pattern = description.title_pattern
        if pattern is not None and "unsaved" not in pattern.groupindex:
            words = "title.pattern has no group (?P<unsaved>…): work that is not saved is not seen."
            self._say(words, is_well=False)
        elif not self._trial.change:
            self._say(
                "Its mark of unsaved work was not tried: --change names keystrokes that change a record."
            )
        elif self._numbers:
            self._open(
                host, _first_screen(description), self._numbers[0], "The patient is opened for a change"
            )
            self._settles(host, description.discard_key, "discard_key", "thrown away", host.discard_work)
            self._settles(host, description.save_key, "save_key", "saved", host.save_work)

    def _settles(
        self,
        host: LegacyWindowHost,
        key: str | None,
        name: str,
        how: str,
        settle: Callable[[Callable[[bool], None]], None],
    ) -> None:
        if key is None:
            self._say(f"Work cannot be {how} from outside: the description has no work.{name}.")
            return
        guest = host.guest
        if guest is None or not self._is_answered():
            return
        Typing(lambda: self._is_asked, host).begin(guest, self._trial.change, lambda _why_not: None)
        if not self._until(lambda: host.shown.unsaved, _TITLE_SECONDS):
            words = "A change is not marked as unsaved: see title.pattern or the driver, and --change."
            self._say(words, is_well=False)
            return
        done: list[bool] = []
        settle(done.append)
        self._until(lambda: bool(done), _ANSWER_SECONDS + 1)
        words = f"A change is marked as unsaved, and {how} by {key}"
        if done == [True]:
            self._say(f"{words}.")
        else:
            self._say(f"{words}: no, the mark stays. See work.{name}.", is_well=False)

    def _is_answered(self) -> bool:
        """Nothing is opened while the program asks: whoever tries it has to answer."""
        for one in self._others():
            if not self._is_alert(one) and one.window_id not in self._left_alone:
                self._left_alone.add(one.window_id)
                self._say(f"Its window “{one.title}” is left alone: it is no alert by alerts.title.")
        if self._is_stuck or self._until(lambda: not self._is_asked, _PERSON_SECONDS):
            return not self._is_stuck
        self._is_stuck = True
        words = f"Its question was not answered within {_PERSON_SECONDS:.0f} s: the rest was not tried."
        self._say(words, is_well=False)
        return False

    def _others(self) -> list[FoundWindow]:
        """The program's windows on the screen beside the one in the pane."""
        native, program = self._native, self._program
        if native is None or program is None:
            return []
        return [
            one
            for one in native.find()
            if one.is_shown and one.pid is not None and program.runs_as(one.pid) and not program.owns(one)
        ]

    def _is_alert(self, window: FoundWindow) -> bool:
        return self._program is not None and self._program.is_alert(window)

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
        if is_so():
            return True
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
        self._is_asked = is_open
        if is_open:
            names = " and ".join(f"“{one.title}”" for one in self._others() if self._is_alert(one))
            self._say(
                f"It opened {names or 'a window of its own'} above the pane, and waits for an answer there."
            )

    def on_notice(self, side: Side, words: str) -> None:  # noqa: ARG002 - there is one pane
        """Something was refused or happened."""
        self._refused = words
        self._say(words, is_well=False)


def _patient(number: str | None) -> HostPatient | None:
    return None if number is None else HostPatient(fhir_id=number, patient_number=number)


def _first_screen(description: LegacyDescription) -> str:
    return next(iter(description.screens), "patients")


def _read(shown: Shown, wanted: str | None) -> str:
    who = {
        ShownState.SOMEBODY: f"the patient {shown.identifier}",
        ShownState.NOBODY: "nobody",
        ShownState.UNKNOWN: "nothing that can be read",
    }[shown.state]
    said = f"It says {who}, on the screen {shown.function or '–'}."
    if shown.state is ShownState.SOMEBODY and shown.identifier != wanted:
        return f"{said} That is somebody else: its pane would be veiled. See open."
    return f"{said} See open, screens, and title or driver."


def _why_not_taken(description: LegacyDescription, windows: Sequence[FoundWindow]) -> str:
    fitting = [one for one in windows if description.wm_class in one.wm_class.split("\0")]
    if not fitting:
        known = " and ".join(f"“{part}”" for part in windows[0].wm_class.split("\0") if part)
        return f"Its window has the class {known}, and find.wm_class says “{description.wm_class}”."
    if not any(description.window_title.search(one.title) for one in fitting):
        return f"Its window has the title “{fitting[0].title}”, which find.title does not fit."
    return f"Its window “{fitting[0].title}” was not taken in: see find.command_line."
