"""Spreads the practices over the machines of a server that has Citus (DESIGN.md, section 9)."""

from collections.abc import Sequence

from sqlalchemy import Connection

from web_modules.errors import DatabaseUnavailable
from web_modules.fhir_store.database.connecting import (
    database_url,
    is_embedded,
    opening,
    shown,
    writing_engine,
)
from web_modules.fhir_store.database.migrating import keep_others_out, make_ready

_FIRST = "practice"
"""The other tables lie beside this one: all that is of one practice is on one machine."""

_OF_ALL = "alembic_version"
"""On every machine."""

_HAS_CITUS = "SELECT to_regproc('create_distributed_table') IS NOT NULL"
_SPREAD_ALREADY = "SELECT logicalrelid::text FROM pg_dist_partition"


def distribute(text: str, tables: Sequence[str]) -> list[str]:
    """Make the tables distributed by practice; blocks. All of them, or none.

    Args:
        text: the database's URL.
        tables: names of all tables whose keys begin with the practice.

    Returns:
        those that were not yet.

    Raises:
        DatabaseUnavailable: it cannot be opened, is not current, or its server has not Citus.
    """
    url = database_url(text)
    if is_embedded(url):
        raise DatabaseUnavailable(
            f"The database {shown(url)} is a file: only a PostgreSQL server with Citus can be distributed."
        )
    with opening(url):
        engine = writing_engine(url)
        try:
            with engine.begin() as connection:
                make_ready(connection, url)
                keep_others_out(connection)
                if not connection.exec_driver_sql(_HAS_CITUS).scalar():
                    raise DatabaseUnavailable(
                        f"The server of {shown(url)} has not Citus: "
                        "install the extension there, or go on with one machine."
                    )
                return _spread(connection, tables)
        finally:
            engine.dispose()


def _spread(connection: Connection, tables: Sequence[str]) -> list[str]:
    done = set(connection.exec_driver_sql(_SPREAD_ALREADY).scalars())
    ordered = [_FIRST, *(name for name in tables if name != _FIRST)]
    wanted = [name for name in ordered if name not in done]
    for name in wanted:
        beside = "default" if name == _FIRST else _FIRST
        connection.exec_driver_sql(
            "SELECT create_distributed_table(%s, 'practice', colocate_with => %s)", (name, beside)
        )
    if _OF_ALL not in done:
        connection.exec_driver_sql("SELECT create_reference_table(%s)", (_OF_ALL,))
    return wanted
