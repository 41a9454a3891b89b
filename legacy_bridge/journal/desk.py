"""What people do about what waits for them: who looks after it, and what has waited too long."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select, update

from legacy_bridge.journal.conflicts import OPEN
from legacy_bridge.journal.tables import CONFLICTS, QUARANTINE


def assign(
    connection: Connection, practice: str, *, owner: str, digest: str = "", subject: str = ""
) -> str | None:
    """Say who looks after a conflict (`digest`) or a record that is held back (`subject`).

    Returns:
        what it is about; None: nothing is listed so.
    """
    table, mine = _listed(digest, subject)
    done = connection.execute(
        update(table).where(table.c.practice == practice, mine).values(owner=owner, published=0)
    )
    if not done.rowcount:
        return None
    if subject:
        return subject
    row = connection.execute(
        select(CONFLICTS.c.kind, CONFLICTS.c.key).where(CONFLICTS.c.practice == practice, mine)
    ).one()
    return f"{row.kind}/{row.key}"


def show_again(connection: Connection, practice: str, *, digest: str = "", subject: str = "") -> None:
    """Let the public board show one as it is now."""
    table, mine = _listed(digest, subject)
    connection.execute(update(table).where(table.c.practice == practice, mine).values(published=0))


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


def _listed(digest: str, subject: str) -> tuple[Table, ColumnElement[bool]]:
    if digest:
        return CONFLICTS, CONFLICTS.c.digest == digest
    return QUARANTINE, QUARANTINE.c.subject == subject
