"""The lease in the legacy database: bridges with different journals never both write one practice."""

from collections.abc import Callable
from threading import Event
from time import monotonic

from sqlalchemy import Connection, Engine, text

from legacy_bridge.errors import AnotherBridge
from legacy_bridge.legacy.database import translated, write_alone

TABLE = "banyan_lease"
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
            connection.execute(
                text(f"UPDATE {TABLE} SET beat = beat + 1 WHERE practice = :practice"),  # noqa: S608
                {"practice": self._practice},
            )
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
            connection.execute(
                text(
                    f"UPDATE {TABLE} SET holder = '' "  # noqa: S608 - a constant name
                    "WHERE practice = :practice AND holder = :holder AND epoch = :epoch"
                ),
                {"practice": self._practice, "holder": self._journal, "epoch": self._epoch},
            )

    def _must_be_ours(self, row: tuple[str, int, int] | None) -> None:
        if row is None or row[:2] != (self._journal, self._epoch):
            raise AnotherBridge(
                f"Another bridge, with another journal, took over {self._practice}; this one ends."
            )

    def _take_from(self, silent: tuple[str, int, int] | None) -> tuple[str, int, int] | None:
        """Take the lease if it is free, this journal's, or held by somebody silent; else who holds it."""
        with translated(_FAILED), self._engine.begin() as connection:
            write_alone(connection)
            connection.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS {TABLE} (practice VARCHAR(20) PRIMARY KEY, "
                    "holder VARCHAR(64) NOT NULL, epoch INTEGER NOT NULL, beat INTEGER NOT NULL)"
                )
            )
            row = self._row(connection)
            if row is None:
                statement = f"INSERT INTO {TABLE} VALUES (:practice, :holder, :epoch, 0)"  # noqa: S608
            elif row[0] in ("", self._journal) or row == silent:
                statement = (
                    f"UPDATE {TABLE} SET holder = :holder, epoch = :epoch, beat = beat + 1 "  # noqa: S608
                    "WHERE practice = :practice"
                )
            else:
                return row
            self._epoch = 1 if row is None else row[1] + 1
            connection.execute(
                text(statement), {"practice": self._practice, "holder": self._journal, "epoch": self._epoch}
            )
        self._beaten = self._clock()
        return None

    def _row(self, connection: Connection, *, is_held: bool = False) -> tuple[str, int, int] | None:
        """Who holds the lease; `is_held`: nobody takes it over until the transaction ends."""
        share = " FOR SHARE" if is_held and connection.dialect.name == "postgresql" else ""
        row = connection.execute(
            text(f"SELECT holder, epoch, beat FROM {TABLE} WHERE practice = :practice{share}"),  # noqa: S608
            {"practice": self._practice},
        ).one_or_none()
        return None if row is None else (str(row[0]), int(row[1]), int(row[2]))
