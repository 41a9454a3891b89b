"""Runs searches: one statement for the page of matches, one for their number, more for what comes along.

The most selective condition drives the statement: the numbers that its range of the index names. The others
are checked for each of these, so the cost goes with the candidates and not with the practice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from web_modules.fhir_store.database.records import CURRENT, VERSION_COLUMNS, Records, StoredVersion, stored
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.elements.indexing import Indexer
from web_modules.fhir_store.elements.parameters import BUILT_IN, ParameterKind
from web_modules.fhir_store.search.conditions import (
    clauses_of,
    index_of,
    is_quick_to_check,
    resource_clause,
    table_of,
)
from web_modules.fhir_store.search.query import CHEAP, Condition, Include, Search, SortKey
from web_modules.fhir_store.search.sql import Sql, among, either, every

MOST_INCLUDED = 5000
"""Resources sent along with one page; more would be a list, not a context."""

MOST_COUNTED = 10_000
"""Matches counted unasked; beyond, a total costs more than it tells."""

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

_BY_NUMBER = frozenset(
    {ParameterKind.STRING, ParameterKind.DATE, ParameterKind.QUANTITY, ParameterKind.NUMBER}
)
"""Kinds whose tables have an index by number."""

_SORTED_BY = {
    ParameterKind.TOKEN: "code",
    ParameterKind.STRING: "folded",
    ParameterKind.DATE: "low",
    ParameterKind.REFERENCE: "target_id",
    ParameterKind.URI: "uri",
    ParameterKind.NUMBER: "low",
    ParameterKind.QUANTITY: "low",
}
_HIGHEST_TEXT, _LOWEST_TEXT = "\U0010ffff", ""
_HIGHEST_NUMBER, _LOWEST_NUMBER = 2**62, -(2**62)
_WIDTH = VERSION_COLUMNS.count(",") + 1


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


class Searcher:
    """Runs searches over one practice's records."""

    def __init__(self, indexer: Indexer, base_url: str) -> None:
        self._indexer = indexer
        self._base_url = base_url

    def run(self, records: Records, search: Search) -> Page:
        """Find one page of matches.

        Raises:
            Refusal: 400, a value is not of its parameter's kind.
        """
        records.flush()
        where = every(self._where(records.practice, search))
        if search.wants_count_only:
            total = _count(records, where, most=None)
            return Page(matches=(), included=(), total=total, following=None)
        rows = records.session.rows(*_page_statement(records.practice, search, where))
        has_more = len(rows) > search.count
        rows = rows[: search.count]
        matches = tuple(stored(row) for row in rows)
        following = (*rows[-1][_WIDTH:], matches[-1].number) if has_more else None
        return Page(
            matches=matches,
            included=self._included(records, search, matches),
            total=_total(records, search, where, None if has_more else len(matches)),
            following=following,
        )

    def _where(self, practice: str, search: Search) -> list[Sql]:
        found = [Sql("r.practice = ? AND r.type = ? AND r.is_deleted = 0", (practice, search.resource_type))]
        positive: list[tuple[Condition, list[Sql]]] = []
        for condition in search.conditions:
            if condition.parameter.code in BUILT_IN:
                found.append(resource_clause(condition))
            elif condition.modifier == "missing":
                found.append(_among_rows(practice, condition, None, negate=condition.values == ("true",)))
            elif condition.modifier == "not":
                clauses = clauses_of(condition, self._base_url)
                found.append(_among_rows(practice, condition, clauses, negate=True))
            else:
                positive.append((condition, clauses_of(condition, self._base_url)))
        positive = _merged(positive)
        positive.sort(key=lambda pair: _breadth(pair[0]))
        drives = not any(condition.parameter.code == "_id" for condition in search.conditions)
        for condition, clauses in positive:
            is_checked = not drives and is_quick_to_check(condition)
            found.append((_has_row if is_checked else _among_rows)(practice, condition, clauses))
            drives = False
        return found

    def _included(
        self, records: Records, search: Search, matches: tuple[StoredVersion, ...]
    ) -> tuple[StoredVersion, ...]:
        if not search.includes or not matches:
            return ()
        seen = {(match.type, match.id) for match in matches}
        found: list[StoredVersion] = []
        for include in search.includes:
            pointed = self._pointing if include.is_reverse else self._pointed
            for version in pointed(records, search, include, matches):
                key = (version.type, version.id)
                if key not in seen and version.content is not None and len(found) < MOST_INCLUDED:
                    seen.add(key)
                    found.append(version)
        return tuple(found)

    def _pointed(
        self, records: Records, search: Search, include: Include, matches: Sequence[StoredVersion]
    ) -> list[StoredVersion]:
        if include.source_type != search.resource_type:
            return []
        keys: dict[tuple[str, str], None] = {}
        for match in matches:
            content = decode(match.content or b"null")
            keys |= dict.fromkeys(self._indexer.targets(include.parameter, content, self._base_url))
        wanted = [key for key in keys if include.target_type in {"", key[0]}]
        found = (records.current(*key) for key in wanted[:MOST_INCLUDED])
        return [version for version in found if version is not None]

    def _pointing(
        self, records: Records, search: Search, include: Include, matches: Sequence[StoredVersion]
    ) -> list[StoredVersion]:
        if include.target_type not in {"", search.resource_type}:
            return []
        ids = among("i.target_id", [match.id for match in matches])
        rows = records.session.rows(
            f"SELECT {VERSION_COLUMNS} FROM {CURRENT} WHERE r.practice = ? AND r.type = ? AND r.number IN ("
            "SELECT i.number FROM search_reference AS i WHERE i.practice = ? AND i.parameter = ?"
            f" AND {ids.text} AND i.target_type = ?) ORDER BY r.number LIMIT ?",
            (
                records.practice,
                include.source_type,
                records.practice,
                include.parameter.number,
                *ids.values,
                search.resource_type,
                MOST_INCLUDED,
            ),
        )
        return [stored(row) for row in rows]


