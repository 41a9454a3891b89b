"""What PostgreSQL marks as written is told at the next look, wherever the walk is; late commits are too."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, text, update

from legacy_bridge.legacy.capture.snapshot import SnapshotCapture
from legacy_bridge.legacy.capture.watermark import Watermark
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import Kind
from tests.legacy_bridge.support.legacy_databases import LegacyKind
from tests.legacy_bridge.support.row_hashes import hashes_in
from tests.legacy_bridge.support.small_practice import SmallPractice, guid, key

PATIENTS, SITES = METADATA.tables["Admin_Patient"], METADATA.tables["Admin_Location"]
MARY, OMAR = key(Kind.PATIENT, "mary"), key(Kind.PATIENT, "omar")
SITE = "a"  # of the first table that is walked but one


@pytest.fixture(params=[LegacyKind.POSTGRESQL, LegacyKind.POSTGRESQL_ODBC], ids=["postgresql", "odbc"])
def legacy_kind(request: pytest.FixtureRequest) -> LegacyKind:
    found: LegacyKind = request.param
    return found


@pytest.fixture
def feed(practice: SmallPractice, tmp_path: Path) -> Iterator[SnapshotCapture]:
    """A walk of ten rows a slice over some hundred: it comes by a row once in a dozen looks."""
    with practice.engine.begin() as connection:
        connection.execute(insert(SITES), [{"LocationGuid": guid(f"site{number}")} for number in range(120)])
    made = SnapshotCapture(practice.engine, hashes_in(tmp_path), seconds=lambda: 0.0, page=10)
    made.install()
    yield made
    made.close()


def at_the_far_end(feed: SnapshotCapture) -> str:
    """Walk everything twice, then on to the middle of the sites; the checkpoint."""
    checkpoint = feed.poll(None).checkpoint
    ended: set[datetime | None] = set()
    while len(ended) < 3:
        batch = feed.poll(checkpoint)
        checkpoint = batch.checkpoint
        ended.add(batch.known_until)
    return feed.poll(checkpoint).checkpoint


def test_an_edit_far_from_the_walk_is_told_at_the_next_look(
    practice: SmallPractice, feed: SnapshotCapture
) -> None:
    checkpoint = at_the_far_end(feed)
    practice.edit("Admin_Patient", "mary", Town="York")
    practice.add_patient("new")
    batch = feed.poll(checkpoint)
    assert set(batch.touched) == {MARY, key(Kind.PATIENT, "new")}
    assert feed.poll(batch.checkpoint).touched == ()


def test_who_commits_late_is_told_late_and_not_left_out(
    practice: SmallPractice, feed: SnapshotCapture
) -> None:
    checkpoint = at_the_far_end(feed)
    with practice.engine.connect() as late:
        late.execute(update(PATIENTS).where(PATIENTS.c.PatientGuid == guid("mary")).values(Town="Late"))
        for number in range(3):  # later numbers, earlier commits; the mark goes on past the open one
            practice.edit("Admin_Patient", "omar", Town=f"Soon {number}")
            batch = feed.poll(checkpoint)
            checkpoint = batch.checkpoint
            assert OMAR in batch.touched
            assert MARY not in batch.touched
        late.commit()
    assert MARY in feed.poll(checkpoint).touched


def test_work_in_a_savepoint_is_told_though_its_number_is_its_own(
    practice: SmallPractice, feed: SnapshotCapture
) -> None:
    checkpoint = at_the_far_end(feed)
    with practice.engine.connect() as late, late.begin():
        late.execute(text("SELECT pg_current_xact_id()"))
        practice.edit("Admin_Patient", "omar", Town="Soon")
        with late.begin_nested():
            late.execute(update(PATIENTS).where(PATIENTS.c.PatientGuid == guid("mary")).values(Town="Late"))
        practice.edit("Admin_Patient", "omar", Town="Soon after")
        batch = feed.poll(checkpoint)
        assert MARY not in batch.touched
    assert MARY in feed.poll(batch.checkpoint).touched


def test_what_the_journal_did_not_absorb_is_told_again(
    practice: SmallPractice, feed: SnapshotCapture
) -> None:
    checkpoint = at_the_far_end(feed)
    practice.edit("Admin_Patient", "mary", Town="York")
    assert MARY in feed.poll(checkpoint).touched
    told = [MARY in feed.poll(checkpoint).touched for _ in range(40)]
    assert any(told), "the walk comes by"


def test_more_than_a_page_at_once_is_left_to_the_walk(practice: SmallPractice, feed: SnapshotCapture) -> None:
    checkpoint = at_the_far_end(feed)
    with practice.engine.begin() as connection:
        connection.execute(update(SITES).values(LocationName="x"))
    told = set()
    for _ in range(60):
        batch = feed.poll(checkpoint)
        checkpoint = batch.checkpoint
        assert len(batch.touched) <= 40
        told |= set(batch.touched)
    assert len(told) >= 120


def test_a_table_whose_rows_bear_no_mark_is_left_to_the_walk(practice: SmallPractice) -> None:
    with practice.engine.begin() as connection:
        connection.exec_driver_sql('ALTER TABLE "Admin_Location" RENAME TO "Sites"')
        connection.exec_driver_sql('CREATE VIEW "Admin_Location" AS SELECT * FROM "Sites"')
    watermark = Watermark()
    with practice.engine.connect() as connection:
        assert list(watermark.read(connection, 10)) == []
        list(watermark.read(connection, 10))
        assert list(watermark.read(connection, 10)) == []
        assert connection.execute(text("SELECT 1")).scalar() == 1
