"""Captures changes by an outbox: row triggers note which key was touched, and a feed reads them.

SQLite has row triggers only. It lets one writer in at a time, so numbers commit in the order in which they
are given: `seq > checkpoint` skips nobody here. (A database with concurrent writers needs a fence.)
"""

from collections.abc import Collection, Mapping, Sequence
from sqlite3 import DatabaseError
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, text
from sqlalchemy.exc import OperationalError

from legacy_bridge.errors import RestoreDetected, SideUnavailable
from legacy_bridge.legacy.entries import kinds_of
from legacy_bridge.mapping.values import guid_key
from legacy_bridge.records import ENTRIES, Kind, LinkKey
from legacy_bridge.sides.feeds import FeedBatch

OUTBOX = "banyan_outbox"
_TRIGGER = "banyan_outbox_2"  # the number goes up when the triggers change; older ones are dropped
_SOURCES: Mapping[str, tuple[Kind | None, tuple[str, ...]]] = {
    "Admin_Organisation": (Kind.ORGANIZATION, ("OrganisationGuid",)),
    "Admin_Location": (Kind.LOCATION, ("LocationGuid",)),
    "Admin_OrganisationLocation": (Kind.LOCATION, ("LocationGuid",)),
    "Admin_UserInRole": (Kind.PRACTITIONER, ("UserInRoleGuid",)),
    "Admin_Patient": (Kind.PATIENT, ("PatientGuid",)),
    "Appointment_Session": (Kind.SESSION, ("AppointmentSessionGuid",)),
    "Appointment_SessionUser": (Kind.SESSION, ("SessionGuid",)),
    "Appointment_Slot": (Kind.SLOT, ("SlotGuid",)),
    "CareRecord_Consultation": (Kind.CONSULTATION, ("ConsultationGuid",)),
    "CareRecord_Diary": (Kind.DIARY, ("DiaryGuid",)),
    "CareRecord_Observation": (None, ("ObservationGuid", "ParentObservationGuid")),
    "CareRecord_Problem": (None, ("ObservationGuid",)),
    "CareRecord_ObservationReferral": (None, ("ObservationGuid",)),
    "Prescribing_DrugRecord": (Kind.MEDICATION, ("DrugRecordGuid",)),
    "Prescribing_IssueRecord": (Kind.ISSUE, ("IssueRecordGuid",)),
}
"""Of each table the kind, or None for coded entries, whose code tells it, and the columns that name records:
a result's row names its panel too, which lists its results."""
_PAGE = 2000  # rows a poll: a Monday's busiest hour in one go
_KEPT = 5000  # rows that were read are kept up to this many, for a person who looks


def install_outbox(engine: Engine) -> None:
    """Make the outbox and its triggers, where they are not there yet.

    And an index by which the results of a panel are found: without it each batch reads the whole table.

    Raises:
        SideUnavailable: the database refuses.
    """
    try:
        with engine.begin() as connection:
            connection.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS {OUTBOX} (seq INTEGER PRIMARY KEY AUTOINCREMENT, "
                    "source TEXT NOT NULL, record TEXT NOT NULL)"
                )
            )
            connection.execute(
                text(
                    f"CREATE INDEX IF NOT EXISTS {OUTBOX}_children "
                    'ON "CareRecord_Observation" ("OrganisationGuid", "ParentObservationGuid")'
                )
            )
            _drop_older(connection)
            for table, (_, columns) in _SOURCES.items():
                for statement in _triggers(table, columns):
                    connection.execute(text(statement))
    except OperationalError as error:
        raise SideUnavailable("The legacy database does not let the bridge install its outbox.") from error


