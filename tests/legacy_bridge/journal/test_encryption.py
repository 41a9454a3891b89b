"""The journal at rest: nobody reads it without its key, and none of it is lost on the way there."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from legacy_bridge.errors import BridgeError, SettingsWrong, SideUnavailable
from legacy_bridge.journal import encryption
from legacy_bridge.journal.database import Lease, engine_of, journal_url, open_journal
from legacy_bridge.journal.journal import SqlJournal
from legacy_bridge.journal.key import make_key
from legacy_bridge.records import Kind, LinkKey
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import ODS

NOW = datetime(2026, 11, 17, 9, tzinfo=UTC)
PATIENT = LinkKey(kind=Kind.PATIENT, key="lind-of-9997576527")


def made(file: Path) -> None:
    """A journal with something in it, closed."""
    engine = open_journal(journal_url(str(file)))
    lease = Lease(engine, ODS)
    SqlJournal(engine, ODS, lease).mark([PATIENT], NOW)
    lease.close()
    engine.dispose()


def marked(file: Path) -> list[LinkKey]:
    """What a journal has in it."""
    engine = open_journal(journal_url(str(file)))
    found = [one.key for one in SqlJournal(engine, ODS, None).take(list(Kind), limit=9, now=NOW)]
    engine.dispose()
    return found


def put_in_plain(file: Path) -> None:
    """Make a journal what an earlier bridge left: the same, not encrypted."""
    made(file)
    key = make_key(Path(f"{file}.key")).encryption
    plain = file.with_name("plain.sqlite")
    with closing(dbapi2.connect(str(file))) as connection:
        cursor = connection.cursor()
        encryption.unlock(cursor, key)
        cursor.execute("ATTACH DATABASE ? AS plain KEY ''", (str(plain),))
        cursor.execute("SELECT sqlcipher_export('plain')")
        cursor.execute("DETACH DATABASE plain")
    plain.replace(file)
    Path(f"{file}.key").unlink()


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    made(tmp_path / "journal.sqlite")
    key = tmp_path / "journal.sqlite.key"
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    assert marked(tmp_path / "journal.sqlite") == [PATIENT]
    assert key.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir() if "key" in one.name) == [key.name]


def test_a_key_may_lie_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "safe"
    elsewhere.mkdir()
    url = journal_url(str(tmp_path / "journal.sqlite"))
    open_journal(url, elsewhere / "bridge.key").dispose()
    assert not (tmp_path / "journal.sqlite.key").exists()
    engine_of(url, elsewhere / "bridge.key").connect().close()


def lose(key: Path) -> None:
    key.unlink()


def change(key: Path) -> None:
    key.write_text("00" * 32)


def spoil(key: Path) -> None:
    key.write_text("not a key")


@pytest.mark.parametrize(
    ("harm", "words"),
    [(lose, "is missing"), (change, "written with another key"), (spoil, "nobody changed it")],
)
def test_a_journal_without_its_key_is_refused_in_a_sentence_and_left_as_it_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], harm: Callable[[Path], None], words: str
) -> None:
    file = tmp_path / "journal.sqlite"
    made(file)
    before = file.read_bytes()
    harm(tmp_path / "journal.sqlite.key")
    with pytest.raises(SettingsWrong, match=words):
        open_journal(journal_url(str(file)))
    with pytest.raises(SettingsWrong, match=words):
        SqlJournal(engine_of(journal_url(str(file))), ODS, None).standing()
    assert file.read_bytes() == before
    assert capfd.readouterr().err == "", "the driver says nothing of its own"


def test_a_page_that_somebody_changed_is_refused_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    made(file)
    content = bytearray(file.read_bytes())
    for at in range(4096 + 100, len(content), 4096):
        content[at] ^= 1
    file.write_bytes(content)
    with pytest.raises(SettingsWrong, match="damaged"):
        marked(file)


def test_a_journal_in_a_database_server_needs_a_key_elsewhere() -> None:
    with pytest.raises(SettingsWrong, match="set journal_key"):
        open_journal("postgresql+psycopg://nobody@127.0.0.1:1/none")


def test_a_plain_journal_is_encrypted_by_whoever_writes_it_and_refused_to_others(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    put_in_plain(file)
    assert b"9997576527" in file.read_bytes()
    with pytest.raises(SettingsWrong, match="banyan-bridge run encrypts it"):
        engine_of(journal_url(str(file)))
    assert marked(file) == [PATIENT]
    for left in tmp_path.iterdir():
        assert b"9997576527" not in left.read_bytes()


@pytest.mark.parametrize("step", ["_tables", "_reach_disk", "os.replace"])
@pytest.mark.parametrize("how", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_encryption_that_was_interrupted_leaves_the_journal_whole_and_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, how: BaseException
) -> None:
    file = tmp_path / "journal.sqlite"
    put_in_plain(file)
    with monkeypatch.context() as patch:

        def fails(*_: Any) -> None:
            raise how

        patch.setattr(f"legacy_bridge.journal.encryption.{step}", fails)
        with pytest.raises((SideUnavailable, KeyboardInterrupt)):
            open_journal(journal_url(str(file)))
    with closing(sqlite3.connect(file)) as plain:
        assert plain.execute("SELECT count(*) FROM dirty").fetchone() == (1,)
    file.with_name("journal.sqlite.encrypting").write_bytes(b"left by a bridge that was killed")
    assert marked(file) == [PATIENT]
    assert not file.with_name("journal.sqlite.encrypting").exists()


def test_a_plain_journal_that_is_in_use_is_not_encrypted_under_its_user(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    put_in_plain(file)
    with closing(dbapi2.connect(str(file))) as user:  # two libraries in one process would not lock
        user.execute("PRAGMA journal_mode=WAL")
        user.execute("BEGIN")
        user.execute("SELECT count(*) FROM dirty").fetchone()
        with pytest.raises(BridgeError, match="in use"):
            open_journal(journal_url(str(file)))
    assert marked(file) == [PATIENT]


@pytest.mark.hazard("H24")
def test_no_file_of_the_bridge_holds_a_name_a_number_or_a_telephone(mirror: Mirror, tmp_path: Path) -> None:
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 333333", Surname="Quill")
    mary = mirror.patient("mary")
    mirror.put(mary, name=[{**mary["name"][0], "family": "Rowan"}])
    mirror.drain()
    wal = tmp_path / "journal.sqlite-wal"
    assert wal.stat().st_size > 0, "the write-ahead log is looked at too"
    files = [one for one in tmp_path.iterdir() if one.name.startswith("journal.sqlite")]
    assert len(files) >= 3
    secrets = ("Quill", "Rowan", "Lind", "Abernathy", "01632", "9997576527", "Mary", "Omar")
    for file in files:
        content = file.read_bytes()
        assert [one for one in secrets if one.encode() in content] == [], file.name
