"""Carries the rows of all tables between a server and an SQLite file that has the same tables."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

EVERY_PRACTICE = "/* every practice */"
"""Begins the few statements of maintenance that are not about one practice."""

_ROWS_AT_ONCE = 2000

_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
_PRACTICES = f"{EVERY_PRACTICE} SELECT practice, environment FROM practice ORDER BY practice"  # noqa: S608


def tables_of(file: sqlite3.Connection) -> dict[str, list[str]]:
    """The tables of the practices with their columns."""
    names = [name for (name,) in file.execute(_TABLES) if name != "alembic_version"]
    return {
        name: [column for (column,) in file.execute("SELECT name FROM pragma_table_info(?)", (name,))]
        for name in names
    }


def practices_of(file: sqlite3.Connection) -> dict[str, str]:
    """The practices in a file, each with its environment."""
    return dict(file.execute(_PRACTICES))


def practices_at(server: Connection) -> dict[str, str]:
    """The practices at a server, each with its environment."""
    return {str(row[0]): str(row[1]) for row in server.exec_driver_sql(_PRACTICES)}


def fetch(server: Connection, file: sqlite3.Connection) -> None:
    """Copy everything from a server, in the transaction that is open there."""
    practices = practices_at(server)
    for table, columns in tables_of(file).items():
        places = ", ".join("?" * len(columns))
        add = f"INSERT INTO {table} ({_list(columns)}) VALUES ({places})"  # noqa: S608  (names of our own)
        for practice in practices:
            found = server.execution_options(stream_results=True, max_row_buffer=_ROWS_AT_ONCE)
            rows = found.exec_driver_sql(
                f"SELECT {_list(columns)} FROM {table} WHERE practice = %s",  # noqa: S608
                (practice,),
            )
            for page in rows.partitions(_ROWS_AT_ONCE):
                file.executemany(add, [tuple(row) for row in page])


def put(file: sqlite3.Connection, server: Connection) -> None:
    """Replace everything at a server, in the transaction that is open there."""
    tables = tables_of(file)
    server.exec_driver_sql(f"{EVERY_PRACTICE} TRUNCATE {_list(tables)}")
    cursor: Any = server.connection.cursor()
    for table, columns in tables.items():
        for practice in practices_of(file):
            rows = file.execute(
                f"SELECT {_list(columns)} FROM {table} WHERE practice = ?",  # noqa: S608
                (practice,),
            )
            with cursor.copy(f"COPY {table} ({_list(columns)}) FROM STDIN") as copy:
                for row in _fetched(rows):
                    copy.write_row(row)


def _fetched(rows: sqlite3.Cursor) -> Iterator[Sequence[Any]]:
    while page := rows.fetchmany(_ROWS_AT_ONCE):
        yield from page


def _list(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
