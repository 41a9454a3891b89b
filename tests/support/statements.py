"""Watches every statement to the cloud's tables: each names one practice (DESIGN.md, section 9)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, event

from web_modules.fhir_store.database import session, tables, transactions
from web_modules.fhir_store.database.backups.rows import EVERY_PRACTICE
from web_modules.identity.database import tables as identity_tables

_NAMES = "|".join([*tables.METADATA.tables, *identity_tables.METADATA.tables])
_TABLE = re.compile(rf'\b(?:FROM|JOIN|INTO|UPDATE)\s+"?(?:{_NAMES})"?(?![\w.])', re.IGNORECASE)
_PRACTICE = re.compile(r"""\bpractice"?\s*=\s*(?P<value>\?|%s|%\(\w+\)s(?:::\w+)?|"?\w+"?\."?practice"?)""")
_PLACE = re.compile(r"\?|%\(\w+\)s|%s")
_COLUMNS = re.compile(r"\bINTO\s+\S+\s*\((?P<columns>[^)]*)\)", re.IGNORECASE)
_MAINTENANCE = ("CREATE", "ALTER", "DROP", "PRAGMA", "ANALYZE", "TRUNCATE", "COPY", EVERY_PRACTICE.upper())


@lru_cache(maxsize=8192)
def _looked_at(sql: str) -> tuple[bool, tuple[int, ...]]:
    """Whether a statement names the practice of each table, and which of its values say it."""
    text = sql.strip()
    named = len(_TABLE.findall(text))
    if not named or text.upper().startswith(_MAINTENANCE):
        return True, ()
    places = [one.start() for one in _PLACE.finditer(text)]
    said = [places.index(one.start("value")) for one in _PRACTICE.finditer(text) if one["value"][0] in "?%"]
    count = sum(1 for _ in _PRACTICE.finditer(text))
    into = _COLUMNS.search(text)
    if into is not None:
        columns = [one.strip().strip('"') for one in into["columns"].split(",")]
        if "practice" not in columns:
            return False, ()
        said.append(columns.index("practice"))
        count += 1
    return bool(said) and count >= named, tuple(said)


class Watch:
    """What was wrong with statements since it was last asked."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def see(self, sql: str, rows: Iterable[Any]) -> None:
        """Look at one statement and the rows of values that it is sent with."""
        is_named, said = _looked_at(sql)
        if not is_named:
            self.faults.append(f"names no practice, or not of each table: {sql}")
        elif said:
            found = {value for row in rows if not isinstance(row, dict) for value in _values(row, said)}
            if len(found) > 1:
                self.faults.append(f"names several practices ({sorted(map(str, found))}): {sql}")


def _values(row: Sequence[Any], places: Sequence[int]) -> Iterator[Any]:
    return (row[place] for place in places if place < len(row))


class _WatchedCursor:
    def __init__(self, cursor: session.Cursor, watch: Watch) -> None:
        self._cursor = cursor
        self._watch = watch
        self.fetchall = cursor.fetchall

    def execute(self, sql: str, values: Any = ()) -> None:
        self._watch.see(sql, [values])
        self._cursor.execute(sql, values)

    def executemany(self, sql: str, rows: Sequence[Any]) -> None:
        for row in rows:  # each is a statement of its own
            self._watch.see(sql, [row])
        self._cursor.executemany(sql, rows)


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Have a watch see every statement of this process."""
    kept = transactions.cursor_of

    def see(connection: Connection, _cursor: Any, sql: str, values: Any, *rest: Any) -> None:
        if connection.engine.hide_parameters:  # the cloud's engines; tests look around with others
            watch.see(sql, values if rest[-1] else [values])

    def watched(connection: PoolProxiedConnection) -> session.Cursor:
        return _WatchedCursor(kept(connection), watch)

    transactions.cursor_of = watched
    event.listen(Engine, "before_cursor_execute", see)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", see)
        transactions.cursor_of = kept
