"""The dirty list: which links have to be looked at, parents before children."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from legacy_bridge.journal.tables import DIRTY
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.links import Dirty

CHUNK = 500  # rows a statement: SQLite takes 32,766 bound values


def insert_for(connection: Connection) -> type:
    """The dialect's INSERT that can say ON CONFLICT."""
    return postgresql.Insert if connection.dialect.name == "postgresql" else sqlite.Insert


@cache
def _saving(insert: type, table: Table, changing: tuple[str, ...]) -> Any:
    statement = insert(table)
    return statement.on_conflict_do_update(
        index_elements=[column.name for column in table.primary_key],
        set_={name: statement.excluded[name] for name in changing},
    )


def save(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *changing: str) -> None:
    """Insert rows; of those whose key is there already, change some columns.

    The statement is made once: to put it together takes as long as to save a dozen rows.
    """
    if rows:
        connection.execute(_saving(insert_for(connection), table, changing), rows)


def mark(connection: Connection, practice: str, keys: Collection[LinkKey], now: datetime) -> None:
    """Mark links dirty; one that is dirty already gets a new generation and may be tried at once."""
    rows = [
        {
            "practice": practice,
            "kind": key.kind.value,
            "key": key.key,
            "rank": key.kind.rank,
            "generation": 1,
            "attempts": 0,
            "since": now,
            "not_before": now,
        }
        for key in dict.fromkeys(keys)
    ]
    if rows:
        statement = insert_for(connection)(DIRTY)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["practice", "kind", "key"],
                set_={
                    "generation": DIRTY.c.generation + 1,
                    "attempts": 0,
                    "not_before": statement.excluded.not_before,
                },
            ),
            rows,
        )


def take(
    connection: Connection, practice: str, kinds: Collection[Kind], *, limit: int, now: datetime
) -> Sequence[Dirty]:
    """The dirty links of the lowest rank that may be tried now, oldest first."""
    mine = and_(DIRTY.c.practice == practice, DIRTY.c.not_before <= now)
    # by rank, which says the same as the kind: the index is in this order, so nothing is sorted
    lowest = connection.execute(
        select(DIRTY.c.rank)
        .where(mine, DIRTY.c.rank.in_([kind.rank for kind in kinds]))
        .order_by(DIRTY.c.rank)
        .limit(1)
    ).scalar()
    if lowest is None:
        return ()
    rows = connection.execute(
        select(DIRTY.c.kind, DIRTY.c.key, DIRTY.c.generation, DIRTY.c.attempts, DIRTY.c.since)
        .where(mine, DIRTY.c.rank == lowest)
        .order_by(DIRTY.c.since, DIRTY.c.key)
        .limit(limit)
    )
    return tuple(
        Dirty(
            key=LinkKey(kind=Kind(row.kind), key=row.key),
            generation=row.generation,
            since=row.since.replace(tzinfo=UTC),
            attempts=row.attempts,
        )
        for row in rows
    )


def clear(connection: Connection, practice: str, done: Collection[tuple[LinkKey, int]]) -> None:
    """Take links off the list, unless they were marked again meanwhile."""
    if done:
        connection.execute(
            delete(DIRTY).where(
                DIRTY.c.practice == practice,
                DIRTY.c.kind == bindparam("b_kind"),
                DIRTY.c.key == bindparam("b_key"),
                DIRTY.c.generation == bindparam("b_generation"),
            ),
            [
                {"b_kind": key.kind.value, "b_key": key.key, "b_generation": generation}
                for key, generation in done
            ],
        )


def postpone(
    connection: Connection, practice: str, later: Collection[tuple[LinkKey, int, float]], now: datetime
) -> None:
    """Look at links again after some seconds, unless they were marked again meanwhile."""
    if later:
        connection.execute(
            update(DIRTY)
            .where(
                DIRTY.c.practice == practice,
                DIRTY.c.kind == bindparam("b_kind"),
                DIRTY.c.key == bindparam("b_key"),
                DIRTY.c.generation == bindparam("b_generation"),
            )
            .values(attempts=DIRTY.c.attempts + 1, not_before=bindparam("b_not_before")),
            [
                {
                    "b_kind": key.kind.value,
                    "b_key": key.key,
                    "b_generation": generation,
                    "b_not_before": now + timedelta(seconds=seconds),
                }
                for key, generation, seconds in later
            ],
        )


def hasten(connection: Connection, practice: str, *, above_rank: int, now: datetime) -> None:
    """Let postponed links be tried at once: what they waited for may have arrived."""
    connection.execute(
        update(DIRTY)
        .where(DIRTY.c.practice == practice, DIRTY.c.rank > above_rank, DIRTY.c.not_before > now)
        .values(not_before=now)
    )


def unsettled(connection: Connection, practice: str, keys: Collection[LinkKey]) -> list[LinkKey]:
    """Those of some links that are on the list."""
    wanted = list(keys)
    found: list[LinkKey] = []
    for kind in dict.fromkeys(key.kind for key in wanted):
        mine = [key.key for key in wanted if key.kind is kind]
        for at in range(0, len(mine), CHUNK):
            rows = connection.execute(
                select(DIRTY.c.key).where(
                    DIRTY.c.practice == practice,
                    DIRTY.c.kind == kind.value,
                    DIRTY.c.key.in_(mine[at : at + CHUNK]),
                )
            )
            found += [LinkKey(kind=kind, key=row.key) for row in rows]
    return found


def standing(connection: Connection, practice: str) -> dict[Kind, tuple[int, datetime]]:
    """For each kind with something waiting: how many, and since when the oldest."""
    rows = connection.execute(
        select(DIRTY.c.kind, func.count(), func.min(DIRTY.c.since))
        .where(DIRTY.c.practice == practice)
        .group_by(DIRTY.c.kind)
    )
    return {Kind(kind): (count, since) for kind, count, since in rows}


def next_try(connection: Connection, practice: str, kinds: Collection[Kind]) -> datetime | None:
    """When the next waiting link of some kinds may be tried; None when nothing waits."""
    found: datetime | None = connection.execute(
        select(func.min(DIRTY.c.not_before)).where(
            DIRTY.c.practice == practice, DIRTY.c.kind.in_([kind.value for kind in kinds])
        )
    ).scalar()
    return found
