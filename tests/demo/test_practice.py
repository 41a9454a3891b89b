"""A practice is filled whole or not at all, and what was there stands until the new one is whole."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from demo.errors import DemoError, ProgramFailed
from demo.place import Environment, Place
from demo.practice import ensure_filled, filling_of, past_the_book

DAY = date(2026, 11, 17)
PATIENTS = "100019_Admin_Patient_20261113201503_476EA44A-625D-4243-93FB-154628AF6534.csv"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(environment=Environment.REFERENCE, folder=tmp_path / "state" / "reference")


def contents(place: Place) -> dict[str, bytes]:
    return {
        str(file.relative_to(place.folder.parent)): file.read_bytes()
        for file in place.folder.parent.rglob("*")
        if file.is_file()
    }


def no_folder(extract: Path) -> None:
    """An extract that is not there."""


def unreadable_file(extract: Path) -> None:
    extract.mkdir()
    (extract / PATIENTS).write_bytes(b'"PatientGuid","Sur\xff\x00')


def no_extract_in_it(extract: Path) -> None:
    extract.mkdir()
    (extract / "notes.csv").write_text("none")


@pytest.mark.parametrize("make", [no_folder, unreadable_file, no_extract_in_it])
def test_a_reset_that_cannot_fill_leaves_all_as_it_was(
    place: Place, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    ensure_filled(place, extract=None, today=DAY)
    place.flags.write_text("{}")
    (place.folder / "audit.key").write_text("secret")
    before = contents(place)
    make(tmp_path / "extract")
    ended: list[str] = []
    with pytest.raises(DemoError):
        ensure_filled(
            place,
            extract=tmp_path / "extract",
            today=None,
            is_reset=True,
            end_programs=lambda: ended.append("all"),
        )
    assert contents(place) == before
    assert not ended, "programs that go on with what stands were ended"


def test_a_reset_throws_away_all_that_was_there_once_the_new_practice_is_whole(place: Place) -> None:
    ensure_filled(place, extract=None, today=DAY)
    place.flags.write_text("{}")
    seen: list[bool] = []
    filling = ensure_filled(
        place,
        extract=None,
        today=date(2026, 6, 1),
        is_reset=True,
        end_programs=lambda: seen.append(place.flags.exists()),
    )
    assert seen == [True], "programs end before their files go"
    assert filling.day == date(2026, 6, 1)
    assert filling_of(place) == filling
    assert {file.name for file in place.folder.iterdir()} == {"filled.json", "practice.sqlite"}
    assert {file.name for file in place.folder.parent.iterdir()} == {"reference"}


def test_a_first_fill_that_fails_leaves_nothing(place: Place, tmp_path: Path) -> None:
    unreadable_file(tmp_path / "extract")
    with pytest.raises(ProgramFailed, match="nothing of it was kept"):
        ensure_filled(place, extract=tmp_path / "extract", today=None)
    assert list(place.folder.parent.iterdir()) == []


def test_a_filled_practice_is_kept(place: Place) -> None:
    filling = ensure_filled(place, extract=None, today=DAY)
    assert ensure_filled(place, extract=None, today=date(2026, 6, 1)) == filling
    with closing(sqlite3.connect(place.database)) as connection:
        assert connection.execute("SELECT count(*) FROM Admin_Patient").fetchone() == (200,)


def test_a_practice_put_aside_by_a_reset_that_was_killed_is_found_again(place: Place) -> None:
    filling = ensure_filled(place, extract=None, today=DAY)
    place.flags.write_text("{}")
    before = contents(place)
    place.folder.rename(place.folder.with_name("reference.old"))
    place.folder.with_name("reference.new").mkdir()
    assert ensure_filled(place, extract=None, today=DAY) == filling
    assert contents(place) == before
    assert {file.name for file in place.folder.parent.iterdir()} == {"reference"}


@pytest.mark.parametrize("left", ["reference.new", "reference.old"])
def test_nothing_stays_of_a_reset_that_was_killed(place: Place, left: str) -> None:
    filling = ensure_filled(place, extract=None, today=DAY)
    place.folder.with_name(left).mkdir()
    assert ensure_filled(place, extract=None, today=DAY) == filling
    assert {file.name for file in place.folder.parent.iterdir()} == {"reference"}


def test_a_day_past_the_book_is_said_with_a_day_that_is_in_it(place: Place) -> None:
    filling = ensure_filled(place, extract=None, today=DAY)
    assert filling.last_day == date(2026, 12, 1)
    assert past_the_book(filling, date(2026, 12, 1)) is None
    said = past_the_book(filling, date(2026, 12, 2))
    assert said is not None
    assert "ends on 2026-12-01 and today is 2026-12-02: add --today 2026-11-17" in said
    assert "--reset" in said
