"""A legacy database in memory: rows, an outbox that its triggers fill, transactions held open, backups.

Which rows make a record comes from the same list as for the real database, so that a new kind needs nothing
here. It passes the same contract tests as the real one.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from legacy_bridge.errors import RestoreDetected, SideUnavailable
from legacy_bridge.legacy.capture.sources import SOURCES
from legacy_bridge.legacy.groups import GROUPS, Beside, Group
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.mapping.values import guid_column, guid_key
from legacy_bridge.records import Kind, LinkKey, Row, RowGroup
from legacy_bridge.sides.codes import CodeBook, WantedCodes
from legacy_bridge.sides.feeds import FeedBatch
from legacy_bridge.sides.links import Link
from legacy_bridge.sides.listings import KeyPage
from legacy_bridge.sides.writes import Outcome, OutcomeKind, RowChange

_COLUMNS = {name: tuple(table.columns.keys()) for name, table in METADATA.tables.items()}


@dataclass(slots=True)
class Held:
    """A transaction that is begun and not committed."""

    rows: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    numbers: list[tuple[int, str, str]] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    told: Callable[[], None] = lambda: None


@dataclass(slots=True)
class Content:
    """All that the database keeps; a row is never changed, but replaced."""

    tables: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    outbox: dict[int, tuple[str, str]] = field(default_factory=dict)
    last_number: int = 0
    stamps: dict[int, int] = field(default_factory=dict)
    lease: tuple[str, int, int] | None = None
    read_upto: str | None = None

    def copied(self) -> "Content":
        """The same again."""
        tables = {name: dict(rows) for name, rows in self.tables.items()}
        return Content(
            tables=tables,
            outbox=dict(self.outbox),
            last_number=self.last_number,
            stamps=dict(self.stamps),
            lease=self.lease,
            read_upto=self.read_upto,
        )


class SimulatedDatabase:
    """The legacy database of one practice, as its own program sees it."""

    def __init__(self) -> None:
        self.content = Content()
        self.version = 0
        self.dropped: set[str] = set()
        self._stamped = 0
        self._backup: Content | None = None
        self._held: list[Held] = []

    def add(self, table: str, name: str, **columns: Any) -> None:
        """Insert a row; `name` is its place in the table, whatever its key."""
        row = dict.fromkeys(_COLUMNS[table])
        self._put(table, name, {**row, **columns})

    def row(self, table: str, name: str) -> dict[str, Any]:
        """One row."""
        return self.content.tables[table][name]

    def edit(self, table: str, name: str, **columns: Any) -> None:
        """Change columns of a row, and commit."""
        self._put(table, name, {**self.row(table, name), **columns})

    def remove(self, table: str, name: str) -> None:
        """Delete a row, and commit."""
        self._note(table, self.content.tables[table].pop(name))

    def hold(self, table: str, name: str, **columns: Any) -> Held:
        """Change columns of a row in a transaction that stays open: its number is taken, nobody sees it."""
        self._number()
        held = Held(rows=[(table, name, columns)])
        source = SOURCES[table][1][0]
        held.numbers.append((self.content.last_number, table, str(self.row(table, name)[source])))
        self._held.append(held)
        return held

    def is_held(self, table: str, name: str) -> bool:
        """Whether an open transaction has a row locked."""
        return any(one[:2] == (table, name) for held in self._held for one in held.rows)

    def commit(self, held: Held) -> None:
        """End a transaction: its rows are there, under the numbers that it took long ago."""
        self._held.remove(held)
        for table, name, columns in held.rows:
            self.content.tables[table][name] = {**self.row(table, name), **columns}
        self.content.outbox.update({number: (table, record) for number, table, record in held.numbers})
        self.version += 1

    def fence(self) -> int:
        """Numbers up to here are all committed or will never be."""
        open_numbers = [number for held in self._held for number, _, _ in held.numbers]
        return min(open_numbers, default=self.content.last_number + 1) - 1

    def backup(self) -> None:
        """Save everything."""
        self._backup = self.content.copied()

    def restore(self) -> None:
        """Put back what was saved last; open transactions are gone."""
        assert self._backup is not None
        self._held.clear()
        self.content = self._backup.copied()
        self.version += 1

    def has_backup(self) -> bool:
        """Whether there is something to put back."""
        return self._backup is not None

    def place(self, number: int) -> str:
        """A number of the outbox, with the stamp by which it is known that no backup gave it again."""
        return f"{number}/{self.content.stamps.get(number, 0)}"

    def _number(self) -> None:
        self._stamped += 1
        self.content.last_number += 1
        self.content.stamps[self.content.last_number] = self._stamped

    def _put(self, table: str, name: str, row: dict[str, Any]) -> None:
        self.content.tables.setdefault(table, {})[name] = row
        self._note(table, row)

    def _note(self, table: str, row: Mapping[str, Any]) -> None:
        self.version += 1
        if table in SOURCES:
            self._number()
            self.content.outbox[self.content.last_number] = (table, str(row[SOURCES[table][1][0]]))


class SimulatedRows:
    """One practice's records in the database; see `sides.LegacyRecords`."""

    def __init__(self, database: SimulatedDatabase, organisation: str, fence: Callable[[], None]) -> None:
        self._database = database
        self._organisation = organisation
        self._fence = fence

    def read(self, links: Sequence[Link]) -> Mapping[LinkKey, RowGroup]:
        """See `sides.RecordStore`."""
        found = (self._group(link.key) for link in links)
        return {group.link: group for group in found if group is not None}

    def page(self, kind: Kind, *, after: str | None, limit: int) -> KeyPage:
        """See `sides.LegacyRecords`."""
        found = [key for key in self._keys(kind) if key.key > (after or "")]
        ends = found[limit - 1].key if len(found) >= limit else None
        return KeyPage(keys=tuple(found[:limit]), ends=ends)

    def counts(self, kinds: Collection[Kind]) -> Mapping[Kind, int]:
        """See `sides.LegacyRecords`."""
        return {kind: len(self._keys(kind)) for kind in kinds}

    def _keys(self, kind: Kind) -> Sequence[LinkKey]:
        group = GROUPS[kind]
        named = [
            LinkKey(kind=kind, key=guid_key(row[group.key]) or "")
            for row in self._mine(group)
            if not (group.hides_deleted and row["Deleted"])
        ]
        return sorted((key for key in named if self._group(key) is not None), key=str)

    def dependants(self, key: LinkKey) -> Sequence[LinkKey]:
        """See `sides.LegacyRecords`."""
        if key.kind is not Kind.PATIENT:
            return ()
        patient = guid_column(key.key)
        return [
            LinkKey(kind=kind, key=guid_key(row[GROUPS[kind].key]) or "")
            for kind in (Kind.SLOT, Kind.DIARY)
            for row in self._mine(GROUPS[kind])
            if row["PatientGuid"] == patient
        ]

    def codes(self, wanted: WantedCodes) -> CodeBook:  # noqa: ARG002
        """See `sides.LegacyRecords`: nothing simulated here is coded."""
        return CodeBook()

    def write(self, changes: Sequence[RowChange]) -> Mapping[LinkKey, Outcome]:
        """See `sides.RecordStore`; one transaction."""
        self._fence()
        outcomes: dict[LinkKey, Outcome] = {}
        for change in changes:
            assert not change.parts, "no simulated record has parts"
            group = self._group(change.link)
            if group is None or group.digest != change.digest:
                outcomes[change.link] = Outcome(kind=OutcomeKind.CHANGED)
                continue
            patient = change.columns.get("PatientGuid")
            people = self._rows("Admin_Patient")
            if patient and all(row["Deleted"] or row["PatientGuid"] != patient for row in people):
                outcomes[change.link] = Outcome(kind=OutcomeKind.CHANGED)
                continue
            table = GROUPS[change.link.kind].main
            columns = {"Deleted": True} if change.delete else dict(change.columns)
            if columns:
                name = self._name(change.link)
                if self._database.is_held(table, name):
                    raise SideUnavailable("The row is locked by a long write.")
                self._database.edit(table, name, **columns)
            outcomes[change.link] = Outcome(kind=OutcomeKind.WRITTEN)
        return outcomes

    def _group(self, link: LinkKey) -> RowGroup | None:
        group = GROUPS[link.kind]
        wanted = guid_column(link.key)
        main = next((row for row in self._mine(group) if row[group.key] == wanted), None)
        if main is None:
            return None
        rows: dict[str, tuple[Row, ...]] = {group.main: (main,)}
        rows.update({one.called: tuple(self._beside(one, main)) for one in group.beside})
        if not group.is_whole(rows):
            return None
        told = repr([(name, [sorted(row.items()) for row in found]) for name, found in rows.items()])
        digest = hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
        return RowGroup(link=link, rows=rows, digest=digest)

    def _beside(self, one: Beside, main: Row) -> list[Row]:
        found = []
        for row in self._rows(one.table):
            is_mine = "OrganisationGuid" not in row or row["OrganisationGuid"] == self._organisation
            is_gone = one.table != "Admin_Patient" and row.get("Deleted")
            is_named = main[one.main] is not None and row[one.other] == main[one.main]
            if is_named and is_mine and not is_gone and self._is_through(one.through, row):
                found.append({name: row[name] for name in one.columns} if one.columns else row)
        return sorted(found, key=lambda row: str(sorted(row.items(), key=str)))

    def _is_through(self, through: tuple[str, str, str] | None, row: Row) -> bool:
        if through is None:
            return True
        table, mine, theirs = through
        return any(
            other[theirs] == row[mine] and other["OrganisationGuid"] == self._organisation
            for other in self._rows(table)
        )

    def _mine(self, group: Group) -> list[dict[str, Any]]:
        return [
            row
            for row in self._rows(group.main)
            if not group.has_organisation or row["OrganisationGuid"] == self._organisation
        ]

    def _rows(self, table: str) -> Iterator[dict[str, Any]]:
        yield from self._database.content.tables.get(table, {}).values()

    def _name(self, link: LinkKey) -> str:
        group = GROUPS[link.kind]
        wanted = guid_column(link.key)
        rows = self._database.content.tables[group.main]
        return next(name for name, row in rows.items() if row[group.key] == wanted)


