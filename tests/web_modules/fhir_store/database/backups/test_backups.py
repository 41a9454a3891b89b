"""Backups of a database that is served, and restoring them."""

import getpass
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, select, text

from tests.support.databases import Databases
from tests.web_modules.fhir_store.conftest import PRACTICE, Caller, served
from web_modules.errors import BackupUnusable, DatabaseUnavailable
from web_modules.fhir.systems import RESTORE_EPOCH
from web_modules.fhir_store.database.backups.restoring import Replacing, restore
from web_modules.fhir_store.database.backups.taking import take_backup
from web_modules.fhir_store.database.engine import Database
from web_modules.fhir_store.store import Standard, Store
from web_modules.identity.database.connection import IdentityDatabase
from web_modules.identity.database.keys import Keys

OTHER = "Y99003"
SECONDS = 30
OF_A_RESTORE = {"epoch", "restored"}
NewDatabase = Callable[[str], str]


@pytest.fixture
def new_database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NewDatabase]:
    """Makes a database of a kind, and answers its URL."""
    with ExitStack() as left:

        def make(kind: str) -> str:
            if kind.startswith("sqlite"):
                return f"sqlite:///{tmp_path / 'other.sqlite'}"
            databases: Databases = request.getfixturevalue("databases")
            return left.enter_context(databases.fresh())

        yield make


