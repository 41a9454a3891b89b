"""Opens transactions on pooled connections, and lets writers who come together share one commit."""

import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Engine

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
        self.silence: type[Exception] = engine.dialect.loaded_dbapi.OperationalError
        """What the driver raises when the database does not answer."""
        self._is_embedded = engine.dialect.name == "sqlite"

    @contextmanager
    def open(self) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back when an error leaves the block.

        Raises:
            DatabaseSilent: the driver reports an operational error.
            Refusal: a statement was more than the database takes.
        """
        try:
            connection = self._engine.raw_connection()
        except self.silence as error:
            raise DatabaseSilent(str(error)) from error
        try:
            cursor = connection.cursor()
            if self._begin is not None:
                cursor.execute(self._begin)
            yield Session(cursor, is_embedded=self._is_embedded)
            connection.commit()
        except self.silence as error:
            if _is_too_much(error):
                connection.rollback()
                raise _too_much() from error
            connection.invalidate()
            raise DatabaseSilent(str(error)) from error
        except BaseException:
            connection.rollback()
            raise
        finally:
            connection.close()


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
            with self._transactions.open() as session:
                for job in jobs:
                    _carry_out(job, session, self._transactions.silence, is_alone=len(jobs) == 1)
        except BaseException as error:  # noqa: BLE001  (handed to every thread that waits for this commit)
            for job in jobs:
                job.error = job.error or error
        finally:
            for job in jobs:
                job.is_done = True


def _carry_out(job: _Job[Any], session: Session, silence: type[Exception], *, is_alone: bool) -> None:
    if is_alone:
        job.result = job.work(session)
        return
    try:
        with session.part():
            job.result = job.work(session)
    except silence as error:
        if not _is_too_much(error):  # the database may have rolled back everything: nobody may go on
            raise
        job.error = _too_much()
    except Exception as error:  # noqa: BLE001  (its own thread raises it; the others go on)
        job.error = error


def _is_too_much(error: Exception) -> bool:
    return _TOO_MUCH.search(str(error)) is not None


def _too_much() -> Refusal:
    words = "This asks for more at once than the database can do; ask in parts."
    return refuse(400, IssueCode.TOO_COSTLY, words)
