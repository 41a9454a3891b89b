import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, event

from shell.reference_legacy.database import LOCK_WAIT_SECONDS, ChangeWatch, find_practice, open_database
from shell.reference_legacy.errors import DatabaseError
from shell.reference_legacy.tables import SHARING
from tests.shell.reference_legacy.legacy_practice import LegacyPractice


def test_a_database_is_never_created(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"There is no practice database .*absent\.db"):
        open_database(f"sqlite:///{tmp_path / 'absent.db'}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["practice.db", "nonsense://x", ""])
def test_an_address_that_is_none_is_said_in_a_sentence(address: str) -> None:
    with pytest.raises(DatabaseError, match="cannot be used"):
        open_database(address)


def test_a_file_that_is_no_database_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir")
    with pytest.raises(DatabaseError, match="No practice database can be read"):
        open_database(f"sqlite:///{tmp_path / 'letter.txt'}")


def test_a_start_waits_for_a_long_write_of_another_program(legacy: LegacyPractice) -> None:
    other = create_engine(legacy.address, connect_args={"check_same_thread": False})
    with other.connect() as writer:
        writer.exec_driver_sql("BEGIN EXCLUSIVE")
        threading.Timer(LOCK_WAIT_SECONDS + 1, writer.connection.rollback).start()
        engine = open_database(legacy.address)
    assert find_practice(engine, None).ods == "Y99002"
    engine.dispose()
    other.dispose()


def test_the_practice_is_the_activated_one_else_the_one_with_most_patients(legacy: LegacyPractice) -> None:
    assert find_practice(legacy.engine, None).ods == "Y99002"
    assert find_practice(legacy.engine, "y99999").name == "Beck Lane"
    with legacy.engine.begin() as connection:
        connection.execute(delete(SHARING))
    assert find_practice(legacy.engine, None).ods == "Y99002"
    with pytest.raises(DatabaseError, match="Y00000"):
        find_practice(legacy.engine, "Y00000")


def test_a_commit_of_another_connection_is_noticed_once_without_reading_rows(legacy: LegacyPractice) -> None:
    engine = open_database(legacy.address)
    watch = ChangeWatch(engine)
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_rest: asked.append(statement))
    assert not watch.has_changed()
    legacy.change_patient(104417, HomePhone="1")
    assert watch.has_changed()
    assert not watch.has_changed()
    assert set(asked) == {"PRAGMA data_version"}
    watch.close()
    engine.dispose()