class OutboxFeed:
    """The legacy feed of one database; see `sides.ChangeFeed`."""

    def __init__(self, engine: Engine, *, kept: int = _KEPT) -> None:
        self._engine = engine
        self._kept = kept
        self._pruned_upto = 0
        self._watcher: PoolProxiedConnection | None = None
        self._cursor: Any = None

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """See `sides.ChangeFeed`; a checkpoint is the last number read."""
        try:
            with self._engine.connect() as connection:
                last = connection.execute(
                    text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": OUTBOX}
                ).scalar()
                newest = int(last or 0)
                if checkpoint is None:
                    return FeedBatch(touched=(), strays=(), checkpoint=str(newest))
                batch = self._after(connection, int(checkpoint), newest)
                self._prune(connection, int(checkpoint))
                return batch
        except OperationalError as error:
            raise SideUnavailable("The legacy database does not answer.") from error

    def _prune(self, connection: Connection, checkpoint: int) -> None:
        """Remove what was read long ago, so that the outbox stays small."""
        upto = checkpoint - self._kept
        if upto - self._pruned_upto >= self._kept:
            connection.execute(
                text(f"DELETE FROM {OUTBOX} WHERE seq <= :upto"),  # noqa: S608 - a constant name
                {"upto": upto},
            )
            connection.commit()
            self._pruned_upto = upto

    def data_version(self) -> int:
        """A number that changes when another connection commits; costs microseconds (SQLite pragma.html).

        Raises:
            SideUnavailable: the database does not answer.
        """
        try:
            if self._watcher is None:
                self._watcher = self._engine.raw_connection()
                self._cursor = self._watcher.cursor()
            self._cursor.execute("PRAGMA data_version")
            return int(self._cursor.fetchone()[0])
        except (OperationalError, DatabaseError) as error:
            self.close()
            raise SideUnavailable("The legacy database does not answer.") from error

    def close(self) -> None:
        """Let go of the database."""
        if self._watcher is not None:
            self._cursor.close()
            self._watcher.close()
            self._watcher = None

    def _after(self, connection: Connection, checkpoint: int, newest: int) -> FeedBatch:
        if newest < checkpoint:
            raise RestoreDetected(
                f"The legacy database's outbox ends at {newest} and {checkpoint} was read before: the "
                "database came back from a backup. Nothing is written until a person releases it: "
                "banyan-bridge once --after-restore."
            )
        rows = connection.execute(
            text(
                f"SELECT seq, source, record FROM {OUTBOX} WHERE seq > :seq ORDER BY seq LIMIT {_PAGE}"  # noqa: S608
            ),
            {"seq": checkpoint},
        ).all()
        first = int(rows[0].seq) if rows else newest + 1
        reached = int(rows[-1].seq) if rows else newest
        noted = {(row.source, key) for row in rows if (key := guid_key(row.record)) is not None}
        entries = {key for source, key in noted if source in _SOURCES and _SOURCES[source][0] is None}
        of_entries = kinds_of(connection, entries) if entries else {}
        touched = {
            LinkKey(kind=kind, key=key)
            for source, key in sorted(noted)
            if source in _SOURCES
            for kind in _kinds(source, key, of_entries)
        }
        return FeedBatch(
            touched=tuple(sorted(touched, key=str)),
            strays=(),
            checkpoint=str(reached),
            is_whole=len(rows) < _PAGE,
            has_gap=first > checkpoint + 1,
        )


def _kinds(source: str, key: str, of_entries: Mapping[str, set[Kind]]) -> Collection[Kind]:
    """What a touched row is; an entry that is gone may have been anything, and the journal knows what."""
    kind = _SOURCES[source][0]
    return (kind,) if kind is not None else of_entries.get(key, {ENTRIES[0]})


def _triggers(table: str, columns: Sequence[str]) -> list[str]:
    def note(row: str, column: str) -> str:
        where = "" if column == columns[0] else f' WHERE {row}."{column}" IS NOT NULL'
        return f"INSERT INTO {OUTBOX} (source, record) SELECT '{table}', {row}.\"{column}\"{where};"

    def made(moment: str, body: str) -> str:
        name = f"{_TRIGGER}_{table}_{moment}"
        return f'CREATE TRIGGER IF NOT EXISTS "{name}" AFTER {moment} ON "{table}" BEGIN {body} END'

    def moved(column: str) -> str:
        changed = f'OLD."{column}" IS NOT NULL AND OLD."{column}" IS NOT NEW."{column}"'
        return f"INSERT INTO {OUTBOX} (source, record) SELECT '{table}', OLD.\"{column}\" WHERE {changed};"

    new, old = ("".join(note(row, column) for column in columns) for row in ("NEW", "OLD"))
    return [
        made("INSERT", new),
        made("UPDATE", new + "".join(map(moved, columns))),
        made("DELETE", old),
    ]


def _drop_older(connection: Connection) -> None:
    names = connection.execute(
        text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'banyan_outbox_%'")
    ).scalars()
    for name in names.all():
        if not str(name).startswith(f"{_TRIGGER}_"):
            connection.execute(text(f'DROP TRIGGER "{name}"'))
