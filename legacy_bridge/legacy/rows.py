"""Reads the row groups that make records, and writes them back only if they are still what was read."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import InvalidOperation
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Select, bindparam, func, inspect, literal, select
from sqlalchemy.exc import DataError, DBAPIError, OperationalError

from legacy_bridge.errors import SettingsWrong, SideUnavailable
from legacy_bridge.legacy import changes, codes, entries, locks
from legacy_bridge.legacy.absent import absent_tables
from legacy_bridge.legacy.groups import GROUPS, GUIDS, NAMED_BY
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.mapping.clinical import parts
from legacy_bridge.mapping.patient import TABLE as PATIENT_TABLE
from legacy_bridge.mapping.values import guid_column, guid_key
from legacy_bridge.records import ENTRIES, Kind, LinkKey, Row, RowGroup
from legacy_bridge.sides.codes import CodeBook, WantedCodes
from legacy_bridge.sides.links import Link
from legacy_bridge.sides.listings import KeyPage
from legacy_bridge.sides.writes import Outcome, OutcomeKind, RowChange

_CHUNK = 500  # keys a statement
_YES, _NO = frozenset({b"1", b"true"}), frozenset({b"", b"0", b"false"})


class LegacyRows:
    """One practice's records in the legacy database; see `sides.LegacyRecords`."""

    def __init__(
        self, engine: Engine, ods: str, *, fence: Callable[[Connection], None] = lambda _: None
    ) -> None:
        """Find the practice.

        Args:
            engine: the database.
            ods: the practice.
            fence: refuses, inside the transaction, a write of a bridge that lost its lease.

        Raises:
            SettingsWrong: the database has no organisation with that ODS code, or more than one.
            SideUnavailable: the database does not answer.
        """
        self._engine = engine
        self._fence = fence
        with _translated(), engine.connect() as connection:
            table = METADATA.tables["Admin_Organisation"]
            found = (
                connection.execute(select(table.c.OrganisationGuid).where(table.c.ODSCode == ods).distinct())
                .scalars()
                .all()
            )
            self._absent = absent_tables(connection)
        if len(found) != 1:
            raise SettingsWrong(
                f"The legacy database names {len(found) or 'no'} organisation{'s' * (len(found) != 1)} "
                f"with the ODS code {ods}: give --practice the code of the practice whose database it is."
            )
        self._organisation = str(found[0])
        self._statements = _statements(self._organisation, self._absent)

    def read(self, links: Sequence[Link]) -> Mapping[LinkKey, RowGroup]:
        """See `sides.RecordStore`."""
        with _translated(), self._engine.connect() as connection:
            return self._read(connection, [link.key for link in links])

    def page(self, kind: Kind, *, after: str | None, limit: int) -> KeyPage:
        """See `sides.LegacyRecords`; in the order of the primary key, so that nothing is sorted."""
        group = GROUPS[kind]
        column = METADATA.tables[group.main].c[group.key]
        statement = group.keys(METADATA, self._organisation, kind).order_by(column).limit(limit)
        if after is not None:
            statement = statement.where(column > after)
        with _translated(), self._engine.connect() as connection:
            rows = connection.execute(statement).scalars().all()
        found = dict.fromkeys(key for row in rows if (key := guid_key(row)) is not None)
        keys = tuple(LinkKey(kind=kind, key=key) for key in found)
        return KeyPage(keys=keys, ends=str(rows[-1]) if len(rows) == limit else None)

    def counts(self, kinds: Collection[Kind]) -> Mapping[Kind, int]:
        """See `sides.LegacyRecords`; the entries of all kinds in one statement."""
        found = dict.fromkeys(kinds, 0)
        with _translated(), self._engine.connect() as connection:
            if not found.keys().isdisjoint(ENTRIES):
                rows = connection.execute(entries.counts(METADATA, self._organisation))
                of_kinds = {kind.value: kind for kind in found}
                found |= {of_kinds[kind]: count for kind, count in rows if kind in of_kinds}
            for kind in found.keys() - set(ENTRIES):
                keys = GROUPS[kind].keys(METADATA, self._organisation, kind).subquery()
                found[kind] = connection.execute(select(func.count()).select_from(keys)).scalar_one()
        return found

    def dependants(self, key: LinkKey) -> Sequence[LinkKey]:
        """See `sides.LegacyRecords`: a patient's slots and record, what names a visit, problem or drug."""
        found: list[LinkKey] = []
        wanted = guid_column(key.key)
        with _translated(), self._engine.connect() as connection:
            for column in NAMED_BY.get(key.kind, ()):
                for kind, statement in self._naming(column, wanted):
                    for guid, told in connection.execute(statement):
                        one = guid_key(guid)
                        if one is not None and told not in parts.NAMES:
                            found.append(LinkKey(kind=kind or Kind(told), key=one))
        return [one for one in found if one != key]

    def _naming(self, column: str, wanted: str) -> Iterator[tuple[Kind | None, Select[Any]]]:
        """The statements that find what names a record, with the kind; None: the row says which."""
        table = METADATA.tables[entries.TABLE]
        if column in table.c:
            statement = entries.all_of(METADATA, self._organisation)
            yield None, statement.where(table.c[column] == wanted)
        for kind, group in GROUPS.items():
            if kind not in ENTRIES and group.names_a(column):
                statement = group.keys(METADATA, self._organisation, kind, with_deleted=True)
                main = METADATA.tables[group.main]
                yield kind, statement.add_columns(literal(kind.value)).where(main.c[column] == wanted)

    def codes(self, wanted: WantedCodes) -> CodeBook:
        """See `sides.LegacyRecords`."""
        with _translated(), self._engine.connect() as connection:
            return codes.look_up(connection, wanted)

    def write(self, changed: Sequence[RowChange]) -> Mapping[LinkKey, Outcome]:
        """See `sides.RecordStore`; all in one transaction that lets nobody else write meanwhile."""
        outcomes: dict[LinkKey, Outcome] = {}
        with _translated(), _alone(self._engine) as connection:
            self._fence(connection)
            busy = self._lock(connection, [change.link for change in changed])
            groups = self._read(connection, [one.link for one in changed if one.link not in busy])
            ready: list[RowChange] = []
            shown = self._shown(connection, {guid for one in changed if (guid := _patient_of(one))})
            for change in changed:
                group = groups.get(change.link)
                if (
                    change.link in busy
                    or not {_patient_of(change)} <= {None, *shown}
                    or (None if group is None else group.digest) != change.digest
                ):
                    outcomes[change.link] = Outcome(kind=OutcomeKind.CHANGED)
                elif change.writes:
                    ready.append(change)
                else:
                    outcomes[change.link] = Outcome(kind=OutcomeKind.WRITTEN)
            done = changes.together(connection, self._organisation, ready)
            outcomes |= dict.fromkeys(done, Outcome(kind=OutcomeKind.WRITTEN))
            outcomes |= {one.link: self._apply(connection, one) for one in ready if one.link not in done}
        return outcomes

    def _apply(self, connection: Connection, change: RowChange) -> Outcome:
        outcome = changes.apply(connection, self._organisation, change)
        if outcome.kind is OutcomeKind.REFUSED and change.digest is not None:
            now = self._read(connection, [change.link]).get(change.link)
            if now is None or now.digest != change.digest:  # refused for what somebody added meanwhile
                return Outcome(kind=OutcomeKind.CHANGED)
        return outcome

    def _shown(self, connection: Connection, patients: set[str]) -> set[str]:
        """Those of some patients who are there and not deleted, and stay so until the transaction ends.

        A patient whose row somebody else has now is none of them: they may be about to merge it.
        """
        table = METADATA.tables[PATIENT_TABLE]
        statement = select(table.c.PatientGuid).where(
            table.c.PatientGuid.in_(bindparam(GUIDS, expanding=True)),
            table.c.OrganisationGuid == self._organisation,
            entries.is_no(table.c.Deleted),
        )
        found: set[str] = set()
        for chunk in _chunks(sorted(patients)):
            rows = connection.execute(locks.free(statement, table), {GUIDS: chunk}).scalars()
            found.update(guid_column(key) for row in rows if (key := guid_key(row)) is not None)
        return found

    def _lock(self, connection: Connection, keys: Sequence[LinkKey]) -> set[LinkKey]:
        """Keep the rows of records as they are until the transaction ends; which ones somebody else has."""
        busy: set[LinkKey] = set()
        for kind in dict.fromkeys(key.kind for key in keys):
            of_kind = {guid_column(key.key): key for key in keys if key.kind is kind}
            statements = GROUPS[kind].written(METADATA, self._organisation)
            held = locks.taken(connection, statements, list(_chunks(sorted(of_kind))))
            busy.update(of_kind[guid] for guid in held)
        return busy

    def mapped_columns(self) -> dict[str, list[str]]:
        """The columns that the mapping needs of this database, by table."""
        return {table: names for table, names in _mapped_columns().items() if table not in self._absent}

    def columns(self) -> dict[str, list[str]]:
        """The columns that the database's mapped tables have now, for the guard against schema drift."""
        with _translated(), self._engine.connect() as connection:
            found = inspect(connection)
            names = set(found.get_table_names())
            return {
                table: [column["name"] for column in found.get_columns(table)]
                for table in _mapped_columns()
                if table in names
            }

    def _read(self, connection: Connection, keys: Sequence[LinkKey]) -> dict[LinkKey, RowGroup]:
        found: dict[LinkKey, RowGroup] = {}
        for kind in dict.fromkeys(key.kind for key in keys):
            wanted = [guid_column(key.key) for key in keys if key.kind is kind]
            for chunk in _chunks(wanted):
                try:
                    found.update(self._groups(connection, kind, chunk))
                except (ValueError, InvalidOperation, OperationalError, DataError) as error:
                    if not _is_unreadable(error):
                        raise
                    for one in chunk:  # one unreadable row does not hold up the others
                        found.update(self._alone(connection, kind, one))
        return found

    def _alone(self, connection: Connection, kind: Kind, guid: str) -> dict[LinkKey, RowGroup]:
        try:
            return dict(self._groups(connection, kind, [guid]))
        except (ValueError, InvalidOperation, OperationalError, DataError) as error:
            if not _is_unreadable(error):
                raise
            link = LinkKey(kind=kind, key=guid_key(guid) or "")
            is_confidential = self._flags(connection, kind, guid)
            return {
                link: RowGroup(
                    link=link, rows={}, digest="", is_readable=False, is_confidential=is_confidential
                )
            }

    def _flags(self, connection: Connection, kind: Kind, guid: str) -> bool | None:
        """Whether a record, or whom it belongs to, is confidential; None when even that cannot be read."""
        group = GROUPS[kind]
        if not group.flags:
            return False
        statements = group.flags_of(METADATA, self._organisation, guid)
        rows = [row for statement in statements for row in connection.execute(statement)]
        said = [_flag(value) for row in rows for value in row]
        if True in said:
            return True
        return None if None in said else False

    def _groups(
        self, connection: Connection, kind: Kind, guids: Sequence[str]
    ) -> Iterator[tuple[LinkKey, RowGroup]]:
        group = GROUPS[kind]
        rows: dict[str, dict[str, list[Row]]] = {}
        for table, statement in self._statements[kind]:
            found = connection.execute(statement, {GUIDS: guids})
            _, *names = found.keys()
            for guid, *values in found:
                rows.setdefault(str(guid), {}).setdefault(table, []).append(
                    dict(zip(names, values, strict=True))
                )
        for guid, tables in rows.items():
            record = guid_key(guid)
            if record is None or not group.is_whole(tables):
                continue
            link = LinkKey(kind=kind, key=record)
            whole = {name: tuple(tables.get(name, ())) for name in group.names}
            has_content = kind is Kind.DOCUMENT
            digest = _digest(
                {name: [*map(_hashed, found)] for name, found in whole.items()} if has_content else whole
            )
            yield link, RowGroup(link=link, rows=whole, digest=digest)


