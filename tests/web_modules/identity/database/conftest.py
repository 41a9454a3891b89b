"""One practice in the database of identity, whose time a test sets."""

from itertools import count

import pytest

from web_modules.fhir_store.database.engine import Database
from web_modules.identity.database.connection import IdentityDatabase

_NUMBERS = count()


class Clock:
    """Seconds since 1970, which stand still unless a test moves them."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


@pytest.fixture
def practice() -> str:
    """Another one for each test: they share one PostgreSQL."""
    return f"T{next(_NUMBERS):05}"


@pytest.fixture
def identity(database: Database, practice: str, clock: Clock) -> IdentityDatabase:
    """What identity keeps for the practice."""
    return IdentityDatabase(database, practice, clock)
