from pathlib import Path

import pytest

from web_modules.errors import DatabaseUnavailable
from web_modules.fhir.audit_chain import Chain
from web_modules.fhir_store.database.engine import Database


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "sqlite://",
        "sqlite:////nowhere/at/all/x.sqlite",
        "postgresql+psycopg://nobody@127.0.0.1:1/x",
        "zork://x",
    ],
)
def test_a_database_that_cannot_be_opened_is_said_in_one_sentence(url: str) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        Database(url)
    assert "\n" not in str(caught.value)


def test_a_password_is_never_shown() -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        Database("postgresql+psycopg://nobody:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("This is a letter, not a database. " * 100)
    with pytest.raises(DatabaseUnavailable):
        Database(f"sqlite:///{file}")
    assert file.read_text().startswith("This is a letter")


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="is a folder"):
        Database(f"sqlite:///{tmp_path}")


@pytest.mark.hazard("H21")
def test_a_practice_keeps_its_environment(database_url: str) -> None:
    database = Database(database_url)
    database.open_practice("Y99003", "training", Chain(b"", "Y99003"))
    with pytest.raises(DatabaseUnavailable, match="training environment of Y99003, not live"):
        database.open_practice("Y99003", "live", Chain(b"", "Y99003"))
    database.close()


def test_every_commit_to_sqlite_reaches_the_disk(tmp_path: Path) -> None:
    seen: list[tuple[object, ...]] = []
    database = Database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    database.write(lambda session: seen.extend(session.rows("PRAGMA synchronous", ())))
    database.write(lambda session: seen.extend(session.rows("PRAGMA journal_mode", ())))
    assert seen == [(2,), ("wal",)]
    database.close()
