"""Runs searches: one statement for the page of matches, one for their number, more for what comes along."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from web_modules.fhir_store.access import Interaction
from web_modules.fhir_store.database.pages import PAGE_COLUMNS, fitting, versions
from web_modules.fhir_store.database.records import VERSION_COLUMNS, Records, StoredVersion
from web_modules.fhir_store.elements.indexing import Indexer
from web_modules.fhir_store.elements.parameters import BUILT_IN, ParameterCatalogue, ParameterKind
from web_modules.fhir_store.search.conditions import BY_NUMBER, numbers_of, table_of
from web_modules.fhir_store.search.including import Including
from web_modules.fhir_store.search.narrowing import Limit, Narrower
from web_modules.fhir_store.search.query import CHEAP, MOST_COUNTED, Branch, Search, SortKey, not_our_page
from web_modules.fhir_store.search.sql import EVERYTHING, Sql, among, either, every
from web_modules.fhir_store.search.valuesets import codes_of
from web_modules.fhir_store.search.whom import whom_alone

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
        is_cut: whether more would have come along than this server sends.
        is_withheld: whether a label hides anything of what was searched, whatever was asked of it, or that
            would have come along.
        total: the number of all matches, or None when it was not asked for.
        following: the cursor of the next page, or None on the last.
    """

    matches: tuple[StoredVersion, ...]
    included: tuple[StoredVersion, ...]
    is_cut: bool
    is_withheld: bool
    total: int | None
    following: tuple[Any, ...] | None


class Searcher:
    """Runs searches over one practice's records."""

    def __init__(self, catalogue: ParameterCatalogue, indexer: Indexer, base_url: str) -> None:
        self._including = Including(catalogue, indexer, base_url)
        self._base_url = base_url

    def run(self, records: Records, search: Search) -> Page:
        """Find one page of matches.

        Raises:
            Refusal: 400, a value is not of its parameter's kind.
        """
        limit = partial(records.sight.limit, Interaction.SEARCH)
        wheres = self._wheres(records, search, limit)
        if search.wants_count_only:
            total = _count(records, wheres, most=None)
            return Page(
                matches=(),
                included=(),
                is_cut=False,
                is_withheld=self._is_withheld(records, search),
                total=total,
                following=None,
            )
        rows = records.session.rows(*_page_statement(records.practice, search, wheres))
        matches = tuple(fitting(versions(records.session, records.practice, rows[: search.count])))
        has_more = len(rows) > len(matches)
        included = self._including.find(records, search.includes, matches)
        return Page(
            matches=matches,
            included=included.versions,
            is_withheld=included.is_withheld or self._is_withheld(records, search),
            is_cut=included.is_cut,
            total=_total(records, search, wheres, None if has_more else len(matches)),
            following=(*rows[len(matches) - 1][_WIDTH:], matches[-1].number) if has_more else None,
        )

    def _wheres(self, records: Records, search: Search, limit: Limit) -> list[Sql]:
        narrower = Narrower(
            records.practice, self._base_url, lambda name: codes_of(records, self._base_url, name), limit
        )
        return [narrower.where(branch.resource_type, branch.criteria) for branch in search.branches]

    def _is_withheld(self, records: Records, search: Search) -> bool:
        """By whom alone, of all that is asked: or the notice would tell what hidden records say."""
        if not records.sight.is_limited:
            return False
        narrower = Narrower(records.practice, self._base_url, lambda _name: ())
        for branch in search.branches:
            whom = whom_alone(branch, self._base_url)
            named = EVERYTHING if whom is None else narrower.checking(branch.resource_type, [whom])
            if records.withholds(branch.resource_type, named):
                return True
        return False


def _page_statement(practice: str, search: Search, wheres: list[Sql]) -> tuple[str, tuple[Any, ...]]:
    after = _after(search)
    pairs = zip(search.branches, wheres, strict=True)
    candidates = [_candidates(practice, branch, where) for branch, where in pairs]
    values = [value for one in candidates for value in one.values]
    directions = ["DESC" if key.is_descending else "ASC" for key in search.sort]
    order = "".join(f"r.key_{n} {direction}, " for n, direction in enumerate(directions))
    if not search.sort and len(candidates) == 1:  # the numbers are in order as they are found
        text = f"{candidates[0].text} AND {after.text} ORDER BY r.number LIMIT ?"
    else:
        union = " UNION ALL ".join(one.text for one in candidates)
        text = f"SELECT * FROM ({union}) AS r WHERE {after.text} ORDER BY {order}r.number LIMIT ?"
    shown = "".join(f", r.key_{n}" for n in range(len(directions)))
    statement = (
        f"SELECT {PAGE_COLUMNS}{shown} FROM ({text}) AS r"
        " JOIN version AS v ON v.practice = r.practice AND v.updated = r.updated"
        f" ORDER BY {order}r.number"
    )
    return statement, (*values, *after.values, search.count + 1)


