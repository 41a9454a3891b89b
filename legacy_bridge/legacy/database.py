"""Opens a legacy database by its URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from legacy_bridge.errors import SettingsWrong, SideUnavailable

BUSY_MILLISECONDS = 5000  # how long a writer waits for another one before it gives up


def open_database(url: str, *, must_exist: bool = True) -> Engine:
    """Open the database that a URL names, and try whether it answers.

    Args:
        url: an SQLAlchemy URL, such as `sqlite:////srv/practice.db`.
        must_exist: for SQLite, refuse a file that is not there instead of making an empty one.

    Raises:
        SettingsWrong: the URL cannot be read, or names a database that is not supported.
        SideUnavailable: the database does not answer, or its file is not there.
    """
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise SettingsWrong(f"The database URL {url!r} cannot be read; an example: sqlite:///x.db") from error
    shown = parts.render_as_string(hide_password=True)
    query = dict(parts.query)
    if parts.get_backend_name() == "sqlite" and parts.database not in (None, "", ":memory:"):
        mode = "rw" if must_exist else "rwc"
        parts = parts.set(
            database=f"file:{quote(parts.database)}", query=query | {"mode": mode, "uri": "true"}
        )
    try:
        engine = create_engine(parts)
    except (SQLAlchemyError, ImportError) as error:
        raise SettingsWrong(f"The database URL {shown!r} names a kind that cannot be opened here.") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
    try:
        with engine.connect():
            return engine
    except DBAPIError as error:
        engine.dispose()
        advice = _advice(engine, must_exist=must_exist)
        raise SideUnavailable(f"The database {shown} cannot be opened ({_said(error)}): {advice}.") from error


def write_alone(connection: Connection) -> None:
    """Take the write lock at once, so that new tables too are part of the transaction.

    SQLite's driver begins a transaction of its own only before rows are written, not before tables are made.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def translated(failed: str) -> Iterator[None]:
    """Say in the bridge's words what the driver could not do.

    Args:
        failed: what did not succeed, as the beginning of a sentence.

    Raises:
        SideUnavailable: the driver raised.
    """
    try:
        yield
    except DBAPIError as error:
        raise SideUnavailable(f"{failed}: {_said(error)}.") from error


def _said(error: DBAPIError) -> str:
    """The driver's first line, as a part of a sentence; PostgreSQL's goes on for several."""
    return str(error.orig).strip().partition("\n")[0].rstrip(" .?")


def _advice(engine: Engine, *, must_exist: bool) -> str:
    if engine.dialect.name != "sqlite":
        return "start its server, or correct the address"
    if must_exist:
        return "correct its name, or make a practice with `banyan-practice create`"
    return "correct its name; its folder must exist, and may be written by you"


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode=WAL")  # readers do not wait for the writer
    cursor.execute("PRAGMA synchronous=FULL")  # a commit is on the disk when it is acknowledged
    cursor.close()
