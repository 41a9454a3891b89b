"""`banyan-cloud audit` on a database that a store has written."""

import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from web_modules.__main__ import app
from web_modules.commands.keys import audit_key, known_audit_key
from web_modules.errors import SettingsError
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.audit.key import load_key
from web_modules.fhir_store.interactions.practice_records import ServedPractice
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.store import Standard, Store


@pytest.fixture
def database(tmp_path: Path, standard: Standard) -> str:
    url = f"sqlite:///{tmp_path / 'cloud.sqlite'}"
    store = Store(url, standard, lambda: load_key(tmp_path / "cloud.sqlite.audit-key"))
    store.open_practice("Y99002", "reference")
    served = ServedPractice(practice="Y99002", base_url="http://cloud.example/fhir", description="a test")
    client = FhirClient(FhirService(store, served))
    for _ in range(3):
        client.create({"resourceType": "Patient"})
    store.close()
    return url


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["audit", *words])
    return result.exit_code, result.output


def test_a_whole_audit_is_said_to_be_whole(database: str) -> None:
    assert run("verify", "--database", database) == (0, "Y99002: 3 entries, whole.\n")


def test_a_tampered_audit_is_told_with_its_entry(database: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "cloud.sqlite") as connection:
        connection.execute("DELETE FROM audit WHERE number = 2")
    connection.close()
    status, words = run("verify", "--database", database)
    assert status == 1
    assert "entry 2 is missing" in words


def test_an_audit_signed_with_another_key_is_not_ours(database: str, tmp_path: Path) -> None:
    other = tmp_path / "other-key"
    load_key(other)
    assert run("verify", "--database", database, "--audit-key", str(other))[0] == 1


def test_an_end_that_was_kept_shows_a_database_taken_back(database: str, tmp_path: Path) -> None:
    _status, kept = run("head", "--database", database)
    assert run("verify", "--database", database, "--kept", kept)[0] == 0
    later = kept.replace("3:", "4:", 1)
    status, words = run("verify", "--database", database, "--kept", later)
    assert status == 1
    assert "entry 4 was there" in words


def test_a_key_that_is_missing_is_said_and_never_made(database: str, tmp_path: Path) -> None:
    file = tmp_path / "cloud.sqlite.audit-key"
    file.unlink()
    for words in ((), ("--audit-key", str(tmp_path / "elsewhere"))):
        status, told = run("verify", "--database", database, *words)
        assert status == 1
        assert "key of the audit is missing" in told
        assert "entry" not in told
    assert run("head", "--database", database)[0] == 0
    assert not file.exists()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("key", ["", "00", "00" * 31, "no key"])
def test_an_empty_or_short_key_is_no_key(database: str, tmp_path: Path, key: str) -> None:
    (tmp_path / "cloud.sqlite.audit-key").write_text(key)
    status, told = run("verify", "--database", database)
    assert status == 1
    assert "key of the audit" in told


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE audit SET content = CAST(content AS TEXT) WHERE number = 2",
        "UPDATE audit SET link = 'x' WHERE number = 2",
        "UPDATE practice SET audit_link = 'x'",
        "UPDATE practice SET audit_seal = 'x'",
        "UPDATE audit SET agent = x'00' WHERE number = 2",
        "UPDATE audit SET moment = 'x' WHERE number = 2",
    ],
)
def test_what_is_of_another_kind_than_it_was_is_told_as_changed(
    database: str, tmp_path: Path, forgery: str
) -> None:
    with sqlite3.connect(tmp_path / "cloud.sqlite") as connection:
        connection.execute(forgery)
    connection.close()
    result = CliRunner().invoke(app, ["audit", "verify", "--database", database])
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 1
    assert result.output.startswith("Y99002: ")


def test_the_audit_at_a_server_needs_the_file_of_its_key() -> None:
    for find in (audit_key, known_audit_key):
        with pytest.raises(SettingsError, match="key outside its database"):
            find("postgresql+psycopg://nobody@127.0.0.1:1/x", None)


@pytest.mark.parametrize(
    ("words", "said"), [(["--kept", "nonsense"], "not understood"), (["--practice", "Y99999"], "no practice")]
)
def test_what_cannot_be_checked_is_said_in_one_sentence(database: str, words: list[str], said: str) -> None:
    status, told = run("verify", "--database", database, *words)
    assert status == 1
    assert said in told
    assert told.count("\n") <= 2
