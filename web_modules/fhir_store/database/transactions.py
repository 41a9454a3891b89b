"""Opens transactions on pooled connections, and lets writers who come together share one commit."""

import re
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Engine, PoolProxiedConnection

from web_modules.fhir.audit_chain import Head
from web_modules.fhir_store.database.heads import read_link
from web_modules.fhir_store.database.server_cursor import ServerCursor
from web_modules.fhir_store.database.session import Cursor, Session
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse

T = TypeVar("T")

LARGEST_GROUP = 64
"""Writers that share a commit; the first of them waits for the last."""

MOST_IDLE = 4
"""Connections kept at hand for the next transaction; the others wait in the pool, which takes longer."""


_TOO_MUCH = re.compile(r"stack overflow|stack depth|too (many|large)|number of parameters")
"""What SQLite, PostgreSQL and its driver say of a statement that they will not take; for the drivers that is
the same kind of error as no answer at all, but to ask again will not help."""


class DatabaseSilent(Exception):
    """The database does not answer, or refused the commit; nothing of the transaction was kept."""


class CommitUnknown(DatabaseSilent):
    """The database went away during a commit, and cannot be asked whether the transaction was kept."""


_LOOKS = 3
_PAUSE_SECONDS = 0.3
"""Of looks at what was kept: a pool may hold connections that broke together with the one that did."""

_LOCK_PATIENCE = "SET LOCAL lock_timeout = '3s'"
"""What a server still does for a connection that is gone is soon at its end, or nobody can wait for it."""


def cursor_of(connection: PoolProxiedConnection) -> Cursor:
    """A cursor through which every statement of a session goes."""
    driver = connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        return driver.cursor()
    return _server_cursor(connection)


def _server_cursor(connection: PoolProxiedConnection) -> ServerCursor:
    """That of a connection, which keeps it: it knows statements that were sent before."""
    kept = connection.info.get(ServerCursor)
    if kept is None:
        kept = connection.info[ServerCursor] = ServerCursor(cast(Any, connection.driver_connection))
    return cast(ServerCursor, kept)


class Transactions:
    """Transactions on the connections of one pool. Safe from every thread."""

    def __init__(self, engine: Engine, *, begin: str | None) -> None:
        """Use an engine's pool.

        Args:
            engine: whose driver is spoken to directly.
            begin: what opens a transaction, or None where none is wanted.
        """
        self._engine = engine
        self._begin = begin
        driver = engine.dialect.loaded_dbapi
        self.silence: type[Exception] = driver.OperationalError
        """What the driver raises when the database does not answer."""
        self.fault: type[Exception] = driver.Error
        """What it raises when a statement fails, whatever the reason."""
        self._is_embedded = engine.dialect.name == "sqlite"
        self._idle: list[PoolProxiedConnection] = []

    @contextmanager
    def open(self) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back when an error leaves the block.

        Raises:
            DatabaseSilent: the driver reports an operational error.
            CommitUnknown: it does so in the commit, and does not tell afterwards what came of it.
            Refusal: a statement was more than the database takes.
        """
        connection = self._connection()
        try:
            session = yield from self._within(connection)
            is_usable = self._committed(connection, session)
        except self.silence as error:
            connection.invalidate()
            connection.close()
            raise DatabaseSilent(str(error)) from error
        except BaseException:
            connection.close()
            raise
        if is_usable and len(self._idle) < MOST_IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Give the connections back to the pool."""
        while self._idle:
            self._idle.pop().close()

    def _connection(self) -> PoolProxiedConnection:
        """One that has served before: the pool would look at it twice for every transaction."""
        try:
            return self._idle.pop()
        except IndexError:
            pass
        try:
            return self._engine.raw_connection()
        except self.silence as error:
            raise DatabaseSilent(str(error)) from error

    def _within(self, connection: PoolProxiedConnection) -> Generator[Session, None, Session]:
        """Everything but the commit."""
        try:
            cursor = cursor_of(connection)
            if self._begin is not None:
                cursor.execute(self._begin)
            session = Session(cursor, self.fault, is_embedded=self._is_embedded)
            yield session
            session.finish()
        except self.silence as error:
            if not _is_too_much(error):
                raise
            self._undo(connection)
            raise _too_much() from error
        except BaseException:
            self._undo(connection)
            raise
        return session

    def _committed(self, connection: PoolProxiedConnection, session: Session) -> bool:
        """Commit; False when that was done and the connection is lost."""
        try:
            if self._begin is not None:
                cursor = cursor_of(connection)
                cursor.execute("COMMIT")
                cursor.fetchall()
            self._rest(connection)
        except self.silence as error:
            if _is_too_much(error):  # said of what was sent to a server before
                self._undo(connection)
                raise _too_much() from error
            if self._is_embedded or not session.ends:
                raise
            connection.invalidate()
            if not self._was_kept(*next(iter(session.ends.items()))):
                raise DatabaseSilent(str(error)) from error
            return False
        except BaseException:
            self._undo(connection)
            raise
        return True

    def _was_kept(self, practice: str, end: Head) -> bool:
        """Whether the audit has an entry, which a transaction wrote whose commit was not answered.

        Raises:
            CommitUnknown: the database does not tell.
        """
        pause = threading.Event()
        problem: Exception | None = None
        for _ in range(_LOOKS):
            try:
                with self.open() as session:
                    session.rows_beside(_LOCK_PATIENCE, ())
                    session.head(practice)  # waits for the end of what the server still does
                    return read_link(session, practice, end.count) == end.link
            except (self.fault, DatabaseSilent) as error:
                problem = error
                pause.wait(_PAUSE_SECONDS)
        raise CommitUnknown(str(problem)) from problem

    def _undo(self, connection: PoolProxiedConnection) -> None:
        self._rest(connection)
        connection.rollback()

    def _rest(self, connection: PoolProxiedConnection) -> None:
        if not self._is_embedded:
            _server_cursor(connection).leave()


