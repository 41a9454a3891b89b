"""Runs searches: one statement for the page of matches, one for their number, more for what comes along.

The most selective condition drives the statement (`IN`), the others are checked for each candidate by the
primary keys of the index tables (`EXISTS`), so the cost goes with the candidates and not with the practice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, literal, not_, or_, select
from sqlalchemy.sql.expression import ScalarSelect, Subquery

from web_modules.fhir_store.database.records import VERSION_COLUMNS, Records, StoredVersion, stored
from web_modules.fhir_store.database.tables import INDEX_TABLES, REFERENCE, RESOURCE, VERSION
from web_modules.fhir_store.elements.parameters import BUILT_IN, ParameterKind
from web_modules.fhir_store.search.conditions import Clause, clause_of, index_of, resource_clause
from web_modules.fhir_store.search.query import Condition, Include, Search, SortKey

MOST_INCLUDED = 5000
"""Resources sent along with one page; more would be a list, not a context."""

_BREADTH = {
    ParameterKind.URI: 1,
    ParameterKind.REFERENCE: 2,
    ParameterKind.STRING: 4,
    ParameterKind.TOKEN: 5,
    ParameterKind.DATE: 6,
    ParameterKind.QUANTITY: 7,
    ParameterKind.NUMBER: 7,
}
"""How much of a type a condition usually leaves, narrowest first; an identifier is narrower than any (0), and
a stretch of time between two bounds lies in between (3)."""

_HIGHEST_TEXT, _LOWEST_TEXT = "\U0010ffff", ""
_HIGHEST_NUMBER, _LOWEST_NUMBER = 2**62, -(2**62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a search.

    Attributes:
        matches: in the order asked for.
        included: what comes along, each once.
        total: the number of all matches, or None when it was not asked for.
        following: the cursor of the next page, or None on the last.
    """

    matches: tuple[StoredVersion, ...]
    included: tuple[StoredVersion, ...]
    total: int | None
    following: tuple[Any, ...] | None


def run_search(records: Records, search: Search, base_url: str) -> Page:
    """Find one page of matches.

    Raises:
        Refusal: 400, a value is not of its parameter's kind.
    """
    records.flush()
    where = _where(records.practice, search, base_url)
    total: int | None = None
    if search.wants_count_only:
        total = _total(records, where)
        return Page(matches=(), included=(), total=total, following=None)
    keys = [_sort_value(key) for key in search.sort]
    inner = select(
        RESOURCE.c.id, RESOURCE.c.version, *(value.label(f"key_{n}") for n, value in enumerate(keys))
    ).where(*where)
    candidates = inner.subquery("candidate")
    page = (
        select(candidates)
        .where(_after(candidates, search))
        .order_by(*_order(candidates, search.sort))
        .limit(search.count + 1)
        .subquery("page")
    )
    sorted_by = [page.c[f"key_{n}"] for n in range(len(keys))]
    statement = (
        select(*VERSION_COLUMNS, *sorted_by)
        .select_from(page)
        .join(
            VERSION,
            and_(
                VERSION.c.practice == records.practice,
                VERSION.c.type == search.resource_type,
                VERSION.c.id == page.c.id,
                VERSION.c.version == page.c.version,
            ),
        )
        .order_by(*_order(page, search.sort))
    )
    rows = records.connection.execute(statement).all()
    has_more = len(rows) > search.count
    rows = rows[: search.count]
    matches = tuple(stored(row) for row in rows)
    following = (*rows[-1][len(VERSION_COLUMNS) :], matches[-1].id) if has_more else None
    if search.wants_total:
        is_whole = search.cursor is None and not has_more
        total = len(matches) if is_whole else _total(records, where)
    included = _included(records, search, matches)
    return Page(matches=matches, included=included, total=total, following=following)


def _total(records: Records, where: Iterable[Clause]) -> int:
    return int(
        records.connection.execute(select(func.count()).select_from(RESOURCE).where(*where)).scalar_one()
    )


def _where(practice: str, search: Search, base_url: str) -> list[Clause]:
    found: list[Clause] = [
        RESOURCE.c.practice == practice,
        RESOURCE.c.type == search.resource_type,
        RESOURCE.c.is_deleted == 0,
    ]
    positive: list[tuple[Condition, Clause]] = []
    for condition in search.conditions:
        if condition.parameter.code in BUILT_IN:
            found.append(resource_clause(condition))
        elif condition.modifier == "missing":
            is_there = _has_row(practice, search.resource_type, condition, None)
            found.append(not_(is_there) if condition.values == ("true",) else is_there)
        elif condition.modifier == "not":
            clause = clause_of(condition, base_url)
            found.append(not_(_has_row(practice, search.resource_type, condition, clause)))
        else:
            positive.append((condition, clause_of(condition, base_url)))
    positive = _merged(positive)
    positive.sort(key=lambda pair: _breadth(pair[0]))
    drives = not any(condition.parameter.code == "_id" for condition in search.conditions)
    for number, (condition, clause) in enumerate(positive):
        if number == 0 and drives:
            found.append(RESOURCE.c.id.in_(_ids(practice, search.resource_type, condition, clause)))
        else:
            found.append(_has_row(practice, search.resource_type, condition, clause))
    return found


