"""Writes the search index of resources: collected during a transaction, sent in one go a table."""

from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Table, bindparam, delete, insert

from web_modules.fhir_store.database.tables import INDEX_TABLES
from web_modules.fhir_store.documents import Resource
from web_modules.fhir_store.elements.indexing import Indexer, IndexRows
from web_modules.fhir_store.elements.parameters import ParameterKind

_Owner = tuple[str, str, str]


def _forgetting(table: Table) -> Delete:
    return delete(table).where(
        table.c.practice == bindparam("of"),
        table.c.type == bindparam("of_type"),
        table.c.id == bindparam("of_id"),
    )


class SearchIndex:
    """How resources are indexed, and the statements for it, made once for one kind of database.

    Inserting goes past SQLAlchemy's handling of each parameter: a patient has some twenty index rows, and
    with it they cost more than all the rest of a create.
    """

    def __init__(self, dialect: Dialect, indexer: Indexer) -> None:
        self.indexer = indexer
        self._is_positional = dialect.positional
        tables = {kind: table for kind, (table, _names) in INDEX_TABLES.items()}
        self._adding = {kind: str(insert(table).compile(dialect=dialect)) for kind, table in tables.items()}
        self._columns = {
            kind: tuple(column.name for column in table.columns) for kind, table in tables.items()
        }
        self._order = {
            kind: tuple(
                self._columns[kind].index(name) for name in ("practice", "type", "id", "parameter", *names)
            )
            for kind, (_table, names) in INDEX_TABLES.items()
        }
        self._forgetting = {kind: _forgetting(table) for kind, table in tables.items()}

    def add(self, connection: Connection, kind: ParameterKind, rows: list[tuple[Any, ...]]) -> None:
        """Insert rows: practice, type, id, parameter, then the values in the order of `INDEX_TABLES`."""
        placed = [self._placed(kind, row) for row in rows]
        if self._is_positional:
            connection.exec_driver_sql(self._adding[kind], placed)
        else:
            names = self._columns[kind]
            connection.exec_driver_sql(
                self._adding[kind], [dict(zip(names, row, strict=True)) for row in placed]
            )

    def forget(self, connection: Connection, kind: ParameterKind, owner: _Owner) -> None:
        """Delete the rows of one resource."""
        practice, resource_type, resource_id = owner
        connection.execute(
            self._forgetting[kind], {"of": practice, "of_type": resource_type, "of_id": resource_id}
        )

    def _placed(self, kind: ParameterKind, row: tuple[Any, ...]) -> tuple[Any, ...]:
        placed: list[Any] = [None] * len(row)
        for value, place in zip(row, self._order[kind], strict=True):
            placed[place] = value
        return tuple(placed)


class IndexWriter:
    """The index of one practice within one transaction."""

    def __init__(self, connection: Connection, practice: str, index: SearchIndex, base_url: str) -> None:
        self._connection = connection
        self._practice = practice
        self._index = index
        self._base_url = base_url
        self._waiting: dict[ParameterKind, list[tuple[Any, ...]]] = {}
        self._owners: set[_Owner] = set()

    def replace(self, owner: tuple[str, str], before: Resource | None, after: Resource | None) -> None:
        """Make the index of one resource follow its content; tables in which nothing changes are left alone.

        Args:
            owner: type and id.
            before: the content that is indexed now, or None.
            after: the content from now on, or None when it is deleted.
        """
        old = self._rows(before)
        new = self._rows(after)
        key = (self._practice, *owner)
        if key in self._owners:
            self.flush()
        for kind in INDEX_TABLES:
            was, will_be = old.get(kind, []), new.get(kind, [])
            if was == will_be:
                continue
            if was:
                self._index.forget(self._connection, kind, key)
            if will_be:
                self._waiting.setdefault(kind, []).extend((*key, *row) for row in will_be)
        self._owners.add(key)

    def flush(self) -> None:
        """Send what was collected; before a search in the same transaction, and before its end."""
        for kind, rows in self._waiting.items():
            self._index.add(self._connection, kind, rows)
        self._waiting = {}
        self._owners = set()

    def _rows(self, resource: Resource | None) -> IndexRows:
        return {} if resource is None else self._index.indexer.rows(resource, self._base_url)
