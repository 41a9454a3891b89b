"""One transaction, spoken to in plain SQL: `?` stands for each value, on every database.

The store's statements are few and fixed, or put together by the search from fixed pieces. Sent straight to
the driver they cost a third of what they cost through SQLAlchemy's constructs, which still open the
connections and make the tables.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol

Values = Sequence[Any]

EACH = "SELECT value FROM json_each(?)"
"""The texts of a JSON array as rows: any number of values in the place of one. As SQLite says it."""
EACH_ON_SERVER = "SELECT jsonb_array_elements_text(?::jsonb)"


class Cursor(Protocol):
    """What is used of a driver's cursor (PEP 249)."""

    @property
    def rowcount(self) -> int:
        """How many rows the last change met."""

    def execute(self, operation: Any, parameters: Any = ..., /) -> Any:
        """Send a statement."""

    def executemany(self, operation: Any, parameters: Any, /) -> Any:
        """Send a statement once for each row of values."""

    def fetchall(self) -> Sequence[Any]:
        """The rows of the last statement."""


class Session:
    """A transaction that someone else opens and ends."""

    def __init__(self, cursor: Cursor, *, is_embedded: bool) -> None:
        """Speak through a driver's cursor.

        Args:
            cursor: of a connection in a transaction.
            is_embedded: whether it is SQLite's; a server's driver writes `%s` for a value, and not `?`.
        """
        self._cursor = cursor
        self._is_embedded = is_embedded

    def rows(self, sql: str, values: Values) -> Sequence[Any]:
        """What a query finds."""
        self._cursor.execute(self._spoken(sql), values)
        return self._cursor.fetchall()

    def rows_for_change(self, sql: str, values: Values) -> Sequence[Any]:
        """What a query finds, held against other writers until the transaction ends."""
        return self.rows(sql if self._is_embedded else f"{sql} FOR UPDATE", values)

    def change(self, sql: str, values: Values) -> int:
        """Carry out a change; how many rows it met."""
        self._cursor.execute(self._spoken(sql), values)
        return self._cursor.rowcount

    def change_many(self, sql: str, rows: Sequence[Values]) -> None:
        """Carry out a change once for each row of values."""
        self._cursor.executemany(self._spoken(sql), rows)

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the transaction that is undone by itself when an error leaves the block."""
        self._cursor.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._cursor.execute("ROLLBACK TO SAVEPOINT part")
            self._cursor.execute("RELEASE SAVEPOINT part")
            raise
        self._cursor.execute("RELEASE SAVEPOINT part")

    def _spoken(self, sql: str) -> str:
        return sql if self._is_embedded else _as_the_server_says(sql)


@lru_cache(maxsize=4096)
def _as_the_server_says(sql: str) -> str:
    return sql.replace("%", "%%").replace(EACH, EACH_ON_SERVER).replace("?", "%s")
