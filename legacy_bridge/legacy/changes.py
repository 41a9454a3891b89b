"""Writes records' rows: changed columns, a mark of deletion, or new rows that are made once only."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table, and_, bindparam, insert, select, true, update
from sqlalchemy.exc import DataError, IntegrityError, StatementError
from sqlalchemy.sql.elements import ColumnElement

from legacy_bridge.legacy.absent import absent_tables
from legacy_bridge.legacy.groups import GROUPS, Group
from legacy_bridge.legacy.own_tables import MADE, make
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.mapping.clinical import parts
from legacy_bridge.mapping.values import guid_column
from legacy_bridge.records import Kind, LinkKey, RowValue
from legacy_bridge.sides.writes import Outcome, OutcomeKind, RowChange

_WANTED, _NEW = "wanted_key", "new_"  # parameters; a column may be called as it likes
_WRITTEN = Outcome(kind=OutcomeKind.WRITTEN)


def together(connection: Connection, organisation: str, changed: Sequence[RowChange]) -> set[LinkKey]:
    """Write those of some records whose own rows change in the same columns, with one statement for many.

    What was read of them was compared in the same transaction. Where the database refuses one of those that
    go together none of them is written.

    Returns:
        those that were written; the others have to be written one by one.
    """
    alike: dict[tuple[Kind, tuple[str, ...]], list[RowChange]] = {}
    for change in changed:
        is_plain = change.digest is not None and not change.delete and not change.parts
        if is_plain and not any("." in name for name in change.columns):
            alike.setdefault((change.link.kind, tuple(sorted(change.columns))), []).append(change)
    written: set[LinkKey] = set()
    for (kind, names), mine in alike.items():
        if len(mine) > 1 and _is_changed(connection, GROUPS[kind], organisation, names, mine):
            written.update(one.link for one in mine)
    return written


def apply(connection: Connection, organisation: str, change: RowChange) -> Outcome:
    """Write one record; what was read of it was compared in the same transaction."""
    group = GROUPS[change.link.kind]
    try:
        with connection.begin_nested():
            if change.digest is None:
                return _make(connection, group, organisation, change)
            _change(connection, group, organisation, change)
    except StatementError as error:
        if not is_refusal(error):
            raise
        names = {*change.columns, *(name for columns in change.parts.values() for name in columns)}
        words = f"The legacy database refuses {', '.join(sorted(names))} of {group.main}."
        return Outcome(kind=OutcomeKind.REFUSED, refusal=("legacy-refuses", words))
    return _WRITTEN


def is_refusal(error: StatementError) -> bool:
    """Whether the database will never take a value: too long, of another type, a key that is taken."""
    return isinstance(error, IntegrityError | DataError) or isinstance(error.orig, ValueError)


def _change(connection: Connection, group: Group, organisation: str, change: RowChange) -> None:
    columns = _deletion(group) if change.delete else change.columns
    for name, values in _by_table(group, columns).items():
        table = METADATA.tables[name]
        done = connection.execute(
            update(table).where(_is_it(table, group, organisation, change)).values(values)
        )
        if done.rowcount == 0 and name != group.main and not change.delete:
            _extend(connection, table, group, organisation, change, values)
    _write_parts(connection, group, organisation, change)


def _is_changed(
    connection: Connection,
    group: Group,
    organisation: str,
    names: Sequence[str],
    changed: Sequence[RowChange],
) -> bool:
    table = METADATA.tables[group.main]
    wanted = [table.c[group.key] == bindparam(_WANTED)]
    wanted += [table.c.OrganisationGuid == organisation] if group.has_organisation else []
    statement = update(table).where(*wanted).values({name: bindparam(f"{_NEW}{name}") for name in names})
    rows = [
        {
            _WANTED: guid_column(one.link.key),
            **{f"{_NEW}{name}": value for name, value in one.columns.items()},
        }
        for one in changed
    ]
    try:
        with connection.begin_nested():
            connection.execute(statement, rows)
    except StatementError as error:
        if not is_refusal(error):
            raise
        return False
    return True


def _make(connection: Connection, group: Group, organisation: str, change: RowChange) -> Outcome:
    """Make rows, unless the bridge made them before: then somebody has removed them since.

    That nobody but the bridge can have made them follows from the key, which only the bridge gives.
    """
    lacking = {one.table for one in group.beside if one.is_made} & absent_tables(connection)
    if not lacking.isdisjoint(_by_table(group, change.columns)):
        words = "This legacy database keeps no contents of documents: file it there by its own program."
        return Outcome(kind=OutcomeKind.REFUSED, refusal=("no-contents-in-legacy", words))
    make(connection, MADE)
    claim = {"organisation": organisation, "record": str(change.link)}
    known = select(MADE.c.record).where(*(MADE.c[name] == value for name, value in claim.items()))
    if connection.execute(known).first() is not None:
        words = (
            "The legacy program has removed the record that was made of it: "
            "remove it in the new page too, or enter it there again."
        )
        return Outcome(kind=OutcomeKind.REFUSED, refusal=("removed-in-legacy", words))
    connection.execute(insert(MADE).values(claim))
    tables = _by_table(group, change.columns)
    main = METADATA.tables[group.main]
    connection.execute(
        insert(main).values(
            {group.key: guid_column(change.link.key), "OrganisationGuid": organisation, **tables[group.main]}
        )
    )
    for name in group.extensions:
        if name in tables:
            _extend(connection, METADATA.tables[name], group, organisation, change, tables[name])
    for one in group.beside:
        if one.is_made and one.table in tables:
            named = tables[group.main][one.main]
            _extend(
                connection,
                METADATA.tables[one.table],
                group,
                organisation,
                change,
                {one.other: named, **tables[one.table]},
            )
    _write_parts(connection, group, organisation, change)
    return _WRITTEN


def _write_parts(connection: Connection, group: Group, organisation: str, change: RowChange) -> None:
    """Write the rows of a record's parts; a new one says what the record's own row says.

    Where its key has a row, that must be one that was deleted: else it says more than a part, and is refused.
    """
    table = METADATA.tables[group.main]
    for guid, columns in change.parts.items():
        wanted = [table.c[group.key] == guid, table.c.OrganisationGuid == organisation]
        values = {**columns}
        is_new = "ParentObservationGuid" in columns
        if is_new:
            shared = select(*(table.c[name] for name in parts.SHARED))
            whole = shared.where(_is_it(table, group, organisation, change))
            values = {**connection.execute(whole).mappings().one(), **columns}
            parent = columns["ParentObservationGuid"]
            wanted += [table.c.ParentObservationGuid == parent, table.c.Deleted == true()]
        done = connection.execute(update(table).where(*wanted).values(values))
        if is_new and done.rowcount == 0:
            row = {group.key: guid, "OrganisationGuid": organisation, **values}
            connection.execute(insert(table).values(row))


def _extend(
    connection: Connection,
    table: Table,
    group: Group,
    organisation: str,
    change: RowChange,
    values: Mapping[str, RowValue],
) -> None:
    main = METADATA.tables[group.main]
    patient = (
        connection.execute(
            main.select()
            .where(_is_it(main, group, organisation, change))
            .with_only_columns(main.c.PatientGuid)
        ).scalar()
        if "PatientGuid" in table.c
        else None
    )
    blank: dict[str, RowValue] = {"Deleted": False} if "Deleted" in table.c else {}
    connection.execute(
        insert(table).values(
            {
                **blank,
                **({group.key: guid_column(change.link.key)} if group.key in table.c else {}),
                "OrganisationGuid": organisation,
                "PatientGuid": patient,
                **values,
            }
        )
    )


def _by_table(group: Group, columns: Mapping[str, RowValue]) -> dict[str, dict[str, RowValue]]:
    found: dict[str, dict[str, RowValue]] = {}
    for name, value in columns.items():
        table, _, column = name.rpartition(".")
        found.setdefault(table or group.main, {})[column] = value
    return found


def _deletion(group: Group) -> Mapping[str, RowValue]:
    marked = [name for name in group.extensions if "Deleted" in METADATA.tables[name].c]
    return {"Deleted": True, **{f"{name}.Deleted": True for name in marked}}


def _is_it(table: Table, group: Group, organisation: str, change: RowChange) -> ColumnElement[bool]:
    return and_(
        table.c[group.key] == guid_column(change.link.key),
        *([table.c.OrganisationGuid == organisation] if group.has_organisation else []),
    )
