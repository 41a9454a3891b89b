"""The audit list: what the bridge wrote, where, and why; never the values themselves."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from legacy_bridge.journal.tables import AUDIT
from legacy_bridge.records import LinkKey


def append(
    connection: Connection, practice: str, entries: Sequence[tuple[str, LinkKey, str]], now: datetime
) -> None:
    """Append what was done (a word), to which link, with what detail (field names)."""
    if not entries:
        return
    last = connection.execute(select(func.max(AUDIT.c.number)).where(AUDIT.c.practice == practice)).scalar()
    connection.execute(
        insert(AUDIT),
        [
            {
                "practice": practice,
                "number": number,
                "at": now,
                "what": what,
                "kind": key.kind.value,
                "key": key.key,
                "detail": detail,
            }
            for number, (what, key, detail) in enumerate(entries, start=(last or 0) + 1)
        ],
    )


def listed(connection: Connection, practice: str, *, limit: int) -> list[Mapping[str, Any]]:
    """The newest entries, newest first."""
    rows = connection.execute(
        select(AUDIT).where(AUDIT.c.practice == practice).order_by(AUDIT.c.number.desc()).limit(limit)
    ).mappings()
    return [{str(name): value for name, value in row.items()} for row in rows]
