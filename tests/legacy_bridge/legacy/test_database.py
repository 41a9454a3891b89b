"""A legacy database is opened by its URL, or one sentence says why not."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from demo.programs import free_port
from legacy_bridge.errors import SettingsWrong, SideUnavailable
from legacy_bridge.legacy.database import open_database, translated, write_alone


def test_a_file_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(SideUnavailable, match=r"cannot be opened"):
        open_database(f"sqlite:///{tmp_path}/none.db")
    assert not list(tmp_path.iterdir())


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear Sir or Madam, this is no database. " * 200)
    with pytest.raises(SideUnavailable, match="not a database"):
        open_database(f"sqlite:///{tmp_path}/letter.db")


def test_a_server_that_is_not_there_is_one_line_with_advice() -> None:
    with pytest.raises(SideUnavailable) as refused:
        open_database(f"postgresql+psycopg://banyan:secret@127.0.0.1:{free_port()}/x", must_exist=False)
    words = str(refused.value)
    assert words.count("\n") == 0
    assert words.endswith("): start its server, or correct the address.")
    assert "Connection refused" in words
    assert "secret" not in words


def test_a_database_that_was_never_made_is_told_how_to_be_made(tmp_path: Path) -> None:
    with pytest.raises(SideUnavailable, match=r"make a practice with `banyan-practice create`\.$"):
        open_database(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(SideUnavailable, match=r"its folder must exist"):
        open_database(f"sqlite:///{tmp_path}/none/none.db", must_exist=False)


@pytest.mark.parametrize("url", ["practice.db", "nonsense://x", "sql"])
def test_a_url_that_cannot_be_read_is_refused_with_an_example_or_its_kind(url: str) -> None:
    with pytest.raises(SettingsWrong):
        open_database(url)


def test_readers_do_not_wait_for_a_writer_and_signs_in_a_path_are_harmless(tmp_path: Path) -> None:
    folder = tmp_path / "50% of #1, a?b"
    folder.mkdir()
    engine = open_database(f"sqlite:///{str(folder).replace('?', '%3F')}/p.db", must_exist=False)
    with engine.begin() as writer, engine.connect() as reader:
        write_alone(writer)
        writer.execute(text("CREATE TABLE seen (x)"))
        assert reader.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert reader.execute(text("PRAGMA busy_timeout")).scalar_one() == 5000
        assert reader.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one() == 0
    engine.dispose()


def test_what_the_driver_says_becomes_one_sentence() -> None:
    expected = pytest.raises(SideUnavailable, match=r"^The tables cannot be made: database is locked\.$")
    with expected, translated("The tables cannot be made"):
        raise OperationalError("CREATE …", {}, Exception("database is locked"))
