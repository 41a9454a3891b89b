"""Turns the conditions of a search into SQL over the rows of an index table, called `i`."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from web_modules.fhir_store.database.tables import INDEX_TABLES
from web_modules.fhir_store.elements.indexing import fold, key_text, split_reference
from web_modules.fhir_store.elements.moments import SECOND, Range, range_of
from web_modules.fhir_store.elements.parameters import Parameter, ParameterKind
from web_modules.fhir_store.refusals import IssueCode, refuse
from web_modules.fhir_store.search.criteria import Condition, unescape
from web_modules.fhir_store.search.sql import NEVER, Sql, among, either, every, negated

_PREFIX = re.compile(r"^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[-+.\d])")
_PIPE = re.compile(r"(?<!\\)\|")
_DOLLAR = re.compile(r"(?<!\\)\$")
_LAST_SIGN = "\U0010ffff"
_MOST_LEVELS = 100

BY_NUMBER = frozenset(
    {
        ParameterKind.STRING,
        ParameterKind.DATE,
        ParameterKind.QUANTITY,
        ParameterKind.NUMBER,
        ParameterKind.REFERENCE,
    }
)
"""Kinds whose tables have an index by number."""
_YEAR = 366 * 86_400 * SECOND
_BRIEF = frozenset({"date", "dateTime", "instant"})
"""Types whose values last a year at most: what ends late also begins late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTest:
    """What a row of an index table, called `i`, must be.

    Attributes:
        table: where it is.
        parameters: the numbers of what it is about, any of them.
        clause: what its values must fulfil; None when it is enough that it is there.
        is_quick: whether the index leads from a resource's number and this straight to the row.
    """

    table: str
    parameters: tuple[int, ...]
    clause: Sql | None
    is_quick: bool


def table_of(kind: ParameterKind) -> str:
    """The table of a kind's index rows."""
    return INDEX_TABLES[ParameterKind.QUANTITY if kind is ParameterKind.NUMBER else kind][0].name


def presence_of(parameter: Parameter) -> RowTest:
    """Whether a resource has any value of a parameter."""
    is_quick = parameter.kind in BY_NUMBER
    numbers = numbers_of(parameter)
    return RowTest(table=table_of(parameter.kind), parameters=numbers, clause=None, is_quick=is_quick)


def numbers_of(parameter: Parameter) -> tuple[int, ...]:
    """By which the index knows the values of a parameter themselves."""
    return (parameter.number, parameter.spread_number) if parameter.spread_number else (parameter.number,)


def tests_of(condition: Condition, base_url: str) -> list[RowTest]:
    """What an index row must be to fulfil a condition; any one of these.

    Raises:
        Refusal: 400, a value is not of the parameter's kind.
    """
    parameter, modifier = condition.parameter, condition.modifier
    if parameter.kind is ParameterKind.COMPOSITE:
        return [test for value in condition.values for test in _paired(value, parameter, base_url)]
    kind = parameter.kind
    numbers: tuple[int, ...] = (parameter.number,)
    if modifier == "identifier":
        kind, numbers = ParameterKind.TOKEN, (parameter.identifier_number,)
    elif modifier == "of-type":
        numbers = (parameter.of_type_number,)
    elif modifier == "text":
        kind, numbers = ParameterKind.STRING, parameter.text_numbers
    elif not modifier and parameter.part_number:
        numbers = (parameter.number, parameter.part_number)
    if kind in {ParameterKind.NUMBER, ParameterKind.QUANTITY}:
        return _amounts(condition)
    made = _clause_maker(kind, parameter, modifier, base_url)
    return [
        RowTest(
            table=table_of(kind),
            parameters=numbers,
            clause=either([made(value) for value in condition.values]),
            is_quick=_is_quick(kind, condition),
        )
    ]


def _amounts(condition: Condition) -> list[RowTest]:
    """Amounts by themselves are one range of the index; those that are ranges have a number of their own."""
    parameter = condition.parameter
    return [
        RowTest(
            table=table_of(parameter.kind),
            parameters=(number,),
            clause=either([_quantity(value, parameter, high) for value in condition.values]),
            is_quick=True,
        )
        for number, high in zip(numbers_of(parameter), ("i.low", "i.high"), strict=False)
    ]


def _clause_maker(
    kind: ParameterKind, parameter: Parameter, modifier: str, base_url: str
) -> Callable[[str], Sql]:
    match kind:
        case ParameterKind.STRING:
            return lambda value: _string(unescape(value), modifier)
        case ParameterKind.DATE:
            return lambda value: _date(value, parameter)
        case ParameterKind.REFERENCE:
            return lambda value: _reference(unescape(value), parameter, modifier, base_url)
        case ParameterKind.URI:
            return lambda value: _uri(unescape(value), modifier)
        case _ if modifier == "of-type":
            return lambda value: _typed_identifier(value, parameter)
    has_systems = parameter.has_systems or modifier == "identifier"
    return lambda value: _token(value, has_systems=has_systems)