def _mapped_columns() -> dict[str, list[str]]:
    """The columns that the mapping knows, by table."""
    names = {name for group in GROUPS.values() for name in group.tables}
    return {name: [column.name for column in METADATA.tables[name].columns] for name in sorted(names)}


@cache
def _statements(
    organisation: str, absent: frozenset[str]
) -> Mapping[Kind, Sequence[tuple[str, Select[Any]]]]:
    """The statements that read each kind of record, by what the rows are called: costly to put together."""
    return {
        kind: tuple(group.statements(METADATA, organisation, absent=absent)) for kind, group in GROUPS.items()
    }


def _patient_of(change: RowChange) -> str | None:
    """The patient whose a row is to be."""
    guid = change.columns.get("PatientGuid")
    return None if guid is None else str(guid)


def _flag(value: object) -> bool | None:
    """A flag, read as bytes; None when it is none."""
    text = b"" if value is None else value
    if not isinstance(text, bytes):
        return None
    told = text.strip().lower()
    return True if told in _YES else False if told in _NO else None


def _digest(rows: Mapping[str, Sequence[Row]]) -> str:
    return hashlib.blake2b(repr(rows).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _hashed(row: Row) -> Row:
    """A row with hashes in place of what is in a document, which written out would be four times as long."""
    values: Mapping[str, Any] = row
    return {
        name: hashlib.blake2b(value).hexdigest() if isinstance(value, bytes) else value
        for name, value in values.items()
    }


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the write lock from its start: what is read in it stays true until it ends."""
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            yield connection
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def _is_unreadable(error: Exception) -> bool:
    """Whether a row holds what Python cannot: a day after 9999, in SQLite also text that is no UTF-8."""
    is_wrong = isinstance(error, ValueError | InvalidOperation | DataError)
    return is_wrong or "Could not decode" in str(error)


def _chunks(guids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (guids[at : at + _CHUNK] for at in range(0, len(guids), _CHUNK))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise SideUnavailable("The legacy database does not answer, or is locked by a long write.") from error
    except DBAPIError as error:
        raise SideUnavailable(f"The legacy database failed: {type(error.orig).__name__}.") from error
