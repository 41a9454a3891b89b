"""Answers searches of the audit: by day, by who asked, by what it was about. Newest first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from web_modules.fhir_store.addresses import query_text
from web_modules.fhir_store.changes import position_instant
from web_modules.fhir_store.database.pages import fitting, unless_large
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.elements.moments import range_of
from web_modules.fhir_store.refusals import IssueCode, of_parameter, refuse
from web_modules.fhir_store.search.query import (
    CHEAP,
    CURSOR,
    DEFAULT_COUNT,
    MOST_COUNTED,
    check_text,
    not_our_page,
    read_count,
    read_total,
)
from web_modules.fhir_store.search.sql import Sql, among, every
from web_modules.fhir_store.search.subsets import Subset, read_subset

PARAMETERS = {"date": "date", "agent": "token", "entity": "reference", "patient": "reference", "_id": "token"}
"""What the audit can be searched by, and the kind of each."""

NO_ENTRY = 0
"""A number that no entry has: they begin with 1."""

_OF_PAGES = frozenset({CURSOR, "_count", "_elements", "_format", "_pretty", "_sort", "_summary", "_total"})
_BOUNDS = {"ge": "a.moment >= ?", "gt": "a.moment >= ?", "le": "a.moment < ?", "lt": "a.moment < ?"}
_ONE = "SELECT number, moment, content FROM audit WHERE practice = ? AND number = ?"
_WITH_SUBJECT = (
    "a.number IN (SELECT s.number FROM audit_subject AS s WHERE s.practice = ? AND s.reference = ?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """A search of the audit as understood.

    Attributes:
        practice: whose audit.
        where: what an event must fulfil.
        after: the number where the page before ended, or None.
        count: events a page.
        total: as of other searches: none, estimate or accurate.
        is_count_only: whether only the total is wanted.
        subset: how much of each event is shown.
        used: the pairs that were understood, for the links.
    """

    practice: str
    where: Sql
    after: int | None
    count: int
    total: str
    is_count_only: bool
    subset: Subset
    used: tuple[tuple[str, str], ...]

    def query(self, after: int | None) -> str:
        """That of this page's address, or of the one that follows an event."""
        cursor = () if after is None else ((CURSOR, str(after)),)
        return query_text((*self.used, *cursor))


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry as it is kept.

    Attributes:
        number: its id.
        moment: microseconds since 1970 UTC.
        content: the AuditEvent, as JSON without its id.
    """

    number: int
    moment: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """One page of AuditEvents.

    Attributes:
        entries: newest first.
        total: of all pages, or None when it was not counted.
        following: the number where it ended, or None on the last.
    """

    entries: tuple[AuditEntry, ...]
    total: int | None
    following: int | None

    @property
    def events(self) -> Iterator[dict[str, Any]]:
        """The AuditEvents with their ids, each read when it is asked for."""
        return map(_event, self.entries)


def read_event(session: Session, practice: str, number: str) -> dict[str, Any] | None:
    """One AuditEvent by its id, or None."""
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return None
    rows = session.rows(_ONE, (practice, int(number)))
    return _event(AuditEntry(*rows[0])) if rows else None


def read_audit_search(practice: str, query: Sequence[tuple[str, str]]) -> AuditSearch:
    """Understand a search of the audit.

    Raises:
        Refusal: 400, a parameter is not one of `PARAMETERS`, or its value not of its kind.
    """
    where = [Sql("a.practice = ?", (practice,))]
    asked = dict(query)
    for name, value in query:
        check_text(name, value)
        if name not in _OF_PAGES:
            where.append(_condition(practice, name, value))
    summary = asked.get("_summary", "")
    count = read_count(asked["_count"]) if "_count" in asked else DEFAULT_COUNT
    return AuditSearch(
        practice=practice,
        where=every(where),
        after=_ended(asked[CURSOR]) if CURSOR in asked else None,
        count=count,
        total=read_total(asked.get("_total", CHEAP)),
        is_count_only=summary == "count" or count == 0,
        subset=read_subset("" if summary == "count" else summary, asked.get("_elements", "")),
        used=tuple((name, value) for name, value in query if name != CURSOR),
    )


def search_events(session: Session, search: AuditSearch) -> AuditPage:
    """One page of the audit."""
    if search.is_count_only:
        return AuditPage(entries=(), total=_counted(session, search.where, None), following=None)
    found = [search.where] if search.after is None else [search.where, Sql("a.number < ?", (search.after,))]
    clause = every(found)
    rows = session.rows(
        f"SELECT a.number, a.moment, {unless_large('a.content')} FROM audit AS a"  # noqa: S608  (fixed pieces)
        f" WHERE {clause.text} ORDER BY a.number DESC LIMIT ?",
        (*clause.values, search.count + 1),
    )
    page = fitting(_entries(session, search.practice, rows[: search.count]))
    has_more = len(rows) > len(page)
    return AuditPage(
        entries=tuple(page),
        total=_total(session, search, None if has_more else len(page)),
        following=page[-1].number if has_more else None,
    )


def _entries(session: Session, practice: str, rows: Iterable[Sequence[Any]]) -> Iterator[AuditEntry]:
    for number, moment, content in rows:
        if content is None:
            yield AuditEntry(*session.rows_beside(_ONE, (practice, number))[0])
        else:
            yield AuditEntry(number, moment, content)


def _total(session: Session, search: AuditSearch, whole: int | None) -> int | None:
    if search.total == "none":
        return None
    if search.after is None and whole is not None:
        return whole
    if search.total == CHEAP:
        counted = _counted(session, search.where, MOST_COUNTED + 1)
        return counted if counted <= MOST_COUNTED else None
    return _counted(session, search.where, None)


def _counted(session: Session, where: Sql, most: int | None) -> int:
    limit = "" if most is None else " LIMIT ?"
    statement = f"SELECT count(*) FROM (SELECT 1 FROM audit AS a WHERE {where.text}{limit}) AS counted"  # noqa: S608
    return int(session.rows(statement, (*where.values, *(() if most is None else (most,))))[0][0])


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


def _ended(cursor: str) -> int:
    number = _number(cursor)
    if number == NO_ENTRY:
        raise not_our_page()
    return number


def _number(value: str) -> int:
    if value.isascii() and value.isdigit() and len(value) < 18:
        return int(value)
    return NO_ENTRY


def _event(entry: AuditEntry) -> dict[str, Any]:
    event: dict[str, Any] = decode(bytes(entry.content))
    meta = {"versionId": "1", "lastUpdated": position_instant(entry.moment)}
    return {
        "resourceType": "AuditEvent",
        "id": str(entry.number),
        "meta": {**event.pop("meta", {}), **meta},
    } | {key: value for key, value in event.items() if key != "id"}
