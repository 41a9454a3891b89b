"""The lease in the legacy database: bridges with different journals never both write one practice."""

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import Protocol

from sqlalchemy import Connection, Engine, Update, insert, select, update

from legacy_bridge.errors import AnotherBridge
from legacy_bridge.legacy.capture.outbox import restored
from legacy_bridge.legacy.database import translated, write_alone
from legacy_bridge.legacy.locks import kept
from legacy_bridge.legacy.own_tables import LEASE, READ, make

BEAT_SECONDS = 4.0  # how often the holder shows that it lives
PATIENCE_SECONDS = 15.0  # three beats that did not come: whoever holds it is gone
_LOOK_SECONDS = 1.0
_FAILED = "The lease in the legacy database cannot be taken"


class Remembered(Protocol):
    """Where the journal remembers how often it has shown, in the legacy database, that it lives."""

    def read(self) -> int | None:
        """The number; None when it never did."""

    def write(self, beat: int) -> None:
        """Remember a number that is about to be written."""

    def position(self) -> str | None:
        """Up to where the journal has what the outbox tells; None when it has nothing."""

    def is_behind(self) -> None:
        """Be told that the journal has forgotten some: it came back from a backup."""


class LegacyLease:
    """The right to write one practice, held by one journal; taking it ends everybody else's.

    It is checked inside each transaction that writes legacy, and before each that writes the cloud. Whether a
    holder lives is told by a number that moves, watched here: no two clocks are compared.
    """

    def __init__(
        self,
        engine: Engine,
        practice: str,
        journal: str,
        *,
        clock: Callable[[], float] = monotonic,
        wait: Callable[[float], object] | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        """Prepare to take the lease.

        Args:
            engine: the legacy database.
            practice: the ODS code.
            journal: what names the journal for good; a bridge that starts again with it goes on at once.
            clock: seconds.
            wait: waits some seconds.
            remembered: what the journal knows of its own life here: one that knows less came back from a
                backup.
        """
        self._engine = engine
        self._practice = practice
        self._journal = journal
        self._clock = clock
        self._wait = wait or Event().wait
        self._remembered = remembered
        self._epoch = 0
        self._beat = 0
        self._beaten = float("-inf")

    def take(self, *, releases: bool = False) -> None:
        """Take the lease; blocks while it is not clear whether another holder lives, at most 16 s.

        Args:
            releases: a person has looked at a database that came back from a backup: its beats are believed
                when that is done; see `believe`.

        Raises:
            AnotherBridge: it lives.
            RestoreDetected: this database does not know of beats that the journal has made.
            SideUnavailable: the database does not answer.
        """
        began = self._clock()
        seen: tuple[str, int, int] | None = None
        while True:
            self._compare(releases=releases)
            silent = seen if self._clock() - began >= PATIENCE_SECONDS else None
            found = self._take_from(silent, releases=releases)
            if found is None:
                return
            if seen is not None and found != seen:
                raise AnotherBridge(
                    f"Another bridge, with another journal, already mirrors {self._practice}; "
                    "end it first, or leave it running."
                )
            seen = found
            self._wait(_LOOK_SECONDS)

    def believe(self) -> None:
        """Count on from the beats of a database that came back from a backup: it was released."""
        with translated(_FAILED), self._engine.connect() as connection:
            row = self._row(connection)
        if self._remembered is not None and row is not None:
            self._remembered.write(row[2])

    def beat(self) -> None:
        """Show that this bridge lives, when it is time to.

        Raises:
            AnotherBridge: another one took over.
            SideUnavailable: the database does not answer.
        """
        if self._clock() - self._beaten < BEAT_SECONDS:
            return
        with translated(_FAILED), self._engine.begin() as connection:
            write_alone(connection)
            self.check(connection)
            row = self._row(connection)
            self._remember(row)
            connection.execute(self._ours().values(beat=LEASE.c.beat + 1))
            self._note_position(connection)
        self._beat = 0 if row is None else row[2] + 1
        self._beaten = self._clock()

    def check(self, connection: Connection) -> None:
        """Refuse a write of a bridge that lost the lease; part of the writing transaction.

        Raises:
            AnotherBridge: another one took over.
            RestoreDetected: this database does not know of its last beat.
        """
        self._must_be_ours(self._row(connection, is_held=True))

    def verify(self) -> None:
        """Check before a write elsewhere; see `check`."""
        with translated(_FAILED), self._engine.connect() as connection:
            self._must_be_ours(self._row(connection))

    def close(self) -> None:
        """Give the lease back, if it is still this bridge's."""
        if self._epoch == 0:
            return
        with translated(_FAILED), self._engine.begin() as connection:
            write_alone(connection)
            row = self._row(connection, is_held=True)
            is_known = row is not None and row[2] >= self._beat  # else it came back from a backup
            if row is not None and is_known and row[:2] == (self._journal, self._epoch):
                self._remember(row)
                connection.execute(self._ours().values(holder="", beat=LEASE.c.beat + 1))
                self._note_position(connection)

    def position(self) -> str | None:
        """Up to where the outbox had been read, by what the database itself says; None: it does not say."""
        with translated(_FAILED), self._engine.begin() as connection:
            make(connection, READ)
            found = select(READ.c.position).where(READ.c.practice == self._practice)
            return connection.execute(found).scalar()

    def _note_position(self, connection: Connection) -> None:
        position = None if self._remembered is None else self._remembered.position()
        if position is None:
            return
        make(connection, READ)
        mine = update(READ).where(READ.c.practice == self._practice).values(position=position)
        if connection.execute(mine).rowcount == 0:
            connection.execute(insert(READ).values(practice=self._practice, position=position))

    def _ours(self) -> Update:
        return update(LEASE).where(LEASE.c.practice == self._practice)

    def _must_be_ours(self, row: tuple[str, int, int] | None) -> None:
        if row is None or row[:2] != (self._journal, self._epoch):
            raise AnotherBridge(
                f"Another bridge, with another journal, took over {self._practice}; this one ends."
            )
        if row[2] < self._beat:
            raise restored(f"The bridge was last there with beat {row[2]} and has made {self._beat}")

    def _take_from(
        self, silent: tuple[str, int, int] | None, *, releases: bool
    ) -> tuple[str, int, int] | None:
        """Take the lease if it is free, this journal's, or held by somebody silent; else who holds it."""
        with translated(_FAILED), self._engine.begin() as connection:
            write_alone(connection)
            make(connection, LEASE)
            row = self._row(connection)
            if row is not None and row[0] not in ("", self._journal) and row != silent:
                return row
            if not releases:
                self._remember(row)
            self._epoch = 1 if row is None else row[1] + 1
            self._beat = 0 if row is None else row[2] + (not releases)
            taken = {"holder": self._journal, "epoch": self._epoch, "beat": self._beat}
            if row is None:
                connection.execute(insert(LEASE).values(practice=self._practice, **taken))
            else:
                connection.execute(self._ours().values(**taken))
        self._beaten = self._clock()
        return None

    def _compare(self, *, releases: bool) -> None:
        """Tell a journal that this database has seen more of it, or of another after it, than it knows.

        Where it has seen less, it came back from a backup; the last one may never have been written here.
        Before anything is taken, and without a lock: what the journal does then may take long.
        """
        if self._remembered is None:
            return
        known = self._remembered.read()
        with translated(_FAILED), self._engine.begin() as connection:
            write_alone(connection)
            make(connection, LEASE)
            row = self._row(connection)
        if row is None:
            return
        if known is not None and row[2] < known - 1 and not releases:
            raise restored(f"The bridge has shown {known} times that it lives, of which {row[2]} are left")
        if row[2] > (known or 0):
            self._remembered.is_behind()
            self._remembered.write(row[2])

    def _remember(self, row: tuple[str, int, int] | None) -> None:
        """Write into the journal what is about to be written here: so a whole journal is never behind."""
        if self._remembered is not None:
            self._remembered.write(0 if row is None else row[2] + 1)

    def _row(self, connection: Connection, *, is_held: bool = False) -> tuple[str, int, int] | None:
        """Who holds the lease; `is_held`: nobody takes it over until the transaction ends."""
        found = select(LEASE.c.holder, LEASE.c.epoch, LEASE.c.beat).where(LEASE.c.practice == self._practice)
        row = connection.execute(kept(found, LEASE) if is_held else found).one_or_none()
        return None if row is None else (str(row[0]), int(row[1]), int(row[2]))
