"""The shelf: on the disk within moments, back after a crash, never another owner's, said when not kept."""

import resource
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from shell.drafts import shelf as shelf_module
from shell.drafts.errors import DraftsFileError, NoKeyStoreError
from shell.drafts.store import DraftStore
from tests.shell.drafts.conftest import KEY, NOON, ShelfStage, draft

Open = Callable[..., ShelfStage]


@pytest.mark.hazard("H23")
def test_draft_is_there_again_in_the_next_window(open_shelf: Open) -> None:
    first = open_shelf().start()
    first.kept(draft("cough"))
    # nothing is closed: the window was killed
    again = open_shelf(window="w2").start()
    assert again.shelf.offered("p1", "appointments", set()) == [draft("cough")]


def test_time_at_which_a_draft_was_kept_is_only_said_once_it_is_on_the_disk(open_shelf: Open) -> None:
    stage = open_shelf()
    stage.shelf.keep(draft("cough"))
    assert stage.shelf.kept_at("cough") is None
    stage.shelf.start()
    stage.until(lambda: stage.shelf.kept_at("cough"))
    assert stage.shelf.kept_at("cough") == NOON
    stage.shelf.keep(replace(draft("cough"), content="{}"))
    stage.later(1)
    stage.until(lambda: stage.shelf.kept_at("cough") == stage.at)


def test_draft_that_was_saved_or_thrown_away_does_not_come_back(open_shelf: Open) -> None:
    stage = open_shelf().start()
    stage.kept(draft("cough"), draft("fever"))
    stage.shelf.throw_away("cough")
    stage.shelf.look()
    stage.shelf.close()
    assert open_shelf(window="w2").start().values() == ["fever"]


@pytest.mark.hazard("H21")
def test_drafts_of_another_person_practice_or_environment_are_in_another_file(open_shelf: Open) -> None:
    open_shelf(owner="live/Y99002/dawn").start().kept(draft("cough"))
    for other in ("training/Y99002/dawn", "live/Y99003/dawn", "live/Y99002/priya"):
        assert open_shelf(owner=other).start().values() == []


def test_nothing_of_a_draft_can_be_read_in_the_files(open_shelf: Open, tmp_path: Path) -> None:
    stage = open_shelf().start()
    stage.kept(draft("chestpain"))
    files = [file for file in tmp_path.iterdir() if file.is_file()]
    assert len(files) >= 2
    for file in files:
        whole = file.read_bytes()
        assert b"chestpain" not in whole
        assert b"p1" not in file.name.encode()
        assert not (whole.startswith(b"SQLite format 3") and not file.name.endswith(".lock"))


def test_without_a_key_store_drafts_live_in_memory_and_that_is_said(open_shelf: Open, tmp_path: Path) -> None:
    def none(_owner: str) -> bytes:
        raise NoKeyStoreError("This computer has no key store.")

    stage = open_shelf(key=none)
    stage.shelf.keep(draft("cough"))
    stage.shelf.start()
    stage.take()
    assert stage.shelf.trouble == "This computer has no key store."
    assert stage.values() == ["cough"]
    assert stage.shelf.kept_at("cough") is None
    assert not stage.place.file.exists()


@pytest.mark.parametrize("damage", ["not a database", "another key", "cut"])
def test_damaged_file_is_said_and_set_aside_and_a_new_one_begun(
    open_shelf: Open, tmp_path: Path, damage: str, expected_logs: list[str]
) -> None:
    expected_logs.append("file of drafts set aside")
    first = open_shelf().start()
    first.kept(draft("cough"))
    first.shelf.close()
    file = first.place.file
    if damage == "not a database":
        file.write_bytes(b"\x00 rubbish" * 1000)
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:4096] + b"\xff" * 4096)
    was = file.read_bytes()
    key = bytes(32) if damage == "another key" else KEY
    stage = open_shelf(key=lambda _owner: key)
    stage.shelf.keep(draft("fever"))
    stage.shelf.start()
    stage.until(lambda: stage.shelf.kept_at("fever"))
    (aside,) = tmp_path.glob("*-damaged-*.sqlite")
    assert aside.read_bytes() == was
    assert aside.name in stage.notices[0]
    stage.shelf.close()
    assert open_shelf(window="w2", key=lambda _owner: key).start().values() == ["fever"]


def test_what_an_ended_window_left_outlives_a_file_that_is_damaged_later(
    open_shelf: Open, expected_logs: list[str]
) -> None:
    expected_logs.append("file of drafts set aside")
    first = open_shelf().start()
    first.kept(draft("cough"))
    first.shelf.close()
    stage = open_shelf(window="w2").start()
    stage.place.file.write_bytes(b"\x00 rubbish" * 4000)
    for end in ("-wal", "-shm"):
        stage.place.file.with_name(stage.place.file.name + end).unlink(missing_ok=True)
    stage.shelf.keep(draft("fever", window="w2"))
    stage.shelf.look()
    stage.until(lambda: stage.notices and stage.shelf.kept_at("fever"))
    assert set(stage.values()) == {"cough", "fever"}
    stage.shelf.close()
    assert set(open_shelf(window="w3").start().values()) == {"cough", "fever"}


