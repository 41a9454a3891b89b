"""`banyan-cloud database`, as whoever runs a cloud uses it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from web_modules.__main__ import app
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.audit.key import load_key
from web_modules.fhir_store.database.engine import Database
from web_modules.fhir_store.database.migrating import HEAD
from web_modules.fhir_store.interactions.practice_records import ServedPractice
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.store import Standard, Store


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


def test_a_backup_is_restored_and_the_audit_is_whole(tmp_path: Path, standard: Standard) -> None:
    key = tmp_path / "cloud.sqlite.audit-key"
    url = f"sqlite:///{tmp_path / 'cloud.sqlite'}"
    with closing(Store(url, standard, lambda: load_key(key))) as store:
        store.open_practice("Y99002", "reference")
        served = ServedPractice(practice="Y99002", base_url="http://cloud.example/fhir", description="a test")
        FhirClient(FhirService(store, served)).create({"resourceType": "Patient"})
        status, words = run("backup", "--database", url, str(tmp_path / "one.backup"))
    assert status == 0
    assert words.startswith(f"{tmp_path / 'one.backup'}: Y99002; ")
    target = f"sqlite:///{tmp_path / 'restored.sqlite'}"
    assert run("restore", "--database", target, str(tmp_path / "one.backup")) == (
        0,
        f"Restored Y99002 from {tmp_path / 'one.backup'}.\n",
    )
    verified = CliRunner().invoke(app, ["audit", "verify", "--database", target, "--audit-key", str(key)])
    assert verified.output == "Y99002: 1 entries, whole.\n"
    status, words = run("restore", "--database", target, str(tmp_path / "one.backup"))
    assert status == 1
    assert "--replace" in words
    with closing(Store(target, standard)) as store:
        store.open_practice("Y99003", "reference")
    status, words = run("restore", "--replace", "--database", target, str(tmp_path / "one.backup"))
    assert status == 1
    assert "holds Y99003 and the backup does not" in words
    dropping = ("restore", "--replace", "--drop", "Y99003", "--database", target)
    assert run(*dropping, str(tmp_path / "one.backup")) == (
        0,
        f"Restored Y99002 from {tmp_path / 'one.backup'}.\nDropped Y99003.\n",
    )


def test_a_file_that_is_no_backup_is_refused_in_one_sentence(file: Path, tmp_path: Path) -> None:
    for wrong in (file, tmp_path / "none"):
        status, words = run("restore", "--database", f"sqlite:///{tmp_path / 'x.sqlite'}", str(wrong))
        assert status == 1
        assert len(words.strip().splitlines()) == 1
