"""`banyan-cloud database backup` and `restore` that are killed, or find no room on the disk."""

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.support.databases import Databases
from tests.web_modules.fhir_store.conftest import PRACTICE
from web_modules.fhir.audit_chain import Chain
from web_modules.fhir_store.database.backups.restoring import Replacing, restore
from web_modules.fhir_store.database.backups.taking import take_backup
from web_modules.fhir_store.database.engine import Database

ROOT = Path(__file__).parents[5]
COMMAND = (sys.executable, "-m", "web_modules", "database")
SECONDS = 60
ROWS = 400
BYTES = 100_000
"""A backup of 40 MB takes long enough to be met in its middle."""

NEW, OLD = "new", "old"


def fill(url: str, name: str, rows: int) -> None:
    """A practice with many versions, all of one type."""
    database = Database(url)
    database.open_practice(PRACTICE, "reference", Chain(b"", PRACTICE))
    add = (
        "INSERT INTO version (practice, type, id, number, version, updated, method, content)"
        " VALUES (?, ?, ?, ?, 1, ?, 'PUT', ?)"
    )
    content = name.encode() * (BYTES // len(name))
    with closing(database):
        database.write(
            lambda session: session.change_later(
                add, [(PRACTICE, name, str(one), one, one, content) for one in range(rows)]
            )
        )


def held(url: str) -> dict[str, int]:
    """How many versions of each type a database holds."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT type, count(*) FROM version GROUP BY type")).all()
    engine.dispose()
    return {str(row[0]): int(row[1]) for row in rows}


def start(*words: str, limit_bytes: int | None = None) -> subprocess.Popen[str]:
    """The command; `limit_bytes` is how large a file it may write."""

    def narrow() -> None:
        if limit_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    return subprocess.Popen(
        [*COMMAND, *words],
        cwd=ROOT,
        preexec_fn=narrow,  # noqa: PLW1509  (no threads here)
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_when(process: subprocess.Popen[str], is_time: Callable[[], bool]) -> bool:
    """Kill -9 in the moment that something holds; whether it was still at work then."""
    until = time.monotonic() + SECONDS
    while process.poll() is None and not is_time():
        assert time.monotonic() < until
    was_at_work = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=SECONDS)
    return was_at_work


def is_as_large(file: Path, size: int) -> bool:
    try:
        return file.stat().st_size >= size
    except FileNotFoundError:
        return False


@pytest.fixture
def target_url(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Another database of the same kind, with records of its own."""
    if database_url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path / 'target.sqlite'}"
        fill(url, OLD, 3)
        yield url
        return
    databases: Databases = request.getfixturevalue("databases")
    with databases.fresh() as url:
        fill(url, OLD, 3)
        yield url


def test_a_backup_that_is_killed_leaves_no_backup_and_the_next_one_succeeds(
    database_url: str, tmp_path: Path
) -> None:
    fill(database_url, NEW, ROWS)
    file = tmp_path / "one.backup"
    part = tmp_path / "one.backup.part" / "backup.sqlite"
    were_at_work = []
    for share in (0.0, 0.3, 0.6):
        process = start("backup", "--database", database_url, str(file))
        were_at_work.append(kill_when(process, partial(is_as_large, part, int(share * ROWS * BYTES))))
        if were_at_work[-1]:
            assert not file.exists()
        file.unlink(missing_ok=True)
    assert any(were_at_work)
    take_backup(database_url, file)
    assert {one.name for one in tmp_path.iterdir() if one.name.startswith("one")} == {"one.backup"}
    assert held(database_url) == {NEW: ROWS}


@pytest.mark.hazard("H18")
def test_a_restore_that_is_killed_leaves_the_database_as_it_was(
    database_url: str, target_url: str, tmp_path: Path
) -> None:
    fill(database_url, NEW, ROWS)
    file = tmp_path / "one.backup"
    take_backup(database_url, file)
    journal, target = tmp_path / "target.sqlite-journal", tmp_path / "target.sqlite"
    looking = create_engine(database_url, isolation_level="AUTOCOMMIT")

    def is_copying() -> bool:
        if target_url.startswith("sqlite"):
            return journal.exists() and is_as_large(target, ROWS * BYTES // 4)
        with looking.connect() as connection:
            asked = "SELECT count(*) FROM pg_stat_progress_copy WHERE tuples_processed > 10"
            return bool(connection.exec_driver_sql(asked).scalar())

    was_at_work = kill_when(start("restore", "--replace", "--database", target_url, str(file)), is_copying)
    looking.dispose()
    assert was_at_work
    after = held(target_url)
    assert after == {OLD: 3}
    restore(target_url, file, Replacing(is_allowed=True))
    assert held(target_url) == {NEW: ROWS}


def test_a_full_disk_leaves_no_backup_and_is_said(database_url: str, tmp_path: Path) -> None:
    fill(database_url, NEW, 20)
    file = tmp_path / "one.backup"
    process = start("backup", "--database", database_url, str(file), limit_bytes=1_000_000)
    words = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == 1
    assert "could not be written" in words
    assert len(words.strip().splitlines()) == 1
    assert not [one for one in tmp_path.iterdir() if one.name.startswith("one")]
    assert held(database_url) == {NEW: 20}


def test_a_full_disk_leaves_the_database_as_it_was(
    database_url: str, target_url: str, tmp_path: Path
) -> None:
    fill(database_url, NEW, 20)
    file = tmp_path / "one.backup"
    take_backup(database_url, file)
    process = start("restore", "--replace", "--database", target_url, str(file), limit_bytes=1_000_000)
    words = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == 1
    assert len(words.strip().splitlines()) == 1
    assert held(target_url) == {OLD: 3}
