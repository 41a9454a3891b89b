"""PostgreSQL's outbox: no writer is skipped, none holds the others up, and none needs rights to it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, make_url, text, update

from legacy_bridge.legacy.capture.outbox import OUTBOX
from legacy_bridge.legacy.capture.postgresql import PostgresqlOutbox
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import Kind
from tests.legacy_bridge.support.legacy_databases import LegacyKind
from tests.legacy_bridge.support.small_practice import SmallPractice, guid, key

MARY, OMAR = key(Kind.PATIENT, "mary"), key(Kind.PATIENT, "omar")
PATIENTS = METADATA.tables["Admin_Patient"]


@pytest.fixture(params=[LegacyKind.POSTGRESQL, LegacyKind.POSTGRESQL_ODBC], ids=["native", "odbc"])
def legacy_kind(request: pytest.FixtureRequest) -> LegacyKind:
    found: LegacyKind = request.param
    return found


@pytest.fixture
def feed(practice: SmallPractice) -> Iterator[PostgresqlOutbox]:
    made = PostgresqlOutbox(practice.engine)
    made.install()
    yield made
    made.close()


def test_a_transaction_that_stays_open_over_a_poll_is_told_when_it_ends_and_holds_nobody_up(
    practice: SmallPractice, feed: PostgresqlOutbox
) -> None:
    start = feed.poll(None).checkpoint
    with practice.engine.connect() as slow:
        slow.execute(update(PATIENTS).where(PATIENTS.c.PatientGuid == guid("mary")).values(Town="York"))
        practice.edit("Admin_Patient", "omar", Town="Hull")
        meanwhile = feed.poll(start)
        assert meanwhile.touched == (OMAR,)
        again = feed.poll(meanwhile.checkpoint)
        assert again.touched == ()
        slow.commit()
    batch = feed.poll(again.checkpoint)
    assert (batch.touched, batch.has_gap) == ((MARY,), False)
    assert feed.poll(batch.checkpoint).touched == ()


def test_a_transaction_that_ends_between_two_pages_is_not_skipped(practice: SmallPractice) -> None:
    feed = PostgresqlOutbox(practice.engine, page=2)
    feed.install()
    start = feed.poll(None).checkpoint
    with practice.engine.connect() as slow:
        slow.execute(update(PATIENTS).where(PATIENTS.c.PatientGuid == guid("mary")).values(Town="York"))
        for name in ("slot0", "slot1", "slot2"):
            practice.edit("Appointment_Slot", name, IsBlocked=True)
        first = feed.poll(start)
        assert (len(first.touched), first.is_whole) == (2, False)
        slow.commit()
    second = feed.poll(first.checkpoint)
    third = feed.poll(second.checkpoint)
    assert {*second.touched, *third.touched} == {key(Kind.SLOT, "slot2"), MARY}


def test_a_table_that_is_emptied_is_a_gap(practice: SmallPractice, feed: PostgresqlOutbox) -> None:
    start = feed.poll(None).checkpoint
    with practice.engine.begin() as connection:
        connection.execute(text('TRUNCATE "Appointment_SessionUser"'))
    assert feed.poll(start).has_gap


def test_a_trigger_that_is_switched_off_is_a_gap_and_is_switched_on(
    practice: SmallPractice, feed: PostgresqlOutbox
) -> None:
    start = feed.poll(None).checkpoint
    with practice.engine.begin() as connection:
        connection.execute(text('ALTER TABLE "Admin_Patient" DISABLE TRIGGER USER'))
    practice.edit("Admin_Patient", "mary", Town="York")
    batch = feed.poll(start)
    assert batch.has_gap
    practice.edit("Admin_Patient", "omar", Town="York")
    after = feed.poll(batch.checkpoint)
    assert (after.touched, after.has_gap) == ((OMAR,), False)


def test_what_is_kept_is_told_again_when_the_server_was_started_again(
    practice: SmallPractice, feed: PostgresqlOutbox
) -> None:
    start = feed.poll(None).checkpoint
    practice.edit("Admin_Patient", "mary", Town="York")
    server, _, rest = feed.poll(start).checkpoint.split("/", 2)
    batch = feed.poll(f"{server}/1/{rest}")
    assert (batch.touched, batch.has_gap) == ((MARY,), False)
    assert feed.poll(batch.checkpoint).touched == ()


def test_a_database_that_moved_to_another_server_is_compared(
    practice: SmallPractice, feed: PostgresqlOutbox
) -> None:
    _, rest = feed.poll(None).checkpoint.split("/", 1)
    batch = feed.poll(f"1/{rest}")
    assert batch.has_gap
    assert not feed.poll(batch.checkpoint).has_gap


def test_the_legacy_program_needs_no_right_to_the_outbox(
    practice: SmallPractice, feed: PostgresqlOutbox
) -> None:
    start = feed.poll(None).checkpoint
    role = f"clerk_{make_url(practice.url).database}"[:60]
    with practice.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
        connection.exec_driver_sql(f'GRANT SELECT, UPDATE ON "Admin_Patient" TO {role}')
    clerk = create_engine(make_url(practice.url).set(drivername="postgresql+psycopg", username=role))
    with clerk.begin() as connection:
        connection.execute(update(PATIENTS).where(PATIENTS.c.PatientGuid == guid("mary")).values(Town="Ely"))
    clerk.dispose()
    with practice.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {role}")
        connection.exec_driver_sql(f"DROP ROLE {role}")
    assert feed.poll(start).touched == (MARY,)


def test_outbox_stays_small_while_it_is_read(practice: SmallPractice) -> None:
    feed = PostgresqlOutbox(practice.engine, kept=5)
    feed.install()
    checkpoint = feed.poll(None).checkpoint
    for number in range(20):
        practice.edit("Admin_Patient", "mary", Town=f"Town {number}")
        batch = feed.poll(checkpoint)
        assert (batch.touched, batch.has_gap) == ((MARY,), False)
        checkpoint = batch.checkpoint
    with practice.engine.connect() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {OUTBOX}")).scalar_one() <= 11  # noqa: S608
