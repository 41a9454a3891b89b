"""The outbox in SQLite, by row triggers, which are all that it has.

It lets one writer in at a time, so numbers commit in the order in which they are given: what has a higher
number than the last one read is new, and nothing is skipped.
"""

from collections.abc import Sequence
from sqlite3 import DatabaseError
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, text
from sqlalchemy.exc import OperationalError

from legacy_bridge.errors import SideUnavailable
from legacy_bridge.legacy.capture.lookups import make_lookups
from legacy_bridge.legacy.capture.outbox import KEPT, OUTBOX, PAGE, TRIGGER, answering, installing, restored
from legacy_bridge.legacy.capture.sources import sources_in, touched_of
from legacy_bridge.legacy.database import write_alone
from legacy_bridge.sides.feeds import FeedBatch

_MOMENTS = ("INSERT", "UPDATE", "DELETE")


class SqliteOutbox:
    """The legacy feed of an SQLite database; see `Capture`.

    A checkpoint is the number of the row that was read last and its stamp: after a backup was put back that
    row is gone, or is another one.
    """

    tells_since = True

    def __init__(self, engine: Engine, *, kept: int = KEPT) -> None:
        self._engine = engine
        self._kept = kept
        self._pruned_upto = 0
        self._schema: int | None = None
        self._watcher: PoolProxiedConnection | None = None
        self._cursor: Any = None

    def install(self) -> None:
        """See `Capture`.

        And an index by which the results of a panel are found: without it each batch reads the whole table.
        """
        with installing(), self._engine.begin() as connection:
            write_alone(connection)
            self._install(connection)

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """See `sides.ChangeFeed`."""
        with answering(), self._engine.connect() as connection:
            newest = int(
                connection.execute(
                    text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": OUTBOX}
                ).scalar()
                or 0
            )
            if checkpoint is None:
                return FeedBatch(touched=(), strays=(), checkpoint=self._place(connection, newest))
            is_blind = self._is_blind(connection)
            batch = self._after(connection, checkpoint, newest, is_blind=is_blind)
            self._prune(connection, int(checkpoint.partition("/")[0]))
        if is_blind:
            self.install()
        return batch

    def data_version(self) -> int:
        """See `Capture`; costs microseconds (SQLite pragma.html)."""
        try:
            if self._watcher is None:
                self._watcher = self._engine.raw_connection()
                self._cursor = self._watcher.cursor()
            self._cursor.execute("PRAGMA data_version")
            return int(self._cursor.fetchone()[0])
        except (OperationalError, DatabaseError) as error:
            self.close()
            raise SideUnavailable("The legacy database does not answer.") from error

    def close(self) -> None:
        """See `Capture`."""
        if self._watcher is not None:
            self._cursor.close()
            self._watcher.close()
            self._watcher = None

    def _after(self, connection: Connection, checkpoint: str, newest: int, *, is_blind: bool) -> FeedBatch:
        number, _, stamp = checkpoint.partition("/")
        last = int(number)
        is_cut = self._is_cut(connection, last, stamp, newest)
        rows = connection.execute(
            text(
                f"SELECT seq, source, record FROM {OUTBOX} WHERE seq > :seq ORDER BY seq LIMIT {PAGE}"  # noqa: S608
            ),
            {"seq": last},
        ).all()
        first = int(rows[0].seq) if rows else newest + 1
        return FeedBatch(
            touched=touched_of(connection, {(row.source, row.record) for row in rows}),
            strays=(),
            checkpoint=self._place(connection, int(rows[-1].seq) if rows else newest),
            is_whole=len(rows) < PAGE,
            has_gap=is_cut or is_blind or first > last + 1,
        )

    def _is_cut(self, connection: Connection, last: int, stamp: str, newest: int) -> bool:
        """Whether the row that was read last was removed; raises when it was never in this database."""
        if newest < last:
            raise restored(f"The outbox ends at {newest} and {last} was read before")
        older = connection.execute(
            text(f"SELECT seq, stamp FROM {OUTBOX} WHERE seq <= :seq ORDER BY seq DESC LIMIT 1"),  # noqa: S608
            {"seq": last},
        ).first()
        if not stamp or older is None:
            return bool(stamp)
        if (int(older.seq), str(older.stamp)) != (last, stamp):
            raise restored(f"Row {last} of the outbox is not the one that was read before")
        return False

    def _place(self, connection: Connection, number: int) -> str:
        stamp = connection.execute(
            text(f"SELECT stamp FROM {OUTBOX} WHERE seq = :seq"),  # noqa: S608 - a constant name
            {"seq": number},
        ).scalar()
        return f"{number}/{'' if stamp is None else stamp}"

    def _prune(self, connection: Connection, checkpoint: int) -> None:
        """Remove what was read long ago, so that the outbox stays small; the row read last stays."""
        upto = checkpoint - self._kept
        if upto - self._pruned_upto >= self._kept:
            connection.execute(
                text(f"DELETE FROM {OUTBOX} WHERE seq <= :upto"),  # noqa: S608 - a constant name
                {"upto": upto},
            )
            connection.commit()
            self._pruned_upto = upto

    def _is_blind(self, connection: Connection) -> bool:
        """Whether a trigger is missing, after the schema changed: a table that is made anew has none."""
        schema = int(connection.execute(text("PRAGMA schema_version")).scalar_one())
        if schema == self._schema:
            return False
        found = connection.execute(
            text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE :ours"),
            {"ours": f"{TRIGGER}_%"},
        ).scalar_one()
        is_blind = int(found) < len(sources_in(connection)) * len(_MOMENTS)
        self._schema = None if is_blind else schema
        return is_blind

    def _install(self, connection: Connection) -> None:
        _drop_older(connection)
        connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS {OUTBOX} (seq INTEGER PRIMARY KEY AUTOINCREMENT, "
                "source TEXT NOT NULL, record TEXT NOT NULL, stamp INTEGER NOT NULL DEFAULT (random()))"
            )
        )
        if connection.execute(text(f"SELECT 1 FROM {OUTBOX} LIMIT 1")).first() is None:  # noqa: S608
            connection.execute(text(f"INSERT INTO {OUTBOX} (source, record) VALUES ('', '')"))  # noqa: S608
        make_lookups(connection)
        for table, (_, columns) in sources_in(connection).items():
            for statement in _triggers(table, columns):
                connection.execute(text(statement))


