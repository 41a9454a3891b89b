"""A capture notes every touched key, whatever the database, and says when it may have missed something."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from legacy_bridge.errors import RestoreDetected
from legacy_bridge.legacy.capture.choice import open_capture
from legacy_bridge.legacy.capture.interface import Capture
from legacy_bridge.legacy.capture.outbox import OUTBOX
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import Kind
from legacy_bridge.settings import CaptureWay
from tests.legacy_bridge.support.legacy_databases import Backup
from tests.legacy_bridge.support.row_hashes import hashes_in, settled
from tests.legacy_bridge.support.small_practice import SmallPractice, guid, key

MARY, OMAR = key(Kind.PATIENT, "mary"), key(Kind.PATIENT, "omar")


@pytest.fixture(params=[CaptureWay.OUTBOX, CaptureWay.SNAPSHOT], ids=lambda way: way.value)
def feed(request: pytest.FixtureRequest, practice: SmallPractice, tmp_path: Path) -> Iterator[Capture]:
    made = open_capture(practice.engine, request.param, open_hashes=hashes_in(tmp_path))
    made.install()
    made.install()
    yield made
    made.close()


@pytest.fixture
def outbox(practice: SmallPractice) -> Iterator[Capture]:
    made = open_capture(practice.engine)
    made.install()
    yield made
    made.close()


def _do(practice: SmallPractice, *statements: str) -> None:
    with practice.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_each_touched_key_is_told_once_and_in_order(practice: SmallPractice, feed: Capture) -> None:
    start = settled(feed)
    practice.edit("Admin_Patient", "mary", Town="York")
    practice.edit("Admin_Patient", "mary", Town="Hull")
    practice.remove("Appointment_Slot", "slot0")
    practice.add_patient("zoe", Surname="Zimmer")
    batch = feed.poll(start)
    assert batch.touched == tuple(sorted((MARY, key(Kind.PATIENT, "zoe"), key(Kind.SLOT, "slot0")), key=str))
    assert not batch.has_gap
    assert feed.poll(batch.checkpoint).touched == ()


def test_one_statement_on_many_rows_tells_all_of_them(practice: SmallPractice, feed: Capture) -> None:
    start = settled(feed)
    _do(practice, 'UPDATE "Admin_Patient" SET "Town" = \'Ely\'')
    assert set(feed.poll(start).touched) == {MARY, OMAR}


def test_a_row_that_moves_tells_of_both_that_it_names(practice: SmallPractice, feed: Capture) -> None:
    for name in ("old", "new", "result"):
        practice.add("CareRecord_Observation", name, OrganisationGuid=guid("org"), Deleted=False)
    practice.edit("CareRecord_Observation", "result", ParentObservationGuid=guid("old"))
    start = settled(feed)
    practice.edit("CareRecord_Observation", "result", ParentObservationGuid=guid("new"))
    told = {one.key for one in feed.poll(start).touched}
    assert told == {key(Kind.OBSERVATION, name).key for name in ("old", "new", "result")}


def test_a_transaction_that_is_rolled_back_leaves_no_trace_and_no_gap(
    practice: SmallPractice, feed: Capture
) -> None:
    start = settled(feed)
    with practice.engine.connect() as connection:
        connection.execute(text('UPDATE "Admin_Patient" SET "Town" = \'York\''))
        connection.rollback()
    practice.edit("Admin_Patient", "mary", Town="Hull")
    batch = feed.poll(start)
    assert (batch.touched, batch.has_gap) == ((MARY,), False)


def test_a_lost_part_of_the_outbox_is_a_gap(practice: SmallPractice, outbox: Capture) -> None:
    start = outbox.poll(None).checkpoint
    practice.edit("Admin_Patient", "mary", Town="York")
    practice.edit("Admin_Patient", "omar", Town="York")
    _do(practice, f"DELETE FROM {OUTBOX} WHERE seq < (SELECT max(seq) FROM {OUTBOX})")  # noqa: S608
    batch = outbox.poll(start)
    assert batch.has_gap
    practice.edit("Admin_Patient", "omar", Town="Hull")
    after = outbox.poll(batch.checkpoint)
    assert (after.touched, after.has_gap) == ((OMAR,), False)


def test_a_table_that_is_made_anew_is_a_gap_and_is_watched_again(
    practice: SmallPractice, outbox: Capture
) -> None:
    sites = METADATA.tables["Admin_Location"]
    checkpoint = outbox.poll(outbox.poll(None).checkpoint).checkpoint
    sites.drop(practice.engine)
    sites.create(practice.engine)
    practice.add("Admin_Location", "unseen", LocationName="made while no trigger was there")
    batch = outbox.poll(checkpoint)
    assert batch.has_gap
    practice.add("Admin_Location", "seen")
    after = outbox.poll(batch.checkpoint)
    assert (after.touched, after.has_gap) == ((key(Kind.LOCATION, "seen"),), False)


@pytest.mark.hazard("H18")
@pytest.mark.parametrize("edits_since", [0, 1, 7])
def test_a_database_from_a_backup_is_noticed_however_much_was_written_since(
    practice: SmallPractice, outbox: Capture, edits_since: int
) -> None:
    practice.edit("Admin_Patient", "mary", Town="Ripon")
    backup = Backup(practice.engine)
    for town in ("York", "Hull", "Ely"):
        practice.edit("Admin_Patient", "mary", Town=town)
    checkpoint = outbox.poll(outbox.poll(None).checkpoint).checkpoint
    outbox.close()
    backup.put_back()
    for number in range(edits_since):
        practice.edit("Admin_Patient", "mary", Town=f"Town {number}")
    with pytest.raises(RestoreDetected, match=r"came back from a backup.*once --after-restore"):
        outbox.poll(checkpoint)


def test_a_commit_of_somebody_else_changes_the_data_version(practice: SmallPractice, outbox: Capture) -> None:
    before = outbox.data_version()
    assert outbox.data_version() == before
    practice.edit("Admin_Patient", "mary", Town="York")
    assert outbox.data_version() != before


def test_more_than_a_page_is_told_page_by_page(practice: SmallPractice, outbox: Capture) -> None:
    start = outbox.poll(None).checkpoint
    table = METADATA.tables["Admin_Location"]
    with practice.engine.begin() as connection:
        connection.execute(table.insert(), [{"LocationGuid": guid(str(number))} for number in range(2500)])
    first = outbox.poll(start)
    second = outbox.poll(first.checkpoint)
    assert (len(first.touched), first.is_whole) == (2000, False)
    assert (len(second.touched), second.is_whole) == (500, True)
    assert not {*first.touched} & {*second.touched}
