"""Answers searches of the audit: by day, by who asked, by what it was about. Newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from web_modules.fhir_store.changes import position_instant
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.elements.moments import range_of
from web_modules.fhir_store.refusals import IssueCode, of_parameter, refuse
from web_modules.fhir_store.search.query import CURSOR, DEFAULT_COUNT, read_count
from web_modules.fhir_store.search.sql import Sql, among, every

PARAMETERS = {"date": "date", "agent": "token", "entity": "reference", "patient": "reference", "_id": "token"}
"""What the audit can be searched by, and the kind of each."""

NO_ENTRY = 0
"""A number that no entry has: they begin with 1."""

_IGNORED = frozenset({"_format", "_pretty", "_sort", "_total"})
_BOUNDS = {"ge": "a.moment >= ?", "gt": "a.moment >= ?", "le": "a.moment < ?", "lt": "a.moment < ?"}
_WITH_SUBJECT = (
    "a.number IN (SELECT s.number FROM audit_subject AS s WHERE s.practice = ? AND s.reference = ?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """One page of AuditEvents.

    Attributes:
        events: with their ids, newest first.
        following: the query of the next page, or None on the last.
    """

    events: tuple[dict[str, Any], ...]
    following: str | None


def read_event(session: Session, practice: str, number: str) -> dict[str, Any] | None:
    """One AuditEvent by its id, or None."""
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return None
    rows = session.rows(
        "SELECT number, moment, content FROM audit WHERE practice = ? AND number = ?", (practice, int(number))
    )
    return _event(rows[0]) if rows else None


def search_events(session: Session, practice: str, query: Sequence[tuple[str, str]]) -> AuditPage:
    """One page of the audit.

    Raises:
        Refusal: 400, a parameter is not one of `PARAMETERS`, or its value not of its kind.
    """
    where = [Sql("a.practice = ?", (practice,))]
    count = DEFAULT_COUNT
    kept = [(name, value) for name, value in query if name != CURSOR]
    for name, value in query:
        if name == "_count":
            count = max(read_count(value), 1)
        elif name == CURSOR:
            where.append(Sql("a.number < ?", (_number(value),)))
        elif name not in _IGNORED:
            where.append(_condition(practice, name, value))
    clause = every(where)
    rows = session.rows(
        "SELECT a.number, a.moment, a.content FROM audit AS a"  # noqa: S608  (fixed pieces)
        f" WHERE {clause.text} ORDER BY a.number DESC LIMIT ?",
        (*clause.values, count + 1),
    )
    has_more = len(rows) > count
    shown = rows[:count]
    following = urlencode([*kept, (CURSOR, str(shown[-1][0]))]) if has_more else None
    return AuditPage(events=tuple(map(_event, shown)), following=following)


def _condition(practice: str, name: str, value: str) -> Sql:
    match name:
        case "date":
            return _dated(value)
        case "agent":
            return among("a.agent", [one.rpartition("|")[2] for one in value.split(",")])
        case "entity" | "patient":
            whole = value if "/" in value or name == "entity" else f"Patient/{value}"
            return Sql(_WITH_SUBJECT, (practice, whole))
        case "_id":
            return among("a.number", [_number(one) for one in value.split(",")])
    words = f"The audit cannot be searched by `{name[:64]}`, only by {', '.join(sorted(PARAMETERS))}."
    raise refuse(400, IssueCode.NOT_SUPPORTED, words, of_parameter(name))


def _dated(value: str) -> Sql:
    prefix, text = (value[:2], value[2:]) if value[:2] in {*_BOUNDS, "eq"} else ("eq", value)
    try:
        wanted = range_of(text.replace(" ", "+"))
    except ValueError as error:
        words = "`date` must be a date or time such as 2026-11-17, after a prefix such as ge."
        raise refuse(400, IssueCode.INVALID, words, of_parameter("date")) from error
    if prefix == "eq":
        return Sql("a.moment >= ? AND a.moment < ?", (wanted.low, wanted.high))
    return Sql(_BOUNDS[prefix], (wanted.low if prefix in {"ge", "lt"} else wanted.high,))


def _number(value: str) -> int:
    if value.isascii() and value.isdigit() and len(value) < 18:
        return int(value)
    return NO_ENTRY


def _event(row: Sequence[Any]) -> dict[str, Any]:
    number, moment, content = row
    event: dict[str, Any] = decode(bytes(content))
    meta = {"versionId": "1", "lastUpdated": position_instant(moment)}
    return {"resourceType": "AuditEvent", "id": str(number), "meta": {**event.pop("meta", {}), **meta}} | {
        key: value for key, value in event.items() if key != "id"
    }
