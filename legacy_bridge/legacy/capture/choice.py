"""Chooses how the changes of a legacy database are captured."""

from collections.abc import Callable

from sqlalchemy import Engine

from legacy_bridge.errors import SettingsWrong
from legacy_bridge.legacy.capture.change_tracking import ChangeTracking
from legacy_bridge.legacy.capture.hashes import RowHashes
from legacy_bridge.legacy.capture.interface import Capture
from legacy_bridge.legacy.capture.postgresql import PostgresqlOutbox
from legacy_bridge.legacy.capture.snapshot import SnapshotCapture
from legacy_bridge.legacy.capture.sqlite import SqliteOutbox
from legacy_bridge.settings import CaptureWay

_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mssql": "SQL Server"}
_OWN = {
    "sqlite": CaptureWay.OUTBOX,
    "postgresql": CaptureWay.OUTBOX,
    "mssql": CaptureWay.CHANGE_TRACKING,
}
_WAYS = {
    "sqlite": (CaptureWay.OUTBOX, CaptureWay.SNAPSHOT),
    "postgresql": (CaptureWay.OUTBOX, CaptureWay.SNAPSHOT),
    "mssql": (CaptureWay.CHANGE_TRACKING,),
}


def open_capture(
    engine: Engine,
    way: CaptureWay = CaptureWay.AUTO,
    *,
    open_hashes: Callable[[], RowHashes] | None = None,
) -> Capture:
    """The capture of a database.

    Args:
        engine: the legacy database.
        way: how; auto: the best that its kind has.
        open_hashes: opens the file of a snapshot's hashes.

    Raises:
        SettingsWrong: the database cannot do it, or there is none for its kind.
    """
    dialect = engine.dialect.name
    if dialect not in _OWN:
        raise SettingsWrong(
            f"The bridge cannot see the changes of a {dialect} database: "
            "it knows SQLite, PostgreSQL and SQL Server."
        )
    chosen = _OWN[dialect] if way is CaptureWay.AUTO else way
    if chosen not in _WAYS[dialect]:
        can = ", ".join(one.value for one in (CaptureWay.AUTO, *_WAYS[dialect]))
        raise SettingsWrong(f"{_NAMES[dialect]} has no capture `{way.value}`: set capture to one of {can}.")
    if chosen is CaptureWay.SNAPSHOT:
        if open_hashes is None:
            raise SettingsWrong("A snapshot keeps its hashes beside the journal: give a file for it.")
        return SnapshotCapture(engine, open_hashes)
    if chosen is CaptureWay.CHANGE_TRACKING:
        return ChangeTracking(engine)
    return SqliteOutbox(engine) if dialect == "sqlite" else PostgresqlOutbox(engine)