def everything(url: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, by key; what a restore writes itself left out."""
    engine = create_engine(url)
    tables = MetaData()
    tables.reflect(engine)
    found: dict[str, list[dict[str, Any]]] = {}
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            rows = connection.execute(select(table)).mappings()
            kept = [{name: row[name] for name in row if name not in OF_A_RESTORE} for row in rows]
            found[table.name] = sorted(kept, key=lambda row: [row[one.name] for one in table.primary_key])
    engine.dispose()
    return found


def epochs(url: str) -> dict[str, str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT practice, epoch FROM practice")).all()
    engine.dispose()
    return {row.practice: row.epoch for row in rows}


@pytest.fixture
def backup(store: Store, fhir: Caller, database_url: str, tmp_path: Path) -> Path:
    """A backup of a practice with some records; the store goes on."""
    fill(fhir)
    file = tmp_path / "one.backup"
    take_backup(database_url, file)
    return file


def fill(fhir: Caller, count: int = 5) -> None:
    for number in range(count):
        patient = {
            "resourceType": "Patient",
            "meta": {"profile": ["http://example.org/profile"]},
            "name": [{"family": f"Ünlü 🩺 {number}"}],
        }
        made = fhir("POST", "Patient", patient)
        subject = {"reference": f"Patient/{made.body['id']}"}
        weight = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
            "subject": subject,
            "effectiveDateTime": "2026-11-17T09:30:00Z",
            "valueQuantity": {"value": 70 + number, "unit": "kg", "system": "http://unitsofmeasure.org"},
        }
        assert fhir("POST", "Observation", weight).status == 201


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.hazard("H18")
def test_what_is_restored_is_what_was_there_on_either_kind_of_database(  # noqa: PLR0917
    store: Store,
    fhir: Caller,
    other_fhir: Caller,
    database_url: str,
    tmp_path: Path,
    new_database: NewDatabase,
    kind: str,
    standard: Standard,
) -> None:
    fill(fhir)
    fill(other_fhir, 2)
    store.trail(PRACTICE).flush()
    before = everything(database_url)
    filled = {name for name, rows in before.items() if rows}
    assert {"version", "audit", "search_quantity", "search_token", "search_uri"} <= filled
    file, target = tmp_path / "one.backup", new_database(kind)
    assert take_backup(database_url, file) == [PRACTICE, OTHER]
    assert file.stat().st_mode & 0o777 == 0o600
    assert restore(target, file) == [PRACTICE, OTHER]
    assert everything(target) == before
    assert epochs(target).keys() == epochs(database_url).keys()
    assert not set(epochs(target).values()) & set(epochs(database_url).values())
    with closing(Store(target, standard)) as restored:
        again = served(restored, PRACTICE)
        assert restored.changes(PRACTICE).position == store.changes(PRACTICE).position
        assert len(again.ids("Observation", code="29463-7")) == 5
        fill(again)
        with restored.database.viewing() as session:
            assert restored.book(session, PRACTICE).faults() == []


def test_a_backup_is_of_one_moment_while_others_write(
    store: Store, fhir: Caller, database_url: str, tmp_path: Path, new_database: NewDatabase
) -> None:
    enough, stop = threading.Event(), threading.Event()
    acknowledged: list[str] = []

    def write() -> None:
        while not stop.is_set():
            acknowledged.append(fhir("POST", "Patient", {"resourceType": "Patient"}).body["id"])
            if len(acknowledged) > 30:
                enough.set()

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    assert enough.wait(SECONDS)
    before = list(acknowledged)
    take_backup(database_url, tmp_path / "one.backup")
    after = len(acknowledged)
    stop.set()
    for writer in writers:
        writer.join(SECONDS)
    assert after > len(before)  # nobody waited for the backup
    target = new_database(database_url)
    restore(target, tmp_path / "one.backup")
    found = everything(target)
    kept = {row["id"] for row in found["version"]}
    assert set(before) <= kept
    assert max(row["updated"] for row in found["version"]) == found["practice"][0]["position"]
    database = Database(target)
    with database.viewing() as session:
        assert store.book(session, PRACTICE).faults() == []
    database.close()


def test_after_a_restore_everybody_signs_in_again(
    store: Store, fhir: Caller, database_url: str, tmp_path: Path, new_database: NewDatabase
) -> None:
    key = Keys(IdentityDatabase(store.database, PRACTICE)).session()
    take_backup(database_url, tmp_path / "one.backup")
    target = new_database(database_url)
    restore(target, tmp_path / "one.backup", forgotten=["identity_key"])
    database = Database(target)
    assert Keys(IdentityDatabase(database, PRACTICE)).session() != key
    database.close()


def test_a_backup_replaces_no_file(store: Store, fhir: Caller, database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "one.backup"
    file.write_text("the one of yesterday")
    with pytest.raises(BackupUnusable, match="exists"):
        take_backup(database_url, file)
    assert file.read_text() == "the one of yesterday"


@pytest.mark.hazard("H18")
def test_a_damaged_backup_is_refused_and_nothing_is_made(backup: Path, tmp_path: Path) -> None:
    target, whole = tmp_path / "target.sqlite", backup.read_bytes()
    places = range(0, len(whole), len(whole) // 20)
    changed = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
    cut = [whole[:-1], whole[: len(whole) // 2], whole[:50], b"", whole[4096:], whole + b"more"]
    for damaged in [*changed, *cut]:
        backup.write_bytes(damaged)
        with pytest.raises(BackupUnusable) as caught:
            restore(f"sqlite:///{target}", backup)
        assert "\n" not in str(caught.value)
    assert not target.exists()


def test_records_are_replaced_only_when_that_is_said(
    backup: Path, database_url: str, new_database: NewDatabase, standard: Standard
) -> None:
    before = everything(database_url)
    target = new_database(database_url)
    with closing(Store(target, standard)) as there:
        fill(served(there, OTHER), 2)
    untouched = everything(target)
    with pytest.raises(DatabaseUnavailable, match=r"holds records of Y99003.*--replace"):
        restore(target, backup)
    assert everything(target) == untouched
    with pytest.raises(DatabaseUnavailable, match=r"holds Y99003 and the backup does not.*--drop Y99003\."):
        restore(target, backup, Replacing(is_allowed=True))
    with pytest.raises(DatabaseUnavailable, match="Nothing of Y99002 would be dropped"):
        restore(target, backup, Replacing(is_allowed=True, dropped=frozenset({PRACTICE, OTHER})))
    assert everything(target) == untouched
    restore(target, backup, Replacing(is_allowed=True, dropped=frozenset({OTHER})))
    assert everything(target) == before
    restore(target, backup, Replacing(is_allowed=True))
    assert everything(target) == before


def test_the_audit_tells_of_a_restore_once_and_stays_whole(
    backup: Path, database_url: str, new_database: NewDatabase, standard: Standard
) -> None:
    target = new_database(database_url)
    with closing(Store(target, standard)) as there:
        served(there, OTHER)
    restore(target, backup, Replacing(is_allowed=True, dropped=frozenset({OTHER})))
    for _start in range(2):
        with closing(Store(target, standard)) as there:
            fhir = served(there, PRACTICE)
            events = fhir("GET", "AuditEvent").resources
            told = [one for one in events if one["subtype"][0]["code"] == "restore"]
            assert len(told) == 1
            assert "one.backup was restored" in told[0]["outcomeDesc"]
            assert "records of Y99003 were dropped" in told[0]["outcomeDesc"]
            assert told[0]["agent"][0]["who"]["identifier"]["value"] == getpass.getuser()
            with there.database.viewing() as session:
                assert there.book(session, PRACTICE).faults() == []


def test_whoever_follows_a_history_sees_by_it_that_a_backup_was_restored(
    backup: Path, fhir: Caller, database_url: str, new_database: NewDatabase, standard: Standard
) -> None:
    def epoch(caller: Caller, path: str) -> str:
        (tag,) = caller("GET", path).body["meta"]["tag"]
        assert tag["system"] == RESTORE_EPOCH
        return str(tag["code"])

    before = epoch(fhir, "_history")
    assert epoch(fhir, "Patient/_history") == before
    target = new_database(database_url)
    restore(target, backup)
    with closing(Store(target, standard)) as there:
        assert epoch(served(there, PRACTICE), "_history") != before


@pytest.mark.hazard("H21")
def test_training_does_not_replace_another_environment(
    backup: Path, database_url: str, new_database: NewDatabase, standard: Standard
) -> None:
    target = new_database(database_url)
    with closing(Store(target, standard)) as there:
        there.open_practice(PRACTICE, "training")
    with pytest.raises(DatabaseUnavailable, match="reference environment of Y99002"):
        restore(target, backup, Replacing(is_allowed=True))


def test_a_database_in_use_is_not_restored(backup: Path, fhir: Caller, database_url: str) -> None:
    before = everything(database_url)
    with pytest.raises(DatabaseUnavailable, match="is in use"):
        restore(database_url, backup, Replacing(is_allowed=True))
    assert everything(database_url) == before
    assert fhir("POST", "Patient", {"resourceType": "Patient"}).status == 201


def test_a_database_without_tables_has_no_backup(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="no tables"):
        take_backup(f"sqlite:///{tmp_path / 'none.sqlite'}", tmp_path / "one.backup")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_a_later_banyan_is_refused(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web_modules.fhir_store.database.migrating.HEAD", "0000")
    with pytest.raises(BackupUnusable, match="later Banyan"):
        restore(f"sqlite:///{tmp_path / 'x.sqlite'}", backup)


def test_a_restored_file_is_whole_and_alone(backup: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.sqlite"
    restore(f"sqlite:///{target}", backup)
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    left = {one.name for one in tmp_path.iterdir() if not one.name.startswith("store.sqlite")}
    assert left == {"one.backup", "x.sqlite"}
