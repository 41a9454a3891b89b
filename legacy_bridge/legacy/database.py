"""Opens a legacy database by its URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from legacy_bridge.errors import SettingsWrong, SideUnavailable
from legacy_bridge.legacy import postgresql_odbc

BUSY_MILLISECONDS = 5000  # how long a writer waits for another one before it gives up
_LONGEST_MILLISECONDS = 300_000  # for one statement: a whole practice's keys take seconds
_WRITERS = 0x62616E79616E  # the number of the lock that `write_alone` takes in PostgreSQL
ALONE_IN_SQL_SERVER = (
    "DECLARE @got int; EXEC @got = sp_getapplock @Resource = N'banyan', @LockMode = N'Exclusive', "
    f"@LockOwner = N'Transaction', @LockTimeout = {BUSY_MILLISECONDS}; "
    "IF @got < 0 THROW 50000, N'another bridge is writing', 1"
)
HABITS_OF_SQL_SERVER = (
    f"SET LOCK_TIMEOUT {BUSY_MILLISECONDS}",
    "SET DEADLOCK_PRIORITY LOW",  # of two that wait for one another the bridge gives way
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",  # a guard reads what is there now
    "SET XACT_ABORT OFF",  # a refused statement ends itself only, and a savepoint undoes it
    "SET DATEFORMAT ymd",
)
_LIBPQ = {"connect_timeout": "10", "keepalives_idle": "10", "tcp_user_timeout": "15000"}
"""So that a server that went away is noticed; what the URL says outweighs it."""


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
    postgresql_odbc.register()
    shown = parts.render_as_string(hide_password=True)
    query = dict(parts.query)
    if parts.get_backend_name() == "sqlite" and parts.database not in (None, "", ":memory:"):
        mode = "rw" if must_exist else "rwc"
        parts = parts.set(
            database=f"file:{quote(parts.database)}", query=query | {"mode": mode, "uri": "true"}
        )
    elif parts.drivername == "postgresql+psycopg":
        parts = parts.set(query={**_LIBPQ, **query})
    try:
        engine = create_engine(parts)
    except (SQLAlchemyError, ImportError) as error:
        raise SettingsWrong(f"The database URL {shown!r} names a kind that cannot be opened here.") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _prepare_postgresql)
    elif engine.dialect.name == "mssql":
        event.listen(engine, "connect", _prepare_sql_server)
    try:
        with engine.connect():
            return engine
    except DBAPIError as error:
        engine.dispose()
        advice = _advice(engine, must_exist=must_exist)
        raise SideUnavailable(f"The database {shown} cannot be opened ({_said(error)}): {advice}.") from error


@contextmanager
def opened_database(url: str, *, must_exist: bool = True) -> Iterator[Engine]:
    """The same for as long as a context lasts; see `open_database`."""
    engine = open_database(url, must_exist=must_exist)
    try:
        yield engine
    finally:
        engine.dispose()


def write_alone(connection: Connection) -> None:
    """Let no other bridge write until the transaction ends, and make new tables part of it.

    SQLite's driver begins a transaction of its own only before rows are written, not before tables are made;
    its one write lock keeps everybody out. In PostgreSQL bridges keep one another out.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")
    elif connection.dialect.name == "mssql":
        connection.exec_driver_sql(ALONE_IN_SQL_SERVER)


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


def _prepare_postgresql(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for name, value in {
        "lock_timeout": BUSY_MILLISECONDS,
        "statement_timeout": _LONGEST_MILLISECONDS,
        "default_transaction_isolation": "'read committed'",  # a guard reads what is there now
        "datestyle": "'ISO, DMY'",  # as text a day is 2026-11-17, whatever the database's own habit
        "jit": "off",  # compiling what tells a page of entries apart took 4 s, reading it 50 ms
        "application_name": "'banyan-bridge'",
    }.items():
        cursor.execute(f"SET {name} = {value}")
    cursor.close()
    connection.commit()


def _prepare_sql_server(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for habit in HABITS_OF_SQL_SERVER:
        cursor.execute(habit)
    cursor.close()
    connection.commit()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode=WAL")  # readers do not wait for the writer
    cursor.execute("PRAGMA synchronous=FULL")  # a commit is on the disk when it is acknowledged
    cursor.close()
