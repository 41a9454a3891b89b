"""Gathers the notes of what was read and refused, and has them written a few at a time.

A write's own note is committed with it. A read does not wait for a disk: its note follows within
`PAUSE_SECONDS`, many to a commit. When notes cannot be written any more, nothing is read any more either.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from web_modules.fhir_store.audit.events import Note
from web_modules.fhir_store.audit.turned_away import Tally, TurnedAway
from web_modules.fhir_store.database.transactions import DatabaseSilent

PAUSE_SECONDS = 0.05
RETRY_SECONDS = 1.0
MOST_WAITING = 20_000
"""Notes held while the database is silent."""


class AuditTrail:
    """The notes of one practice that are still to be written. Safe from every thread."""

    def __init__(self, write: Callable[[Sequence[Note]], object]) -> None:
        """Begin.

        Args:
            write: appends notes to the practice's chain and commits; may raise `DatabaseSilent`.
        """
        self._write = write
        self._waiting: deque[Note] = deque()
        self._tally = Tally()
        self._writing = threading.Lock()
        self._is_wanted = threading.Event()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def note(self, note: Note) -> None:
        """Have a note written soon.

        Raises:
            DatabaseSilent: too many wait already.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise DatabaseSilent("the audit cannot be written")
        self._waiting.append(note)
        if not self._is_wanted.is_set():
            self._is_wanted.set()
            if self._thread is None:
                self._begin()

    def turn_away(self, what: TurnedAway) -> None:
        """Have it noted soon that somebody unknown was refused, or counted where that is often.

        Raises:
            DatabaseSilent: too many wait already.
        """
        note = self._tally.first(what)
        if note is not None:
            self.note(note)

    def flush(self) -> None:
        """Write what waits.

        Raises:
            DatabaseSilent: it waits on.
        """
        with self._writing:
            self._is_wanted.clear()
            self._waiting.extend(self._tally.over(is_end=self._is_closed))
            notes = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not notes:
                return
            try:
                self._write(notes)
            except DatabaseSilent:
                self._waiting.extendleft(reversed(notes))
                raise

    def close(self) -> None:
        """Write what waits and end."""
        self._is_closed = True
        self._is_wanted.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def _begin(self) -> None:
        with self._writing:
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pausing = threading.Event()
        while not self._is_closed:
            self._is_wanted.wait(self._tally.seconds_left())
            pausing.wait(PAUSE_SECONDS)
            try:
                self.flush()
            except DatabaseSilent:
                self._is_wanted.set()
                pausing.wait(RETRY_SECONDS)