def test_full_disk_is_said_and_the_draft_written_once_there_is_room(
    open_shelf: Open, monkeypatch: pytest.MonkeyPatch, expected_logs: list[str]
) -> None:
    expected_logs.append("drafts are not on the disk")
    monkeypatch.setattr(shelf_module, "_AGAIN_SECONDS", 0.01)
    stage = open_shelf().start()
    write = DraftStore.write
    is_full = True

    def full(self: DraftStore, drafts: object, gone: object) -> None:
        if is_full:
            raise DraftsFileError("The disk is full.")
        write(self, drafts, gone)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(DraftStore, "write", full)
    stage.shelf.keep(draft("cough"))
    stage.until(lambda: stage.shelf.trouble)
    assert stage.shelf.trouble == "The disk is full."
    assert stage.values() == ["cough"]
    stage.shelf.keep(draft("cough", content="more"))
    is_full = False
    stage.until(lambda: stage.shelf.kept_at("cough"))
    assert stage.shelf.trouble == ""
    assert open_shelf(window="w2").start().shelf.offered("p1", "appointments", set())[0].content == "more"


def test_drafts_age_out_and_that_is_said(open_shelf: Open) -> None:
    open_shelf().start().kept(draft("old"), draft("new", typed_at=NOON.replace(day=20)))
    stage = open_shelf(window="w2", days=14)
    stage.later(15)
    stage.start()
    assert stage.values() == ["new"]
    assert stage.notices == ["A draft was older than 14 days and thrown away."]


def test_draft_that_is_typed_in_another_open_window_is_not_offered_until_that_one_ends(
    open_shelf: Open,
) -> None:
    living = {"w1"}
    first = open_shelf().start()
    second = open_shelf(window="w2", is_open=living.__contains__).start()
    first.kept(draft("cough"))
    second.kept(draft("fever", window="w2", typed_at=NOON.replace(minute=1)))
    second.shelf.look()
    second.until(lambda: second.shelf.count == 2)
    assert second.values() == ["fever"]
    living.clear()
    assert second.values() == ["fever", "cough"]


def test_draft_that_another_window_saved_is_not_offered_any_more(open_shelf: Open) -> None:
    first = open_shelf().start()
    first.kept(draft("cough"))
    second = open_shelf(window="w2").start()
    assert second.values() == ["cough"]
    first.shelf.throw_away("cough")
    first.shelf.close()
    second.shelf.look()
    second.take()
    assert second.values() == []


def test_there_is_no_room_for_more_drafts_of_one_patient_than_any_person_makes(open_shelf: Open) -> None:
    stage = open_shelf()
    for number in range(20):
        assert stage.shelf.may_begin("p1", "appointments")
        stage.shelf.keep(draft(f"d{number}"))
    assert not stage.shelf.may_begin("p1", "appointments")
    assert stage.shelf.may_begin("p2", "appointments")


def test_disk_that_is_really_full_is_said_and_loses_nothing(
    open_shelf: Open, expected_logs: list[str]
) -> None:
    expected_logs.append("drafts are not on the disk")
    stage = open_shelf().start()
    stage.kept(draft("cough"))
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    stage.shelf.keep(draft("cough", content="x"))
    stage.until(lambda: stage.shelf.kept_at("cough"))
    # no file may grow any more, as on a disk without room
    resource.setrlimit(resource.RLIMIT_FSIZE, (stage.place.file.stat().st_size, was[1]))
    try:
        stage.shelf.keep(draft("fever", content="y" * 600_000))
        stage.until(lambda: stage.shelf.trouble)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
    assert "disk is full or cannot be written" in stage.shelf.trouble
    stage.shelf.close()  # which writes once more what waits
    assert set(open_shelf(window="w2").start().values()) == {"cough", "fever"}


def test_two_windows_that_start_at_once_make_one_key(open_shelf: Open) -> None:
    keys: list[bytes] = []

    def make(_owner: str) -> bytes:
        if not keys:
            keys.append(datetime.now().astimezone().isoformat().encode().ljust(32)[:32])
        return keys[0]

    stages = [open_shelf(key=make, window=f"w{number}") for number in range(4)]
    for stage in stages:
        stage.shelf.start()
    for number, stage in enumerate(stages):
        stage.take()
        stage.kept(draft(f"d{number}", window=f"w{number}"))
    assert len(open_shelf(key=make).start().values()) == 4
