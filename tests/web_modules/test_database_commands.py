"""`banyan-cloud database`, as whoever runs a cloud uses it."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from web_modules.__main__ import app
from web_modules.fhir_store.database.engine import Database
from web_modules.fhir_store.database.migrating import HEAD


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["database", *words])
    return result.exit_code, result.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with its tables."""
    made = tmp_path / "cloud.sqlite"
    Database(f"sqlite:///{made}").close()
    return made


def test_status_of_a_current_database_is_0(file: Path) -> None:
    assert run("status", "--database", f"sqlite:///{file}") == (
        0,
        f"The database is current (step {HEAD}).\n",
    )


def test_status_tells_programs(file: Path) -> None:
    status, told = run("status", "--database", f"sqlite:///{file}", "--json")
    assert status == 0
    assert json.loads(told) == {"status": "current", "step": HEAD, "newest": HEAD}


def test_status_says_what_to_do_with_an_earlier_database(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    status, words = run("status", "--database", f"sqlite:///{file}")
    assert status == 1
    assert "run `banyan-cloud database upgrade`" in words


def test_upgrade_makes_the_tables_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    assert run("upgrade", "--database", url) == (0, f"The tables were brought from step 0 to {HEAD}.\n")
    assert run("upgrade", "--database", url) == (0, f"The tables are up to date (step {HEAD}).\n")


def test_what_cannot_be_opened_is_said_in_one_sentence() -> None:
    for command in ("status", "upgrade"):
        status, words = run(command, "--database", "postgresql+psycopg://nobody@127.0.0.1:1/x")
        assert status == 1
        assert len(words.strip().splitlines()) == 1
