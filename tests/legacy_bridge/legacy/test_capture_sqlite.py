"""The outbox of SQLite stays small, and a pruned one is no restored one."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, inspect, text

from legacy_bridge.errors import RestoreDetected
from legacy_bridge.legacy.capture.lookups import missing
from legacy_bridge.legacy.capture.outbox import OUTBOX
from legacy_bridge.legacy.capture.sqlite import SqliteOutbox
from legacy_bridge.legacy.database import open_database
from legacy_bridge.legacy.entries import kinds_of
from legacy_bridge.legacy.groups import GROUPS, NAMED_BY
from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import Kind, LinkKey

LOCATIONS = METADATA.tables["Admin_Location"]
GUID = "{{00000000-0000-0000-0000-{:012}}}"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = open_database(f"sqlite:///{tmp_path / 'practice.db'}", must_exist=False)
    METADATA.create_all(made)
    SqliteOutbox(made).install()
    return made


def _touch(engine: Engine, number: int) -> None:
    with engine.begin() as connection:
        connection.execute(insert(LOCATIONS).values(LocationGuid=GUID.format(number)))


def test_outbox_stays_small_and_a_pruned_one_is_no_restored_one(engine: Engine) -> None:
    feed = SqliteOutbox(engine, kept=5)
    checkpoint = feed.poll(None).checkpoint
    for number in range(40):
        _touch(engine, number)
        batch = feed.poll(checkpoint)
        assert len(batch.touched) == 1
        assert not batch.has_gap
        checkpoint = batch.checkpoint
    with engine.connect() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {OUTBOX}")).scalar_one() <= 11  # noqa: S608
    assert feed.poll(checkpoint).touched == ()


def test_an_outbox_of_an_earlier_version_is_replaced(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {OUTBOX}"))
        connection.execute(
            text(f"CREATE TABLE {OUTBOX} (seq INTEGER PRIMARY KEY AUTOINCREMENT, source, record)")
        )
        connection.execute(
            text(
                'CREATE TRIGGER "banyan_outbox_2_Admin_Location_INSERT" AFTER INSERT ON "Admin_Location" '
                "BEGIN INSERT INTO banyan_outbox (source, record) VALUES ('x', 'y'); END"
            )
        )
    feed = SqliteOutbox(engine)
    feed.install()
    checkpoint = feed.poll(None).checkpoint
    _touch(engine, 1)
    assert len(feed.poll(checkpoint).touched) == 1
    with pytest.raises(RestoreDetected, match="backup"):
        feed.poll("99")


def test_the_kinds_of_touched_entries_are_found_without_a_walk_over_all_of_them(engine: Engine) -> None:
    entries = METADATA.tables["CareRecord_Observation"]
    with engine.begin() as connection:
        connection.execute(
            insert(entries),
            [
                {"OrganisationGuid": GUID.format(1 + at % 2), "ObservationGuid": GUID.format(at)}
                for at in range(10)
            ],
        )
    asked: list[tuple[str, Any]] = []
    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", lambda *said: asked.append((said[2], said[3])))
        found = kinds_of(connection, [GUID.format(at).strip("{}") for at in range(10)])
        assert len(found) == 10
        for statement, given in list(asked):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()
            assert not [str(step) for step in plan if "SCAN CareRecord_Observation" in str(step)]


@pytest.mark.parametrize("kind", NAMED_BY)
def test_what_names_a_record_is_found_without_a_walk_over_a_table(engine: Engine, kind: Kind) -> None:
    with engine.begin() as connection:
        practices = METADATA.tables["Admin_Organisation"]
        connection.execute(insert(practices).values(OrganisationGuid=GUID.format(1), ODSCode="Y99002"))
        assert missing(connection) == []
    rows = LegacyRows(engine, "Y99002")
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *said: asked.append((said[2], said[3])))
    rows.dependants(LinkKey(kind=kind, key=GUID.format(7).strip("{}")))
    assert asked
    mains = [group.main for group in GROUPS.values()]
    with engine.connect() as connection:
        for statement, given in list(asked):
            plan = [
                str(step) for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            ]
            assert not [step for step in plan for main in mains if f"SCAN {main}" in step]
            assert not [step for step in plan if "(OrganisationGuid=?)" in step], plan


def test_an_index_of_the_legacy_program_is_taken_and_none_made_beside_it(engine: Engine) -> None:
    with engine.connect() as connection:
        made = {one["name"] for one in inspect(connection).get_indexes("CareRecord_Observation")}
    assert {name for name in made if str(name).startswith("banyan_")} == {
        "banyan_CareRecord_Observation_DocumentGuid",
        "banyan_CareRecord_Observation_ParentObservationGuid",
        "banyan_CareRecord_Observation_ProblemGuid",
    }
