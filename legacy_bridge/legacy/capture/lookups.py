"""Indexes by which the bridge finds what names a record, where the legacy database has none of its own."""

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, inspect, text

from legacy_bridge.legacy.entries import TABLE as ENTRIES
from legacy_bridge.legacy.groups import GROUPS, NAMED_BY

_PREFIX = "banyan_"
LOOKUPS = tuple(
    dict.fromkeys(
        (
            (ENTRIES, "ParentObservationGuid"),
            (ENTRIES, "DocumentGuid"),
            *(
                (group.main, column)
                for columns in NAMED_BY.values()
                for column in columns
                for group in GROUPS.values()
                if group.names_a(column) and group.key != column
            ),
        )
    )
)
"""Table and column of each look; all of these tables say whose row it is."""


def make_lookups(connection: Connection, *, schema: str = "") -> None:
    """Make the indexes that are missing, in a connection's transaction; a row that names nothing is in none.

    Args:
        connection: to SQLite or PostgreSQL.
        schema: where the tables are, quoted and with its dot.
    """
    for table, column in missing(connection):
        connection.exec_driver_sql(
            f'CREATE INDEX IF NOT EXISTS "{_PREFIX}{table}_{column}" '
            f'ON {schema}"{table}" ("OrganisationGuid", "{column}") WHERE "{column}" IS NOT NULL'
        )


def missing(connection: Connection) -> Collection[tuple[str, str]]:
    """The looks for which a database has no index; each costs a walk over the table."""
    is_sqlite = connection.dialect.name == "sqlite"
    there = set(_in_sqlite(connection) if is_sqlite else _in_postgresql(connection))
    return [
        (table, column)
        for table, column in LOOKUPS
        if there.isdisjoint({(table, column, None), (table, "OrganisationGuid", column)})
    ]


_IN_POSTGRESQL = text(
    """
    SELECT t.relname, first.attname, second.attname, i.relname LIKE :ours OR x.indpred IS NULL
    FROM pg_index x
    JOIN pg_class t ON t.oid = x.indrelid AND t.relnamespace = current_schema()::regnamespace
    JOIN pg_class i ON i.oid = x.indexrelid
    JOIN pg_attribute first ON first.attrelid = t.oid AND first.attnum = x.indkey[0]
    LEFT JOIN pg_attribute second ON second.attrelid = t.oid AND second.attnum = x.indkey[1]
    WHERE x.indisvalid
    """
)


def _in_postgresql(connection: Connection) -> Iterator[tuple[str, str, str | None]]:
    """Table, first column and second of each index that has every row: without a condition, or ours."""
    for table, first, second, has_all in connection.execute(_IN_POSTGRESQL, {"ours": f"{_PREFIX}%"}):
        if has_all:
            yield from ((table, first, second), (table, first, None))


def _in_sqlite(connection: Connection) -> Iterator[tuple[str, str, str | None]]:
    """The same for SQLite; one of a single column may lose there to any that begins with the organisation."""
    there = inspect(connection)
    for table in dict.fromkeys(table for table, _ in LOOKUPS):
        for index in there.get_indexes(table):
            names = index["column_names"]
            is_ours = str(index["name"]).startswith(_PREFIX)
            has_all = is_ours or not index.get("dialect_options", {}).get("sqlite_where")
            if has_all and len(names) > 1:
                yield table, str(names[0]), names[1]