class _Job(Generic[T]):
    """What one thread wants written."""

    def __init__(self, work: Callable[[Session], T]) -> None:
        self.work = work
        self.turn = threading.Lock()
        """Held until the work is done, or this thread is the one to do what waits."""
        self.turn.acquire()
        self.is_done = False
        self.result: T | None = None
        self.error: BaseException | None = None


class GroupCommits:
    """Writing transactions, one at a time. One thread leads, and takes along what others bring meanwhile.

    A commit costs a flush of the disk; under load one flush then serves many writers. Whoever was taken along
    goes on at once, and does not wait for the next ones.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._writing = threading.Lock()
        self._queueing = threading.Lock()
        self._waiting: deque[_Job[Any]] = deque()
        self._is_led = False

    def run(self, work: Callable[[Session], T]) -> T:
        """Do something in a writing transaction.

        Returns:
            what `work` returned, after the commit.

        Raises:
            DatabaseSilent: nothing was kept.
        """
        job = _Job(work)
        with self._queueing:
            self._waiting.append(job)
            is_led, self._is_led = self._is_led, True
        if is_led:
            job.turn.acquire()
        if not job.is_done:
            self._lead()
        if job.error is not None:
            raise job.error
        return cast(T, job.result)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other writer of this process out."""
        with self._writing:
            yield

    def _lead(self) -> None:
        """Do what waits, this thread's own first; then somebody who came meanwhile leads."""
        try:
            with self._writing:
                with self._queueing:
                    size = min(len(self._waiting), LARGEST_GROUP)
                    jobs = [self._waiting.popleft() for _ in range(size)]
                self._serve(jobs)
        finally:
            with self._queueing:
                self._is_led = bool(self._waiting)
                if self._is_led:
                    self._waiting[0].turn.release()

    def _serve(self, jobs: list[_Job[Any]]) -> None:
        try:
            if not self._are_done_together(jobs):
                for job in jobs:
                    self._do_alone(job)
        finally:
            for job in jobs:
                job.is_done = True
                job.turn.release()

    def _are_done_together(self, jobs: list[_Job[Any]]) -> bool:
        """Whether several shared a commit; what one of them did wrong in the database undoes them all."""
        if len(jobs) == 1:
            return False
        try:
            with self._transactions.open() as session:
                for job in jobs:
                    self._do_beside_others(job, session)
        except (self._transactions.fault, Refusal):
            for job in jobs:
                job.result = job.error = None
            return False
        except BaseException as error:  # noqa: BLE001  (handed to every thread that waits for this commit)
            for job in jobs:
                job.error = job.error or error
        return True

    def _do_beside_others(self, job: _Job[Any], session: Session) -> None:
        try:
            with session.part():
                job.result = job.work(session)
        except self._transactions.fault:
            raise
        except Exception as error:  # noqa: BLE001  (its own thread raises it; the others go on)
            job.error = error

    def _do_alone(self, job: _Job[Any]) -> None:
        try:
            with self._transactions.open() as session:
                job.result = job.work(session)
        except BaseException as error:  # noqa: BLE001  (its own thread raises it; the others go on)
            job.error = error


def _is_too_much(error: Exception) -> bool:
    return _TOO_MUCH.search(str(error)) is not None


def _too_much() -> Refusal:
    words = "This asks for more at once than the database can do; ask in parts."
    return refuse(400, IssueCode.TOO_COSTLY, words)
