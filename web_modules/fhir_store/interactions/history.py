"""Reads what happened to one resource, one type or the whole practice, newest first or as a feed.

A feed asks with `_sort=_lastUpdated` (oldest first) and `_since` (inclusive). Versions are numbered by time
under the write lock, so a feed that has read up to a moment has missed nothing before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from web_modules.fhir_store.access import Interaction
from web_modules.fhir_store.addresses import query_text
from web_modules.fhir_store.database.pages import PAGE_COLUMNS, fitting, versions
from web_modules.fhir_store.database.records import Records, StoredVersion
from web_modules.fhir_store.elements.moments import Range, range_of
from web_modules.fhir_store.refusals import IssueCode, of_parameter, refuse
from web_modules.fhir_store.search.query import CURSOR, Pairs, read_count
from web_modules.fhir_store.search.sql import EVERYTHING, Sql

DEFAULT_COUNT = 100
_OF_SEEN = (
    "EXISTS (SELECT 1 FROM resource AS r WHERE r.practice = v.practice AND r.type = v.type AND r.id = v.id"
    " AND r.is_deleted = 0"
)
_MOST_LOOKED_AT = 1000
"""Versions that are looked at one by one for their number: some tenths of a second."""

_IGNORED = frozenset({"_format", "_pretty"})
_NEVER_LEFT_OUT = frozenset({"_sort", "_type", "_list"})
"""More would be shown than was asked for, or in another order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRequest:
    """A history as understood.

    Attributes:
        path: what of the practice: `_history`, `Patient/_history` or `Patient/1/_history`.
        since: microseconds since 1970 UTC from which on, or None.
        at: when the versions were current, or None.
        is_oldest_first: the order of a feed.
        count: versions a page; with 0 only their number is wanted.
        after: the `lastUpdated` in microseconds where the page before ended, or None.
        used: the pairs that were understood, for the self link.
    """

    path: str
    since: int | None
    at: Range | None
    is_oldest_first: bool
    count: int
    after: int | None
    used: tuple[tuple[str, str], ...]

    def link(self, base_url: str, after: int | None = None) -> str:
        """The address of this page, or of the one that ends the page at `after`."""
        pairs = list(self.used)
        if after is not None:
            pairs.append((CURSOR, str(after)))
        query = query_text(pairs)
        return f"{base_url}/{self.path}" + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """One page of a history.

    Attributes:
        versions: in the order asked for.
        is_withheld: whether a version was left out, or a label hides anything of the type.
        total: of all pages, or None when it was not counted.
        following: the `lastUpdated` in microseconds where it ended, or None on the last.
    """

    versions: tuple[StoredVersion, ...]
    is_withheld: bool
    total: int | None
    following: int | None


def read_history_request(path: str, pairs: Pairs, *, is_strict: bool) -> HistoryRequest:
    """Understand the parameters of a history.

    Raises:
        Refusal: 400, one of them is malformed, or unknown in strict handling.
    """
    since: int | None = None
    at: Range | None = None
    after: int | None = None
    count = DEFAULT_COUNT
    is_oldest_first = False
    used = []
    for name, value in pairs:
        match name:
            case "_since":
                since = _moment(name, value).low
            case "_at":
                at = _moment(name, value)
            case "_count":
                count = read_count(value)
            case "_summary" if value == "count":
                count = 0
            case "_sort" if value in {"_lastUpdated", "-_lastUpdated"}:
                is_oldest_first = value == "_lastUpdated"
            case _ if name == CURSOR:
                after = _cursor(value)
                continue
            case _ if name in _IGNORED:
                pass
            case _:
                if is_strict or name in _NEVER_LEFT_OUT:
                    words = (
                        f"`{name[:64]}={value[:64]}` is not something that a history can be asked for here."
                    )
                    raise refuse(400, IssueCode.NOT_SUPPORTED, words, of_parameter(name))
                continue
        used.append((name, value))
    return HistoryRequest(
        path=path,
        since=since,
        at=at,
        is_oldest_first=is_oldest_first,
        count=count,
        after=after,
        used=tuple(used),
    )


