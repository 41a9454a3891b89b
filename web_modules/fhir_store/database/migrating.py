"""Brings the tables of the cloud's database up to date, step by step (`migrations/`).

One process does it while the others wait. Steps are numbered; the database keeps the number of the last
that it had. Alembic runs them and is imported only then: a database that is current is known by one query.
"""

from enum import StrEnum
from pathlib import Path

from sqlalchemy import URL, Connection, inspect

from web_modules.errors import DatabaseUnavailable
from web_modules.fhir_store.database.connecting import database_url, opening, shown, writing_engine
from web_modules.fhir_store.database.statistics import tell_statistics

HEAD = "0011"
"""The last step."""

_FOLDER = Path(__file__).parent / "migrations"
_KEPT_IN = "alembic_version"
_LOCK = 0x42414E59414E
"""Of PostgreSQL's advisory locks; held while the tables change."""


class Standing(StrEnum):
    """How far a database has come."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"
    FOREIGN = "foreign"


def standing_of(connection: Connection) -> tuple[Standing, str]:
    """How far a database has come, and the last step that it had."""
    tables = inspect(connection)
    if not tables.has_table(_KEPT_IN):
        return Standing.FOREIGN if tables.has_table("practice") else Standing.EMPTY, ""
    had = str(connection.exec_driver_sql(f"SELECT version_num FROM {_KEPT_IN}").scalar() or "")  # noqa: S608
    if not had.isdigit():
        return Standing.FOREIGN, had
    if had == HEAD:
        return Standing.CURRENT, had
    return Standing.OLDER if had < HEAD else Standing.NEWER, had


def make_ready(connection: Connection, url: URL) -> None:
    """Make the tables in an empty database; any other must be current.

    Args:
        connection: in a transaction, which the caller commits.
        url: for what is said.

    Raises:
        DatabaseUnavailable: the database is not current, in words.
    """
    if standing_of(connection)[0] is Standing.CURRENT:
        return
    keep_others_out(connection)
    standing, had = standing_of(connection)
    if standing is Standing.EMPTY:
        run_steps(connection)
    elif standing is Standing.OLDER:
        raise DatabaseUnavailable(
            f"The database {shown(url)} is of an earlier Banyan (step {had} of {HEAD}): "
            "take a backup, then run `banyan-cloud database upgrade`."
        )
    else:
        _refuse(standing, had, url)


def upgrade(text: str) -> str | None:
    """Run the steps that a database has not had, all or none of them; blocks until they are done.

    Args:
        text: the database's URL.

    Returns:
        the step it was at, or None when it was current.

    Raises:
        DatabaseUnavailable: it cannot be opened, or is not one that this Banyan can upgrade.
    """
    url = database_url(text)
    with opening(url):
        engine = writing_engine(url)
        try:
            with engine.begin() as connection:
                keep_others_out(connection)
                standing, had = standing_of(connection)
                if standing is Standing.CURRENT:
                    return None
                _refuse(standing, had, url)
                run_steps(connection)
                return had
        finally:
            engine.dispose()


def standing_at(text: str) -> tuple[Standing, str]:
    """How far the database of a URL has come; nothing is made.

    Raises:
        DatabaseUnavailable: it cannot be opened.
    """
    url = database_url(text)
    if is_missing(url):
        return Standing.EMPTY, ""
    with opening(url):
        engine = writing_engine(url)
        try:
            with engine.begin() as connection:
                return standing_of(connection)
        finally:
            engine.dispose()


def is_missing(url: URL) -> bool:
    """Whether the database is a file that does not exist."""
    return url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists()


def _refuse(standing: Standing, had: str, url: URL) -> None:
    if standing is Standing.NEWER:
        raise DatabaseUnavailable(
            f"The database {shown(url)} is of a later Banyan (step {had}, this one knows {HEAD}): "
            "use that Banyan, or another database."
        )
    if standing is Standing.FOREIGN:
        raise DatabaseUnavailable(
            f"The database {shown(url)} was not made by a released Banyan: name another database."
        )


def keep_others_out(connection: Connection) -> None:
    """Until the transaction ends; SQLite's writing transactions do by themselves."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def run_steps(connection: Connection, last: str = "head") -> None:
    """Run the steps that a database has not had, in the transaction that is open; others must be kept out."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, last)
    if connection.dialect.name == "sqlite":
        tell_statistics(connection)
