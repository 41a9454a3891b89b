"""Makes engines for the store's database, and says in one sentence why it cannot be reached."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from web_modules.errors import DatabaseUnavailable

BUSY_TIMEOUT_MILLISECONDS = 10_000
"""Another process may be writing: a transaction of 200 entries takes less than a tenth of a second."""


def database_url(text: str) -> URL:
    """The URL of a database, as checked as it can be without opening it.

    Raises:
        DatabaseUnavailable: it is none, or names what cannot be a database.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise DatabaseUnavailable(
            "The database URL is not understood: write for example sqlite:////srv/banyan/cloud.sqlite."
        ) from error
    if is_embedded(url):
        _check_sqlite_file(url)
    return url


def is_embedded(url: URL) -> bool:
    """Whether the database is a file (SQLite) and not a server."""
    return url.get_backend_name() == "sqlite"


def shown(url: URL) -> str:
    """The URL as it may be shown: without its password."""
    return url.render_as_string(hide_password=True)


@contextmanager
def opening(url: URL) -> Iterator[None]:
    """What goes wrong in the block is that the database cannot be opened.

    Raises:
        DatabaseUnavailable: so.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
        raise DatabaseUnavailable(
            f"The database {shown(url)} cannot be opened ({reason(error)}): "
            "check that it is running, that the URL is right and that you may write there."
        ) from error


def writing_engine(url: URL) -> Engine:
    """For writing: one connection is kept."""
    return _engine(url, isolation="READ COMMITTED", size=1, begin="BEGIN IMMEDIATE")


def reading_engine(url: URL, *, isolation: IsolationLevel, size: int) -> Engine:
    """For reading; `isolation` is a server's, a file's readers always have a consistent view."""
    return _engine(url, isolation=isolation, size=size, begin="BEGIN")


def reason(error: BaseException) -> str:
    """What a driver says was wrong, in its first line."""
    origin: Any = getattr(error, "orig", None) or error
    lines = str(origin).strip().splitlines()
    return lines[0] if lines else type(origin).__name__


def _engine(url: URL, *, isolation: IsolationLevel, size: int, begin: str) -> Engine:
    if not is_embedded(url):
        return create_engine(
            url,
            pool_size=size,
            max_overflow=size * 2,
            hide_parameters=True,
            isolation_level=isolation,
            # psycopg drops every prepared statement of its connection at times, those of others too
            connect_args={"prepare_threshold": None},
        )
    engine = create_engine(
        url,
        pool_size=size,
        max_overflow=64,
        hide_parameters=True,  # an error is logged; what a patient's record says is not
        connect_args={"check_same_thread": False, "isolation_level": None, "cached_statements": 512},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "cache_size=-32000",
            "wal_autocheckpoint=8000",
            "mmap_size=268435456",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _check_sqlite_file(url: URL) -> None:
    name = url.database
    if not name or name == ":memory:":
        raise DatabaseUnavailable(
            "The cloud's database is a file: write for example sqlite:////srv/cloud.sqlite."
        )
    path = Path(name)
    if not path.parent.is_dir():
        raise DatabaseUnavailable(
            f"The folder {path.parent} does not exist: make it, or name another database."
        )
    if path.is_dir():
        raise DatabaseUnavailable(f"{path} is a folder, not a database: name a file in it.")
