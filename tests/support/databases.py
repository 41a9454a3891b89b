"""Databases on one PostgreSQL server: one for each test, with its tables made already."""

import contextlib
import uuid
from collections.abc import Callable, Iterator

from sqlalchemy import create_engine, make_url


class Databases:
    """Databases on one server, each a copy of one that has its tables already.

    Args:
        server: the URL of any database there.
        prepare: makes the tables in the database of a URL, and leaves no connection open.
    """

    def __init__(self, server: str, prepare: Callable[[str], None]) -> None:
        self._server = make_url(server)
        self._engine = create_engine(server, isolation_level="AUTOCOMMIT")
        self._pattern = f"pattern_{uuid.uuid4().hex}"
        self._do(f"CREATE DATABASE {self._pattern}")
        prepare(self._url(self._pattern))

    @contextlib.contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a database of one's own."""
        name = f"banyan_{uuid.uuid4().hex}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {self._pattern}")
        yield self._url(name)
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Leave the server; the pattern goes with it."""
        self._engine.dispose()

    def _url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _do(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)
