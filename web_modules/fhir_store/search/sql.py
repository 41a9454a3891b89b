"""Pieces of SQL with their values, put together from fixed words: what a client sends is always a value."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL.

    Attributes:
        text: with `?` for each value; alternatives are in brackets.
        values: in the order of their places.
    """

    text: str
    values: tuple[Any, ...] = ()


EVERYTHING = Sql("1 = 1")
"""A condition that everything fulfils."""

NEVER = Sql("1 = 0")
"""A condition that nothing fulfils."""


def every(parts: Sequence[Sql]) -> Sql:
    """All of the conditions, at least one.

    Without brackets around each: SQLite's parser counts every one that is open, and gives up at a hundred.
    """
    return _joined(" AND ", parts)


def either(parts: Sequence[Sql]) -> Sql:
    """Any of the conditions; of none, never."""
    if not parts:
        return NEVER
    if len(parts) == 1:
        return parts[0]
    joined = _joined(" OR ", parts)
    return Sql(f"({joined.text})", joined.values)


def negated(part: Sql) -> Sql:
    """The contrary of a condition."""
    return Sql(f"NOT ({part.text})", part.values)


def among(column: str, values: Iterable[Any]) -> Sql:
    """Whether a column has one of some values; of none, never."""
    wanted = tuple(values)
    if not wanted:
        return NEVER
    if len(wanted) == 1:
        return Sql(f"{column} = ?", wanted)
    return Sql(f"{column} IN ({', '.join('?' * len(wanted))})", wanted)


def _joined(word: str, parts: Sequence[Sql]) -> Sql:
    text = word.join(part.text for part in parts)
    return Sql(text, tuple(value for part in parts for value in part.values))
