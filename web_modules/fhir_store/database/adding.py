"""Adds rows to a table: as many as there are in one statement, on a server too."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, Table


class Adding:
    """How rows are added to one table, the practice first.

    A server gets several rows as one JSON text, which it reads faster than it takes single values, and for
    which the statement is the same however many there are.
    """

    def __init__(self, table: Table, *others: str) -> None:
        """Add to a table.

        Args:
            table: whose first column is the practice.
            others: the other columns, in the order in which a row has them; all of them by default.
        """
        columns = [table.c.practice, *(table.c[name] for name in others or table.c.keys()[1:])]
        names = ", ".join(column.name for column in columns)
        places = ", ".join("?" * len(columns))
        taken = ", ".join(_taken(column, place) for place, column in enumerate(columns) if place)
        self._floats = frozenset(at for at, column in enumerate(columns) if isinstance(column.type, Float))
        self.sql = f"INSERT INTO {table.name} ({names}) VALUES ({places})"  # noqa: S608  (fixed names)
        self.server_sql = (
            f"INSERT INTO {table.name} ({names})"  # noqa: S608  (fixed names)
            f" SELECT ?, {taken} FROM jsonb_array_elements(?::jsonb) AS added(e)"
        )

    def as_json(self, rows: Sequence[Sequence[Any]]) -> str:
        """Rows as a server takes them."""
        if self._floats:  # as texts, of which an infinite one is one too
            rows = [
                [repr(value) if at in self._floats else value for at, value in enumerate(row)] for row in rows
            ]
        return msgspec.json.encode(rows).decode()


def _taken(column: Column[Any], place: int) -> str:
    text = f"(e ->> {place})"
    match column.type:
        case LargeBinary():
            return f"decode({text}, 'base64')"
        case Float():
            return f"{text}::double precision"
        case BigInteger() | Integer():
            return f"{text}::bigint"
        case _:
            return text