class SimulatedOutbox:
    """The legacy feed; see `sides.ChangeFeed`. It never reads past a transaction that is still open."""

    page = 40

    def __init__(self, database: SimulatedDatabase) -> None:
        self._database = database

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """See `sides.ChangeFeed`; a checkpoint is the last number read, and its stamp."""
        upto = self.upto()
        if checkpoint is None:
            return FeedBatch(touched=(), strays=(), checkpoint=self._database.place(upto))
        after = int(checkpoint.partition("/")[0])
        if self._database.place(after) != checkpoint:
            raise RestoreDetected("The database came back from a backup.")
        outbox = self._database.content.outbox
        numbers = sorted(number for number in outbox if after < number <= upto)[: self.page]
        touched = dict.fromkeys(
            LinkKey(kind=kind, key=key)
            for table, record in (outbox[number] for number in numbers)
            if (key := guid_key(record)) is not None and (kind := SOURCES[table][0]) is not None
        )
        reached = numbers[-1] if numbers else max(upto, after)
        first = numbers[0] if numbers else upto + 1
        return FeedBatch(
            touched=tuple(touched),
            strays=(),
            checkpoint=self._database.place(reached),
            is_whole=len(numbers) < self.page,
            has_gap=first > after + 1,
        )

    def upto(self) -> int:
        """The last number that may be read now."""
        return self._database.fence()

    def data_version(self) -> int:
        """See `service.Parts.data_version`."""
        return self._database.version
