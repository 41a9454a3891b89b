"""Turns criteria into SQL over the resource table, called `r`: the narrowest of them leads, the others check.

What leads names the numbers in its range of the index; the others are checked for each of these, so the cost
goes with the candidates and not with the practice.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import TypeGuard

from web_modules.fhir_store.elements.parameters import BUILT_IN, ParameterKind
from web_modules.fhir_store.refusals import about
from web_modules.fhir_store.search.conditions import (
    RowTest,
    presence_of,
    resource_clause,
    tests_of,
)
from web_modules.fhir_store.search.criteria import AnyOf, Chain, Condition, Criterion, Reverse
from web_modules.fhir_store.search.sql import Sql, among, either, every, negated

Limit = Callable[[str], Sql | None]
"""What a resource of a type must fulfil to be seen, or None when all of them are."""

CodesOf = Callable[[str], Sequence[tuple[str, str]]]
"""The systems and codes of a value set, by what a client names it."""

_ID, _IDENTIFIER, _URI, _REFERENCE, _SPAN, _STRING, _TOKEN, _DATE, _QUANTITY = range(9)
_BREADTH = {
    ParameterKind.URI: _URI,
    ParameterKind.REFERENCE: _REFERENCE,
    ParameterKind.STRING: _STRING,
    ParameterKind.TOKEN: _TOKEN,
    ParameterKind.DATE: _DATE,
    ParameterKind.QUANTITY: _QUANTITY,
    ParameterKind.NUMBER: _QUANTITY,
    ParameterKind.COMPOSITE: _SPAN,
}
"""How much of a type a condition usually leaves, narrowest first; a stretch of time between two bounds, and a
value beside a code, lie in the middle."""
_BROADEST = 99

_REFERENCES = "i.practice = ? AND i.parameter = ? AND i.target_type = ?"
_FROM_REFERENCES = "FROM search_reference AS i WHERE"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Narrowing:
    """One criterion in SQL, of which one form is used, and only that is made.

    Attributes:
        breadth: the narrowest leads.
        leading: makes what names all that fulfil it.
        checking: makes what looks at one candidate.
    """

    breadth: int
    leading: Callable[[], Sql]
    checking: Callable[[], Sql]


class Narrower:
    """Makes the conditions of statements for one practice."""

    def __init__(
        self, practice: str, base_url: str, codes_of: CodesOf, limit: Limit = lambda _type: None
    ) -> None:
        self._practice = practice
        self._base_url = base_url
        self._codes_of = codes_of
        self._limit = limit

    def where(self, resource_type: str, criteria: Iterable[Criterion]) -> Sql:
        """What the resource `r` must fulfil: of one type, not deleted, and every criterion.

        Raises:
            Refusal: 400, a value is not of its parameter's kind.
        """
        parts = sorted(self._narrowings(resource_type, criteria), key=lambda part: part.breadth)
        found = [part.checking() if n else part.leading() for n, part in enumerate(parts)]
        return every([*found, self._typed(resource_type)])

    def checking(self, resource_type: str, criteria: Iterable[Criterion]) -> Sql:
        """What a resource `r` of a type that is known already must fulfil."""
        return every([part.checking() for part in self._narrowings(resource_type, criteria)])

    def _named(self, resource_type: str, part: _Narrowing) -> Sql:
        """All resources `r` of a type that fulfil one criterion."""
        return every([part.leading(), self._typed(resource_type)])

    def _checked(self, resource_type: str, part: _Narrowing, key: str) -> Sql:
        """The same for one resource that is known by a key."""
        return every([part.checking(), Sql(key), self._typed(resource_type)])

    def _typed(self, resource_type: str) -> Sql:
        own = Sql("r.practice = ? AND r.type = ? AND r.is_deleted = 0", (self._practice, resource_type))
        limit = self._limit(resource_type)
        return own if limit is None else every([own, limit])

    def _narrowings(self, resource_type: str, criteria: Iterable[Criterion]) -> Iterator[_Narrowing]:
        bounds: dict[str, list[Condition]] = {}
        for criterion in criteria:
            if _is_bound(criterion):
                bounds.setdefault(criterion.parameter.code, []).append(criterion)
            else:
                yield self._narrowing(resource_type, criterion)
        for conditions in bounds.values():  # two bounds on the same single value are one range of the index
            tests = []
            for one in conditions:
                with about(one.asked_as):
                    tests += tests_of(one, self._base_url)
            clause = every([test.clause for test in tests if test.clause is not None])
            breadth = _SPAN if len(conditions) > 1 else _DATE
            yield self._found([replace(tests[0], clause=clause)], breadth)

    def _narrowing(self, resource_type: str, criterion: Criterion) -> _Narrowing:
        match criterion:
            case Chain():
                return self._chain(criterion)
            case Reverse():
                return self._reverse(resource_type, criterion)
            case AnyOf():
                parts = [self._narrowing(resource_type, one) for one in criterion.criteria]
                return _Narrowing(
                    breadth=max(part.breadth for part in parts),
                    leading=lambda: either([part.leading() for part in parts]),
                    checking=lambda: either([part.checking() for part in parts]),
                )
        with about(criterion.asked_as):
            if criterion.parameter.code not in BUILT_IN:
                return self._condition(criterion)
            clause = resource_clause(criterion)
        breadth = _ID if criterion.parameter.code == "_id" else _BROADEST
        return _Narrowing(breadth=breadth, leading=lambda: clause, checking=lambda: clause)

    def _condition(self, condition: Condition) -> _Narrowing:
        match condition.modifier:
            case "missing" if condition.values == ("true",):
                return self._not_found([presence_of(condition.parameter)])
            case "missing":
                return self._found([presence_of(condition.parameter)], _BROADEST)
            case "not":
                return self._not_found(tests_of(replace(condition, modifier=""), self._base_url))
            case "not-in":
                return self._not_found([self._coded(condition)])
            case "in":
                return self._found([self._coded(condition)], _TOKEN)
        return self._found(tests_of(condition, self._base_url), _breadth(condition))

    def _found(self, tests: Sequence[RowTest], breadth: int) -> _Narrowing:
        return _Narrowing(
            breadth=breadth, leading=partial(self._leading, tests), checking=partial(self._checking, tests)
        )

    def _not_found(self, tests: Sequence[RowTest]) -> _Narrowing:
        def clause() -> Sql:
            return negated(self._checking(tests))

        return _Narrowing(breadth=_BROADEST, leading=clause, checking=clause)

    def _coded(self, condition: Condition) -> RowTest:
        codes = sorted({pair for name in condition.values for pair in self._codes_of(name)})
        clauses = []
        for system, pairs in groupby(codes, key=lambda pair: pair[0]):
            of_system = [Sql("i.system = ?", (system,))] if condition.parameter.has_systems else []
            clauses.append(every([among("i.code", (code for _system, code in pairs)), *of_system]))
        parameter = condition.parameter
        table = presence_of(parameter).table
        return RowTest(table=table, parameters=(parameter.number,), clause=either(clauses), is_quick=True)

    def _leading(self, tests: Sequence[RowTest]) -> Sql:
        """Whether the index names the resource among all that have such a row."""
        found = [self._rows("SELECT i.number", test) for test in tests]
        values = tuple(value for one in found for value in one.values)
        return Sql(f"r.number IN ({' UNION ALL '.join(one.text for one in found)})", values)

    def _checking(self, tests: Sequence[RowTest]) -> Sql:
        """Whether the resource has such a row: looked up by its number, where the index leads there."""
        slow = [test for test in tests if not test.is_quick]
        found = [self._leading(slow)] if slow else []
        for test in tests:
            if test.is_quick:
                row = self._rows("SELECT 1", test)
                found.append(Sql(f"EXISTS ({row.text} AND i.number = r.number)", row.values))
        return either(found)

    def _rows(self, selected: str, test: RowTest) -> Sql:
        parameters = among("i.parameter", test.parameters)
        clause = Sql("") if test.clause is None else Sql(f" AND {test.clause.text}", test.clause.values)
        return Sql(
            f"{selected} FROM {test.table} AS i WHERE i.practice = ? AND {parameters.text}{clause.text}",
            (self._practice, *parameters.values, *clause.values),
        )

    def _chain(self, chain: Chain) -> _Narrowing:
        links = [
            (target_type, part, (self._practice, chain.parameter.number, target_type))
            for target_type, criterion in chain.links
            for part in self._narrowings(target_type, [criterion])
        ]

        def leading() -> Sql:
            found = []
            for target_type, part, values in links:
                named = self._named(target_type, part)
                text = (
                    f"SELECT i.number {_FROM_REFERENCES} i.target_id IN"
                    f" (SELECT r.id FROM resource AS r WHERE {named.text}) AND {_REFERENCES}"
                )
                found.append(Sql(text, (*named.values, *values)))
            union = " UNION ALL ".join(one.text for one in found)
            return Sql(f"r.number IN ({union})", tuple(value for one in found for value in one.values))

        def checking() -> Sql:
            found = []
            for target_type, part, values in links:
                one = self._checked(target_type, part, "r.id = i.target_id")
                text = (
                    f"EXISTS (SELECT 1 {_FROM_REFERENCES} EXISTS (SELECT 1 FROM resource AS r"
                    f" WHERE {one.text}) AND {_REFERENCES} AND i.number = r.number)"
                )
                found.append(Sql(text, (*one.values, *values)))
            return either(found)

        breadth = max(_REFERENCE, *(part.breadth for _type, part, _values in links))
        return _Narrowing(breadth=breadth, leading=leading, checking=checking)

    def _reverse(self, resource_type: str, reverse: Reverse) -> _Narrowing:
        values = (self._practice, reverse.parameter.number, resource_type)
        source_type = reverse.source_type
        (part,) = self._narrowings(source_type, [reverse.criterion])

        def leading() -> Sql:
            named = self._named(source_type, part)
            text = (
                f"r.id IN (SELECT i.target_id {_FROM_REFERENCES} i.number IN"
                f" (SELECT r.number FROM resource AS r WHERE {named.text}) AND {_REFERENCES})"
            )
            return Sql(text, (*named.values, *values))

        def checking() -> Sql:
            one = self._checked(source_type, part, "r.number = i.number")
            text = (
                f"EXISTS (SELECT 1 {_FROM_REFERENCES} EXISTS (SELECT 1 FROM resource AS r"
                f" WHERE {one.text}) AND {_REFERENCES} AND i.target_id = r.id)"
            )
            return Sql(text, (*one.values, *values))

        return _Narrowing(breadth=max(_REFERENCE, part.breadth), leading=leading, checking=checking)


def _is_bound(criterion: Criterion) -> TypeGuard[Condition]:
    return (
        isinstance(criterion, Condition)
        and criterion.parameter.kind is ParameterKind.DATE
        and criterion.parameter.is_single
        and criterion.parameter.code not in BUILT_IN
        and not criterion.modifier
    )


def _breadth(condition: Condition) -> int:
    is_identifier = any(route.type == "Identifier" for route in condition.parameter.routes)
    if condition.modifier in {"identifier", "of-type"} or (is_identifier and not condition.modifier):
        return _IDENTIFIER
    return _BREADTH[condition.parameter.kind]
