"""Conflicts: what both sides changed. Decided ones keep the losing value, open ones wait for a person."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from legacy_bridge.journal.baselines import agreed_from_json, agreed_to_json
from legacy_bridge.journal.dirty import save
from legacy_bridge.journal.links import by_kind
from legacy_bridge.journal.tables import CONFLICTS
from legacy_bridge.records import Agreed, Content, Kind, LinkKey
from legacy_bridge.sides.links import Conflict
from legacy_bridge.sides.listings import ListedConflict
from web_modules.decision.words import Authority

OPEN, DECIDED, SETTLED = "open", "decided", "settled"


def decide(
    connection: Connection, practice: str, found: Sequence[tuple[LinkKey, Conflict]], now: datetime
) -> None:
    """List conflicts that a rule decided; what an interrupted visit listed is not listed twice."""
    rows = [_row(practice, key, conflict, DECIDED, now) for key, conflict in found]
    if rows:
        _number(connection, practice, rows)
        save(connection, CONFLICTS, rows, "seen")


def settle(
    connection: Connection, practice: str, found: Mapping[LinkKey, Sequence[Conflict]], now: datetime
) -> tuple[list[tuple[LinkKey, Conflict]], list[tuple[LinkKey, str]]]:
    """Make the open conflicts of some links exactly those given.

    Returns:
        those that are new, and the link and unit of those that are over.
    """
    listed: dict[str, tuple[LinkKey, str]] = {}
    for kind, chunk in by_kind(found):
        rows = connection.execute(
            select(CONFLICTS.c.digest, CONFLICTS.c.key, CONFLICTS.c.unit).where(
                CONFLICTS.c.practice == practice,
                CONFLICTS.c.kind == kind.value,
                CONFLICTS.c.key.in_(chunk),
                CONFLICTS.c.state == OPEN,
            )
        )
        listed.update({row.digest: (LinkKey(kind=kind, key=row.key), row.unit) for row in rows})
    told = {
        row["digest"]: (row, (key, one))
        for key, conflicts in found.items()
        for one in conflicts
        for row in [_row(practice, key, one, OPEN, now)]
    }
    wanted = {digest: row for digest, (row, _) in told.items()}
    gone = [digest for digest in listed if digest not in wanted]
    if gone:
        connection.execute(
            update(CONFLICTS)
            .where(CONFLICTS.c.practice == practice, CONFLICTS.c.digest.in_(gone))
            .values(state=SETTLED, seen=now, published=0)
        )
    if wanted:
        kept = [row for digest, row in wanted.items() if digest in listed]
        new = [row for digest, row in wanted.items() if digest not in listed]
        _number(connection, practice, new)
        changing = ("state", "base", "legacy", "cloud", "seen", "published")
        again = ("since", "number", "owner", "escalated")
        save(connection, CONFLICTS, kept, *changing)
        save(connection, CONFLICTS, new, *changing, *again)
    opened = [conflict for digest, (_, conflict) in told.items() if digest not in listed]
    return opened, [listed[digest] for digest in gone]


def listed(connection: Connection, practice: str, *states: str) -> list[ListedConflict]:
    """Conflicts in some states, oldest first."""
    rows = connection.execute(
        select(CONFLICTS)
        .where(CONFLICTS.c.practice == practice, CONFLICTS.c.state.in_(states))
        .order_by(CONFLICTS.c.since, CONFLICTS.c.digest)
    ).mappings()
    return [_listed(row) for row in rows]


def unpublished(connection: Connection, practice: str, limit: int) -> list[ListedConflict]:
    """Open and settled conflicts that the public board does not show as they are."""
    rows = connection.execute(
        select(CONFLICTS)
        .where(
            CONFLICTS.c.practice == practice,
            CONFLICTS.c.published == 0,
            CONFLICTS.c.state.in_([OPEN, SETTLED]),
        )
        .limit(limit)
    ).mappings()
    return [_listed(row) for row in rows]


def published(connection: Connection, practice: str, digests: Sequence[str]) -> None:
    """Note that the public board shows them."""
    connection.execute(
        update(CONFLICTS)
        .where(CONFLICTS.c.practice == practice, CONFLICTS.c.digest.in_(list(digests)))
        .values(published=1)
    )


def open_counts(connection: Connection, practice: str) -> dict[Kind, int]:
    """How many conflicts of each kind wait for a person."""
    rows = connection.execute(
        select(CONFLICTS.c.kind, func.count())
        .where(CONFLICTS.c.practice == practice, CONFLICTS.c.state == OPEN)
        .group_by(CONFLICTS.c.kind)
    )
    return {Kind(kind): count for kind, count in rows}


def _number(connection: Connection, practice: str, rows: Sequence[dict[str, Any]]) -> None:
    """Give new rows the next numbers."""
    found = connection.execute(
        select(func.max(CONFLICTS.c.number)).where(CONFLICTS.c.practice == practice)
    ).scalar()
    for number, row in enumerate(rows, start=(found or 0) + 1):
        row["number"] = number


def _whole(fields: Agreed) -> dict[str, Any]:
    """What one side says, with all that is in a document: the value that loses may be nowhere else."""
    found = agreed_to_json(fields)
    for name, value in fields.items():
        if isinstance(value, Content):
            found[name]["data"] = value.data
    return found


def _row(practice: str, key: LinkKey, conflict: Conflict, state: str, now: datetime) -> dict[str, Any]:
    base, legacy, cloud = agreed_to_json(conflict.base), _whole(conflict.legacy), _whole(conflict.cloud)
    # an open conflict is one row a unit, whatever the values become; a decided one is its values
    told = [str(key), conflict.unit] if state == OPEN else [str(key), conflict.unit, base, legacy, cloud]
    return {
        "practice": practice,
        "digest": hashlib.sha256(repr((state, told)).encode()).hexdigest()[:32],
        "kind": key.kind.value,
        "key": key.key,
        "unit": conflict.unit,
        "state": state,
        "winner": None if conflict.winner is None else conflict.winner.value,
        "base": base,
        "legacy": legacy,
        "cloud": cloud,
        "since": now,
        "seen": now,
        "published": 0,
        "number": None,
        "owner": None,
        "escalated": 0,
    }


def _listed(row: Mapping[Any, Any]) -> ListedConflict:
    return ListedConflict(
        digest=row["digest"],
        link=LinkKey(kind=Kind(row["kind"]), key=row["key"]),
        state=row["state"],
        since=row["since"],
        number=row["number"] or 0,
        owner=row["owner"],
        is_escalated=bool(row["escalated"]),
        conflict=Conflict(
            unit=row["unit"],
            winner=None if row["winner"] is None else Authority(row["winner"]),
            base=agreed_from_json(row["base"]),
            legacy=agreed_from_json(row["legacy"]),
            cloud=agreed_from_json(row["cloud"]),
        ),
    )
