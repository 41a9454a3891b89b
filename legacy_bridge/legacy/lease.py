"""The lease in the legacy database: bridges with different journals never both write one practice."""

from collections.abc import Callable
from threading import Event
from time import monotonic

from sqlalchemy import Connection, Engine, Update, insert, select, update

from legacy_bridge.errors import AnotherBridge
from legacy_bridge.legacy.database import translated, write_alone
from legacy_bridge.legacy.locks import kept
from legacy_bridge.legacy.own_tables import LEASE, make

BEAT_SECONDS = 4.0  # how often the holder shows that it lives
PATIENCE_SECONDS = 15.0  # three beats that did not come: whoever holds it is gone
_LOOK_SECONDS = 1.0
_FAILED = "The lease in the legacy database cannot be taken"


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
    ) -> None:
        """Prepare to take the lease.

        Args:
            engine: the legacy database.
            practice: the ODS code.
            journal: what names the journal for good; a bridge that starts again with it goes on at once.
            clock: seconds.
            wait: waits some seconds.
        """
        self._engine = engine
        self._practice = practice
        self._journal = journal
        self._clock = clock
        self._wait = wait or Event().wait
        self._epoch = 0
        self._beaten = float("-inf")

    def take(self) -> None:
        """Take the lease; blocks while it is not clear whether another holder lives, at most 16 s.

        Raises:
            AnotherBridge: it lives.
            SideUnavailable: the database does not answer.
        """
        began = self._clock()
        seen: tuple[str, int, int] | None = None
        while True:
            found = self._take_from(seen if self._clock() - began >= PATIENCE_SECONDS else None)
            if found is None:
                return
            if seen is not None and found != seen:
                raise AnotherBridge(
                    f"Another bridge, with another journal, already mirrors {self._practice}; "
                    "end it first, or leave it running."
                )
            seen = found
            self._wait(_LOOK_SECONDS)

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
            connection.execute(self._ours().values(beat=LEASE.c.beat + 1))
        self._beaten = self._clock()

    def check(self, connection: Connection) -> None:
        """Refuse a write of a bridge that lost the lease; part of the writing transaction.

        Raises:
            AnotherBridge: another one took over.
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
            held = (LEASE.c.holder == self._journal, LEASE.c.epoch == self._epoch)
            connection.execute(self._ours().where(*held).values(holder=""))

    def _ours(self) -> Update:
        return update(LEASE).where(LEASE.c.practice == self._practice)

    def _must_be_ours(self, row: tuple[str, int, int] | None) -> None:
        if row is None or row[:2] != (self._journal, self._epoch):
            raise AnotherBridge(
                f"Another bridge, with another journal, took over {self._practice}; this one ends."
            )

    def _take_from(self, silent: tuple[str, int, int] | None) -> tuple[str, int, int] | None:
        """Take the lease if it is free, this journal's, or held by somebody silent; else who holds it."""
        with translated(_FAILED), self._engine.begin() as connection:
            write_alone(connection)
            make(connection, LEASE)
            row = self._row(connection)
            if row is not None and row[0] not in ("", self._journal) and row != silent:
                return row
            self._epoch = 1 if row is None else row[1] + 1
            taken = {"holder": self._journal, "epoch": self._epoch}
            if row is None:
                connection.execute(insert(LEASE).values(practice=self._practice, beat=0, **taken))
            else:
                connection.execute(self._ours().values(beat=LEASE.c.beat + 1, **taken))
        self._beaten = self._clock()
        return None

    def _row(self, connection: Connection, *, is_held: bool = False) -> tuple[str, int, int] | None:
        """Who holds the lease; `is_held`: nobody takes it over until the transaction ends."""
        found = select(LEASE.c.holder, LEASE.c.epoch, LEASE.c.beat).where(LEASE.c.practice == self._practice)
        row = connection.execute(kept(found, LEASE) if is_held else found).one_or_none()
        return None if row is None else (str(row[0]), int(row[1]), int(row[2]))
