"""How identity reaches its tables: one practice of the store's database, and one clock."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from sqlalchemy import Connection


class SharedDatabase(Protocol):
    """What identity asks of a database; the store's is one."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction for reading."""

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction for writing, committed at the end of the block."""


class IdentityDatabase:
    """One practice's part of the identity tables. Blocks; safe from every thread."""

    def __init__(
        self, database: SharedDatabase, practice: str, clock: Callable[[], float] = time.time
    ) -> None:
        """Speak for one practice.

        Args:
            database: where the tables are; opening it made them.
            practice: ODS code; every statement names it.
            clock: seconds since 1970 UTC.
        """
        self.practice = practice
        self._database = database
        self._clock = clock

    def now(self) -> int:
        """Seconds since 1970 UTC."""
        return int(self._clock())

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction for reading."""
        with self._database.reading() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction for writing."""
        with self._database.writing() as connection:
            yield connection


def digest_of(secret: str) -> str:
    """What is kept of a secret; enough for secrets of 128 random bits and more."""
    return hashlib.sha256(secret.encode()).hexdigest()
