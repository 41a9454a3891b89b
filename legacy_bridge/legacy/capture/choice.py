"""Chooses how the changes of a legacy database are captured."""

from sqlalchemy import Engine

from legacy_bridge.errors import SettingsWrong
from legacy_bridge.legacy.capture.change_tracking import ChangeTracking
from legacy_bridge.legacy.capture.interface import Capture
from legacy_bridge.legacy.capture.postgresql import PostgresqlOutbox
from legacy_bridge.legacy.capture.sqlite import SqliteOutbox


def open_capture(engine: Engine) -> Capture:
    """The capture of a database's kind.

    Raises:
        SettingsWrong: there is none for it.
    """
    if engine.dialect.name == "sqlite":
        return SqliteOutbox(engine)
    if engine.dialect.name == "postgresql":
        return PostgresqlOutbox(engine)
    if engine.dialect.name == "mssql":
        return ChangeTracking(engine)
    raise SettingsWrong(
        f"The bridge cannot see the changes of a {engine.dialect.name} database: "
        "it knows SQLite, PostgreSQL and SQL Server."
    )
