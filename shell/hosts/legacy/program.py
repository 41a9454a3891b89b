"""A legacy program as a process: started to outlive the shell, remembered, and known again later."""

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec
from PySide6.QtCore import QObject

from shell.errors import ProgramError
from shell.hosts.legacy.description import LegacyDescription, filled
from shell.native.interface import FoundWindow
from shell.native.process import EndWatch, Process, command_line, read_process

_LOG: Final = logging.getLogger(__name__)
_OUR_VARIABLES: Final = ("BANYAN_", "QTWEBENGINE", "QT_QUICK_BACKEND", "QT_XCB_GL_INTEGRATION")
"""Settings and secrets of ours are none of the legacy program's business, nor how our browser draws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyPlace:
    """Where and on what a legacy program runs."""

    database: str
    today: str | None
    state_folder: Path
    """Of one user, practice and environment; the process is remembered here."""


class LegacyProgram(QObject):
    """Starts and recognises one legacy program. Nothing here blocks for longer than a process start."""

    def __init__(
        self, description: LegacyDescription, place: LegacyPlace, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.description = description
        self._place = place
        slug = "".join(letter if letter.isalnum() else "-" for letter in description.name.lower())
        self._remembered_in = place.state_folder / f"{slug}.process.json"
        self._shown_by_in = place.state_folder / f"{slug}.shown-by.json"
        self._end_watch: EndWatch | None = None

    @property
    def can_start(self) -> bool:
        """Whether all that starting asks for was named."""
        return bool(self._place.database) or not self.description.needs_database

    def process(self) -> Process | None:
        """The program's process, started by this run or an earlier one; None when it does not run."""
        return _living(self._remembered_in)

    @property
    def is_elsewhere(self) -> bool:
        """Whether another shell shows the program's window: it is in one at a time."""
        shell = _living(self._shown_by_in)
        return shell is not None and shell.pid != os.getpid()

    def note_shown(self, *, is_shown: bool) -> None:
        """Have other shells know that this one shows the program's window, or no longer."""
        mine = read_process(os.getpid())
        if is_shown and mine is not None:
            self._shown_by_in.write_bytes(msgspec.json.encode(mine))
        elif not is_shown and not self.is_elsewhere:
            self._shown_by_in.unlink(missing_ok=True)

    def start(self, *, number: str | None, screen: str | None) -> None:
        """Start the program.

        Raises:
            ProgramError: it could not be started.
        """
        if not self.can_start:
            raise ProgramError(
                "No legacy database was named. Name it with --legacy-database URL and open Banyan again."
            )
        pid = self._run(filled(self.description.start_command, self.values(number, screen)), "start.command")
        process = read_process(pid)
        if process is not None:
            self._remembered_in.write_bytes(msgspec.json.encode(process))

    def open(self, *, number: str | None, screen: str | None, done: Callable[[], None]) -> None:
        """Ask the running program by a command or an address; `done` once the asking has ended.

        Raises:
            ProgramError: the asking could not be started.
        """
        values = self.values(number, screen)
        opening = self.description.opening
        if opening.url:
            # a value is never read as a part of the address, whatever is in it
            quoted = {
                name: None if value is None else quote(value, safe="") for name, value in values.items()
            }
            address = "".join(filled(opening.url, quoted))
            pid = self._run(filled(opening.url_command, {**values, "url": address}), "open.url_command")
        else:
            pid = self._run(filled(opening.command, values), "open.command")
        try:
            EndWatch(pid, done, self)
        except ProcessLookupError:
            done()

    def owns(self, window: FoundWindow) -> bool:
        """Whether a window is this program's main window, on this database, of this user."""
        return (
            self.description.wm_class in window.wm_class.split("\0")
            and self.description.window_title.search(window.title) is not None
            and window.transient_for is None
            and window.pid is not None
            and self.runs_as(window.pid)
        )

    def is_alert(self, window: FoundWindow) -> bool:
        """Whether another window of this program's is one of its alerts, and no second main window."""
        alerts = self.description.alerts
        return not self.owns(window) and (alerts is None or alerts.search(window.title) is not None)

    def runs_as(self, pid: int) -> bool:
        """Whether a process is this program, on this database, of this user."""
        owner = read_process(pid)
        if owner is None or pid == os.getpid():  # the shell was started with the same database
            return False
        mine = self.process()
        if mine is not None and owner.session == mine.session:
            return True
        wanted = [part.format(**self.values(None, None)) for part in self.description.command_line]
        arguments = command_line(pid)
        return bool(wanted) and all(part in arguments for part in wanted)

    def watch_end(self, ended: Callable[[], None]) -> bool:
        """Call back once when the program ends; False when it has ended already."""
        self.unwatch()
        process = self.process()
        if process is None:
            return False
        try:
            self._end_watch = EndWatch(process.pid, ended, self)
        except ProcessLookupError:
            return False
        return True

    def unwatch(self) -> None:
        """Watch no longer."""
        if self._end_watch is not None:
            self._end_watch.stop()
            self._end_watch = None

    def values(self, number: str | None, screen: str | None) -> Mapping[str, str | None]:
        """What the placeholders of the description stand for."""
        place = self._place
        return {
            "python": sys.executable,
            "here": str(self.description.folder),
            "database": place.database,
            "today": place.today,
            "number": number,
            "screen": screen,
        }

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the program's, or its driver, is started with."""
        return {name: value for name, value in os.environ.items() if not name.startswith(_OUR_VARIABLES)}

    def _run(self, arguments: list[str], key: str) -> int:
        """Start a process of its own session, tied to nothing of the shell's, and reap it when it ends."""
        environment = self.environment
        # what it says may name patients: it is kept nowhere
        nowhere = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)]
        try:
            pid = os.posix_spawnp(arguments[0], arguments, environment, file_actions=nowhere, setsid=True)
        except OSError as error:
            raise ProgramError(
                f"{self.description.name} could not be started: “{arguments[0]}” does not run on "
                f"this machine ({error.strerror}). See {key} in its description."
            ) from error
        EndWatch(pid, lambda: self._reap(pid), self)
        return pid

    def _reap(self, pid: int) -> None:
        """Let the kernel forget a child that has ended."""
        with contextlib.suppress(ChildProcessError):
            _, status = os.waitpid(pid, 0)
            if status:
                code = os.waitstatus_to_exitcode(status)
                _LOG.warning("a start of %s ended with status %d", self.description.name, code)


def _living(file: Path) -> Process | None:
    """The process that a file names; None when it does not run."""
    try:
        remembered = msgspec.json.decode(file.read_bytes(), type=Process)
    except (OSError, msgspec.DecodeError):
        return None
    return remembered if read_process(remembered.pid) == remembered else None
