"""The audit log: whatever the bridge and people did, each entry chained to the one before and signed.

It is never shortened, so it holds no patient's data: a value stands in it as a fingerprint that nobody can
make without the key. With the key, whoever has a value can say whether it was the one.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select, true, update

from legacy_bridge.journal.baselines import agreed_to_json
from legacy_bridge.journal.tables import AUDIT_END, AUDIT_LOG
from legacy_bridge.records import Agreed
from web_modules.fhir.audit_chain import BROKEN, START, Chain, Entry, Head, kept_bytes

KEY_OPTION = "audit_key"
"""The execution option of a journal's engine that holds the key."""
_FINGERPRINT_BYTES = 8
_PAGE = 100  # an entry of a whole batch has some twenty thousand bytes
_QUICKLY = 1
"""How hard to compress: entries are a fifth as long for five microseconds a record."""
_LAST = select(func.max(AUDIT_LOG.c.number)).where(AUDIT_LOG.c.practice == bindparam("of"))
_READ_END = select(
    AUDIT_END.c.entries, AUDIT_END.c.link, AUDIT_END.c.seal, _LAST.scalar_subquery().label("last")
).where(AUDIT_END.c.practice == bindparam("of"))
_HOLD_END = _READ_END.with_for_update()
"""Keeps the practice's other writers out where the database lets several in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is to be told.

    Attributes:
        what: what was done, in a few words.
        subject: to which link (`patient/…`), resource (`Patient/1`) or side (`mirror/…`).
        told: the rest; numbers and texts, none of them a patient's data.
    """

    what: str
    subject: str
    told: Mapping[str, Any] = field(default_factory=dict)


def append(
    connection: Connection, practice: str, notes: Sequence[Note], now: datetime, *, is_first: bool = False
) -> None:
    """Add an entry at the end: whatever one transaction does is one entry.

    Args:
        connection: in the transaction that does what they tell.
        practice: the ODS code.
        notes: what is to be told.
        now: aware.
        is_first: there is no log yet: else an end that is missing was removed.
    """
    if not notes:
        return
    chain = _chain(connection, practice)
    row = connection.execute(_HOLD_END, {"of": practice}).one_or_none()
    end = None if row is None else _head(row)
    last = connection.execute(_LAST, {"of": practice}).scalar() if row is None else row.last
    if end is None:
        number, link = last or 0, START if is_first else BROKEN
    else:
        number, link = end.count, chain.goes_on_from(end)
    if number != (last or 0):
        number, link = max(number, last or 0), BROKEN
    told = [{"what": note.what, "subject": note.subject, **note.told} for note in notes]
    content = zlib.compress(orjson.dumps({"at": now.isoformat(), "notes": told}), _QUICKLY)
    number, link = number + 1, chain.link(link, number + 1, content)
    moved = {"entries": number, "link": link, "seal": chain.seal(number, link)}
    if end is None:
        connection.execute(insert(AUDIT_END).values(practice=practice, **moved))
    else:
        connection.execute(update(AUDIT_END).where(AUDIT_END.c.practice == practice).values(**moved))
    entry = {"practice": practice, "number": number, "content": content, "link": link}
    connection.execute(insert(AUDIT_LOG).values(entry))


def head(connection: Connection, practice: str) -> Head | None:
    """Where the log ends; None when it has no end."""
    row = connection.execute(_READ_END, {"of": practice}).one_or_none()
    return None if row is None else _head(row)


def faults(connection: Connection, practice: str, known: Iterable[Head] = ()) -> list[str]:
    """What is wrong with the log, in words; nothing when it is whole."""
    end = head(connection, practice)
    if end is None:
        if connection.execute(_LAST, {"of": practice}).scalar() is None:
            return [
                "there is no log: give --practice the practice whose journal this is; "
                "if it is that one, the whole log was removed"
            ]
        return ["the end of the log is missing"]
    return _chain(connection, practice).faults(_entries(connection, practice), end, known)


def listed(connection: Connection, practice: str, *, limit: int) -> list[dict[str, Any]]:
    """What was noted last, newest first; each with the number of its entry and the moment."""
    rows = connection.execute(
        select(AUDIT_LOG.c.number, AUDIT_LOG.c.content)
        .where(AUDIT_LOG.c.practice == practice)
        .order_by(AUDIT_LOG.c.number.desc())
        .limit(limit)
    )
    found: list[dict[str, Any]] = []
    for row in rows:
        entry = orjson.loads(zlib.decompress(row.content))
        found += [{"number": row.number, "at": entry["at"], **note} for note in reversed(entry["notes"])]
    return found[:limit]


def fingerprint(connection: Connection, fields: Agreed) -> str:
    """What stands in the log for some values."""
    text = orjson.dumps(agreed_to_json(fields), option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, key=_key(connection), digest_size=_FINGERPRINT_BYTES).hexdigest()


def _key(connection: Connection) -> bytes:
    key: bytes = connection.get_execution_options()[KEY_OPTION]
    return key


def _chain(connection: Connection, practice: str) -> Chain:
    return Chain(_key(connection), practice)


def _head(row: Any) -> Head:
    return Head(count=int(row.entries), link=kept_bytes(row.link), seal=kept_bytes(row.seal))


def _entries(connection: Connection, practice: str) -> Iterator[Entry]:
    last: int | None = None
    while True:
        rows = connection.execute(
            select(AUDIT_LOG.c.number, AUDIT_LOG.c.content, AUDIT_LOG.c.link)
            .where(AUDIT_LOG.c.practice == practice, true() if last is None else AUDIT_LOG.c.number > last)
            .order_by(AUDIT_LOG.c.number)
            .limit(_PAGE)
        ).all()
        for row in rows:
            yield Entry(number=row.number, content=kept_bytes(row.content), link=kept_bytes(row.link))
            last = row.number
        if len(rows) < _PAGE:
            return