def _triggers(table: str, columns: Sequence[str]) -> list[str]:
    def note(row: str, column: str) -> str:
        there = f'{row}."{column}" IS NOT NULL'
        return f"INSERT INTO {OUTBOX} (source, record) SELECT '{table}', {row}.\"{column}\" WHERE {there};"

    def made(moment: str, body: str) -> str:
        name = f"{TRIGGER}_{table}_{moment}"
        return f'CREATE TRIGGER IF NOT EXISTS "{name}" AFTER {moment} ON "{table}" BEGIN {body} END'

    def moved(column: str) -> str:
        changed = f'OLD."{column}" IS NOT NULL AND OLD."{column}" IS NOT NEW."{column}"'
        return f"INSERT INTO {OUTBOX} (source, record) SELECT '{table}', OLD.\"{column}\" WHERE {changed};"

    new, old = ("".join(note(row, column) for column in columns) for row in ("NEW", "OLD"))
    bodies = (new, new + "".join(map(moved, columns)), old)
    return [made(moment, body) for moment, body in zip(_MOMENTS, bodies, strict=True)]


def _drop_older(connection: Connection) -> None:
    names = connection.execute(
        text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'banyan_outbox_%'")
    ).scalars()
    older = [str(name) for name in names if not str(name).startswith(f"{TRIGGER}_")]
    for name in older:
        connection.execute(text(f'DROP TRIGGER "{name}"'))
    if older:
        connection.execute(text(f"DROP TABLE IF EXISTS {OUTBOX}"))
