"""SQL Server's change tracking: the server notes which keys were touched, in the order of commits.

Compiled and read, never run: there is no SQL Server here (see docs/capture.md).
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    text,
)

from legacy_bridge.legacy.capture.outbox import answering, installing, restored
from legacy_bridge.legacy.capture.sources import sources_in, touched_of
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.sides.feeds import FeedBatch

RETENTION_DAYS = 7  # a bridge that was away for longer compares everything
SINCE = "since"
"""A parameter of `changes_of`: the version that was read before."""
UPTO = "upto"
"""The other one: the version that is read now."""
_VERSIONS = 2000  # a poll; a version is a transaction
_VERSION_OF = column("SYS_CHANGE_VERSION", BigInteger)
HERE = text(
    "SELECT CHANGE_TRACKING_CURRENT_VERSION() AS version, "
    "(SELECT recovery_fork_guid FROM sys.database_recovery_status WHERE database_id = DB_ID()) AS fork"
)
"""Where the database is: the last version that committed, and its history's fork: a restore makes one."""
_VERSION = text("SELECT CHANGE_TRACKING_CURRENT_VERSION()")
_IS_ON = text("SELECT COUNT(*) FROM sys.change_tracking_databases WHERE database_id = DB_ID()")
_WATCHED = text("SELECT OBJECT_NAME(object_id) FROM sys.change_tracking_tables")


def changes_of(table: str, columns: Sequence[str]) -> Select[tuple[str, ...]]:
    """The statement that reads what was touched after `SINCE` and by `UPTO`.

    Args:
        table: which.
        columns: those that name records: of the key as it was touched, of others as the row has them now.
    """
    made = METADATA.tables[table]
    key = [str(one.name) for one in made.primary_key]
    tracked = func.CHANGETABLE(
        literal_column(f"CHANGES [{table}]"), bindparam(SINCE, type_=BigInteger)
    ).table_valued(*(column(name, made.c[name].type) for name in key), _VERSION_OF, name="touched")
    now = made.alias("now")
    same: ColumnElement[bool] = and_(*(now.c[name] == tracked.c[name] for name in key))
    named = [tracked.c[name] if name in key else now.c[name] for name in columns]
    upto = bindparam(UPTO, type_=BigInteger)
    return select(*named).select_from(tracked.outerjoin(now, same)).where(tracked.c[_VERSION_OF.name] <= upto)


def oldest_of(table: str) -> Select[Any]:
    """The statement that asks from which version on a table's changes are whole; NULL: it is not watched."""
    return select(func.CHANGE_TRACKING_MIN_VALID_VERSION(func.OBJECT_ID(table)))


def switching_on(tables: Collection[str], watched: Sequence[str], *, is_on: bool) -> Iterator[str]:
    """What switches the tracking of some tables on, where it is off."""
    if not is_on:
        yield (
            "ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON "
            f"(CHANGE_RETENTION = {RETENTION_DAYS} DAYS, AUTO_CLEANUP = ON)"
        )
    for table in tables:
        if table not in watched:
            yield f"ALTER TABLE [{table}] ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF)"


def window(checkpoint: str, newest: int, fork: str, oldest: Sequence[int | None]) -> tuple[int | None, int]:
    """After which version, and up to which one, changes are read.

    Args:
        checkpoint: what was read before.
        newest: the last version that committed.
        fork: of the database's history.
        oldest: from which version on each table's changes are whole; None: it is not watched.

    Returns:
        None for the first one when changes are lost, by the retention or because nobody watched: compare all.

    Raises:
        RestoreDetected: the database came back from a backup.
    """
    version, _, before = checkpoint.partition("/")
    since = int(version)
    if newest < since or fork != before:
        raise restored(f"The changes end at {newest}, and {since} was read of another history")
    if any(one is None or one > since for one in oldest):
        return None, newest
    return since, min(newest, since + _VERSIONS)


class ChangeTracking:
    """The legacy feed of an SQL Server database; see `Capture`.

    A checkpoint is a version and the fork of the database's history to which it belongs.
    """

    tells_since = False

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watcher: Connection | None = None

    def install(self) -> None:
        """See `Capture`."""
        with (
            installing(),
            self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            is_on = bool(connection.execute(_IS_ON).scalar_one())
            watched = connection.execute(_WATCHED).scalars().all() if is_on else []
            tables = sources_in(connection)
            for statement in switching_on(tables, [str(name) for name in watched], is_on=is_on):
                connection.exec_driver_sql(statement)

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """See `sides.ChangeFeed`; what commits while it reads may be told twice, and is never left out."""
        with answering(), self._engine.connect() as connection:
            here = connection.execute(HERE).one()
            newest, fork = int(here.version or 0), str(here.fork).lower()
            if checkpoint is None:
                return FeedBatch(touched=(), strays=(), checkpoint=f"{newest}/{fork}")
            tables = sources_in(connection)
            oldest = [connection.execute(oldest_of(table)).scalar_one() for table in tables]
            since, upto = window(checkpoint, newest, fork, oldest)
            has_gap = since is None
            noted = set() if since is None else _noted(connection, since, upto)
            batch = FeedBatch(
                touched=touched_of(connection, noted),
                strays=(),
                checkpoint=f"{upto}/{fork}",
                is_whole=upto == newest,
                has_gap=has_gap,
            )
        if None in oldest:
            self.install()
        return batch

    def data_version(self) -> int:
        """See `Capture`: the last version that committed."""
        with answering():
            if self._watcher is None:
                self._watcher = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                return int(self._watcher.execute(_VERSION).scalar() or 0)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """See `Capture`."""
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None


def _noted(connection: Connection, since: int, upto: int) -> set[tuple[str, str | None]]:
    noted: set[tuple[str, str | None]] = set()
    for table, (_, columns) in sources_in(connection).items():
        for row in connection.execute(changes_of(table, columns), {SINCE: since, UPTO: upto}):
            noted.update((table, value) for value in row)
    return noted
