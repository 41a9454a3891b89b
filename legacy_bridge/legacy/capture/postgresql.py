"""The outbox in PostgreSQL (13 or later), by statement triggers, and in the order of commits.

Writers are many, so numbers do not commit in the order in which they are given. Each row therefore notes its
transaction, and a checkpoint is a snapshot (PostgreSQL: "pg_snapshot"): told is what this poll sees and the
last one did not. A transaction that stays open for an hour holds nobody up, and is not skipped when it ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from sqlalchemy import Connection, Engine, Row, text

from legacy_bridge.legacy.capture.lookups import make_lookups
from legacy_bridge.legacy.capture.outbox import (
    ALL,
    KEPT,
    OUTBOX,
    PAGE,
    TRIGGER,
    answering,
    installing,
    restored,
)
from legacy_bridge.legacy.capture.sources import sources_in, touched_of
from legacy_bridge.legacy.database import write_alone
from legacy_bridge.sides.feeds import FeedBatch

_EVENTS = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
    "TRUNCATE": "",
}
_HERE = text(
    "SELECT pg_current_snapshot()::text AS seen, "
    "(SELECT system_identifier FROM pg_control_system())::text AS server, "
    "(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint::text AS started"
)
_TRIGGERS = text(
    "SELECT tgname, tgenabled <> 'D' AS is_on FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE relnamespace = current_schema()::regnamespace AND starts_with(tgname, :ours)"
)
_TOLD = f"SELECT xid::text AS xid, seq, stamp FROM {OUTBOX} "  # noqa: S608 - a constant name
_NEWEST = text(_TOLD + f"ORDER BY {OUTBOX}.xid DESC, seq DESC LIMIT 1")
_NOT_AFTER = text(
    _TOLD
    + f"WHERE ({OUTBOX}.xid, seq) <= (CAST(CAST(:xid AS text) AS xid8), :seq) "
    + f"ORDER BY {OUTBOX}.xid DESC, seq DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """How far the outbox was read.

    Attributes:
        server: which cluster it was (pg_control_system).
        started: when its server was started: a transaction number that is lost in a crash is given again.
        seen: the snapshot of which everything was told; empty: nothing was.
        going: the snapshot that is being told, page by page; empty: none is.
        page: the last row of the page before: transaction and number.
        last: the last row that was ever told: transaction, number and stamp.
    """

    server: str
    started: str
    seen: str
    going: str = ""
    page: tuple[str, int] = ("0", 0)
    last: tuple[str, int, int] = ("0", 0, 0)

    @classmethod
    def parse(cls, text_: str) -> Self:
        """Read what `str` wrote."""
        server, started, seen, going, *rest = text_.split("/")
        page_xid, page_seq, xid, seq, stamp = rest
        return cls(
            server=server,
            started=started,
            seen=seen,
            going=going,
            page=(page_xid, int(page_seq)),
            last=(xid, int(seq), int(stamp)),
        )

    def __str__(self) -> str:
        return "/".join(
            (self.server, self.started, self.seen, self.going, *map(str, self.page), *map(str, self.last))
        )


class PostgresqlOutbox:
    """The legacy feed of a PostgreSQL database; see `Capture`."""

    tells_since = True

    def __init__(self, engine: Engine, *, kept: int = KEPT, page: int = PAGE) -> None:
        self._engine = engine
        self._kept = kept
        self._page = page
        self._told = 0
        self._watcher: Connection | None = None

    def install(self) -> None:
        """See `Capture`.

        The functions run with the rights of whoever installs them: the legacy program needs none of its own.
        """
        with installing(), self._engine.begin() as connection:
            write_alone(connection)
            there = _triggers_there(connection)
            schema = str(connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one())
            connection.exec_driver_sql(
                f"CREATE TABLE IF NOT EXISTS {schema}.{OUTBOX} ("
                "xid xid8 NOT NULL DEFAULT pg_current_xact_id(), "
                "seq bigint GENERATED ALWAYS AS IDENTITY, source text NOT NULL, record text NOT NULL, "
                "stamp bigint NOT NULL DEFAULT ((random() * 1e15)::bigint), PRIMARY KEY (xid, seq))"
            )
            connection.exec_driver_sql(
                f"INSERT INTO {schema}.{OUTBOX} (source, record) SELECT '', '' "  # noqa: S608 - quoted
                f"WHERE NOT EXISTS (SELECT FROM {schema}.{OUTBOX})"
            )
            make_lookups(connection, schema=f"{schema}.")
            for table, (_, columns) in sources_in(connection).items():
                for statement in _triggers(schema, table, columns, there):
                    connection.exec_driver_sql(statement)

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """See `sides.ChangeFeed`."""
        with answering(), self._engine.connect() as connection:
            here = connection.execute(_HERE).one()
            fresh = _Place(server=here.server, started=here.started, seen=here.seen)
            if checkpoint is None:
                return FeedBatch(touched=(), strays=(), checkpoint=str(_at_the_end(connection, fresh)))
            wanted = len(sources_in(connection)) * len(_EVENTS)
            is_blind = sum(_triggers_there(connection).values()) < wanted
            place = _Place.parse(checkpoint)
            if self._is_cut(connection, place, here):
                now = str(_at_the_end(connection, fresh))
                return FeedBatch(touched=(), strays=(), checkpoint=now, has_gap=True)
            batch = self._after(connection, place, here, is_blind=is_blind)
            self._prune(connection, place)
        if is_blind:
            self.install()
        return batch

    def data_version(self) -> str:
        """See `Capture`: which transactions have ended; 60 µs a look."""
        with answering():
            if self._watcher is None:
                self._watcher = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                return str(self._watcher.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one())
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """See `Capture`."""
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None

    def _is_cut(self, connection: Connection, place: _Place, here: Row[tuple[str, str, str]]) -> bool:
        """Whether something of what is to be told may be missing; raises for a database from a backup."""
        xid, number, _ = place.last
        older = connection.execute(_NOT_AFTER, {"xid": xid, "seq": number}).first()
        drawn = connection.exec_driver_sql(
            f"SELECT coalesce(last_value, 0) FROM {OUTBOX}_seq_seq"  # noqa: S608 - a constant name
        ).scalar_one()
        if int(drawn) < number:
            raise restored(f"The outbox ends at {drawn} and {number} was read before")
        if older is not None and (older.xid, int(older.seq), int(older.stamp)) != place.last:
            raise restored(f"Row {number} of the outbox is not the one that was read before")
        if here.server == place.server and _ends(here.seen) < _ends(place.seen):
            raise restored("The database's transactions end before those that were read")
        return older is None or here.server != place.server

    def _after(
        self, connection: Connection, place: _Place, here: Row[tuple[str, str, str]], *, is_blind: bool
    ) -> FeedBatch:
        if place.started != here.started:  # a crash may have lost a number: what is kept is told again
            place = replace(place, started=here.started, seen="", going="", page=("0", 0))
        target = place.going or here.seen
        rows = connection.execute(
            text(
                f"SELECT xid::text AS xid, seq, source, record, stamp FROM {OUTBOX} "  # noqa: S608
                f"WHERE ({OUTBOX}.xid, seq) > (CAST(CAST(:xid AS text) AS xid8), :seq) "
                f"AND {OUTBOX}.xid >= CAST(CAST(:oldest AS text) AS xid8) "
                f"AND pg_visible_in_snapshot({OUTBOX}.xid, CAST(CAST(:target AS text) AS pg_snapshot)) "
                "AND (:seen = '' OR NOT pg_visible_in_snapshot("
                f"{OUTBOX}.xid, CAST(CAST(coalesce(nullif(:seen, ''), '1:1:') AS text) AS pg_snapshot))) "
                f"ORDER BY {OUTBOX}.xid, seq LIMIT {self._page}"
            ),
            {
                "xid": place.page[0],
                "seq": place.page[1],
                "oldest": place.seen.partition(":")[0] or "0",
                "target": target,
                "seen": place.seen,
            },
        ).all()
        is_whole = len(rows) < self._page
        self._told += len(rows)
        last = place.last
        if rows:
            newest = (str(rows[-1].xid), int(rows[-1].seq), int(rows[-1].stamp))
            last = max(last, newest, key=lambda one: (int(one[0]), one[1]))
        reached = replace(place, seen=target, going="", page=("0", 0), last=last)
        if not is_whole:
            reached = replace(place, going=target, page=(str(rows[-1].xid), int(rows[-1].seq)), last=last)
        return FeedBatch(
            touched=touched_of(connection, {(row.source, row.record) for row in rows}),
            strays=(),
            checkpoint=str(reached),
            is_whole=is_whole,
            has_gap=is_blind or any(row.record == ALL for row in rows),
        )

    def _prune(self, connection: Connection, place: _Place) -> None:
        """Remove what was told long ago, so that the outbox stays small; the row told last stays."""
        if self._told < self._kept or not place.seen:
            return
        connection.execute(
            text(
                f"DELETE FROM {OUTBOX} WHERE (xid, seq) < (SELECT xid, seq FROM {OUTBOX} "  # noqa: S608
                f"ORDER BY xid DESC, seq DESC OFFSET {self._kept} LIMIT 1) "
                "AND xid < CAST(CAST(:oldest AS text) AS xid8) "
                "AND (xid, seq) < (CAST(CAST(:xid AS text) AS xid8), :seq)"
            ),
            {"oldest": place.seen.partition(":")[0], "xid": place.last[0], "seq": place.last[1]},
        )
        connection.commit()
        self._told = 0


def _triggers_there(connection: Connection) -> dict[str, bool]:
    """The triggers that are there, and whether each is on: a table that is made anew has none."""
    rows = connection.execute(_TRIGGERS, {"ours": f"{TRIGGER}_"})
    return {str(name): bool(is_on) for name, is_on in rows}


def _at_the_end(connection: Connection, fresh: _Place) -> _Place:
    newest = connection.execute(_NEWEST).first()
    if newest is None:
        return fresh
    return replace(fresh, last=(str(newest.xid), int(newest.seq), int(newest.stamp)))


def _ends(snapshot: str) -> int:
    """The first transaction that had not begun in a snapshot."""
    return int(snapshot.split(":")[1]) if snapshot else 0


def _triggers(schema: str, table: str, columns: Sequence[str], there: Mapping[str, bool]) -> Iterator[str]:
    """What makes the triggers that are not there or are off; the others are left alone: no table waits."""
    function = f'{schema}."{TRIGGER}_{table}"'
    names = {event: f"{TRIGGER}_{table}_{event}" for event in _EVENTS}
    missing = [event for event, name in names.items() if not there.get(name)]
    if missing:
        yield _function(function, f"{schema}.{OUTBOX}", table, columns)
    for event in missing:
        if names[event] in there:
            yield f'DROP TRIGGER "{names[event]}" ON {schema}."{table}"'
        yield (
            f'CREATE TRIGGER "{names[event]}" AFTER {event} ON {schema}."{table}" {_EVENTS[event]} '
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )


def _function(name: str, outbox: str, table: str, columns: Sequence[str]) -> str:
    def note(*rows: str) -> str:
        keys = " UNION ".join(
            f'SELECT "{column}"::text FROM {one}'  # noqa: S608 - the shapes' names
            for one in rows
            for column in columns
        )
        return (
            f"INSERT INTO {outbox} (source, record) "  # noqa: S608 - quoted
            f"SELECT '{table}', touched.key FROM ({keys}) AS touched (key) WHERE touched.key IS NOT NULL"
        )

    emptied = f"INSERT INTO {outbox} (source, record) VALUES ('{table}', '{ALL}')"  # noqa: S608 - quoted
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        "SET search_path = pg_catalog, pg_temp AS $$ BEGIN "
        f"IF TG_OP = 'INSERT' THEN {note('new_rows')}; "
        f"ELSIF TG_OP = 'UPDATE' THEN {note('new_rows', 'old_rows')}; "
        f"ELSIF TG_OP = 'DELETE' THEN {note('old_rows')}; "
        f"ELSE {emptied}; "
        "END IF; RETURN NULL; END $$"
    )
