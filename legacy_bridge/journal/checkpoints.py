"""Where each feed stands."""

from datetime import datetime

from sqlalchemy import Connection, select

from legacy_bridge.journal.dirty import insert_for
from legacy_bridge.journal.tables import CHECKPOINTS


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
