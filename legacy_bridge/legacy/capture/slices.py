"""Reads a legacy table a slice at a time, in the order of its key, with nothing but the right to read it."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    and_,
    cast,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.types import NullType

from legacy_bridge.legacy.capture.sources import SOURCES
from legacy_bridge.legacy.schema import METADATA

_CHUNK = 200  # keys a statement
_FILES = 4  # of up to 24 MB each
_ROW = "walked"
_HASH_BY_SERVER: ColumnElement[str] = literal_column(
    f"encode(sha256(convert_to(CAST({_ROW} AS text), 'UTF8')), 'hex')"
)
"""PostgreSQL hashes a row itself: fewer bytes cross the line, and no value has to be understood here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """A row of a slice.

    Attributes:
        key: the values of its key.
        named: the GUIDs by which it names other records.
        content: all that it holds, in a form that is the same when the row is.
    """

    key: tuple[Any, ...]
    named: tuple[str, ...]
    content: tuple[Any, ...]


def key_columns(source: str) -> list[str]:
    """The columns of a table's key, in its order."""
    return [str(one.name) for one in METADATA.tables[source].primary_key]


def naming_columns(source: str) -> list[str]:
    """The columns outside the key that name another record."""
    key = key_columns(source)
    return [name for name in SOURCES[source][1] if name not in key]


def most_rows(source: str) -> int:
    """How many rows of a table are read at once: few of those that hold whole files."""
    has_files = any(isinstance(one.type, LargeBinary) for one in METADATA.tables[source].c)
    return _FILES if has_files else sys.maxsize


def slice_statement(dialect: str, source: str, after: Sequence[Any], limit: int) -> Select[Any]:
    """The statement that reads the rows after a key.

    Args:
        dialect: the database's kind.
        source: the table.
        after: the values of the key; empty: from the first row on.
        limit: how many.
    """
    row = METADATA.tables[source].alias(_ROW)
    keys = [row.c[name] for name in key_columns(source)]
    content = [_HASH_BY_SERVER] if dialect == "postgresql" else [_as_it_lies(one) for one in row.c]
    found = select(*keys, *(row.c[name] for name in naming_columns(source)), *content)
    if after:
        values = [literal(value, one.type) for value, one in zip(after, keys, strict=True)]
        found = found.where(tuple_(*keys) > tuple_(*values) if len(keys) > 1 else keys[0] > values[0])
    return found.order_by(*keys).limit(limit)


def _as_it_lies(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The bytes of a value: SQLite takes any for a text, and what is none must not end the walk."""
    return type_coerce(cast(column, LargeBinary), NullType())


def read_slice(connection: Connection, source: str, after: Sequence[Any], limit: int) -> list[ReadRow]:
    """The rows after a key; see `slice_statement`."""
    return read_rows(connection, source, slice_statement(connection.dialect.name, source, after, limit))


def read_rows(connection: Connection, source: str, wanted: Select[Any]) -> list[ReadRow]:
    """The rows of a statement that `slice_statement` made."""
    keys, names = len(key_columns(source)), len(naming_columns(source))
    rows = connection.execute(wanted)
    return [
        ReadRow(
            key=tuple(row[:keys]),
            named=tuple(str(value) for value in row[keys : keys + names] if value is not None),
            content=tuple(row[keys:]),
        )
        for row in rows
    ]


def still_there(
    connection: Connection, source: str, keys: Sequence[Sequence[str]]
) -> Iterator[tuple[Any, ...]]:
    """Those of some keys that a table holds."""
    columns = [METADATA.tables[source].c[name] for name in key_columns(source)]

    def is_it(key: Sequence[str]) -> ColumnElement[bool]:
        return and_(*(one == value for one, value in zip(columns, key, strict=True)))

    for at in range(0, len(keys), _CHUNK):
        wanted = or_(*(is_it(key) for key in keys[at : at + _CHUNK]))
        for row in connection.execute(select(*columns).where(wanted)):
            yield tuple(row)