def _page_statement(practice: str, search: Search, where: Sql) -> tuple[str, tuple[Any, ...]]:
    keys = [_sort_value(practice, key, f"s{n}") for n, key in enumerate(search.sort)]
    joins = [join for _value, join in keys if join is not None]
    after = _after(search)
    named = "".join(f", {value.text} AS key_{n}" for n, (value, _join) in enumerate(keys))
    order = "".join(
        f"key_{n} {'DESC' if key.is_descending else 'ASC'}, " for n, key in enumerate(search.sort)
    )
    candidates = (
        f"SELECT r.practice, r.updated, r.number{named} FROM resource AS r"
        f"{''.join(join.text for join in joins)} WHERE {where.text}"
    )
    values = [value for one, _join in keys for value in one.values]
    values += [value for join in joins for value in join.values]
    values += where.values
    if not search.sort:  # the numbers are in order as they are found
        text = f"{candidates} AND ({after.text}) ORDER BY r.number LIMIT ?"
    else:
        text = f"SELECT * FROM ({candidates}) AS r WHERE {after.text} ORDER BY {order}r.number LIMIT ?"
    shown = "".join(f", r.key_{n}" for n in range(len(keys)))
    outer = "".join(
        f"r.key_{n} {'DESC' if key.is_descending else 'ASC'}, " for n, key in enumerate(search.sort)
    )
    statement = (
        f"SELECT {VERSION_COLUMNS}{shown} FROM ({text}) AS r"
        " JOIN version AS v ON v.practice = r.practice AND v.updated = r.updated"
        f" ORDER BY {outer}r.number"
    )
    return statement, (*values, *after.values, search.count + 1)


def _total(records: Records, search: Search, where: Sql, whole: int | None) -> int | None:
    if search.total == "none":
        return None
    if search.cursor is None and whole is not None:
        return whole
    if search.total == CHEAP:
        counted = _count(records, where, most=MOST_COUNTED + 1)
        return counted if counted <= MOST_COUNTED else None
    return _count(records, where, most=None)


def _count(records: Records, where: Sql, most: int | None) -> int:
    if most is None:
        statement = f"SELECT count(*) FROM resource AS r WHERE {where.text}"
        return int(records.session.rows(statement, where.values)[0][0])
    statement = f"SELECT count(*) FROM (SELECT 1 FROM resource AS r WHERE {where.text} LIMIT ?) AS counted"
    return int(records.session.rows(statement, (*where.values, most))[0][0])


