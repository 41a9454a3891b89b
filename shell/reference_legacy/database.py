"""Opening the practice database, its practice, and whether somebody has changed it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, false, func, or_, select, true
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.sql.elements import ColumnElement

from shell.reference_legacy.errors import DatabaseError, NotSavedError
from shell.reference_legacy.plain_text import plain_line
from shell.reference_legacy.records import Practice
from shell.reference_legacy.tables import ORGANISATION, PATIENT, SHARING

LOCK_WAIT_SECONDS = 2
"""How long a statement waits for another program's write: longer would freeze the window."""

START_WAIT_SECONDS = 15
"""How long a start waits for it: there is no window yet that could freeze."""

UNWATCHED_TICKS = 8
"""A database that cannot say whether it changed is read again every so many questions (2 s)."""


def is_not_deleted(column: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition: the row is not marked deleted; an empty mark is none."""
    return or_(column.is_(None), column == false())


def open_database(address: str) -> Engine:
    """Open a practice database by its URL. Never creates one.

    Raises:
        DatabaseError: the address is not one, or there is nothing to read at it.
    """
    try:
        url = make_url(address)
        _refuse_missing_file(url)
        starting = create_engine(url, connect_args=_waiting(url, START_WAIT_SECONDS))
        with starting.connect() as connection:
            connection.execute(select(ORGANISATION.c.OrganisationGuid).limit(1))
        starting.dispose()
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise DatabaseError(
            f"The database address {address!r} cannot be used: write it as in sqlite:////folder/practice.db."
        ) from error
    except SQLAlchemyError as error:
        raise DatabaseError(
            f"No practice database can be read at {url.render_as_string()}: "
            "check the address, or create one there first."
        ) from error
    return create_engine(url, connect_args=_waiting(url, LOCK_WAIT_SECONDS))


def _waiting(url: URL, seconds: int) -> dict[str, int]:
    return {"timeout": seconds} if url.get_backend_name() == "sqlite" else {}


def _refuse_missing_file(url: URL) -> None:
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise DatabaseError(f"There is no practice database {url.database}: create it first.")


def find_practice(engine: Engine, ods: str | None) -> Practice:
    """Choose the practice: by its ODS code, else the one that is activated, else the one with most patients.

    Raises:
        DatabaseError: there is no such practice.
    """
    with reading(engine) as connection:
        organisations = select(
            ORGANISATION.c.OrganisationGuid, ORGANISATION.c.OrganisationName, ORGANISATION.c.ODSCode
        )
        if ods is not None:
            rows = connection.execute(organisations.where(func.upper(ORGANISATION.c.ODSCode) == ods.upper()))
        else:
            guid = _activated(connection) or _largest(connection)
            rows = connection.execute(organisations.where(ORGANISATION.c.OrganisationGuid == guid))
        row = rows.first()
    if row is None:
        raise DatabaseError(
            f"The database has no organisation with the ODS code {ods}: check --practice."
            if ods is not None
            else "The database holds no practice with patients: fill it first."
        )
    return Practice(guid=row[0], name=plain_line(row[1]) or "PRACTICE", ods=plain_line(row[2]))


def _activated(connection: Connection) -> str | None:
    sharing = SHARING.c
    is_active = (
        sharing.IsActivated == true(),
        is_not_deleted(sharing.Disabled),
        is_not_deleted(sharing.Deleted),
    )
    known = select(ORGANISATION.c.OrganisationGuid)
    found = connection.execute(
        select(sharing.OrganisationGuid).where(*is_active, sharing.OrganisationGuid.in_(known)).limit(2)
    ).scalars()
    guids = list(found)
    return guids[0] if len(guids) == 1 else None


def _largest(connection: Connection) -> str | None:
    organisation = PATIENT.c.OrganisationGuid
    return connection.execute(
        select(organisation)
        .where(is_not_deleted(PATIENT.c.Deleted))
        .group_by(organisation)
        .order_by(func.count().desc(), organisation)
        .limit(1)
    ).scalar()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to read with.

    Raises:
        DatabaseError: the database could not be read.
    """
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise DatabaseError(
            "The practice database could not be read: press F5 or F6 to try again."
        ) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection to write with, in one transaction that is undone on any error.

    Raises:
        NotSavedError: the database did not take the change.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise NotSavedError("The database did not take the change. Nothing was saved: try again.") from error


class ChangeWatch:
    """Says whether another connection has committed since it was last asked.

    SQLite counts this for each connection (`PRAGMA data_version`), which costs microseconds; any other
    database is reported as changed every `UNWATCHED_TICKS` questions. Blocks for one question.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._seen: int | None = None
        self._asked = 0
        self.has_changed()

    def has_changed(self) -> bool:
        """Whether to read again; also true when the question itself fails."""
        if self._engine.dialect.name != "sqlite":
            self._asked = (self._asked + 1) % UNWATCHED_TICKS
            return self._asked == 0
        try:
            if self._connection is None:
                self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            version = self._connection.exec_driver_sql("PRAGMA data_version").scalar()
        except SQLAlchemyError:
            self.close()
            return True
        is_first, changed = self._seen is None, version != self._seen
        self._seen = version
        return changed and not is_first

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._seen = None, None
