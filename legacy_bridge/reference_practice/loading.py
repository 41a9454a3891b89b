"""Fills a practice from an extract's folder, whole or not at all."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Table, and_, bindparam, delete, insert, update

from legacy_bridge.legacy.extract import ExtractFile, ExtractRow, Refusal, read

_CHUNK = 2000  # rows a statement
_REPLACED_WHOLE = ("Coding_ClinicalCode", "Coding_DrugCode")  # these come complete with every delivery


@dataclass(slots=True, kw_only=True)
class Loaded:
    """What became of an extract: rows kept by table, rows refused, and what was noticed."""

    kept: Counter[str] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def load(engine: Engine, files: Sequence[ExtractFile], *, progress: Callable[[ExtractFile], None]) -> Loaded:
    """Apply the files in one transaction.

    Within a table the row with the higher processing id stands, wherever it is in the file; a tombstone
    marks its record deleted and does nothing to a record never sent.

    Args:
        engine: the practice's database, with its tables.
        files: in the order of delivery.
        progress: told of each file once it is applied.

    Raises:
        ExtractUnreadable: a file is not one of an extract; nothing was loaded.
    """
    loaded = Loaded()
    with engine.begin() as connection:
        for file in files:
            content = read(file)
            loaded.refusals += content.refusals
            loaded.notices += content.notices
            loaded.kept[file.table.name] += _apply(connection, file, content.rows, loaded)
            progress(file)
    return loaded


def _apply(connection: Connection, file: ExtractFile, rows: Sequence[ExtractRow], loaded: Loaded) -> int:
    table = file.table
    if table.name in _REPLACED_WHOLE and rows:
        connection.execute(delete(table))
    key = [column.name for column in table.primary_key]
    if not key:
        return _insert(connection, table, [row.values for row in rows])
    last: dict[tuple[Any, ...], ExtractRow] = {}
    for row in rows:
        place = tuple(row.values.get(name) for name in key)
        if None in place:
            loaded.refusals.append(
                Refusal(file=file.path.name, line=row.line, reason=f"{key[place.index(None)]}: is empty")
            )
            continue
        before = last.get(place)
        if before is not None:
            loaded.notices.append(
                f"{file.path.name}, lines {before.line} and {row.line}: the same key twice; the row with "
                f"ProcessingId {row.processing_id} stands."
            )
        last[place] = row
    gone = [place for place, row in last.items() if row.is_tombstone]
    alive = {place: row.values for place, row in last.items() if not row.is_tombstone}
    _forget(connection, table, key, list(alive))
    for place in gone:
        conditions = [table.c[name] == value for name, value in zip(key, place, strict=True)]
        connection.execute(update(table).where(and_(*conditions)).values(Deleted=True))
    return _insert(connection, table, list(alive.values())) + len(gone)


def _forget(
    connection: Connection, table: Table, key: Sequence[str], places: Sequence[tuple[Any, ...]]
) -> None:
    if not places or connection.execute(table.select().limit(1)).first() is None:
        return
    statement = delete(table).where(*(table.c[name] == bindparam(f"key_{name}") for name in key))
    parameters = [{f"key_{name}": value for name, value in zip(key, place, strict=True)} for place in places]
    connection.execute(statement, parameters)


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    blank = dict.fromkeys(table.columns.keys())
    for at in range(0, len(rows), _CHUNK):
        connection.execute(insert(table), [blank | dict(row) for row in rows[at : at + _CHUNK]])
    return len(rows)
