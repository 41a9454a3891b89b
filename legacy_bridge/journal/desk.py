"""What people do about what waits for them: who looks after it, and what has waited too long."""

from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update

from legacy_bridge.journal.conflicts import OPEN
from legacy_bridge.journal.tables import CONFLICTS, QUARANTINE


def assign(connection: Connection, practice: str, *, owner: str, digest: str = "", subject: str = "") -> bool:
    """Say who looks after a conflict (`digest`) or a record that is held back (`subject`)."""
    table, mine = (
        (CONFLICTS, CONFLICTS.c.digest == digest) if digest else (QUARANTINE, QUARANTINE.c.subject == subject)
    )
    done = connection.execute(
        update(table).where(table.c.practice == practice, mine).values(owner=owner, published=0)
    )
    return bool(done.rowcount)


def escalate(connection: Connection, practice: str, before: datetime) -> int:
    """Note what has waited since before a moment; how many were not noted yet."""
    count = 0
    for table, is_open in ((CONFLICTS, CONFLICTS.c.state == OPEN), (QUARANTINE, QUARANTINE.c.is_open == 1)):
        late = (
            table.c.practice == practice,
            is_open,
            table.c.since <= before,
            or_(table.c.escalated == 0, table.c.escalated.is_(None)),
        )
        if connection.execute(select(func.count()).where(*late).select_from(table)).scalar_one():
            done = connection.execute(update(table).where(*late).values(escalated=1, published=0))
            count += done.rowcount
    return count
