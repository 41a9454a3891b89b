"""The outbox notes every touched key, stays small, and says when the database came back from a backup."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, text, update

from legacy_bridge.errors import RestoreDetected
from legacy_bridge.legacy.capture_outbox import OUTBOX, OutboxFeed, install_outbox
from legacy_bridge.legacy.database import open_database
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import Kind

LOCATIONS = METADATA.tables["Admin_Location"]
GUID = "{{00000000-0000-0000-0000-{:012}}}"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = open_database(f"sqlite:///{tmp_path / 'practice.db'}", must_exist=False)
    METADATA.create_all(made)
    install_outbox(made)
    return made


def _touch(engine: Engine, *numbers: int) -> None:
    with engine.begin() as connection:
        for number in numbers:
            connection.execute(insert(LOCATIONS).values(LocationGuid=GUID.format(number)))


def _rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {OUTBOX}")).scalar_one())  # noqa: S608


def test_every_touched_key_is_told_once_and_in_order(engine: Engine) -> None:
    feed = OutboxFeed(engine)
    start = feed.poll(None).checkpoint
    _touch(engine, 1, 2)
    with engine.begin() as connection:
        connection.execute(update(LOCATIONS).values(Town="Fernbrook"))
    batch = feed.poll(start)
    assert [key.kind for key in batch.touched] == [Kind.LOCATION, Kind.LOCATION]
    assert [key.key[-1] for key in batch.touched] == ["1", "2"]
    assert feed.poll(batch.checkpoint).touched == ()


def test_what_was_rolled_back_is_not_told(engine: Engine) -> None:
    feed = OutboxFeed(engine)
    start = feed.poll(None).checkpoint
    with engine.connect() as connection:
        connection.execute(insert(LOCATIONS).values(LocationGuid=GUID.format(1)))
        connection.rollback()
    assert feed.poll(start).touched == ()


def test_outbox_stays_small_and_a_pruned_one_is_no_restored_one(engine: Engine) -> None:
    feed = OutboxFeed(engine, kept=5)
    checkpoint = feed.poll(None).checkpoint
    for number in range(40):
        _touch(engine, number)
        batch = feed.poll(checkpoint)
        assert len(batch.touched) == 1
        assert not batch.has_gap
        checkpoint = batch.checkpoint
    assert _rows(engine) <= 11
    assert feed.poll(checkpoint).touched == ()


def test_feed_that_was_away_while_rows_were_pruned_has_a_gap(engine: Engine) -> None:
    feed = OutboxFeed(engine)
    start = feed.poll(None).checkpoint
    _touch(engine, 1, 2, 3)
    with engine.begin() as connection:
        connection.execute(text(f"DELETE FROM {OUTBOX} WHERE seq <= 2"))  # noqa: S608
    assert feed.poll(start).has_gap


@pytest.mark.hazard("H18")
def test_database_older_than_the_checkpoint_came_back_from_a_backup(engine: Engine) -> None:
    feed = OutboxFeed(engine)
    _touch(engine, 1)
    with pytest.raises(RestoreDetected, match="backup"):
        feed.poll("99")
