"""Knows which functions' pages are stopped by the kill switch of the flag file (hazard H11)."""

import logging
from pathlib import Path
from threading import Lock

from web_modules.decision.decision import Standing, decide, stopped_words
from web_modules.decision.errors import FlagFileUnreadable
from web_modules.decision.flags import FlagFile
from web_modules.decision.words import Environment, Function

_LOG = logging.getLogger(__name__)

_Stamp = tuple[int, int, int]

_FUNCTIONS = frozenset(one.value for one in Function)


class Stops:
    """Reads the flag file again when it has changed. Safe from every thread.

    What cannot be read, or is not there, changes nothing: what was good last stays, and the log says so.
    """

    def __init__(self, file: Path | None, *, practice: str, environment: Environment) -> None:
        """Read it.

        Args:
            file: the flag file; None: nothing is ever stopped here.
            practice: ODS code, offered to targeting rules.
            environment: live, reference or training; offered to them too.
        """
        self._file = file
        self._practice = practice
        self._environment = environment
        self._lock = Lock()
        self._stamp: _Stamp | None = None
        self._standings: dict[Function, Standing] = {}
        if file is not None:
            self._look(file, _stamp(file))

    def words(self, function: str) -> str | None:
        """What to say of a function that is stopped, as the shell does; None of one that is not.

        Looks at the file, and so blocks as long as that takes.
        """
        if self._file is None or function not in _FUNCTIONS:
            return None
        with self._lock:
            stamp = _stamp(self._file)
            if stamp != self._stamp:
                self._look(self._file, stamp)
            standing = self._standings.get(Function(function))
        if standing is None or not standing.is_stopped:
            return None
        return stopped_words(function, decide(standing, environment=self._environment, has_module=True))

    def _look(self, file: Path, stamp: _Stamp | None) -> None:
        self._stamp = stamp
        try:
            read = FlagFile(
                file, practice=self._practice, environment=self._environment.value, is_watched=False
            )
        except FlagFileUnreadable as error:
            holds = "what it said last still holds" if self._standings else "nothing is stopped"
            _LOG.warning("the flag file is not heeded, %s: %s", holds, error)
            return
        self._standings = dict(read.standings())


def _stamp(file: Path) -> _Stamp | None:
    """By which a changed file is known; None of one that is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
