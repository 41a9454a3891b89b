"""Keeps rows as they are until a transaction ends, in each database's own words; nobody is waited for."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table

from legacy_bridge.legacy.groups import GUIDS


def kept(statement: Select[Any], table: Table) -> Select[Any]:
    """The rows that a statement reads, which nobody may change until the transaction ends; others may read.

    In SQLite, whose write lock keeps everybody out, it is the statement itself.
    """
    return statement.with_for_update(read=True).with_hint(table, "WITH (REPEATABLEREAD)", "mssql")


def free(statement: Select[Any], table: Table) -> Select[Any]:
    """The rows that nobody else has now, ours until the transaction ends; the others are left out."""
    ours = statement.with_for_update(skip_locked=True, key_share=True)
    return ours.with_hint(table, "WITH (UPDLOCK, ROWLOCK, READPAST)", "mssql")


def there(statement: Select[Any], table: Table) -> Select[Any]:
    """All rows that are there, whoever has them now."""
    return statement.with_hint(table, "WITH (READUNCOMMITTED)", "mssql")


def taken(
    connection: Connection, statements: Iterator[tuple[Table, Select[Any]]], chunks: Sequence[Sequence[str]]
) -> set[str]:
    """Take rows, and tell the keys of those that somebody else has now.

    A form that holds a row open holds up that record only, and no deadlock can end the legacy program's
    transaction.

    Args:
        connection: in the transaction that is to write.
        statements: tables, and the statements that find the keys of their rows that `GUIDS` names.
        chunks: the keys.
    """
    if connection.dialect.name == "sqlite":
        return set()  # the write lock keeps everybody out
    busy: set[str] = set()
    for table, statement in statements:
        for chunk in chunks:
            ours = Counter(connection.execute(free(statement, table), {GUIDS: chunk}).scalars())
            busy.update(Counter(connection.execute(there(statement, table), {GUIDS: chunk}).scalars()) - ours)
    return busy
