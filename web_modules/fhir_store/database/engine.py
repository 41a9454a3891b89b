"""Opens the store's database: one writer at a time, readers that never wait for it.

SQLite runs in write-ahead mode with `synchronous=FULL`: a commit that was answered is on the disk, so neither
kill -9 nor a power cut loses it. (NORMAL would save the flush, 0.3 ms here, and could lose the last commits
with the power.) PostgreSQL gives the same promise by default.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine, insert, select

from web_modules.errors import DatabaseUnavailable
from web_modules.fhir.audit_chain import START, Chain
from web_modules.fhir_store.database.connecting import (
    database_url,
    is_embedded,
    opening,
    reading_engine,
    shown,
    writing_engine,
)
from web_modules.fhir_store.database.migrating import make_ready
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.database.tables import PRACTICE
from web_modules.fhir_store.database.transactions import GroupCommits, Transactions

T = TypeVar("T")

READERS = 12
"""Connections kept for reading; more are opened under load and closed after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPractice:
    """What a practice is opened with.

    Attributes:
        epoch: another one after a restore.
        position: the `lastUpdated` of its newest version, 0 when it has none.
        restored: what a restore has kept for the audit to tell, or empty.
    """

    epoch: str
    position: int
    restored: str = ""


class Database:
    """One database with the records of one or more practices. All methods block; any thread may call them."""

    def __init__(self, url: str) -> None:
        """Open the database, and make the tables when it is new.

        Args:
            url: a SQLAlchemy URL; the folder of an SQLite file must exist.

        Raises:
            DatabaseUnavailable: it cannot be opened, is not one of ours, or is not current.
        """
        parsed = database_url(url)
        self.is_embedded = is_embedded(parsed)
        self._shown = shown(parsed)
        with opening(parsed):
            self._writer = writing_engine(parsed)
            try:
                with self._writer.begin() as connection:
                    make_ready(connection, parsed)
            except BaseException:
                self._writer.dispose()
                raise
            self._reader = reading_engine(parsed, isolation="REPEATABLE READ", size=READERS)
            self._looker = self._reader
            if not self.is_embedded:
                self._looker = reading_engine(parsed, isolation="AUTOCOMMIT", size=READERS)
        embedded = self.is_embedded
        self._writes = Transactions(self._writer, begin="BEGIN IMMEDIATE" if embedded else "BEGIN")
        self._commits = GroupCommits(self._writes)
        view = "BEGIN" if embedded else "BEGIN ISOLATION LEVEL REPEATABLE READ"
        self._views = Transactions(self._reader, begin=view)
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

    def open_practice(self, practice: str, environment: str, chain: Chain) -> OpenedPractice:
        """Make a practice known to the store, if it is not yet.

        Args:
            practice: ODS code.
            environment: live, reference or training; a practice never changes it.
            chain: seals its audit.

        Raises:
            DatabaseUnavailable: it was made for another environment.
        """
        wanted = select(PRACTICE).where(PRACTICE.c.practice == practice)
        with self._writer.begin() as connection:
            row = connection.execute(wanted).one_or_none()
            if row is None:
                epoch = str(uuid.uuid4())
                fresh: dict[str, object] = {"practice": practice, "environment": environment}
                fresh |= {"epoch": epoch, "position": 0}
                fresh |= {"audited": 0, "audit_link": START, "audit_seal": chain.seal(0, START)}
                connection.execute(insert(PRACTICE).values(fresh))
                return OpenedPractice(epoch=epoch, position=0)
            if row.environment != environment:
                raise DatabaseUnavailable(
                    f"The database {self._shown} holds the {row.environment} environment of {practice}, "
                    f"not {environment}: name another database, or the right environment."
                )
            return OpenedPractice(epoch=row.epoch, position=row.position, restored=row.restored or "")

    def close(self) -> None:
        """Close every connection; what is committed stays."""
        for transactions in (self._writes, self._views, self._looks):
            transactions.close()
        self._looker.dispose()
        self._reader.dispose()
        self._writer.dispose()
