"""A connection that is lost in a commit: the answer says what came of it, as far as anybody can know."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from tests.support.databases import Databases
from tests.web_modules.fhir_store.conftest import PRACTICE, Caller, served
from web_modules.fhir_store.database import transactions
from web_modules.fhir_store.database.server_cursor import ServerCursor
from web_modules.fhir_store.store import Standard, Store

PATIENT = {"resourceType": "Patient", "id": "x"}


@pytest.fixture
def fhir(databases: Databases, standard: Standard) -> Iterator[Caller]:
    """A practice on PostgreSQL: SQLite has no connection to lose."""
    with databases.fresh() as url, closing(Store(url, standard)) as store:
        yield served(store, PRACTICE)


def break_commits(monkeypatch: pytest.MonkeyPatch, *, are_kept: bool) -> list[str]:
    """Lose the connection at the next commit, before or after the server has done it."""
    execute = ServerCursor.execute
    broken: list[str] = []

    def breaking(cursor: ServerCursor, sql: str, values: Any = ()) -> None:
        if sql != "COMMIT" or broken:
            execute(cursor, sql, values)
            return
        broken.append(sql)
        if are_kept:
            execute(cursor, sql, values)
            cursor.fetchall()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(ServerCursor, "execute", breaking)
    return broken


def test_what_was_kept_all_the_same_is_answered_as_done(
    fhir: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = break_commits(monkeypatch, are_kept=True)
    assert fhir("PUT", "Patient/x", PATIENT).status == 201
    assert broken
    assert fhir("GET", "Patient/x").status == 200
    assert fhir("PUT", "Patient/x", PATIENT | {"active": True}).status == 200
    assert len(fhir("GET", "Patient/x/_history").resources) == 2


def test_what_was_not_kept_is_answered_as_not_done(
    fhir: Caller, monkeypatch: pytest.MonkeyPatch, expected_logs: list[str]
) -> None:
    expected_logs.append("the database does not answer")
    broken = break_commits(monkeypatch, are_kept=False)
    refused = fhir("PUT", "Patient/x", PATIENT)
    assert broken
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert "nothing was changed" in refused.words
    assert fhir("GET", "Patient/x").status == 404
    assert fhir("PUT", "Patient/x", PATIENT).status == 201


@pytest.mark.parametrize("are_kept", [True, False])
def test_what_nobody_can_know_is_answered_so(
    fhir: Caller, monkeypatch: pytest.MonkeyPatch, expected_logs: list[str], are_kept: bool
) -> None:
    expected_logs.append("the database does not answer")
    monkeypatch.setattr(transactions, "_PAUSE_SECONDS", 0.01)
    with monkeypatch.context() as away:
        break_commits(away, are_kept=are_kept)

        def unreachable(*_values: Any) -> bytes:
            raise psycopg.OperationalError("connection refused")

        away.setattr(transactions, "read_link", unreachable)
        refused = fhir("PUT", "Patient/x", PATIENT)
    assert refused.status == 503
    assert "retry-after" not in refused.headers
    assert "look before you send it again" in refused.words
    assert fhir("GET", "Patient/x").status == (200 if are_kept else 404)