def _candidates(practice: str, branch: Branch, where: Sql) -> Sql:
    keys = [_sort_value(practice, key, f"s{n}") for n, key in enumerate(branch.sort)]
    joins = [join for _value, join in keys if join is not None]
    named = "".join(f", {value.text} AS key_{n}" for n, (value, _join) in enumerate(keys))
    return Sql(
        f"SELECT r.practice, r.updated, r.number{named} FROM resource AS r"
        f"{''.join(join.text for join in joins)} WHERE {where.text}",
        (
            *(value for one, _join in keys for value in one.values),
            *(value for join in joins for value in join.values),
            *where.values,
        ),
    )


def _total(records: Records, search: Search, wheres: list[Sql], whole: int | None) -> int | None:
    if search.total == "none":
        return None
    if search.cursor is None and whole is not None:
        return whole
    if search.total == CHEAP:
        counted = _count(records, wheres, most=MOST_COUNTED + 1)
        return counted if counted <= MOST_COUNTED else None
    return _count(records, wheres, most=None)


def _count(records: Records, wheres: list[Sql], most: int | None) -> int:
    union = " UNION ALL ".join(f"SELECT 1 FROM resource AS r WHERE {where.text}" for where in wheres)
    values = [value for where in wheres for value in where.values]
    limit = "" if most is None else " LIMIT ?"
    statement = f"SELECT count(*) FROM (SELECT 1 FROM ({union}) AS one{limit}) AS counted"
    return int(records.session.rows(statement, (*values, *(() if most is None else (most,))))[0][0])


def _sort_value(practice: str, key: SortKey, name: str) -> tuple[Sql, Sql | None]:
    """What to order by, and the join that brings it when the index has no way from a number to its value."""
    if key.parameter.code in BUILT_IN:
        return Sql("r.id" if key.parameter.code == "_id" else "r.updated"), None
    kind = key.parameter.kind
    table, column = table_of(kind), _SORTED_BY[kind]
    chosen = "max" if key.is_descending else "min"
    is_number = _is_number(key)
    if key.is_descending:
        last: str | int = _LOWEST_NUMBER if is_number else _LOWEST_TEXT
    else:
        last = _HIGHEST_NUMBER if is_number else _HIGHEST_TEXT
    if kind in BY_NUMBER:
        numbers = among("i.parameter", numbers_of(key.parameter))
        value = (
            f"(SELECT {chosen}(i.{column}) FROM {table} AS i WHERE i.practice = ?"
            f" AND i.number = r.number AND {numbers.text})"
        )
        return Sql(f"coalesce({value}, ?)", (practice, *numbers.values, last)), None
    join = (
        f" LEFT JOIN (SELECT i.number, {chosen}(i.{column}) AS value FROM {table} AS i"
        f" WHERE i.practice = ? AND i.parameter = ? GROUP BY i.number) AS {name} ON {name}.number = r.number"
    )
    return Sql(f"coalesce({name}.value, ?)", (last,)), Sql(join, (practice, key.parameter.number))


def _is_number(key: SortKey) -> bool:
    """Whether it is ordered by a number, and not by a text."""
    code = key.parameter.code
    return code != "_id" if code in BUILT_IN else _SORTED_BY[key.parameter.kind] == "low"


def _after(search: Search) -> Sql:
    """Behind the cursor in the order of the search: equal so far, and further in the next key.

    Raises:
        Refusal: 400, it is the cursor of a search in another order.
    """
    cursor = search.cursor
    if cursor is None:
        return Sql("1 = 1")
    kinds = [(int, float) if _is_number(key) else (str,) for key in search.sort] + [(int,)]
    if len(cursor) != len(kinds) or not all(map(isinstance, cursor, kinds)):
        raise not_our_page()
    columns = [f"r.key_{n}" for n in range(len(search.sort))] + ["r.number"]
    descending = [key.is_descending for key in search.sort] + [False]
    steps = []
    for n, column in enumerate(columns):
        further = Sql(f"{column} {'<' if descending[n] else '>'} ?", (cursor[n],))
        equal = [Sql(f"{before} = ?", (cursor[m],)) for m, before in enumerate(columns[:n])]
        steps.append(every([*equal, further]))
    return either(steps)
