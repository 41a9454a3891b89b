"""A process of this user, told apart from a later one with the same number."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QSocketNotifier

_PROC: Final = Path("/proc")
_START_TIME_FIELD: Final = 19
"""Of what follows the command's name in /proc/PID/stat (proc(5): field 22)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A running process."""

    pid: int
    session: int
    """What a program started by it shares with it."""
    started: int
    """When it started, in clock ticks since boot: a number used again has another."""


def read_process(pid: int) -> Process | None:
    """A running process of this user; None when there is none, or it is somebody else's."""
    try:
        folder = _PROC / str(pid)
        if folder.stat().st_uid != os.getuid():
            return None
        state, *fields = (folder / "stat").read_text().rpartition(")")[2].split()
        if state in "ZX":
            return None
        return Process(pid=pid, session=os.getsid(pid), started=int(fields[_START_TIME_FIELD - 1]))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None


def command_line(pid: int) -> tuple[str, ...]:
    """The arguments that a process was started with; empty when it is gone."""
    try:
        whole = (_PROC / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ()
    return tuple(part.decode(errors="replace") for part in whole.split(b"\0") if part)


class EndWatch(QObject):
    """Calls back once, when a process ends that need not be a child of this one. Nothing is polled."""

    def __init__(self, pid: int, ended: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._ended = ended
        self._descriptor: int | None = os.pidfd_open(pid)
        self._notifier = QSocketNotifier(self._descriptor, QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._readable)

    def stop(self) -> None:
        """Watch no longer."""
        if self._descriptor is not None:
            self._notifier.setEnabled(False)
            os.close(self._descriptor)
            self._descriptor = None
            self.deleteLater()

    def _readable(self) -> None:
        if self._descriptor is not None:
            self.stop()
            self._ended()
