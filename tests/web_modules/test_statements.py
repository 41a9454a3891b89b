from contextlib import closing
from pathlib import Path

import pytest

from tests.support.statements import Watch
from web_modules.fhir_store.database.engine import Database

ADD = "INSERT INTO audit_subject (practice, reference, number) VALUES (?, ?, ?)"


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT id FROM resource WHERE practice = ? AND type = ?", [("A", "Patient")]),
        (
            "SELECT 1 FROM resource AS r JOIN version AS v ON v.practice = r.practice WHERE r.practice = ?",
            [("A",)],
        ),
        (
            ADD,
            [("A", "x", 1), ("A", "y", 1)],
        ),
        ("UPDATE practice SET position = ? WHERE practice = ?", [(1, "A")]),
        ("/* every practice */ SELECT practice FROM practice", [()]),
        ("SELECT version_num FROM alembic_version", [()]),
    ],
)
def test_a_statement_about_one_practice_is_no_fault(sql: str, rows: list[tuple[object, ...]]) -> None:
    watch = Watch()
    watch.see(sql, rows)
    assert watch.faults == []


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT id FROM resource WHERE type = ?", [("Patient",)]),
        ("SELECT v.id FROM resource AS r JOIN version AS v ON v.id = r.id WHERE r.practice = ?", [("A",)]),
        ("SELECT id FROM resource WHERE practice = ? OR practice = ?", [("A", "B")]),
        (
            ADD,
            [("A", "x", 1), ("B", "y", 1)],
        ),
        ("DELETE FROM identity_ticket WHERE until < ?", [(1,)]),
    ],
)
def test_a_statement_about_none_or_several_is_a_fault(sql: str, rows: list[tuple[object, ...]]) -> None:
    watch = Watch()
    watch.see(sql, rows)
    assert len(watch.faults) == 1


def test_every_statement_of_a_database_is_seen(statement_watch: Watch, tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'store.sqlite'}")) as database:
        assert statement_watch.faults == []
        database.write(lambda session: session.rows("SELECT id FROM resource", ()))
        with database.reading() as connection:
            connection.exec_driver_sql("SELECT id FROM version")
    assert len(statement_watch.faults) == 2
    statement_watch.faults.clear()
