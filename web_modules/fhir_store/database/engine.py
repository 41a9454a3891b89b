"""Opens the store's database: one writer at a time, readers that never wait for it.

SQLite runs in write-ahead mode with `synchronous=FULL`: a commit that was answered is on the disk, so neither
kill -9 nor a power cut loses it. (NORMAL would save the flush, 0.3 ms here, and could lose the last commits
with the power.) PostgreSQL gives the same promise by default.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, make_url, select
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from web_modules.errors import DatabaseUnavailable
from web_modules.fhir_store.audit.chain import START, Chain
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.database.statistics import tell_statistics
from web_modules.fhir_store.database.tables import FORMAT, METADATA, PRACTICE
from web_modules.fhir_store.database.transactions import GroupCommits, Transactions

T = TypeVar("T")

BUSY_TIMEOUT_MILLISECONDS = 10_000
"""Another process may be writing: a transaction of 200 entries takes less than a tenth of a second."""

READERS = 12
"""Connections kept for reading; more are opened under load and closed after it."""


class Database:
    """One database with the records of one or more practices. All methods block; any thread may call them."""

    def __init__(self, url: str) -> None:
        """Open the database, and make the tables when it is new.

        Args:
            url: a SQLAlchemy URL; the folder of an SQLite file must exist.

        Raises:
            DatabaseUnavailable: it cannot be opened, or is not one of ours.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise DatabaseUnavailable(
                "The database URL is not understood: write for example sqlite:////srv/banyan/cloud.sqlite."
            ) from error
        self.is_embedded = parsed.get_backend_name() == "sqlite"
        self._shown = parsed.render_as_string(hide_password=True)
        if self.is_embedded:
            _check_sqlite_file(parsed)
        try:
            self._writer = _engine(parsed, isolation="READ COMMITTED", size=1, begin="BEGIN IMMEDIATE")
            with self._writer.begin() as connection:
                METADATA.create_all(connection)
                if self.is_embedded:
                    tell_statistics(connection)
            self._reader = _engine(parsed, isolation="REPEATABLE READ", size=READERS)
            self._looker = self._reader
            if not self.is_embedded:
                self._looker = _engine(parsed, isolation="AUTOCOMMIT", size=READERS)
        except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
            raise DatabaseUnavailable(
                f"The database {self._shown} cannot be opened ({_reason(error)}): "
                "check that it is running, that the URL is right and that you may write there."
            ) from error
        embedded = self.is_embedded
        self._commits = GroupCommits(
            Transactions(self._writer, begin="BEGIN IMMEDIATE" if embedded else None)
        )
        self._views = Transactions(self._reader, begin="BEGIN" if embedded else None)
        self._looks = Transactions(self._looker, begin=None)

    @property
    def engines(self) -> tuple[Engine, Engine]:
        """The writer and the reader, for whoever watches the statements."""
        return self._writer, self._reader

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """SQLAlchemy's way of reading, for what is not asked often."""
        with self._reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """SQLAlchemy's way of writing, for what is not done often."""
        with self._commits.alone(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def viewing(self) -> Iterator[Session]:
        """A consistent view for reading; nothing that is written meanwhile is seen."""
        with self._views.open() as session:
            yield session

    @contextmanager
    def looking(self) -> Iterator[Session]:
        """For one query by itself: it needs no transaction around it."""
        with self._looks.open() as session:
            yield session

    def write(self, work: Callable[[Session], T]) -> T:
        """Do something in a writing transaction; what other threads bring meanwhile shares its commit.

        Args:
            work: an error that leaves it undoes what it did, and nothing else.

        Returns:
            what it returned, after the commit.

        Raises:
            DatabaseSilent: the database does not answer, or refused the commit.
        """
        return self._commits.run(work)

    def open_practice(self, practice: str, environment: str, chain: Chain) -> int:
        """Make a practice known to the store, if it is not yet.

        Args:
            practice: ODS code.
            environment: live, reference or training; a practice never changes it.
            chain: seals its audit.

        Returns:
            its position: the `lastUpdated` of its newest version, 0 when it has none.

        Raises:
            DatabaseUnavailable: the database was made by another Banyan, or for another environment.
        """
        wanted = select(PRACTICE).where(PRACTICE.c.practice == practice)
        with self._writer.begin() as connection:
            row = connection.execute(wanted).one_or_none()
            if row is None:
                fresh = {"practice": practice, "environment": environment, "format": FORMAT}
                fresh |= {"epoch": str(uuid.uuid4()), "position": 0}
                fresh |= {"audited": 0, "audit_link": START, "audit_seal": chain.seal(0, START)}
                connection.execute(insert(PRACTICE).values(fresh))
                return 0
            if row.environment != environment:
                raise DatabaseUnavailable(
                    f"The database {self._shown} holds the {row.environment} environment of {practice}, "
                    f"not {environment}: name another database, or the right environment."
                )
            if row.format != FORMAT:
                raise DatabaseUnavailable(
                    f"The database {self._shown} has format {row.format} and this Banyan reads {FORMAT}: "
                    "use the Banyan that made it, or another database."
                )
            return int(row.position)

    def close(self) -> None:
        """Close every connection; what is committed stays."""
        self._looker.dispose()
        self._reader.dispose()
        self._writer.dispose()


def _engine(url: URL, *, isolation: IsolationLevel, size: int, begin: str = "BEGIN") -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(
            url,
            pool_size=size,
            max_overflow=size * 2,
            hide_parameters=True,
            isolation_level=isolation,
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
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_TIMEOUT_MILLISECONDS}",
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


def _reason(error: BaseException) -> str:
    origin: Any = getattr(error, "orig", None) or error
    lines = str(origin).strip().splitlines()
    return lines[0] if lines else type(origin).__name__
