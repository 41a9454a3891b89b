"""Fills a practice from an extract's files, within the caller's transaction."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from legacy_bridge.legacy.extract import ExtractFile, ExtractRow, Refusal, read

_CHUNK = 2000  # rows a statement
_REPLACED_WHOLE = ("Coding_ClinicalCode", "Coding_DrugCode")  # these come complete with every delivery

Key = tuple[Any, ...]


@dataclass(slots=True, kw_only=True)
class Loaded:
    """What became of an extract: rows applied by table, rows refused, and what was noticed."""

    kept: Counter[str] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    file: str
    row: ExtractRow


def load(
    connection: Connection,
    files: Sequence[ExtractFile],
    *,
    progress: Callable[[ExtractFile], None],
    is_bulk: bool = False,
) -> Loaded:
    """Apply the files.

    Within a table the row with the higher processing id stands, wherever it is in its file, in whichever
    file, and also against what the practice holds; a tombstone marks its record deleted and does nothing to
    a record never sent.

    Args:
        connection: to the practice's database, which has its tables, in a transaction.
        files: in the order of delivery.
        progress: told of each file once it is read.
        is_bulk: whether a file has to have every column that each version sends.

    Raises:
        ExtractUnreadable: a file is not one of an extract; the caller rolls back.
    """
    loaded = Loaded()
    by_table: dict[str, list[ExtractFile]] = {}
    for file in files:
        by_table.setdefault(file.table.name, []).append(file)
    for of_table in by_table.values():
        sent: list[_Sent] = []
        for file in of_table:
            content = read(file, is_bulk=is_bulk)
            loaded.refusals += content.refusals
            loaded.notices += content.notices
            sent += [_Sent(file=file.path.name, row=row) for row in content.rows]
            progress(file)
        sent.sort(key=lambda one: one.row.processing_id)
        _apply(connection, of_table[0].table, sent, loaded)
    return loaded


def _apply(connection: Connection, table: Table, sent: Sequence[_Sent], loaded: Loaded) -> None:
    key = [column.name for column in table.primary_key]
    loaded.kept[table.name] += 0
    if not key:
        _insert(connection, table, [one.row.values for one in sent])
        loaded.kept[table.name] += len(sent)
        return
    last = _last_of_each(key, sent, loaded)
    held = _held(connection, table, key)
    newest = max((one.row.processing_id for one in sent), default=-1)
    if table.name in _REPLACED_WHOLE and newest > max(held.values(), default=-1):
        connection.execute(delete(table))
        held = {}
    outdated = {place for place, one in last.items() if held.get(place, -1) > one.row.processing_id}
    if outdated:
        loaded.notices.append(
            f"{table.name}: {len(outdated)} rows are older than what the practice holds and changed nothing."
        )
    new: list[dict[str, Any]] = []
    for place, one in last.items():
        if place in outdated:
            continue
        loaded.kept[table.name] += 1
        if place not in held:
            if not one.row.is_tombstone:
                new.append(one.row.values)
            continue
        values = one.row.values
        if one.row.is_tombstone:  # its other columns may be empty: what was known stays
            values = {name: values[name] for name in ("Deleted", "ProcessingId") if name in values}
        _change(connection, table, dict(zip(key, place, strict=True)), values)
    _insert(connection, table, new)


def _last_of_each(key: Sequence[str], sent: Iterable[_Sent], loaded: Loaded) -> dict[Key, _Sent]:
    last: dict[Key, _Sent] = {}
    for one in sent:
        place = tuple(one.row.values.get(name) for name in key)
        if None in place:
            reason = f"{key[place.index(None)]} is empty, and it is part of the key"
            loaded.refusals.append(Refusal(file=one.file, line=one.row.line, reason=reason))
            continue
        before = last.get(place)
        if before is not None:
            loaded.notices.append(
                f"{before.file}, line {before.row.line}: outdone by line {one.row.line} of {one.file}, the "
                f"same key with ProcessingId {one.row.processing_id}."
            )
        last[place] = one
    return last


def _held(connection: Connection, table: Table, key: Sequence[str]) -> dict[Key, int]:
    """The keys that the practice holds, each with the processing id of its row."""
    columns = [table.c[name] for name in key]
    if "ProcessingId" not in table.c:
        return {tuple(row): -1 for row in connection.execute(select(*columns))}
    rows = connection.execute(select(*columns, table.c.ProcessingId))
    return {tuple(row[:-1]): -1 if row[-1] is None else row[-1] for row in rows}


def _change(connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    changed = {name: value for name, value in values.items() if name not in key}
    if changed:
        chosen = (table.c[name] == bindparam(f"key_{name}") for name in key)
        connection.execute(
            update(table).where(*chosen).values(changed),
            {f"key_{name}": value for name, value in key.items()},
        )


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    blank: dict[str, Any] = dict.fromkeys(table.columns.keys())
    for at in range(0, len(rows), _CHUNK):
        connection.execute(insert(table), [blank | row for row in rows[at : at + _CHUNK]])