def run_history(records: Records, request: HistoryRequest, key: Sequence[str]) -> HistoryPage:
    """One page of versions.

    Args:
        records: the practice's.
        request: what is asked.
        key: nothing for the practice, a type, or a type and an id.
    """
    where = ["v.practice = ?"]
    values: list[str | int] = [records.practice]
    for column, wanted in zip(("v.type = ?", "v.id = ?"), key, strict=False):
        where.append(column)
        values.append(wanted)
    if request.since is not None:
        where.append("v.updated >= ?")
        values.append(request.since)
    if request.at is not None:  # begun before its end, and not followed by another before its start
        where.append(
            "v.updated < ? AND v.method <> 'DELETE' AND NOT EXISTS"
            " (SELECT 1 FROM version AS n WHERE n.practice = v.practice AND n.type = v.type"
            " AND n.id = v.id AND n.version = v.version + 1 AND n.updated <= ?)"
        )
        values += [request.at.high, request.at.low]
    limit = records.sight.limit(Interaction.READ, key[0]) if key else None
    if limit is not None:
        where.append(f"{_OF_SEEN} AND {limit.text})")
        values += limit.values
    counted = _Counted(records, " AND ".join(where), tuple(values))
    if not request.count:
        total, is_any_hidden = counted.exactly()
        is_withheld = is_any_hidden or _is_withheld(records, key)
        return HistoryPage(versions=(), is_withheld=is_withheld, total=total, following=None)
    if request.after is not None:
        where.append("v.updated > ?" if request.is_oldest_first else "v.updated < ?")
        values.append(request.after)
    order = "ASC" if request.is_oldest_first else "DESC"
    rows = records.session.rows(
        f"SELECT {PAGE_COLUMNS} FROM version AS v WHERE {' AND '.join(where)}"  # noqa: S608  (fixed pieces)
        f" ORDER BY v.updated {order} LIMIT ?",
        (*values, request.count + 1),
    )
    page = fitting(versions(records.session, records.practice, rows[: request.count]))
    shown = tuple(version for version in page if records.shows(version))
    has_more = len(rows) > len(page)
    is_whole = request.after is None and not has_more
    return HistoryPage(
        versions=shown,
        total=len(shown) if is_whole else counted.cheaply(key),
        is_withheld=len(shown) < len(page) or _is_withheld(records, key),
        following=page[-1].updated if has_more else None,
    )


def _is_withheld(records: Records, key: Sequence[str]) -> bool:
    """Whether anything of a type is hidden; of one that may be seen only what a history leaves out."""
    if not key:
        return False
    return records.withholds(key[0], EVERYTHING if len(key) == 1 else Sql("r.id = ?", (key[1],)))


@dataclass(frozen=True, slots=True)
class _Counted:
    """The number of versions that fulfil a condition, without those that may not be shown."""

    records: Records
    where: str
    values: tuple[str | int, ...]

    def exactly(self) -> tuple[int | None, bool]:
        """All of them, None when each must be looked at, and they are many; and whether any is hidden."""
        if not self.records.sight.is_limited:
            statement = f"SELECT count(*) FROM version AS v WHERE {self.where}"  # noqa: S608  (fixed pieces)
            return int(self.records.session.rows(statement, self.values)[0][0]), False
        rows = self.records.session.rows(
            f"SELECT {PAGE_COLUMNS} FROM version AS v WHERE {self.where} LIMIT ?",  # noqa: S608
            (*self.values, _MOST_LOOKED_AT + 1),
        )
        if len(rows) > _MOST_LOOKED_AT:
            return None, False
        shown = sum(map(self.records.shows, versions(self.records.session, self.records.practice, rows)))
        return shown, shown < len(rows)

    def cheaply(self, key: Sequence[str]) -> int | None:
        """Of one resource; that of a type or practice would cost more than it tells."""
        return self.exactly()[0] if len(key) == 2 else None


def _moment(name: str, value: str) -> Range:
    try:
        return range_of(value.replace(" ", "+"))
    except ValueError as error:
        words = f"`{name}` must be a moment such as 2026-11-17T09:30:00Z."
        raise refuse(400, IssueCode.INVALID, words, of_parameter(name)) from error


def _cursor(value: str) -> int:
    if value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    words = "This page address is not one that this server made."
    raise refuse(400, IssueCode.INVALID, words, of_parameter(CURSOR))
