"""A legacy program's own window in a pane: found, laid in, read back by its title, given back intact."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from PySide6.QtCore import QCoreApplication, QObject, QSize, QTimer
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QWidget

from shell.errors import ProgramError
from shell.hosts.interface import HostListener, HostPatient, Shown, ShownState, Side
from shell.hosts.key_frame import KeyFrame
from shell.hosts.legacy.description import NOTHING_READ, Reading
from shell.hosts.legacy.dialogues import LegacyDialogues
from shell.hosts.legacy.pane import LegacyPane
from shell.hosts.legacy.program import LegacyProgram
from shell.hosts.legacy.talk import LegacyTalk
from shell.native.interface import Arrival, Box, FoundWindow, Guest, NativeWindows

_Words = tuple[str | None, str | None]
"""A patient's number and a screen, in the program's own words."""
_WORK_TIMEOUT_MILLISECONDS: Final = 10_000
"""How long a program may take to save before the person is told that it did not."""


class LegacyWindowHost(QObject):
    """See `shell.hosts.interface.Host`. `widget` goes into the window's layout."""

    def __init__(
        self, program: LegacyProgram, native: NativeWindows, frame: KeyFrame, listener: HostListener
    ) -> None:
        super().__init__(frame)
        self._program = program
        self._native = native
        self._frame = frame
        self._listener = listener
        self._guest: Guest | None = None
        self.least_size: tuple[int, int] | None = None
        self._window: QWindow | None = None
        self._found: FoundWindow | None = None
        self._home: Box | None = None
        self._dialogues = LegacyDialogues(
            native,
            frame,
            program.description.shell_keys,
            program.is_alert,
            self._heard_over_dialogue,
            self._asks,
        )
        self._talk = LegacyTalk(
            program,
            lambda: self._dialogues.are_open,
            lambda: self._holds_work,
            self._was_read,
            lambda words: listener.on_notice(Side.LEGACY, words),
            self,
        )
        self._must_tell = self._holds_work = False
        self._is_new = self._has_other = False
        self._keys_wait = False
        self._wanted: tuple[str, HostPatient | None] | None = None
        self._asked: _Words | None = None
        self._is_asking = False
        self._arrival: Arrival | None = None
        self._is_closing = False
        self._work_done: Callable[[bool], None] | None = None
        self._shown = Shown(state=ShownState.UNKNOWN, read_at=datetime.now(UTC))
        self.widget: QWidget = LegacyPane(
            frame.top, program.description.name, self._settled, self._left_glass, self.release
        )
        self._pane = self.widget
        self._window_timer = QTimer(self, singleShot=True)
        self._window_timer.setInterval(int(program.description.window_within_seconds * 1000))
        self._window_timer.timeout.connect(self._window_did_not_come)
        self._work_timer = QTimer(self, singleShot=True, interval=_WORK_TIMEOUT_MILLISECONDS)
        self._work_timer.timeout.connect(lambda: self._finish_work(done=False))
        self._unwatch = native.watch_screen(self._screen_changed)
        application = QCoreApplication.instance()
        if application is not None:
            # a window that is inside of ours when ours is destroyed is destroyed with it
            application.aboutToQuit.connect(self.release)

    # -- Host -------------------------------------------------------------------------------------

    @property
    def side(self) -> Side:
        """The legacy side."""
        return Side.LEGACY

    @property
    def can_start(self) -> bool:
        """Whether the program could be started at all."""
        return self._program.can_start

    @property
    def title(self) -> str | None:
        """The title of the window in the pane; None while there is none."""
        return None if self._guest is None else self._guest.title()

    @property
    def guest(self) -> Guest | None:
        """The window in the pane, for whoever tries a description."""
        return self._guest

    @property
    def shown(self) -> Shown:
        """The last read-back of the title."""
        return self._shown

    def open(self, function: str, patient: HostPatient | None, context_token: str) -> None:  # noqa: ARG002 - a program knows no tokens
        """Open a patient on a function's screen; starts the program when it does not run."""
        self._wanted = (function, patient)
        self._is_closing = False
        self._shown = replace(self._shown, state=ShownState.UNKNOWN, identifier=None)
        if self._guest is None:
            self._start_or_find()
        else:
            self._ask_for_wanted()

    def refresh_read_back(self) -> None:
        """Read the title now."""
        self._read_back(always=True)

    def take_keys(self) -> None:
        """Give the program's window the keys, or its dialogue when one is open."""
        if self._talk.is_typing:
            self._keys_wait = True
        elif self._guest is not None and self._pane.is_on_the_glass:
            self._frame.give_to_guest()

    def save_work(self, done: Callable[[bool], None]) -> None:
        """Press the program's own key for saving, when its description names one."""
        self._settle_work(self._program.description.save_key, done)

    def discard_work(self, done: Callable[[bool], None]) -> None:
        """Press the program's own key for throwing work away, when its description names one."""
        self._settle_work(self._program.description.discard_key, done)

    def leave_work(self, done: Callable[[bool], None]) -> None:
        """A legacy program keeps no drafts."""
        done(not self.shown.unsaved)

    def forgive(self) -> None:
        """Nothing: it is started as often as somebody asks."""

    def stop_writing(self, functions: frozenset[str]) -> None:
        """Nothing: the program is not ours to stop."""

    def cover(self) -> None:
        """Take the window off the glass: a window that is not mapped gets no key and no click."""
        self._pane.cover(covered=True)

    def uncover(self) -> None:
        """Put the window back on the glass."""
        self._pane.cover(covered=False)

    def conceal(self, *, is_concealed: bool) -> None:
        """Take the program's dialogues off the screen too, or put them back."""
        if is_concealed:
            self._dialogues.conceal(self._found)
        else:
            self._dialogues.reveal()

    def release(self) -> None:
        """Give the window back to the screen, where it was, as large as it was."""
        self._expect_no_more()
        guest, home = self._guest, self._home
        if guest is not None:
            self._forget_guest(to_screen=True)
            guest.release()
            if home is not None:
                self._native.put_back(guest.window_id, home)
            self._dialogues.let_go()

    def close(self) -> None:
        """Ask the program to close; it may still ask the person about unsaved work."""
        self._is_closing = True
        guest = self._guest
        self.release()
        if guest is not None:
            guest.ask_to_close()
        self._program.unwatch()
        self._unwatch()
        self._unwatch = _nothing

    # -- starting and finding ---------------------------------------------------------------------

    def _start_or_find(self) -> None:
        if self._expect_window():
            return
        if self._program.is_elsewhere:
            self._gone(
                f"{self._program.description.name} is open in another Banyan window. It is in one at a time: "
                "go on there, or close that window and start it again here."
            )
            return
        if self._program.process() is None:
            self._asked = None
            number, screen = words = self._wanted_words()
            try:
                self._program.start(number=number, screen=screen)
            except ProgramError as error:
                self._gone(str(error))
                return
            if self._program.description.start_opens_patient:
                self._asked = words
        if not self._program.watch_end(self._program_ended):
            self._program_ended()

    def _screen_changed(self) -> None:
        if self._found is not None:
            self._dialogues.look(self._found)
            if not self._dialogues.are_concealed:
                self._see_others(self._found)

    def _see_others(self, found: FoundWindow) -> None:
        """With a second main window nobody knows which of the two a person works in."""
        others = self._native.find(wm_class=self._program.description.wm_class)
        has_other = any(
            one.is_shown and one.window_id != found.window_id and self._program.owns(one) for one in others
        )
        if has_other == self._has_other:
            return
        self._has_other = has_other
        if has_other:
            name = self._program.description.name
            words = f"{name} shows two windows that could be its main one. Close one of them to go on here."
            self._listener.on_notice(Side.LEGACY, words)
        self._read_back(always=True)

    def _expect_window(self) -> bool:
        """Take the program's window in as soon as there is one; True when it is on its way."""
        if self._arrival is None:
            self._window_timer.start()
            self._arrival = self._native.expect(self._program.runs_as, self._program.owns, self._adopt)
        return self._arrival.look()

    def _expect_no_more(self) -> None:
        self._window_timer.stop()
        if self._arrival is not None:
            self._arrival.stop()
            self._arrival = None

    def _adopt(self, found: FoundWindow, home: Box) -> None:
        self._expect_no_more()
        self._home = home
        self.least_size = self._native.least_size(found.window_id) or self.least_size
        self._window = QWindow.fromWinId(found.window_id)
        description, ratio = self._program.description, self._frame.top.devicePixelRatioF()
        minimum = QSize(round(description.minimum_width / ratio), round(description.minimum_height / ratio))
        self._pane.lay(self._window, minimum)
        self._guest = self._native.adopt(found.window_id, self, description.shell_keys)
        self._frame.register_guest(self._give_guest_keys, self._dialogues.took_keys)
        self._program.watch_end(self._program_ended)
        self._program.note_shown(is_shown=True)
        self._found = found
        self._dialogues.look(found)
        self._talk.begin(self._guest, found)
        self._is_new = True
        self._see_others(found)
        self._read_back(always=True)

    def _forget_guest(self, *, to_screen: bool) -> None:
        self._guest = self._home = self._found = None
        self._program.note_shown(is_shown=False)
        self._talk.end()
        self._is_new = self._has_other = False
        self._dialogues.forget()
        self._frame.register_guest(None)
        self._pane.lift(to_screen=to_screen)
        self._window = None

    def _window_did_not_come(self) -> None:
        description = self._program.description
        self._gone(
            f"{description.name} was started, but showed no window within "
            f"{description.window_within_seconds:g} seconds. Start it again."
        )

    def _program_ended(self) -> None:
        """The process ended; its window may have been found elsewhere (a start that handed over)."""
        if self._guest is None and not self._expect_window():
            self._gone(f"{self._program.description.name} ended before it showed its window.")

    def _gone(self, reason: str) -> None:
        self._expect_no_more()
        self._program.unwatch()
        self._shown = Shown(state=ShownState.UNKNOWN, read_at=datetime.now(UTC))
        self._finish_work(done=False)
        if not self._is_closing:
            self._listener.on_gone(Side.LEGACY, reason)

    # -- opening and reading back -----------------------------------------------------------------

    def _wanted_words(self) -> _Words:
        """The wanted patient's number and screen in the program's own words."""
        if self._wanted is None:
            return None, None
        function, patient = self._wanted
        description = self._program.description
        number = patient.patient_number if patient else description.nobody
        return number, description.screens.get(function)

    def _ask_for_wanted(self) -> None:
        if self._is_asking:
            # one at a time: two would overtake each other. It is asked again when this one is through
            return
        if self._has_other:
            self._is_new = True  # asked once there is one window again
            self._read_back(always=True)
            return
        number, screen = words = self._wanted_words()
        patient = self._wanted[1] if self._wanted else None
        if patient is not None and number is None:
            self._listener.on_notice(
                Side.LEGACY,
                f"This patient has no number in {self._program.description.name}. It keeps what it shows.",
            )
            self._read_back(always=True)
            return
        self._is_asking, self._asked = True, words
        if self._program.description.opening.keys and self._frame.active is Side.LEGACY:
            # what a person types between these keystrokes would be written into somebody's record
            self._keys_wait = True
            self._frame.give_to_shell(self._frame.content)
        self._talk.open(number, screen, self._was_asked)

    def _was_asked(self, why_not: str | None) -> None:
        self._is_asking = False
        keys_wait, self._keys_wait = self._keys_wait, False
        if keys_wait:
            self.take_keys()
        if why_not is not None:
            self._asked = None
            self._listener.on_notice(Side.LEGACY, why_not)
            self._read_back(always=True)
        elif self._guest is not None and self._asked != self._wanted_words():
            self._ask_for_wanted()
        else:
            self._read_back(always=True)

    def _read_back(self, *, always: bool) -> None:
        if self._guest is not None:
            self._must_tell = self._must_tell or always
            self._talk.ask()

    def _was_read(self, reading: Reading) -> None:
        if self._guest is None or (self._is_asking and self._talk.is_blind_while_asking):
            return
        if self._has_other:
            reading = NOTHING_READ
        is_new = self._is_new and not self._has_other
        self._is_new = self._is_new and self._has_other
        # what outlived an earlier window with a patient open is taken over as it is: asked to show
        # somebody else, it might put a question about unsaved work, which the next key answers
        is_held = reading.unsaved or reading.state is ShownState.SOMEBODY
        if is_new and self._asked != self._wanted_words() and not (self._asked is None and is_held):
            self._ask_for_wanted()
            return
        if reading.state is not ShownState.UNKNOWN:
            self._holds_work = reading.unsaved  # what cannot be read holds what it held
        always, self._must_tell = self._must_tell, False
        before = self._shown
        self._shown = Shown(
            state=reading.state,
            read_at=datetime.now(UTC),
            identifier=reading.patient_number,
            function=reading.function,
            unsaved=reading.unsaved,
        )
        if always or replace(before, read_at=self._shown.read_at) != self._shown:
            self._listener.on_shown(Side.LEGACY, self._shown)
        if self._work_done is not None and reading.state is not ShownState.UNKNOWN and not reading.unsaved:
            self._finish_work(done=True)

    def _settle_work(self, key: str | None, done: Callable[[bool], None]) -> None:
        self._finish_work(done=False)
        if self._dialogues.are_open:
            done(False)  # it takes the key for itself, or for nothing: its answer comes first
            return
        if self._guest is None or key is None:
            done(self._guest is not None and not self._shown.unsaved)
            return
        self._work_done = done
        self._work_timer.start()
        self._read_back(always=False)
        if self._work_done is not None:
            self._guest.begin_keys()
            self._guest.press(key)
            self._guest.end_keys()

    def _finish_work(self, *, done: bool) -> None:
        self._work_timer.stop()
        answer, self._work_done = self._work_done, None
        if answer is not None:
            answer(done)

    # -- GuestListener ----------------------------------------------------------------------------

    def on_title(self, title: str) -> None:  # noqa: ARG002 - the title is read where it is, not where it was
        """The title changed: read it back."""
        self._read_back(always=False)

    def on_pressed(self) -> None:
        """A press on the window: it gets the keys before it gets the press."""
        if self._talk.is_typing:
            self._keys_wait = True
        else:
            self._frame.give_to_guest()

    def on_focused(self) -> None:
        """The window got the keys: by us, or by itself."""
        if not self._dialogues.are_open:
            self._frame.guest_focused()

    def on_shell_key(self, key: str) -> None:
        """A key of the shell's: the keys come to the shell at once, its meaning a moment later."""
        self._frame.lend_to_shell()
        QTimer.singleShot(0, self, lambda: self._listener.on_shell_key(key))

    def on_taken_out(self) -> None:
        """A late window manager put the window back on the screen: take it in again."""
        if self._window is not None:
            self._forget_guest(to_screen=False)
            self._expect_window()

    def on_destroyed(self) -> None:
        """The window is gone, and with it the program or at least its main window."""
        self._forget_guest(to_screen=False)
        self._dialogues.let_go()
        # outside of the native event, which may be in the middle of anything
        QTimer.singleShot(0, self, lambda: self._gone(f"{self._program.description.name} has ended."))

    # -- keys and place ---------------------------------------------------------------------------

    def _give_guest_keys(self) -> None:
        if self._dialogues.are_open:
            self._dialogues.take_keys()
        elif self._guest is not None:
            self._guest.take_keys()

    def _heard_over_dialogue(self, key: str) -> None:
        # the keys stay with the dialogue: what is typed after this is meant for it
        QTimer.singleShot(0, self, lambda: self._listener.on_shell_key(key))

    def _asks(self, is_asking: bool) -> None:
        self._listener.on_question(Side.LEGACY, is_open=is_asking)

    def _left_glass(self) -> None:
        if self._frame.active is Side.LEGACY:
            self._frame.give_to_shell()

    def _settled(self, box: Box) -> None:
        if self._guest is not None:
            self._guest.told_place(box)


def _nothing() -> None:
    """Stands for what is no longer to be done."""
