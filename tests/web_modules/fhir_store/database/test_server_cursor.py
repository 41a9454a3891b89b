from collections.abc import Iterator
from typing import Any, cast

import psycopg
import pytest
from sqlalchemy import make_url

from web_modules.fhir_store.database.connecting import writing_engine
from web_modules.fhir_store.database.server_cursor import ServerCursor

KEEP = "INSERT INTO kept (number, text) VALUES (?, ?)"
ALL = "SELECT number, text FROM kept ORDER BY number"


@pytest.fixture
def connection(postgresql_url: str) -> Iterator["psycopg.Connection[Any]"]:
    url = make_url(postgresql_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as made:
        made.execute("CREATE TEMPORARY TABLE kept (number bigint PRIMARY KEY, text text)")
        yield made


@pytest.fixture
def cursor(connection: "psycopg.Connection[Any]") -> ServerCursor:
    return ServerCursor(connection)


def asked(cursor: ServerCursor, sql: str, *values: object) -> list[tuple[object, ...]]:
    cursor.execute(sql, values)
    return list(cursor.fetchall())


def test_what_was_sent_is_done_before_what_is_asked(cursor: ServerCursor) -> None:
    cursor.execute("BEGIN")
    cursor.execute(KEEP, (1, "a"))
    cursor.executemany(KEEP, [(2, "b"), (3, None)])
    assert asked(cursor, ALL) == [(1, "a"), (2, "b"), (3, None)]
    assert asked(cursor, "COMMIT") == []
    cursor.leave()


def test_the_first_error_is_raised_and_nothing_after_it_is_done(cursor: ServerCursor) -> None:
    cursor.execute("BEGIN")
    cursor.executemany(KEEP, [(1, "a"), (1, "b"), (2, "c")])
    with pytest.raises(psycopg.errors.UniqueViolation):
        asked(cursor, "COMMIT")
    cursor.execute("ROLLBACK")
    assert asked(cursor, ALL) == []


def test_a_commit_after_an_error_does_not_pass_for_one(cursor: ServerCursor) -> None:
    cursor.execute("BEGIN")
    with pytest.raises(psycopg.errors.DivisionByZero):
        asked(cursor, "SELECT 1 / ?", 0)
    with pytest.raises(psycopg.OperationalError, match="did not commit"):
        asked(cursor, "COMMIT")


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_a_statement_can_be_sent_again_after_one_that_failed(cursor: ServerCursor, times: int) -> None:
    for number in range(times):
        cursor.execute("SELECT 1 / ?", (0,))
        with pytest.raises(psycopg.errors.DivisionByZero):
            asked(cursor, "SELECT ? + 1", number)
    for number in range(6):
        assert asked(cursor, "SELECT ? + 1", number) == [(number + 1,)]


def test_more_statements_are_sent_than_the_server_is_to_remember(
    cursor: ServerCursor, connection: "psycopg.Connection[Any]"
) -> None:
    for number in range(300):
        for _ in range(4):
            assert asked(cursor, f"SELECT {number} + ?", 1) == [(number + 1,)]
    cursor.leave()
    ((count,),) = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchall()
    assert 100 < count < 250


def test_a_value_that_the_server_would_cut_off_is_refused(cursor: ServerCursor) -> None:
    with pytest.raises(psycopg.DataError):
        cursor.execute(KEEP, (1, "a\0b"))
    assert asked(cursor, ALL) == []


def test_more_is_sent_than_fits_between_two_programs(cursor: ServerCursor) -> None:
    long = "x" * 1_000_000
    for number in range(12):
        cursor.execute("SELECT ?::text", (long,))
        cursor.execute(KEEP, (number, long))
    assert asked(cursor, "SELECT sum(length(text)) FROM kept") == [(12_000_000,)]


def test_a_connection_left_in_the_middle_comes_to_rest(
    cursor: ServerCursor, connection: "psycopg.Connection[Any]"
) -> None:
    cursor.execute("BEGIN")
    cursor.execute(KEEP, (1, "a"))
    cursor.execute("SELECT 1 / ?", (0,))
    cursor.leave()
    connection.rollback()
    assert connection.execute("SELECT count(*) FROM kept").fetchall() == [(0,)]


def test_a_statement_can_be_sent_again_after_a_connection_was_left_in_the_middle(
    cursor: ServerCursor,
) -> None:
    for _ in range(4):
        cursor.execute("SELECT 1 / ?", (0,))
        cursor.execute("SELECT ? + 1", (1,))
        cursor.leave()
    for _ in range(4):
        assert asked(cursor, "SELECT ? + 1", 1) == [(2,)]


def test_statements_that_somebody_dropped_are_prepared_again(
    connection: "psycopg.Connection[Any]", cursor: ServerCursor
) -> None:
    for number in range(4):
        assert asked(cursor, "SELECT ? + 1", number) == [(number + 1,)]
    cursor.leave()
    connection.execute("DEALLOCATE ALL")
    with pytest.raises(psycopg.errors.InvalidSqlStatementName):
        asked(cursor, "SELECT ? + 1", 4)
    for number in range(4):
        assert asked(cursor, "SELECT ? + 1", number) == [(number + 1,)]


def test_what_goes_by_way_of_psycopg_drops_nothing_that_was_prepared(postgresql_url: str) -> None:
    engine = writing_engine(make_url(postgresql_url))
    with engine.connect() as connection:
        for number in range(10):
            connection.exec_driver_sql("SELECT %s + 1", (number,))
    raw = engine.raw_connection()
    cursor = ServerCursor(cast(Any, raw.driver_connection))
    for number in range(4):
        assert asked(cursor, "SELECT ? + 1", number) == [(number + 1,)]
    cursor.leave()
    raw.close()
    with engine.connect() as connection:
        for number in range(10):
            connection.exec_driver_sql("SELECT %s + 2", (number,))
    raw = engine.raw_connection()
    assert asked(cursor, "SELECT ? + 1", 4) == [(5,)]
    cursor.leave()
    raw.close()
    engine.dispose()


def test_a_server_that_ends_the_connection_is_silent(
    cursor: ServerCursor, connection: "psycopg.Connection[Any]"
) -> None:
    with pytest.raises(psycopg.OperationalError):
        asked(cursor, "SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(psycopg.OperationalError):
        asked(cursor, ALL)
    with pytest.raises(psycopg.OperationalError):
        cursor.leave()