def _merged(positive: list[tuple[Condition, list[Sql]]]) -> list[tuple[Condition, list[Sql]]]:
    """Two bounds on the same single moment are one range of the index."""
    merged: list[tuple[Condition, list[Sql]]] = []
    points: dict[str, int] = {}
    for condition, clauses in positive:
        code = condition.parameter.code
        if condition.parameter.is_point and code in points:
            at = points[code]
            both = replace(merged[at][0], values=(*merged[at][0].values, *condition.values))
            merged[at] = (both, [every([either(merged[at][1]), either(clauses)])])
        else:
            points[code] = len(merged)
            merged.append((condition, clauses))
    return merged


def _breadth(condition: Condition) -> int:
    parameter = condition.parameter
    if any(route.type == "Identifier" for route in parameter.routes) or condition.modifier == "identifier":
        return 0
    if parameter.is_point and len(condition.values) > 1:
        return 3
    return _BREADTH[parameter.kind]


def _among_rows(
    practice: str, condition: Condition, clauses: Sequence[Sql] | None, *, negate: bool = False
) -> Sql:
    """Whether the index names the resource among all that have such a row; any row when clauses is None."""
    table, parameter = index_of(condition)
    text = f"SELECT i.number FROM {table} AS i WHERE i.practice = ? AND i.parameter = ?"
    values: tuple[Any, ...] = (practice, parameter)
    if clauses is not None:
        clause = either(clauses)
        text += f" AND ({clause.text})"
        values += clause.values
    return Sql(f"r.number {'NOT ' if negate else ''}IN ({text})", values)


def _has_row(practice: str, condition: Condition, clauses: Sequence[Sql]) -> Sql:
    """Whether the resource has such a row, looked up by its number."""
    table, parameter = index_of(condition)
    text = (
        f"EXISTS (SELECT 1 FROM {table} AS i WHERE i.practice = ? AND i.number = r.number"
        " AND i.parameter = ? AND ({}))"
    )
    return either(
        [Sql(text.format(clause.text), (practice, parameter, *clause.values)) for clause in clauses]
    )


def _sort_value(practice: str, key: SortKey, name: str) -> tuple[Sql, Sql | None]:
    """What to order by, and the join that brings it when the index has no way from a number to its value."""
    if key.parameter.code in BUILT_IN:
        return Sql("r.id" if key.parameter.code == "_id" else "r.updated"), None
    kind = key.parameter.kind
    table, column = table_of(kind), _SORTED_BY[kind]
    chosen = "max" if key.is_descending else "min"
    is_number = column == "low"
    if key.is_descending:
        last: str | int = _LOWEST_NUMBER if is_number else _LOWEST_TEXT
    else:
        last = _HIGHEST_NUMBER if is_number else _HIGHEST_TEXT
    if kind in _BY_NUMBER:
        value = (
            f"(SELECT {chosen}(i.{column}) FROM {table} AS i WHERE i.practice = ?"
            " AND i.number = r.number AND i.parameter = ?)"
        )
        return Sql(f"coalesce({value}, ?)", (practice, key.parameter.number, last)), None
    join = (
        f" LEFT JOIN (SELECT i.number, {chosen}(i.{column}) AS value FROM {table} AS i"
        f" WHERE i.practice = ? AND i.parameter = ? GROUP BY i.number) AS {name} ON {name}.number = r.number"
    )
    return Sql(f"coalesce({name}.value, ?)", (last,)), Sql(join, (practice, key.parameter.number))


def _after(search: Search) -> Sql:
    """Behind the cursor in the order of the search: equal so far, and further in the next key."""
    cursor = search.cursor
    if cursor is None:
        return Sql("1 = 1")
    if len(cursor) != len(search.sort) + 1 or not isinstance(cursor[-1], int):
        return Sql("1 = 0")
    columns = [f"r.key_{n}" for n in range(len(search.sort))] + ["r.number"]
    descending = [key.is_descending for key in search.sort] + [False]
    steps = []
    for n, column in enumerate(columns):
        further = Sql(f"{column} {'<' if descending[n] else '>'} ?", (cursor[n],))
        equal = [Sql(f"{before} = ?", (cursor[m],)) for m, before in enumerate(columns[:n])]
        steps.append(every([*equal, further]))
    return either(steps)
