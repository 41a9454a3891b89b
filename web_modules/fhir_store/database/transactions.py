"""Opens transactions on pooled connections, and lets writers who come together share one commit."""

import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Engine, PoolProxiedConnection

from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse

T = TypeVar("T")

LARGEST_GROUP = 64
"""Writers that share a commit; the first of them waits for the last."""


_TOO_MUCH = re.compile(r"stack overflow|stack depth|too (many|large)|number of parameters")
"""What SQLite, PostgreSQL and its driver say of a statement that they will not take; for the drivers that is
the same kind of error as no answer at all, but to ask again will not help."""


class DatabaseSilent(Exception):
    """The database does not answer, or refused the commit; nothing of the transaction was kept."""


class Transactions:
    """Transactions on the connections of one pool. Safe from every thread."""

    def __init__(self, engine: Engine, *, begin: str | None) -> None:
        """Use an engine's pool.

        Args:
            engine: whose driver is spoken to directly.
            begin: what opens a transaction, or None where the driver does it or none is wanted.
        """
        self._engine = engine
        self._begin = begin
        driver = engine.dialect.loaded_dbapi
        self.silence: type[Exception] = driver.OperationalError
        """What the driver raises when the database does not answer."""
        self.fault: type[Exception] = driver.Error
        """What it raises when a statement fails, whatever the reason."""
        self._is_embedded = engine.dialect.name == "sqlite"

    @contextmanager
    def open(self, *, is_writing: bool = False) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back when an error leaves the block.

        Args:
            is_writing: a server is then sent one statement after the other, and its answer waited for only
                where it is needed.

        Raises:
            DatabaseSilent: the driver reports an operational error.
            Refusal: a statement was more than the database takes.
        """
        try:
            connection = self._engine.raw_connection()
        except self.silence as error:
            raise DatabaseSilent(str(error)) from error
        try:
            with self._in_one_go(connection) if is_writing else nullcontext():
                yield from self._within(connection)
        except self.silence as error:
            connection.invalidate()
            raise DatabaseSilent(str(error)) from error
        finally:
            connection.close()

    def _within(self, connection: PoolProxiedConnection) -> Iterator[Session]:
        try:
            if self._begin is not None:
                connection.cursor().execute(self._begin)
            session = Session(connection, self.fault, is_embedded=self._is_embedded)
            yield session
            session.finish()
            connection.commit()
        except self.silence as error:
            if not _is_too_much(error):
                raise
            self._undo(connection)
            raise _too_much() from error
        except BaseException:
            self._undo(connection)
            raise

    def _undo(self, connection: PoolProxiedConnection) -> None:
        try:
            connection.rollback()
        except self.silence:  # said of the statements sent after the one that failed: they were not done
            connection.rollback()

    def _in_one_go(self, connection: PoolProxiedConnection) -> AbstractContextManager[object]:
        if self._is_embedded:
            return nullcontext()
        pipeline: AbstractContextManager[object] = cast(Any, connection.driver_connection).pipeline()
        return pipeline


class _Job(Generic[T]):
    """What one thread wants written."""

    def __init__(self, work: Callable[[Session], T]) -> None:
        self.work = work
        self.is_done = False
        self.result: T | None = None
        self.error: BaseException | None = None


class GroupCommits:
    """Writing transactions, one at a time. Who waits for the lock is taken along by whoever holds it.

    A commit costs a flush of the disk; under load one flush then serves many writers.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._lock = threading.Lock()
        self._waiting: deque[_Job[Any]] = deque()

    def run(self, work: Callable[[Session], T]) -> T:
        """Do something in a writing transaction.

        Returns:
            what `work` returned, after the commit.

        Raises:
            DatabaseSilent: nothing was kept.
        """
        job = _Job(work)
        self._waiting.append(job)
        with self._lock:
            while not job.is_done:
                self._serve([self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_GROUP))])
        if job.error is not None:
            raise job.error
        return cast(T, job.result)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other writer of this process out."""
        with self._lock:
            yield

    def _serve(self, jobs: list[_Job[Any]]) -> None:
        try:
            if not self._are_done_together(jobs):
                for job in jobs:
                    self._do_alone(job)
        finally:
            for job in jobs:
                job.is_done = True

    def _are_done_together(self, jobs: list[_Job[Any]]) -> bool:
        """Whether several shared a commit; what one of them did wrong in the database undoes them all."""
        if len(jobs) == 1:
            return False
        try:
            with self._transactions.open(is_writing=True) as session:
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
            with self._transactions.open(is_writing=True) as session:
                job.result = job.work(session)
        except BaseException as error:  # noqa: BLE001  (its own thread raises it; the others go on)
            job.error = error


def _is_too_much(error: Exception) -> bool:
    return _TOO_MUCH.search(str(error)) is not None


def _too_much() -> Refusal:
    words = "This asks for more at once than the database can do; ask in parts."
    return refuse(400, IssueCode.TOO_COSTLY, words)
