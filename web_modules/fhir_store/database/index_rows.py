"""Writes the search index of resources."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Table

from web_modules.fhir_store.database.adding import Adding
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.database.tables import INDEX_TABLES
from web_modules.fhir_store.documents import Resource
from web_modules.fhir_store.elements.indexing import Indexer, IndexRows
from web_modules.fhir_store.elements.parameters import ParameterKind
from web_modules.fhir_store.refusals import IssueCode, refuse

MOST_ROWS = 50_000
"""Of one resource, written while other writers wait: about a second."""


def _removing(table: Table, names: tuple[str, ...]) -> str:
    where = " AND ".join(f"{name} = ?" for name in ("practice", "number", "parameter", *names))
    return f"DELETE FROM {table.name} WHERE {where}"  # noqa: S608  (fixed names)


_ADDING: Mapping[ParameterKind, Adding] = {
    kind: Adding(table, "number", "parameter", *names) for kind, (table, names) in INDEX_TABLES.items()
}
_REMOVING: Mapping[ParameterKind, str] = {kind: _removing(*shape) for kind, shape in INDEX_TABLES.items()}


class IndexWriter:
    """The index of one practice within one transaction."""

    def __init__(self, session: Session, practice: str, indexer: Indexer, base_url: str) -> None:
        self._session = session
        self._practice = practice
        self._indexer = indexer
        self._base_url = base_url

    def replace(self, number: int, before: Resource | None, after: Resource | None) -> None:
        """Make the index of one resource follow its content; rows that stay are left alone.

        Args:
            number: the resource's.
            before: the content that is indexed now, or None.
            after: the content from now on, or None when it is deleted.
        """
        new = self._rows(after)
        if before is None:
            for kind, rows in new.items():
                self._session.add(_ADDING[kind], self._whole(number, rows))
            return
        old = self._rows(before)
        for kind in INDEX_TABLES:
            was, will_be = old.get(kind, {}), new.get(kind, {})
            gone = [row for row in was if row not in will_be]
            self._session.change_later(_REMOVING[kind], self._whole(number, gone))
            fresh = [row for row in will_be if row not in was]
            self._session.add(_ADDING[kind], self._whole(number, fresh))

    def _whole(self, number: int, rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return [(self._practice, number, *row) for row in rows]

    def _rows(self, resource: Resource | None) -> IndexRows:
        if resource is None:
            return {}
        rows = self._indexer.rows(resource, self._base_url)
        if sum(map(len, rows.values())) > MOST_ROWS:
            words = (
                f"A {resource['resourceType']} with so much to search by cannot be kept; send it in parts."
            )
            raise refuse(413, IssueCode.TOO_COSTLY, words)
        return rows
