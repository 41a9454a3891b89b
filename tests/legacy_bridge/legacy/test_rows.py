"""Rows: read in groups, written only if still what was read, captured by the outbox."""

import pytest
from sqlalchemy import text

from legacy_bridge.errors import RestoreDetected, SettingsWrong
from legacy_bridge.legacy.capture_outbox import OutboxFeed, install_outbox
from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.records import Kind
from legacy_bridge.sides.links import Link
from legacy_bridge.sides.writes import OutcomeKind, RowChange
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice, guid, key

MARY = key(Kind.PATIENT, "mary")


def test_write_is_refused_when_the_row_changed_since_it_was_read(practice: SmallPractice) -> None:
    rows = LegacyRows(practice.engine, ODS)
    group = rows.read([Link(key=MARY)])[MARY]
    practice.edit("Admin_Patient", "mary", Town="York")
    change = RowChange(link=MARY, digest=group.digest, columns={"HomePhone": "1"})
    assert rows.write([change])[MARY].kind is OutcomeKind.CHANGED
    assert practice.patient("mary")["HomePhone"] == "01632 960383"


def test_one_changed_row_does_not_hold_up_the_others_of_a_batch(practice: SmallPractice) -> None:
    rows = LegacyRows(practice.engine, ODS)
    omar = key(Kind.PATIENT, "omar")
    groups = rows.read([Link(key=MARY), Link(key=omar)])
    practice.edit("Admin_Patient", "mary", Town="York")
    changes = [RowChange(link=one, digest=groups[one].digest, columns={"HomePhone": "1"}) for one in groups]
    outcomes = rows.write(changes)
    assert outcomes[MARY].kind is OutcomeKind.CHANGED
    assert outcomes[omar].kind is OutcomeKind.WRITTEN
    assert practice.patient("omar")["HomePhone"] == "1"


def test_a_row_of_another_organisation_with_the_same_guid_is_somebody_else(practice: SmallPractice) -> None:
    practice.add_patient("mary", Surname="Elsewhere", OrganisationGuid=guid("hospital"))
    group = LegacyRows(practice.engine, ODS).read([Link(key=MARY)])[MARY]
    assert [row["Surname"] for row in group.rows["Admin_Patient"]] == ["Lind"]


def test_a_practice_that_the_database_does_not_have_is_refused_in_words(practice: SmallPractice) -> None:
    with pytest.raises(SettingsWrong, match="no organisation"):
        LegacyRows(practice.engine, "X00000")


def test_outbox_tells_each_touched_key_once_and_in_order(practice: SmallPractice) -> None:
    install_outbox(practice.engine)
    install_outbox(practice.engine)
    feed = OutboxFeed(practice.engine)
    start = feed.poll(None).checkpoint
    practice.edit("Admin_Patient", "mary", Town="York")
    practice.edit("Admin_Patient", "mary", Town="Hull")
    practice.remove("Appointment_Slot", "slot0")
    batch = feed.poll(start)
    assert batch.touched == (MARY, key(Kind.SLOT, "slot0"))
    assert feed.poll(batch.checkpoint).touched == ()


def test_a_transaction_that_is_rolled_back_leaves_no_trace_and_no_gap(practice: SmallPractice) -> None:
    install_outbox(practice.engine)
    feed = OutboxFeed(practice.engine)
    start = feed.poll(None).checkpoint
    with practice.engine.connect() as connection:
        connection.execute(text("UPDATE Admin_Patient SET Town = 'York'"))
        connection.rollback()
    practice.edit("Admin_Patient", "mary", Town="Hull")
    batch = feed.poll(start)
    assert (batch.touched, batch.has_gap) == ((MARY,), False)


def test_a_lost_part_of_the_outbox_is_a_gap(practice: SmallPractice) -> None:
    install_outbox(practice.engine)
    feed = OutboxFeed(practice.engine)
    start = feed.poll(None).checkpoint
    practice.edit("Admin_Patient", "mary", Town="York")
    practice.edit("Admin_Patient", "omar", Town="York")
    with practice.engine.begin() as connection:
        connection.execute(text("DELETE FROM banyan_outbox WHERE seq = (SELECT min(seq) FROM banyan_outbox)"))
    assert feed.poll(start).has_gap


@pytest.mark.hazard("H18")
def test_a_database_from_a_backup_is_noticed_before_anything_is_written(practice: SmallPractice) -> None:
    install_outbox(practice.engine)
    practice.edit("Admin_Patient", "mary", Town="York")
    with pytest.raises(RestoreDetected, match="came back from a backup"):
        OutboxFeed(practice.engine).poll("99")


def test_a_commit_of_somebody_else_changes_the_data_version(practice: SmallPractice) -> None:
    feed = OutboxFeed(practice.engine)
    before = feed.data_version()
    assert feed.data_version() == before
    practice.edit("Admin_Patient", "mary", Town="York")
    assert feed.data_version() != before
    feed.close()
