"""Quarantine: what cannot be carried, with the reason, an owner and an age; the others flow on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from legacy_bridge.journal.dirty import CHUNK, insert_for
from legacy_bridge.journal.tables import QUARANTINE
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.listings import Quarantined

STRAY = "stray"
"""The kind of what is only on the cloud."""
MIRROR = "mirror"
"""The kind of what concerns a whole side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record that cannot be carried.

    Attributes:
        subject: a link, or `Type/id`.
        reason: a short word for counting.
        words: what is wrong and what to do.
        waits_for: the parent that is waited for.
        patients: whom it concerns; see `Quarantined`.
    """

    subject: str
    reason: str
    words: str
    waits_for: LinkKey | None = None
    patients: tuple[str, ...] = ()


def hold(
    connection: Connection,
    practice: str,
    found: Sequence[Held],
    now: datetime,
) -> list[Held]:
    """List records that cannot be carried.

    Args:
        connection: in a transaction.
        practice: the ODS code.
        found: what to list.
        now: the age of a record that is listed already stays.

    Returns:
        those that were not listed before.
    """
    new: list[Held] = []
    last = (
        connection.execute(
            select(func.max(QUARANTINE.c.number)).where(QUARANTINE.c.practice == practice)
        ).scalar()
        if found
        else None
    )
    for number, one in enumerate(found, start=(last or 0) + 1):
        kind, _, key = one.subject.partition("/")
        row = {
            "practice": practice,
            "subject": one.subject,
            "kind": kind if kind in {MIRROR, *(known.value for known in Kind)} else STRAY,
            "key": key,
            "reason": one.reason,
            "words": one.words,
            "owner": None,
            "since": now,
            "seen": now,
            "waits_for": None if one.waits_for is None else str(one.waits_for),
            "patients": list(one.patients),
            "is_open": 1,
            "published": 0,
            "number": number,
            "escalated": 0,
        }
        was_open = connection.execute(
            select(QUARANTINE.c.is_open).where(
                QUARANTINE.c.practice == practice, QUARANTINE.c.subject == one.subject
            )
        ).scalar()
        new += [] if was_open else [one]
        keep = {"practice", "subject", "owner"} | ({"since", "number", "escalated"} if was_open else set())
        statement = insert_for(connection)(QUARANTINE).values(row)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["practice", "subject"],
                set_={name: value for name, value in row.items() if name not in keep},
            )
        )
    return new


def release(connection: Connection, practice: str, subjects: Collection[str], now: datetime) -> list[str]:
    """Close the listing of records that can be carried.

    Returns:
        those that were listed.
    """
    wanted = list(subjects)
    closed: list[str] = []
    for at in range(0, len(wanted), CHUNK):
        rows = connection.execute(
            update(QUARANTINE)
            .where(
                QUARANTINE.c.practice == practice,
                QUARANTINE.c.subject.in_(wanted[at : at + CHUNK]),
                QUARANTINE.c.is_open == 1,
            )
            .values(is_open=0, seen=now, published=0)
            .returning(QUARANTINE.c.subject)
        )
        closed += rows.scalars()
    return closed


def is_listed(connection: Connection, practice: str, subject: str, words: str) -> bool:
    """Whether a subject is listed already, in these words."""
    found = connection.execute(
        select(QUARANTINE.c.subject).where(
            QUARANTINE.c.practice == practice,
            QUARANTINE.c.subject == subject,
            QUARANTINE.c.words == words,
            QUARANTINE.c.is_open == 1,
        )
    )
    return found.first() is not None


def waiting_for(connection: Connection, practice: str, parents: Collection[LinkKey]) -> list[LinkKey]:
    """Listed records that wait for some parents."""
    wanted = [str(key) for key in parents]
    found: list[LinkKey] = []
    for at in range(0, len(wanted), CHUNK):
        rows = connection.execute(
            select(QUARANTINE.c.subject).where(
                QUARANTINE.c.practice == practice,
                QUARANTINE.c.waits_for.in_(wanted[at : at + CHUNK]),
                QUARANTINE.c.is_open == 1,
            )
        )
        found.extend(LinkKey.parse(row.subject) for row in rows)
    return found


def held(connection: Connection, practice: str, keys: Collection[LinkKey]) -> list[LinkKey]:
    """Those of some links that are listed."""
    wanted = [str(key) for key in keys]
    found: list[LinkKey] = []
    for at in range(0, len(wanted), CHUNK):
        rows = connection.execute(
            select(QUARANTINE.c.subject).where(
                QUARANTINE.c.practice == practice,
                QUARANTINE.c.subject.in_(wanted[at : at + CHUNK]),
                QUARANTINE.c.is_open == 1,
            )
        )
        found += [LinkKey.parse(row.subject) for row in rows]
    return found


def listed(connection: Connection, practice: str) -> list[Quarantined]:
    """What is in quarantine, oldest first."""
    rows = connection.execute(
        select(QUARANTINE)
        .where(QUARANTINE.c.practice == practice, QUARANTINE.c.is_open == 1)
        .order_by(QUARANTINE.c.since, QUARANTINE.c.subject)
    ).mappings()
    return [_listed(row) for row in rows]


def unpublished(connection: Connection, practice: str, limit: int) -> list[Quarantined]:
    """What the public board does not show as it is."""
    rows = connection.execute(
        select(QUARANTINE).where(QUARANTINE.c.practice == practice, QUARANTINE.c.published == 0).limit(limit)
    ).mappings()
    return [_listed(row) for row in rows]


def published(connection: Connection, practice: str, subjects: Sequence[str]) -> None:
    """Note that the public board shows them."""
    connection.execute(
        update(QUARANTINE)
        .where(QUARANTINE.c.practice == practice, QUARANTINE.c.subject.in_(list(subjects)))
        .values(published=1)
    )


def counts(connection: Connection, practice: str) -> dict[str, int]:
    """How many of each kind (and of what is only on the cloud) are in quarantine."""
    rows = connection.execute(
        select(QUARANTINE.c.kind, func.count())
        .where(QUARANTINE.c.practice == practice, QUARANTINE.c.is_open == 1)
        .group_by(QUARANTINE.c.kind)
    )
    return {kind: count for kind, count in rows}  # noqa: C416 - rows are not tuples for mypy


def oldest(connection: Connection, practice: str) -> datetime | None:
    """Since when the oldest is in quarantine; None when nothing is."""
    found: datetime | None = connection.execute(
        select(func.min(QUARANTINE.c.since)).where(
            QUARANTINE.c.practice == practice, QUARANTINE.c.is_open == 1
        )
    ).scalar()
    return found


def count_of(connection: Connection, practice: str, reason: str) -> int:
    """How many are in quarantine for a reason."""
    found = connection.execute(
        select(func.count()).where(
            QUARANTINE.c.practice == practice, QUARANTINE.c.reason == reason, QUARANTINE.c.is_open == 1
        )
    )
    return int(found.scalar_one())


def _listed(row: Mapping[Any, Any]) -> Quarantined:
    return Quarantined(
        subject=row["subject"],
        reason=row["reason"],
        words=row["words"],
        owner=row["owner"],
        since=row["since"],
        is_open=bool(row["is_open"]),
        patients=tuple(row["patients"]),
        number=row["number"] or 0,
        is_escalated=bool(row["escalated"]),
    )
