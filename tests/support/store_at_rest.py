"""What must hold of a practice's records whenever nobody writes, whatever happened before."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.database.tables import INDEX_TABLES
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.elements.moments import range_of
from web_modules.fhir_store.store import Store

_VERSIONS = (
    "SELECT type, id, number, version, updated, content FROM version WHERE practice = ? ORDER BY updated"
)
_CURRENT = "SELECT type, id, number, updated, is_deleted FROM resource WHERE practice = ?"


def faults_at_rest(store: Store, practice: str, base_url: str) -> list[str]:
    """What is wrong with the audit, the versions, their order or the search index; nothing if all is well."""
    with store.database.viewing() as session:
        faults = store.book(session, practice).faults()
        versions = session.rows(_VERSIONS, (practice,))
        faults += _order(session, practice, versions)
        newest = {(row[0], row[1]): row for row in versions}
        for kind, key, number, updated, is_deleted in session.rows(_CURRENT, (practice,)):
            row = newest.pop((kind, key), None)
            if row is None or (row[2], row[4]) != (number, updated) or (row[5] is None) != bool(is_deleted):
                faults.append(f"{kind}/{key}: the newest version is not the current one")
        faults += [f"{kind}/{key}: has versions and is not there" for kind, key in newest]
        return faults + list(_index(store, session, practice, base_url))


def _order(session: Session, practice: str, versions: Any) -> list[str]:
    faults = []
    reached: Counter[tuple[str, str]] = Counter()
    last = 0
    for kind, key, _number, version, updated, content in versions:
        reached[kind, key] += 1
        if version != reached[kind, key]:
            faults.append(f"{kind}/{key}: version {version} comes as number {reached[kind, key]}")
        if updated <= last:
            faults.append(f"{kind}/{key}: its position does not ascend")
        last = updated
        if content is not None:
            meta = decode(bytes(content))["meta"]
            said = (meta["versionId"], range_of(meta["lastUpdated"]).low)
            if said != (str(version), updated):
                faults.append(f"{kind}/{key}: says that it is version {said}")
    ((position,),) = session.rows("SELECT position FROM practice WHERE practice = ?", (practice,))
    return faults if position == last else [*faults, f"the position is {position}, the newest version {last}"]


def _index(store: Store, session: Session, practice: str, base_url: str) -> Iterator[str]:
    """Compare the search index with one that is made anew."""
    wanted: dict[str, set[tuple[Any, ...]]] = {table.name: set() for table, _names in INDEX_TABLES.values()}
    contents = session.rows(
        "SELECT r.number, v.content FROM resource AS r JOIN version AS v"
        " ON v.practice = r.practice AND v.updated = r.updated"
        " WHERE r.practice = ? AND v.content IS NOT NULL",
        (practice,),
    )
    for number, content in contents:
        for kind, rows in store.indexer.rows(decode(bytes(content)), base_url).items():
            wanted[INDEX_TABLES[kind][0].name] |= {(number, *row) for row in rows}
    for table, names in INDEX_TABLES.values():
        columns = ", ".join(("number", "parameter", *names))
        statement = f"SELECT {columns} FROM {table.name} WHERE practice = ?"  # noqa: S608  (fixed names)
        there = {tuple(row) for row in session.rows(statement, (practice,))}
        if there != wanted[table.name]:
            odd = there ^ wanted[table.name]
            yield f"{table.name}: {len(odd)} rows differ from the content, such as {min(odd, key=str)}"
