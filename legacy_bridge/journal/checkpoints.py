"""Where each feed stands, and what was counted last."""

from datetime import UTC, datetime

from sqlalchemy import Connection, select

from legacy_bridge.journal.dirty import insert_for
from legacy_bridge.journal.tables import CHECKPOINTS
from legacy_bridge.records import Kind
from legacy_bridge.sides.listings import LOADING, Counted, Loading, loading_from_text

_COUNTED = "count:"


def read(connection: Connection, practice: str, feed: str) -> str | None:
    """A feed's checkpoint, or None before the first."""
    found: str | None = connection.execute(
        select(CHECKPOINTS.c.position).where(CHECKPOINTS.c.practice == practice, CHECKPOINTS.c.feed == feed)
    ).scalar()
    return found


def write(connection: Connection, practice: str, feed: str, position: str, now: datetime) -> None:
    """Save a feed's checkpoint; in the transaction that saves what it told."""
    statement = insert_for(connection)(CHECKPOINTS).values(
        practice=practice, feed=feed, position=position, saved_at=now
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["practice", "feed"], set_={"position": position, "saved_at": now}
        )
    )


def count(connection: Connection, practice: str, kind: Kind, counted: Counted) -> None:
    """Save how equal the sides are in one kind."""
    position = f"{counted.matched} {counted.total}"
    moment = counted.at.astimezone(UTC).replace(tzinfo=None)
    write(connection, practice, f"{_COUNTED}{kind.value}", position, moment)


def counted(connection: Connection, practice: str) -> dict[Kind, Counted]:
    """How equal the sides were at the last count, by kind."""
    rows = connection.execute(
        select(CHECKPOINTS.c.feed, CHECKPOINTS.c.position, CHECKPOINTS.c.saved_at).where(
            CHECKPOINTS.c.practice == practice,
            CHECKPOINTS.c.feed.in_([f"{_COUNTED}{kind.value}" for kind in Kind]),
        )
    )
    found: dict[Kind, Counted] = {}
    for row in rows:
        matched, total = map(int, row.position.split(" "))
        kind = Kind(row.feed.removeprefix(_COUNTED))
        found[kind] = Counted(matched=matched, total=total, at=row.saved_at.replace(tzinfo=UTC))
    return found


def loading(connection: Connection, practice: str) -> dict[Kind, Loading]:
    """How far the first load is, by kind."""
    return loading_from_text(read(connection, practice, LOADING))
