"""Tells SQLite's planner what the tables of a practice are like, before there is anything in them.

Without statistics it takes a practice and a type for nearly as narrow as one resource, and reads a whole type
to count some matches. These are the shapes of a practice of 20,000 patients, rounded (measured with ANALYZE);
they are told once, when the tables are made. PostgreSQL keeps its own.
"""

from collections.abc import Mapping

from sqlalchemy import Connection

_ROWS_ALIKE: Mapping[tuple[str, str], str] = {
    ("resource", "resource"): "1000000 1000000 50000 1",
    ("resource", "resource_by_number"): "1000000 1000000 50000 1",
    ("resource", "resource_by_update"): "1000000 1000000 50000 1",
    ("version", "sqlite_autoindex_version_1"): "1000000 1000000 1",
    ("version", "version_by_id"): "1000000 1000000 50000 2 1",
    ("version", "version_by_type"): "1000000 1000000 50000 1",
    ("search_token", "search_token"): "4000000 4000000 50000 20 1 1",
    ("search_reference", "search_reference"): "3000000 3000000 50000 10 1 1",
    ("search_reference", "search_reference_by_number"): "3000000 3000000 3 1",
    ("search_uri", "search_uri"): "100000 100000 50000 20 1",
    ("search_string", "search_string"): "2000000 2000000 50000 40 1 1",
    ("search_string", "search_string_by_number"): "2000000 2000000 2 2",
    ("search_date", "search_date"): "1000000 1000000 50000 20 1 1",
    ("search_date", "search_date_by_number"): "1000000 1000000 1 1",
    ("search_quantity", "search_quantity"): "3000000 3000000 1000 5 1 1 1 1",
    ("search_quantity", "search_quantity_by_number"): "3000000 3000000 4 1",
}
"""By table and index: all rows, and how many are alike in the index's first column, its first two, and so on
(https://sqlite.org/fileformat2.html#stat1tab)."""


def tell_statistics(connection: Connection) -> None:
    """Tell a new SQLite database, in the transaction that made its tables."""
    known = connection.exec_driver_sql(
        "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'"
    ).scalar()
    if known:
        return
    connection.exec_driver_sql("ANALYZE")  # makes the table of statistics; there is nothing to read yet
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    connection.exec_driver_sql(
        "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)",
        [(table, index, alike) for (table, index), alike in _ROWS_ALIKE.items()],
    )
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # makes this connection take note