def _merged(positive: list[tuple[Condition, Clause]]) -> list[tuple[Condition, Clause]]:
    """Two bounds on the same single moment are one range of the index."""
    merged: list[tuple[Condition, Clause]] = []
    points: dict[str, int] = {}
    for condition, clause in positive:
        code = condition.parameter.code
        if condition.parameter.is_point and code in points:
            at = points[code]
            both = replace(merged[at][0], values=(*merged[at][0].values, *condition.values))
            merged[at] = (both, and_(merged[at][1], clause))
        else:
            points[code] = len(merged)
            merged.append((condition, clause))
    return merged


def _breadth(condition: Condition) -> int:
    parameter = condition.parameter
    if any(route.type == "Identifier" for route in parameter.routes) or condition.modifier == "identifier":
        return 0
    if parameter.is_point and len(condition.values) > 1:
        return 3
    return _BREADTH[parameter.kind]


def _ids(practice: str, resource_type: str, condition: Condition, clause: Clause) -> Select[tuple[str]]:
    table, name = index_of(condition)
    return select(table.c.id).where(
        table.c.practice == practice, table.c.type == resource_type, table.c.parameter == name, clause
    )


def _has_row(practice: str, resource_type: str, condition: Condition, clause: Clause | None) -> Clause:
    table, name = index_of(condition)
    found = exists().where(
        table.c.practice == practice,
        table.c.type == resource_type,
        table.c.id == RESOURCE.c.id,
        table.c.parameter == name,
    )
    return found if clause is None else found.where(clause)


def _sort_value(key: SortKey) -> ColumnElement[Any]:
    if key.parameter.code == "_id":
        return RESOURCE.c.id
    if key.parameter.code == "_lastUpdated":
        return RESOURCE.c.updated
    kind = ParameterKind.QUANTITY if key.parameter.kind is ParameterKind.NUMBER else key.parameter.kind
    table, names = INDEX_TABLES[kind]
    name = {"token": "code", "reference": "target_id"}.get(kind.value, names[0])
    column = table.c[name]
    chosen = func.max(column) if key.is_descending else func.min(column)
    value: ScalarSelect[Any] = (
        select(chosen)
        .where(
            table.c.practice == RESOURCE.c.practice,
            table.c.type == RESOURCE.c.type,
            table.c.id == RESOURCE.c.id,
            table.c.parameter == key.parameter.code,
        )
        .scalar_subquery()
    )
    is_number = kind in {ParameterKind.DATE, ParameterKind.QUANTITY}
    if key.is_descending:
        last: str | int = _LOWEST_NUMBER if is_number else _LOWEST_TEXT
    else:
        last = _HIGHEST_NUMBER if is_number else _HIGHEST_TEXT
    return func.coalesce(value, last)


def _order(page: Subquery, sort: tuple[SortKey, ...]) -> list[ColumnElement[Any]]:
    order = [
        page.c[f"key_{n}"].desc() if key.is_descending else page.c[f"key_{n}"].asc()
        for n, key in enumerate(sort)
    ]
    return [*order, page.c.id.asc()]


def _after(candidates: Subquery, search: Search) -> Clause:
    """Behind the cursor in the order of the search: equal so far, and further in the next key."""
    cursor = search.cursor
    if cursor is None:
        return literal(1) == 1
    if len(cursor) != len(search.sort) + 1:
        return false()
    columns = [candidates.c[f"key_{n}"] for n in range(len(search.sort))] + [candidates.c.id]
    descending = [key.is_descending for key in search.sort] + [False]
    steps = []
    for n, column in enumerate(columns):
        further = column < cursor[n] if descending[n] else column > cursor[n]
        equal = [before == cursor[m] for m, before in enumerate(columns[:n])]
        steps.append(and_(*equal, further))
    return or_(*steps)


def _included(
    records: Records, search: Search, matches: tuple[StoredVersion, ...]
) -> tuple[StoredVersion, ...]:
    if not search.includes or not matches:
        return ()
    ids = [match.id for match in matches]
    seen = {(match.type, match.id) for match in matches}
    found: list[StoredVersion] = []
    for include in search.includes:
        for key in _pointed(records, search, include, ids):
            if key in seen or len(found) >= MOST_INCLUDED:
                continue
            seen.add(key)
            version = records.current(*key)
            if version is not None and version.content is not None:
                found.append(version)
    return tuple(found)


def _pointed(records: Records, search: Search, include: Include, ids: list[str]) -> list[tuple[str, str]]:
    row = REFERENCE.c
    if include.is_reverse:
        if include.target_type not in {"", search.resource_type}:
            return []
        statement = select(row.type, row.id).where(
            row.practice == records.practice,
            row.type == include.source_type,
            row.parameter == include.parameter,
            row.target_id.in_(ids),
            row.target_type == search.resource_type,
        )
    else:
        if include.source_type != search.resource_type:
            return []
        statement = select(row.target_type, row.target_id).where(
            row.practice == records.practice,
            row.type == search.resource_type,
            row.id.in_(ids),
            row.parameter == include.parameter,
            row.target_type != "",
        )
        if include.target_type:
            statement = statement.where(row.target_type == include.target_type)
    return [(found[0], found[1]) for found in records.connection.execute(statement.distinct())]