def _is_quick(kind: ParameterKind, condition: Condition) -> bool:
    """Ranges have an index by number; elsewhere the key itself leads to the row when the value is known."""
    if kind is ParameterKind.TOKEN:
        return not any(value.endswith("|") for value in condition.values)
    if kind is ParameterKind.URI:
        return condition.modifier != "below"
    return True


def _paired(value: str, parameter: Parameter, base_url: str) -> list[RowTest]:
    parts = _DOLLAR.split(value)
    pairing = parameter.pairings[0]
    token = [unescape(part) for part in _PIPE.split(parts[0], maxsplit=1)]
    if len(parts) != 2 or not token[-1] or not parts[1]:
        words = f"`{parameter.code}` must be a code and a value, as in `system|code$value`."
        raise refuse(400, IssueCode.INVALID, words)
    name = "|".join(map(key_text, token)) if pairing.first.has_systems else key_text(token[-1])
    second = Condition(parameter=pairing.second, modifier="", values=(parts[1],))
    return [
        replace(
            test,
            parameters=tuple(
                one.number(name, is_spread=test.parameters == (pairing.second.spread_number,))
                for one in parameter.pairings
            ),
        )
        for test in tests_of(second, base_url)
    ]


def resource_clause(condition: Condition) -> Sql:
    """A condition on `_id` or `_lastUpdated`, which are columns of the resource `r` itself."""
    if condition.parameter.code == "_id":
        return among("r.id", condition.values)
    moments = (_moment(value, condition.parameter) for value in condition.values)
    return either([_point("r.updated", *moment) for moment in moments])


def _string(value: str, modifier: str) -> Sql:
    folded = fold(value)
    if modifier == "exact":
        return Sql("i.folded = ? AND i.exact = ?", (key_text(folded), key_text(value)))
    if modifier == "contains":
        pattern = re.sub(r"([/%_])", r"/\1", folded)
        return Sql("i.folded LIKE ? ESCAPE '/'", (f"%{pattern}%",))
    return Sql("i.folded >= ? AND i.folded < ?", (folded, folded + _LAST_SIGN))


def _uri(value: str, modifier: str) -> Sql:
    if modifier == "below":
        start = value.rstrip("/") + "/"
        below = Sql("i.uri >= ? AND i.uri < ?", (start, start + _LAST_SIGN))
        return either([Sql("i.uri = ?", (key_text(value.rstrip("/")),)), below])
    if modifier == "above":
        parts = value.split("/")[:_MOST_LEVELS]
        return among("i.uri", (key_text("/".join(parts[:n])) for n in range(1, len(parts) + 1)))
    return Sql("i.uri = ?", (key_text(value),))


def _typed_identifier(value: str, parameter: Parameter) -> Sql:
    parts = [unescape(part) for part in _PIPE.split(value)]
    if len(parts) != 3 or not parts[1] or not parts[2]:
        words = f"`{parameter.code}:of-type` must be `system|code|value`."
        raise refuse(400, IssueCode.INVALID, words)
    named = "|".join(map(key_text, parts[:2]))
    return Sql("i.code = ? AND i.system = ?", (key_text(parts[2]), named))


def split_token(value: str, *, has_systems: bool) -> tuple[str | None, str | None]:
    """The system and code that a token's value asks for, as the index keeps them; None where it takes any."""
    parts = [unescape(part) for part in _PIPE.split(value, maxsplit=1)]
    if len(parts) == 1 or not has_systems:
        return None, key_text(parts[-1])
    system, code = parts
    return key_text(system), key_text(code) if code else None


def _token(value: str, *, has_systems: bool) -> Sql:
    system, code = split_token(value, has_systems=has_systems)
    wanted = (("i.code = ?", code), ("i.system = ?", system))
    return every([Sql(text, (one,)) for text, one in wanted if one is not None])


def _reference(value: str, parameter: Parameter, modifier: str, base_url: str) -> Sql:
    wanted = {modifier} if modifier else parameter.targets
    if "/" not in value and ":" not in value:
        of_type = among("i.target_type", sorted(wanted)) if wanted else Sql("i.target_type <> ''")
        return every([Sql("i.target_id = ?", (value,)), of_type])
    target_type, target_id = split_reference(value, base_url)
    if modifier and target_type != modifier:
        return NEVER
    return Sql("i.target_id = ? AND i.target_type = ?", (target_id, target_type))


def _prefixed(value: str) -> tuple[str, str]:
    match = _PREFIX.match(value)
    return (match.group(1), value[2:]) if match else ("eq", value)


