"""The kinds of legacy database on which the same tests run, and a fresh one of each."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url

from legacy_bridge.legacy.database import open_database
from legacy_bridge.legacy.schema import METADATA
from tests.support.databases import Databases


class LegacyKind(Enum):
    """A database, and the way to it."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql+psycopg"
    POSTGRESQL_ODBC = "postgresql+pyodbc"


ALSO_ON_POSTGRESQL = pytest.mark.parametrize(
    "legacy_kind",
    [
        pytest.param(LegacyKind.SQLITE, id="sqlite"),
        pytest.param(LegacyKind.POSTGRESQL_ODBC, id="postgresql_odbc", marks=pytest.mark.soak),
    ],
)
"""For a module whose tests run on SQLite, and with `--soak` on PostgreSQL through ODBC as well."""


class LegacyDatabases:
    """Makes databases with the legacy tables.

    Args:
        postgresql: gives the URL of a PostgreSQL server; asked for when one is wanted.
    """

    def __init__(self, postgresql: Callable[[], str]) -> None:
        self._postgresql = postgresql
        self._made: Databases | None = None

    @contextlib.contextmanager
    def fresh(self, kind: LegacyKind, folder: Path) -> Iterator[str]:
        """The URL of one of a kind, with its tables; removed with the context."""
        if kind is LegacyKind.SQLITE:
            url = f"sqlite:///{folder / 'practice.sqlite'}"
            _make_tables(url)
            yield url
            return
        if self._made is None:
            self._made = Databases(self._postgresql(), _make_tables)
        with self._made.fresh() as url:
            yield make_url(url).set(drivername=kind.value).render_as_string(hide_password=False)

    def close(self) -> None:
        """Leave the server."""
        if self._made is not None:
            self._made.close()


def _make_tables(url: str) -> None:
    engine = open_database(url, must_exist=False)
    METADATA.create_all(engine)
    engine.dispose()


class Backup:
    """A copy of a database as it was; whoever is connected is let go."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        engine.dispose()
        if self._is_file:
            shutil.copy(self._file, f"{self._file}.backup")
        else:
            self._do(f'CREATE DATABASE "{self._name}_backup" TEMPLATE "{self._name}"')

    def put_back(self) -> None:
        """Put the copy in the place of the database."""
        self._engine.dispose()
        if self._is_file:
            for beside in (f"{self._file}-wal", f"{self._file}-shm"):
                Path(beside).unlink(missing_ok=True)
            shutil.copy(f"{self._file}.backup", self._file)
        else:
            self._do(f'DROP DATABASE "{self._name}" WITH (FORCE)')
            self._do(f'ALTER DATABASE "{self._name}_backup" RENAME TO "{self._name}"')

    @property
    def _is_file(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @property
    def _file(self) -> str:
        return str(self._engine.url.database).removeprefix("file:")

    @property
    def _name(self) -> str:
        return str(self._engine.url.database)

    def _do(self, statement: str) -> None:
        server = create_engine(
            self._engine.url.set(drivername="postgresql+psycopg", database="postgres"),
            isolation_level="AUTOCOMMIT",
        )
        with server.connect() as connection:
            connection.exec_driver_sql(statement)
        server.dispose()
