"""Asks a hosted program for a patient, and reads what it shows, by the means it is described with."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from shell.errors import ProgramError
from shell.hosts.legacy.description import Reading
from shell.hosts.legacy.driver import LegacyDriver
from shell.hosts.legacy.keystrokes import Typing, strokes
from shell.hosts.legacy.program import LegacyProgram
from shell.native.interface import FoundWindow, Guest


class LegacyTalk(QObject):
    """With one window at a time.

    Args:
        program: the program and its description.
        is_asked: whether the program has put a question of its own.
        holds_work: whether it is known to hold unsaved work.
        took: told each reading, asked for or not.
        failed: told in words that reading does not work.
    """

    def __init__(
        self,
        program: LegacyProgram,
        is_asked: Callable[[], bool],
        holds_work: Callable[[], bool],
        took: Callable[[Reading], None],
        failed: Callable[[str], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._program = program
        self._is_asked = is_asked
        self._holds_work = holds_work
        self._took = took
        self._guest: Guest | None = None
        self._typing = Typing(is_asked, self)
        self._driver: LegacyDriver | None = None
        if program.description.driver:
            self._driver = LegacyDriver(program.description, program.environment, took, failed, self)

    def begin(self, guest: Guest, found: FoundWindow) -> None:
        """Talk with a window that was taken in."""
        self._guest = guest
        if self._driver is not None:
            window = {"process": str(found.pid), "window": str(found.window_id)}
            self._driver.start({**self._program.values(None, None), **window})

    def end(self) -> None:
        """The window is gone, or on its own again."""
        self._typing.stop()
        self._guest = None
        if self._driver is not None:
            self._driver.stop()

    @property
    def is_typing(self) -> bool:
        """Whether keystrokes are on their way into the program: nobody else's may come between them."""
        return self._typing.is_under_way

    @property
    def is_blind_while_asking(self) -> bool:
        """Whether a reading made while it is being asked may be what it showed before.

        A title that changes says something new. A driver is asked all the time, keys are typed one by one:
        who believed that reading would write into a program that is just about to change.
        """
        return self._driver is not None or self.is_typing

    def ask(self) -> None:
        """Read what is shown; `took` is told, at once by the title, soon by a driver."""
        if self._driver is not None:
            self._driver.ask()
        elif self._guest is not None:
            self._took(self._program.description.read_title(self._guest.title()))

    def open(self, number: str | None, screen: str | None, done: Callable[[str | None], None]) -> None:
        """Ask for a patient and a screen; `done` is told None once that was asked, or why it was not."""
        opening, name = self._program.description.opening, self._program.description.name

        def was_asked(why_not: str | None) -> None:
            done(None if why_not is None else f"{name} {why_not.rstrip('.')}. It keeps what it shows.")

        if opening.keys and self._guest is not None:
            self._type(self._guest, number, screen, was_asked)
        elif opening.by_driver and self._driver is not None:
            self._driver.open(number, screen, was_asked)
        else:
            try:
                self._program.open(number=number, screen=screen, done=lambda: done(None))
            except ProgramError as error:
                done(str(error))

    def _type(
        self, guest: Guest, number: str | None, screen: str | None, done: Callable[[str | None], None]
    ) -> None:
        if self._is_asked():
            done("asks something: answer it, then open the patient again")
        elif self._holds_work():
            done("holds work that is not saved: save it or throw it away there, then open the patient again")
        else:
            opening = self._program.description.opening
            is_closing = number is None and bool(opening.nobody_keys)
            template = opening.nobody_keys if is_closing else opening.keys
            self._typing.begin(guest, strokes(template, self._program.values(number, screen)), done)