def _moment(value: str, parameter: Parameter) -> tuple[str, Range]:
    prefix, text = _prefixed(value.replace(" ", "+"))
    try:
        return prefix, range_of(text)
    except ValueError as error:
        words = f"`{parameter.code}` must be a date or time such as 2026-11-17, after a prefix such as ge."
        raise refuse(400, IssueCode.INVALID, words) from error


def _date(value: str, parameter: Parameter) -> Sql:
    prefix, wanted = _moment(value, parameter)
    if parameter.is_point:
        return _point("i.low", prefix, wanted)
    found = _compared("i.low", "i.high", prefix, wanted)
    bound = _bound(prefix, wanted, is_brief=all(route.type in _BRIEF for route in parameter.routes))
    return found if bound is None else every([bound, found])


def _point(column: str, prefix: str, wanted: Range) -> Sql:
    """A comparison with an exact moment: one range of the index."""
    points: Mapping[str, Sql] = {
        "eq": Sql(f"{column} >= ? AND {column} < ?", (wanted.low, wanted.high)),
        "ge": Sql(f"{column} >= ?", (wanted.low,)),
        "gt": Sql(f"{column} >= ?", (wanted.high,)),
        "sa": Sql(f"{column} >= ?", (wanted.high,)),
        "le": Sql(f"{column} < ?", (wanted.high,)),
        "lt": Sql(f"{column} < ?", (wanted.low,)),
        "eb": Sql(f"{column} < ?", (wanted.low,)),
    }
    return points[prefix] if prefix in points else _compared(column, f"{column} + 1", prefix, wanted)


def _bound(prefix: str, wanted: Range, *, is_brief: bool) -> Sql | None:
    """What a comparison says of the low end by itself, so that it is a range of the index."""
    if prefix in {"eq", "le"}:
        return Sql("i.low < ?", (wanted.high,))
    if prefix == "eb":
        return Sql("i.low < ?", (wanted.low,))
    if prefix in {"gt", "ge"} and is_brief:
        return Sql("i.low >= ?", (wanted.low - _YEAR,))
    return None


def _compared(low: str, high: str, prefix: str, wanted: Range) -> Sql:
    """The comparisons of FHIR R4 search.html#prefix between what is stored and what is wanted."""
    inside = Sql(f"{low} >= ? AND {high} <= ?", (wanted.low, wanted.high))
    if prefix == "ap":  # within a tenth of the distance from now
        margin = abs(time.time_ns() // 1000 - wanted.low) // 10
        return Sql(f"{high} > ? AND {low} < ?", (wanted.low - margin, wanted.high + margin))
    return {
        "eq": inside,
        "ne": negated(inside),
        "gt": Sql(f"{high} > ?", (wanted.high,)),
        "ge": Sql(f"({low} >= ? OR {high} > ?)", (wanted.low, wanted.high)),
        "lt": Sql(f"{low} < ?", (wanted.low,)),
        "le": Sql(f"({high} <= ? OR {low} < ?)", (wanted.high, wanted.low)),
        "sa": Sql(f"{low} >= ?", (wanted.high,)),
        "eb": Sql(f"{high} <= ?", (wanted.low,)),
    }[prefix]


def _quantity(value: str, parameter: Parameter, high: str) -> Sql:
    number, *unit = [unescape(part) for part in _PIPE.split(value)]
    prefix, text = _prefixed(number)
    try:
        wanted = Decimal(text)
        exponent = wanted.as_tuple().exponent
    except InvalidOperation as error:
        raise refuse(400, IssueCode.INVALID, f"`{parameter.code}` must begin with a number.") from error
    if not isinstance(exponent, int) or abs(exponent) > 300:
        raise refuse(400, IssueCode.INVALID, f"`{parameter.code}` must begin with a number.")
    found = [_number(prefix, wanted, Decimal(5).scaleb(exponent - 1), high)]
    if len(unit) == 2:
        named = zip(("i.system = ?", "i.unit = ?"), unit, strict=True)
        found += [Sql(text, (key_text(name),)) for text, name in named if name]
    return every(found)


def _number(prefix: str, wanted: Decimal, half_digit: Decimal, high: str) -> Sql:
    value = float(wanted)
    tenth = abs(wanted) / 10
    same = Sql(f"i.low >= ? AND {high} < ?", (float(wanted - half_digit), float(wanted + half_digit)))
    comparisons: Mapping[str, Sql] = {
        "eq": same,
        "ne": negated(same),
        "gt": Sql(f"{high} > ?", (value,)),
        "ge": Sql(f"{high} >= ?", (value,)),
        "lt": Sql("i.low < ?", (value,)),
        "le": Sql("i.low <= ?", (value,)),
        "sa": Sql("i.low > ?", (value,)),
        "eb": Sql(f"{high} < ?", (value,)),
        "ap": Sql(f"{high} >= ? AND i.low <= ?", (float(wanted - tenth), float(wanted + tenth))),
    }
    return comparisons[prefix]
