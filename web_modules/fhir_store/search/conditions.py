"""Turns the conditions of a search into SQL over the rows of an index table, called `i`."""

import re
import time
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from web_modules.fhir_store.database.tables import INDEX_TABLES
from web_modules.fhir_store.elements.indexing import fold, key_text, split_reference
from web_modules.fhir_store.elements.moments import Range, range_of
from web_modules.fhir_store.elements.parameters import Parameter, ParameterKind
from web_modules.fhir_store.refusals import IssueCode, refuse
from web_modules.fhir_store.search.query import Condition, unescape
from web_modules.fhir_store.search.sql import NEVER, Sql, among, either, every, negated

_PREFIX = re.compile(r"^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[-+.\d])")
_PIPE = re.compile(r"(?<!\\)\|")
_LAST_SIGN = "\U0010ffff"


def index_of(condition: Condition) -> tuple[str, int]:
    """The table of a condition's index rows, and the parameter's number in them."""
    parameter = condition.parameter
    if condition.modifier == "identifier":
        return INDEX_TABLES[ParameterKind.TOKEN][0].name, parameter.identifier_number
    return table_of(parameter.kind), parameter.number


def table_of(kind: ParameterKind) -> str:
    """The table of a kind's index rows."""
    return INDEX_TABLES[ParameterKind.QUANTITY if kind is ParameterKind.NUMBER else kind][0].name


def clauses_of(condition: Condition, base_url: str) -> list[Sql]:
    """What an index row of the condition's parameter must fulfil, for each of its values.

    Raises:
        Refusal: 400, a value is not of the parameter's kind.
    """
    parameter = condition.parameter
    made: Callable[[str], Sql]
    match parameter.kind:
        case ParameterKind.STRING:
            made = lambda value: _string(unescape(value), condition.modifier)  # noqa: E731
        case ParameterKind.DATE:
            made = lambda value: _date(value, parameter)  # noqa: E731
        case ParameterKind.REFERENCE if condition.modifier != "identifier":
            made = lambda value: _reference(unescape(value), condition, base_url)  # noqa: E731
        case ParameterKind.URI:
            made = lambda value: Sql("i.uri = ?", (key_text(unescape(value)),))  # noqa: E731
        case ParameterKind.NUMBER | ParameterKind.QUANTITY:
            made = lambda value: _quantity(value, parameter)  # noqa: E731
        case _:
            made = lambda value: _token(value, parameter)  # noqa: E731
    return [made(value) for value in condition.values]


def is_quick_to_check(condition: Condition) -> bool:
    """Whether the index leads from a number and the condition straight to the row.

    Ranges have an index by number; where the value is known the key itself leads there, so only a token of
    which nothing but the system is known does not.
    """
    if condition.parameter.kind is not ParameterKind.TOKEN and condition.modifier != "identifier":
        return True
    return not any(value.endswith("|") for value in condition.values)


def resource_clause(condition: Condition) -> Sql:
    """A condition on `_id` or `_lastUpdated`, which are columns of the resource `r` itself."""
    if condition.parameter.code == "_id":
        return among("r.id", condition.values)
    moments = (_moment(value, condition.parameter) for value in condition.values)
    return either([_compared("r.updated", "r.updated + 1", *moment) for moment in moments])


def _string(value: str, modifier: str) -> Sql:
    folded = fold(value)
    if modifier == "exact":
        return Sql("i.folded = ? AND i.exact = ?", (key_text(folded), key_text(value)))
    if modifier == "contains":
        pattern = re.sub(r"([/%_])", r"/\1", folded)
        return Sql("i.folded LIKE ? ESCAPE '/'", (f"%{pattern}%",))
    return Sql("i.folded >= ? AND i.folded < ?", (folded, folded + _LAST_SIGN))


def _token(value: str, parameter: Parameter) -> Sql:
    parts = [unescape(part) for part in _PIPE.split(value, maxsplit=1)]
    if len(parts) == 1 or not parameter.has_systems:
        return Sql("i.code = ?", (key_text(parts[-1]),))
    system, code = parts
    if not code:
        return Sql("i.system = ?", (key_text(system),))
    return Sql("i.code = ? AND i.system = ?", (key_text(code), key_text(system)))


def _reference(value: str, condition: Condition, base_url: str) -> Sql:
    wanted = {condition.modifier} if condition.modifier else condition.parameter.targets
    if "/" not in value and ":" not in value:
        of_type = among("i.target_type", sorted(wanted)) if wanted else Sql("i.target_type <> ''")
        return every([Sql("i.target_id = ?", (value,)), of_type])
    target_type, target_id = split_reference(value, base_url)
    if condition.modifier and target_type != condition.modifier:
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
    if not parameter.is_point:
        return _compared("i.low", "i.high", prefix, wanted)
    points: Mapping[str, Sql] = {  # an exact moment lies where its low end lies: one index range
        "eq": Sql("i.low >= ? AND i.low < ?", (wanted.low, wanted.high)),
        "ge": Sql("i.low >= ?", (wanted.low,)),
        "gt": Sql("i.low >= ?", (wanted.high,)),
        "le": Sql("i.low < ?", (wanted.high,)),
        "lt": Sql("i.low < ?", (wanted.low,)),
    }
    return points[prefix] if prefix in points else _compared("i.low", "i.high", prefix, wanted)


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
        "ge": Sql(f"{low} >= ? OR {high} > ?", (wanted.low, wanted.high)),
        "lt": Sql(f"{low} < ?", (wanted.low,)),
        "le": Sql(f"{high} <= ? OR {low} < ?", (wanted.high, wanted.low)),
        "sa": Sql(f"{low} >= ?", (wanted.high,)),
        "eb": Sql(f"{high} <= ?", (wanted.low,)),
    }[prefix]


def _quantity(value: str, parameter: Parameter) -> Sql:
    number, *unit = [unescape(part) for part in _PIPE.split(value)]
    prefix, text = _prefixed(number)
    try:
        wanted = Decimal(text)
        exponent = wanted.as_tuple().exponent
    except InvalidOperation as error:
        raise refuse(400, IssueCode.INVALID, f"`{parameter.code}` must begin with a number.") from error
    if not isinstance(exponent, int) or abs(exponent) > 300:
        raise refuse(400, IssueCode.INVALID, f"`{parameter.code}` must begin with a number.")
    found = [_number(prefix, wanted, Decimal(5).scaleb(exponent - 1))]
    if len(unit) == 2:
        named = zip(("i.system = ?", "i.unit = ?"), unit, strict=True)
        found += [Sql(text, (key_text(name),)) for text, name in named if name]
    return every(found)


def _number(prefix: str, wanted: Decimal, half_digit: Decimal) -> Sql:
    value = float(wanted)
    tenth = abs(wanted) / 10
    same = Sql("i.low >= ? AND i.high < ?", (float(wanted - half_digit), float(wanted + half_digit)))
    comparisons: Mapping[str, Sql] = {
        "eq": same,
        "ne": negated(same),
        "gt": Sql("i.high > ?", (value,)),
        "ge": Sql("i.high >= ?", (value,)),
        "lt": Sql("i.low < ?", (value,)),
        "le": Sql("i.low <= ?", (value,)),
        "sa": Sql("i.low > ?", (value,)),
        "eb": Sql("i.high < ?", (value,)),
        "ap": Sql("i.high >= ? AND i.low <= ?", (float(wanted - tenth), float(wanted + tenth))),
    }
    return comparisons[prefix]
