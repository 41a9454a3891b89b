"""The audit log: whatever the bridge and people did, each entry chained to the one before and signed.

It is never shortened, so it holds no patient's data: a value stands in it as a fingerprint that nobody can
make without the key. With the key, whoever has a value can say whether it was the one.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select, true, update

from legacy_bridge.journal.baselines import agreed_to_json
from legacy_bridge.journal.tables import AUDIT_END, AUDIT_LOG
from legacy_bridge.records import Agreed
from web_modules.fhir.audit_chain import START, Chain, Entry, Head, kept_bytes

KEY_OPTION = "audit_key"
"""The execution option of a journal's engine that holds the key."""
_FINGERPRINT_BYTES = 8
_PAGE = 1000
_BROKEN = b"broken"
"""In place of the link before, once somebody has moved the end: what is sealed after that may not hide it."""
_LAST = select(func.max(AUDIT_LOG.c.number)).where(AUDIT_LOG.c.practice == bindparam("of"))


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
    """Add entries at the end.

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
    end = _end(connection, practice, is_moved=True)
    last = connection.execute(_LAST, {"of": practice}).scalar() or 0
    number, link = (last, START) if end is None else (end.count, end.link)
    is_ours = is_first if end is None else end.seal == chain.seal(number, link)
    if not is_ours or number != last:
        number, link = max(number, last), _BROKEN
    moment = now.isoformat()
    rows: list[dict[str, Any]] = []
    for note in notes:
        number += 1
        content = orjson.dumps({"at": moment, "what": note.what, "subject": note.subject, **note.told})
        link = chain.link(link, number, content)
        rows.append({"practice": practice, "number": number, "content": content, "link": link})
    moved = {"entries": number, "link": link, "seal": chain.seal(number, link)}
    if end is None:
        connection.execute(insert(AUDIT_END).values(practice=practice, **moved))
    else:
        connection.execute(update(AUDIT_END).where(AUDIT_END.c.practice == practice).values(**moved))
    connection.execute(insert(AUDIT_LOG), rows)


def head(connection: Connection, practice: str) -> Head | None:
    """Where the log ends; None when it has no end."""
    return _end(connection, practice)


def faults(connection: Connection, practice: str, known: Iterable[Head] = ()) -> list[str]:
    """What is wrong with the log, in words; nothing when it is whole."""
    end = head(connection, practice)
    if end is None:
        return ["the end of the log is missing"]
    return _chain(connection, practice).faults(_entries(connection, practice), end, known)


def listed(connection: Connection, practice: str, *, limit: int) -> list[dict[str, Any]]:
    """The newest entries, newest first."""
    rows = connection.execute(
        select(AUDIT_LOG.c.number, AUDIT_LOG.c.content)
        .where(AUDIT_LOG.c.practice == practice)
        .order_by(AUDIT_LOG.c.number.desc())
        .limit(limit)
    )
    return [{"number": row.number, **orjson.loads(row.content)} for row in rows]


def fingerprint(connection: Connection, fields: Agreed) -> str:
    """What stands in the log for some values."""
    text = orjson.dumps(agreed_to_json(fields), option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, key=_key(connection), digest_size=_FINGERPRINT_BYTES).hexdigest()


def _key(connection: Connection) -> bytes:
    key: bytes = connection.get_execution_options()[KEY_OPTION]
    return key


def _chain(connection: Connection, practice: str) -> Chain:
    return Chain(_key(connection), practice)


def _end(connection: Connection, practice: str, *, is_moved: bool = False) -> Head | None:
    found = select(AUDIT_END.c.entries, AUDIT_END.c.link, AUDIT_END.c.seal).where(
        AUDIT_END.c.practice == practice
    )
    row = connection.execute(found.with_for_update() if is_moved else found).one_or_none()
    if row is None:
        return None
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
