"""Turns the conditions of a search into SQL over the index tables."""

import re
import time
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, false, not_, or_

from web_modules.fhir_store.database.tables import INDEX_TABLES, RESOURCE
from web_modules.fhir_store.elements.indexing import IDENTIFIER_SUFFIX, fold, key_text, split_reference
from web_modules.fhir_store.elements.moments import Range, range_of
from web_modules.fhir_store.elements.parameters import Parameter, ParameterKind
from web_modules.fhir_store.refusals import IssueCode, refuse
from web_modules.fhir_store.search.query import Condition, unescape

Clause = ColumnElement[bool]

_PREFIX = re.compile(r"^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[-+.\d])")
_PIPE = re.compile(r"(?<!\\)\|")
_LAST_SIGN = "\U0010ffff"


def index_of(condition: Condition) -> tuple[Table, str]:
    """The table of a condition's index rows, and the parameter's name in them."""
    kind = condition.parameter.kind
    if condition.modifier == "identifier":
        return INDEX_TABLES[ParameterKind.TOKEN][0], condition.parameter.code + IDENTIFIER_SUFFIX
    if kind is ParameterKind.NUMBER:
        kind = ParameterKind.QUANTITY
    return INDEX_TABLES[kind][0], condition.parameter.code


def clause_of(condition: Condition, base_url: str) -> Clause:
    """What an index row of the condition's parameter must fulfil: any of the values.

    Raises:
        Refusal: 400, a value is not of the parameter's kind.
    """
    parameter = condition.parameter
    table, _name = index_of(condition)
    made: Callable[[str], Clause]
    match parameter.kind:
        case ParameterKind.STRING:
            made = lambda value: _string(table, unescape(value), condition.modifier)  # noqa: E731
        case ParameterKind.DATE:
            made = lambda value: _date(table, value, parameter)  # noqa: E731
        case ParameterKind.REFERENCE if condition.modifier != "identifier":
            made = lambda value: _reference(table, unescape(value), condition, base_url)  # noqa: E731
        case ParameterKind.URI:
            made = lambda value: table.c.uri == key_text(unescape(value))  # noqa: E731
        case ParameterKind.NUMBER | ParameterKind.QUANTITY:
            made = lambda value: _quantity(table, value, parameter)  # noqa: E731
        case _:
            made = lambda value: _token(table, value, parameter)  # noqa: E731
    return or_(false(), *(made(value) for value in condition.values))


def resource_clause(condition: Condition) -> Clause:
    """A condition on `_id` or `_lastUpdated`, which are columns of the resource itself."""
    if condition.parameter.code == "_id":
        return RESOURCE.c.id.in_(condition.values)
    return or_(
        false(),
        *(
            _compared(RESOURCE.c.updated, RESOURCE.c.updated + 1, *_moment(value, condition.parameter))
            for value in condition.values
        ),
    )


def _string(table: Table, value: str, modifier: str) -> Clause:
    folded = fold(value)
    if modifier == "exact":
        return and_(table.c.folded == key_text(folded), table.c.exact == key_text(value))
    if modifier == "contains":
        return table.c.folded.contains(folded, autoescape=True)
    return and_(table.c.folded >= folded, table.c.folded < folded + _LAST_SIGN)


def _token(table: Table, value: str, parameter: Parameter) -> Clause:
    parts = [unescape(part) for part in _PIPE.split(value, maxsplit=1)]
    if len(parts) == 1 or not parameter.has_systems:
        return table.c.code == key_text(parts[-1])
    system, code = parts
    if not code:
        return table.c.system == key_text(system)
    return and_(table.c.code == key_text(code), table.c.system == key_text(system))


def _reference(table: Table, value: str, condition: Condition, base_url: str) -> Clause:
    wanted = {condition.modifier} if condition.modifier else condition.parameter.targets
    if "/" not in value and ":" not in value:
        of_type = table.c.target_type.in_(sorted(wanted)) if wanted else table.c.target_type != ""
        return and_(table.c.target_id == value, of_type)
    target_type, target_id = split_reference(value, base_url)
    if condition.modifier and target_type != condition.modifier:
        return false()
    return and_(table.c.target_id == target_id, table.c.target_type == target_type)


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


def _date(table: Table, value: str, parameter: Parameter) -> Clause:
    prefix, wanted = _moment(value, parameter)
    low, high = table.c.low, table.c.high
    if not parameter.is_point:
        return _compared(low, high, prefix, wanted)
    points: Mapping[str, Clause] = {  # an exact moment lies where its low end lies: one index range
        "eq": and_(low >= wanted.low, low < wanted.high),
        "ge": low >= wanted.low,
        "gt": low >= wanted.high,
        "le": low < wanted.high,
        "lt": low < wanted.low,
    }
    return points[prefix] if prefix in points else _compared(low, high, prefix, wanted)


def _compared(  # noqa: PLR0911  (nine prefixes, nine answers)
    low: ColumnElement[int], high: ColumnElement[int], prefix: str, wanted: Range
) -> Clause:
    """The comparisons of FHIR R4 search.html#prefix between what is stored and what is wanted."""
    match prefix:
        case "eq":
            return and_(low >= wanted.low, high <= wanted.high)
        case "ne":
            return not_(and_(low >= wanted.low, high <= wanted.high))
        case "gt":
            return high > wanted.high
        case "ge":
            return or_(low >= wanted.low, high > wanted.high)
        case "lt":
            return low < wanted.low
        case "le":
            return or_(high <= wanted.high, low < wanted.low)
        case "sa":
            return low >= wanted.high
        case "eb":
            return high <= wanted.low
        case _:  # ap: within a tenth of the distance from now
            margin = abs(time.time_ns() // 1000 - wanted.low) // 10
            return and_(high > wanted.low - margin, low < wanted.high + margin)


def _quantity(table: Table, value: str, parameter: Parameter) -> Clause:
    number, *unit = [unescape(part) for part in _PIPE.split(value)]
    prefix, text = _prefixed(number)
    try:
        wanted = Decimal(text)
        exponent = wanted.as_tuple().exponent
    except InvalidOperation as error:
        raise refuse(400, IssueCode.INVALID, f"`{parameter.code}` must begin with a number.") from error
    if not isinstance(exponent, int) or abs(exponent) > 300:
        raise refuse(400, IssueCode.INVALID, f"`{parameter.code}` must begin with a number.")
    found = _number(table, prefix, wanted, Decimal(5).scaleb(exponent - 1))
    if len(unit) == 2:
        if unit[0]:
            found = and_(found, table.c.system == key_text(unit[0]))
        if unit[1]:
            found = and_(found, table.c.unit == key_text(unit[1]))
    return found


def _number(table: Table, prefix: str, wanted: Decimal, half_digit: Decimal) -> Clause:
    low, high, value = table.c.low, table.c.high, float(wanted)
    comparisons: Mapping[str, Any] = {
        "gt": high > value,
        "ge": high >= value,
        "lt": low < value,
        "le": low <= value,
        "sa": low > value,
        "eb": high < value,
        "ap": and_(high >= float(wanted - abs(wanted) / 10), low <= float(wanted + abs(wanted) / 10)),
    }
    if prefix in comparisons:
        chosen: Clause = comparisons[prefix]
        return chosen
    same = and_(low >= float(wanted - half_digit), high < float(wanted + half_digit))
    return not_(same) if prefix == "ne" else same
