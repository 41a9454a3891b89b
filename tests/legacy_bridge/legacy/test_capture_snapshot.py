"""A snapshot finds what changed by its hashes, tells it at least once, and says until when it knows all."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, insert, select, update

from legacy_bridge.errors import RestoreDetected, SettingsWrong, SideUnavailable
from legacy_bridge.legacy.capture.choice import open_capture
from legacy_bridge.legacy.capture.interface import Capture
from legacy_bridge.legacy.capture.snapshot import SnapshotCapture
from legacy_bridge.legacy.lease import LegacyLease
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import ENTRIES, Kind, LinkKey
from legacy_bridge.settings import CaptureWay
from legacy_bridge.sides.feeds import FeedBatch
from tests.legacy_bridge.support.legacy_databases import Backup, LegacyKind
from tests.legacy_bridge.support.row_hashes import hashes_in, settled
from tests.legacy_bridge.support.small_practice import ODS, PATIENT, SmallPractice, guid, key

MARY, OMAR = key(Kind.PATIENT, "mary"), key(Kind.PATIENT, "omar")
PATIENTS, SITES = METADATA.tables["Admin_Patient"], METADATA.tables["Admin_Location"]
NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)


class _Clock:
    """A made clock; each look at the time of day takes `a_look` seconds."""

    def __init__(self, a_look: float = 0.0) -> None:
        self.seconds = 0.0
        self._a_look = a_look

    def now(self) -> datetime:
        self.seconds += self._a_look
        return NOON + timedelta(seconds=self.seconds)

    def elapsed(self) -> float:
        return self.seconds


@pytest.fixture(params=[LegacyKind.SQLITE, LegacyKind.POSTGRESQL], ids=["sqlite", "postgresql"])
def legacy_kind(request: pytest.FixtureRequest) -> LegacyKind:
    found: LegacyKind = request.param
    return found


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


def _capture(engine: Engine, folder: Path, clock: _Clock, *, page: int = 2000) -> SnapshotCapture:
    made = SnapshotCapture(engine, hashes_in(folder), clock=clock.now, seconds=clock.elapsed, page=page)
    made.install()
    return made


@pytest.fixture
def feed(practice: SmallPractice, tmp_path: Path, clock: _Clock) -> Iterator[SnapshotCapture]:
    made = _capture(practice.engine, tmp_path, clock)
    yield made
    made.close()


def _walked(feed: Capture, checkpoint: str) -> tuple[list[LinkKey], str]:
    """What two whole walks tell, and the checkpoint after."""
    told: list[LinkKey] = []
    ended: set[datetime | None] = set()
    while len(ended) < 3:
        batch = feed.poll(checkpoint)
        checkpoint = batch.checkpoint
        told += batch.touched
        ended.add(batch.known_until)
    return told, checkpoint


def test_what_the_journal_did_not_absorb_is_told_again_and_then_no_more(
    practice: SmallPractice, feed: SnapshotCapture, tmp_path: Path, clock: _Clock
) -> None:
    checkpoint = settled(feed)
    practice.edit("Admin_Patient", "mary", Town="York")
    assert feed.poll(checkpoint).touched == (MARY,)
    assert feed.poll(checkpoint).touched == (MARY,)
    feed.close()
    again = _capture(practice.engine, tmp_path, clock)
    batch = again.poll(checkpoint)
    assert (batch.touched, batch.has_gap) == ((MARY,), False)
    again.close()
    absorbed = _capture(practice.engine, tmp_path, clock)
    assert absorbed.poll(batch.checkpoint).touched == ()
    absorbed.close()


def test_an_edit_that_is_taken_back_before_it_was_absorbed_is_no_gap(
    practice: SmallPractice, feed: SnapshotCapture
) -> None:
    before = practice.patient("mary")["Town"]
    checkpoint = settled(feed)
    practice.edit("Admin_Patient", "mary", Town="York")
    feed.poll(checkpoint)
    practice.edit("Admin_Patient", "mary", Town=before)
    rest = feed.poll(checkpoint)
    assert (rest.touched, rest.checkpoint, rest.has_gap) == ((), checkpoint, False)


@pytest.mark.parametrize("legacy_kind", [LegacyKind.SQLITE], indirect=True)
def test_a_text_that_is_no_text_holds_nobody_else_up(practice: SmallPractice, feed: SnapshotCapture) -> None:
    """SQLite takes any bytes for a text."""
    checkpoint = settled(feed)
    with practice.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE Admin_Patient SET Town = CAST(X'59C3FF6B' AS TEXT)")
    batch = feed.poll(checkpoint)
    assert set(batch.touched) == {MARY, OMAR}
    practice.edit("Admin_Patient", "omar", Town="York")
    assert feed.poll(batch.checkpoint).touched == (OMAR,)


@pytest.mark.parametrize("lost", ["the file", "the place"])
def test_a_checkpoint_that_fits_neither_is_a_gap_and_every_row_is_told_again(
    practice: SmallPractice, feed: SnapshotCapture, tmp_path: Path, clock: _Clock, lost: str
) -> None:
    checkpoint = settled(feed)
    if lost == "the file":
        feed.close()
        for file in tmp_path.glob("journal.sqlite.rows*"):
            file.unlink()
    else:
        practice.edit("Admin_Patient", "omar", Town="Ely")
        feed.poll(feed.poll(checkpoint).checkpoint)
    again = _capture(practice.engine, tmp_path, clock)
    practice.edit("Admin_Patient", "mary", Town="York")
    batch = again.poll(checkpoint)
    assert batch.has_gap
    rest = again.poll(batch.checkpoint)
    assert {MARY, OMAR} <= set(rest.touched)
    assert not rest.has_gap
    again.close()


def test_an_edit_ahead_of_the_walk_is_told_by_it_and_one_behind_by_the_next(
    practice: SmallPractice, tmp_path: Path
) -> None:
    feed = _capture(practice.engine, tmp_path, _Clock(0.001), page=50)
    with practice.engine.begin() as connection:
        connection.execute(
            insert(SITES), [{"LocationGuid": f"{{{number:036}}}"} for number in range(100, 300)]
        )
    _, checkpoint = _walked(feed, feed.poll(None).checkpoint)
    walking = feed.poll(checkpoint)
    while walking.touched or feed._hashes().standing.after == ():
        walking = feed.poll(walking.checkpoint)
    behind, ahead = (f"{number:036}" for number in (100, 299))
    for site in (behind, ahead):
        with practice.engine.begin() as connection:
            wanted = SITES.c.LocationGuid == f"{{{site}}}"
            if site == behind:
                connection.execute(SITES.delete().where(wanted))
            else:
                connection.execute(update(SITES).where(wanted).values(LocationName="Hill"))
    told: list[tuple[LinkKey, datetime | None]] = []
    checkpoint = walking.checkpoint
    while len(told) < 2:
        batch = feed.poll(checkpoint)
        checkpoint = batch.checkpoint
        told += [(one, batch.known_until) for one in batch.touched]
    assert [one.key for one, _ in told] == [ahead, behind]
    rest, _ = _walked(feed, checkpoint)
    assert rest == []
    feed.close()


def test_whatever_was_committed_before_the_moment_that_it_names_has_been_told(
    practice: SmallPractice, tmp_path: Path, clock: _Clock
) -> None:
    names = [str(number) for number in range(120)]
    with practice.engine.begin() as connection:
        connection.execute(insert(PATIENTS), [{**PATIENT, "PatientGuid": guid(name)} for name in names])
    feed = _capture(practice.engine, tmp_path, clock, page=50)
    batch = feed.poll(None)
    edited: dict[LinkKey, datetime] = {}
    known: set[datetime] = set()
    for step in range(40):
        name = names[step * 37 % 120]
        practice.edit("Admin_Patient", name, Town=f"Town {step}")
        edited[key(Kind.PATIENT, name)] = clock.now()
        clock.seconds += 10
        batch = feed.poll(batch.checkpoint)
        for one in batch.touched:
            edited.pop(one, None)
        assert batch.known_until is not None
        known.add(batch.known_until)
        assert all(moment >= batch.known_until for moment in edited.values())
    assert len(known) > 3
    feed.close()


def test_rows_that_are_gone_are_told_with_what_they_named(
    practice: SmallPractice, feed: SnapshotCapture
) -> None:
    for name in ("panel", "result"):
        practice.add("CareRecord_Observation", name, OrganisationGuid=guid("org"), Deleted=False)
    practice.edit("CareRecord_Observation", "result", ParentObservationGuid=guid("panel"))
    checkpoint = settled(feed)
    practice.remove("CareRecord_Observation", "result")
    practice.remove("Appointment_Slot", "slot1")
    told = {one.key: one.kind for one in feed.poll(checkpoint).touched}
    names = (("panel", Kind.OBSERVATION), ("result", ENTRIES[0]), ("slot1", Kind.SLOT))
    assert set(told) == {key(kind, name).key for name, kind in names}


def test_a_table_that_is_emptied_is_told_page_by_page(practice: SmallPractice, tmp_path: Path) -> None:
    feed = _capture(practice.engine, tmp_path, _Clock(0.001), page=50)
    with practice.engine.begin() as connection:
        connection.execute(insert(SITES), [{"LocationGuid": guid(str(number))} for number in range(400)])
    _, checkpoint = _walked(feed, feed.poll(None).checkpoint)
    with practice.engine.begin() as connection:
        connection.execute(SITES.delete())
    told: list[LinkKey] = []
    most = 0
    while len(set(told)) < 401:
        batch = feed.poll(checkpoint)
        checkpoint = batch.checkpoint
        most = max(most, len(batch.touched))
        told += batch.touched
    assert most <= 150
    assert len(told) == len(set(told))
    feed.close()


def test_keys_that_nobody_would_expect_are_walked_like_others(
    practice: SmallPractice, tmp_path: Path, legacy_kind: LegacyKind
) -> None:
    odd = ["", " ", "a", "B", "_c", "-", "{", "é", "Z", "'; --", "%s:x", "\\", "😀", guid("x").lower(), "{}"]
    if legacy_kind is LegacyKind.POSTGRESQL:  # sorts by the rules of a language
        with practice.engine.begin() as connection:
            connection.exec_driver_sql(
                'ALTER TABLE "Admin_Location" ALTER "LocationGuid" TYPE varchar(38) COLLATE "und-x-icu"'
            )
    with practice.engine.begin() as connection:
        connection.execute(insert(SITES), [{"LocationGuid": one} for one in odd])
    feed = _capture(practice.engine, tmp_path, _Clock(0.001), page=3)
    told, checkpoint = _walked(feed, feed.poll(None).checkpoint)
    named = {one.strip().strip("{}").lower() for one in odd} - {""}
    assert named <= {one.key for one in told if one.kind is Kind.LOCATION}
    rest, checkpoint = _walked(feed, checkpoint)
    assert rest == []
    with practice.engine.begin() as connection:
        for gone in odd[::2]:
            connection.execute(SITES.delete().where(SITES.c.LocationGuid == gone))
        for changed in odd[1::2]:
            connection.execute(update(SITES).where(SITES.c.LocationGuid == changed).values(LocationName="x"))
    told, checkpoint = _walked(feed, checkpoint)
    assert {one.key for one in told} == named
    rest, _ = _walked(feed, checkpoint)
    assert rest == []
    feed.close()


def test_a_transaction_that_is_open_over_a_walk_is_told_when_it_ends(
    practice: SmallPractice, feed: SnapshotCapture
) -> None:
    checkpoint = settled(feed)
    with practice.engine.connect() as form:
        form.execute(update(PATIENTS).where(PATIENTS.c.PatientGuid == guid("mary")).values(Town="York"))
        assert feed.poll(checkpoint).touched == ()
        form.commit()
    assert feed.poll(checkpoint).touched == (MARY,)


@pytest.mark.parametrize("legacy_kind", [LegacyKind.SQLITE], ids=["sqlite"])
def test_many_rows_are_walked_with_little_memory(practice: SmallPractice, tmp_path: Path) -> None:
    with practice.engine.begin() as connection:
        connection.execute(insert(SITES), [{"LocationGuid": guid(str(number))} for number in range(20_000)])
    feed = SnapshotCapture(practice.engine, hashes_in(tmp_path))
    feed.install()
    checkpoint = feed.poll(None).checkpoint
    told = 0
    tracemalloc.start()
    batch = FeedBatch(touched=(MARY,), strays=(), checkpoint=checkpoint)
    while batch.touched:
        batch = feed.poll(batch.checkpoint)
        assert len(batch.touched) <= 2000
        told += len(batch.touched)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    feed.close()
    assert told >= 20_000
    assert peak < 16_000_000


def test_the_next_slice_is_due_once_the_last_one_was_a_twentieth_of_the_time(
    practice: SmallPractice, tmp_path: Path
) -> None:
    slow = _Clock(0.5)
    feed = _capture(practice.engine, tmp_path, slow)
    checkpoint = feed.poll(feed.poll(None).checkpoint).checkpoint
    first = feed.data_version()
    slow.seconds += 0.6  # the first walk goes on for half of the time
    assert feed.data_version() != first
    feed.poll(checkpoint)
    seen = feed.data_version()
    slow.seconds += 9.4
    assert feed.data_version() == seen
    slow.seconds += 0.2
    due = feed.data_version()
    assert due == feed.data_version() != seen
    assert feed._limit < 2000
    feed.close()


@pytest.mark.hazard("H18")
def test_a_database_from_a_backup_is_noticed_by_the_beats_of_the_lease(
    practice: SmallPractice, feed: SnapshotCapture
) -> None:
    seconds = [0.0]
    lease = LegacyLease(practice.engine, ODS, "journal", clock=lambda: seconds[0])
    lease.take()
    backup = Backup(practice.engine)
    checkpoint = settled(feed)
    for _ in range(3):
        seconds[0] += 5
        lease.beat()
    checkpoint = feed.poll(checkpoint).checkpoint
    feed.close()
    backup.put_back()
    with pytest.raises(RestoreDetected, match=r"came back from a backup.*once --after-restore"):
        feed.poll(checkpoint)
    released = feed.poll(None)
    assert {MARY, OMAR} <= set(feed.poll(released.checkpoint).touched)


@pytest.mark.parametrize("legacy_kind", [LegacyKind.SQLITE], ids=["sqlite"])
def test_the_file_holds_no_value_and_is_its_owners_only(
    practice: SmallPractice, feed: SnapshotCapture, tmp_path: Path
) -> None:
    settled(feed)
    feed.close()
    file = tmp_path / "journal.sqlite.rows"
    assert file.stat().st_mode & 0o077 == 0
    assert b"SQLite format" not in file.read_bytes()
    assert guid("mary").encode() not in file.read_bytes()
    again = hashes_in(tmp_path)()
    with again._engine.connect() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM kept").all())
    again.close()
    assert guid("mary") in kept
    assert "Lind" not in kept
    assert "9997576527" not in kept


@pytest.mark.parametrize("legacy_kind", [LegacyKind.SQLITE], ids=["sqlite"])
def test_a_file_that_cannot_be_used_is_said_and_one_of_another_key_is_made_anew(
    practice: SmallPractice, feed: SnapshotCapture, tmp_path: Path
) -> None:
    checkpoint = settled(feed)
    hashes = feed._hashes()
    with hashes._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE proposed RENAME TO elsewhere")
    practice.edit("Admin_Patient", "mary", Town="York")
    with pytest.raises(SideUnavailable, match="hashes, beside the journal, cannot be used"):
        feed.poll(checkpoint)
    feed.close()
    (tmp_path / "journal.sqlite.key").write_text("ab" * 32, encoding="ascii")
    assert feed.poll(checkpoint).has_gap


@pytest.mark.parametrize(
    ("url", "way", "words"),
    [
        ("sqlite://", CaptureWay.CHANGE_TRACKING, "SQLite has no capture `change-tracking`: set capture to"),
        ("postgresql+psycopg://", CaptureWay.CHANGE_TRACKING, "one of auto, outbox, snapshot"),
        ("mssql+pyodbc://x", CaptureWay.OUTBOX, "one of auto, change-tracking"),
        ("mssql+pyodbc://x", CaptureWay.SNAPSHOT, "SQL Server has no capture `snapshot`"),
        ("sqlite://", CaptureWay.SNAPSHOT, "beside the journal"),
    ],
)
def test_a_capture_that_a_database_cannot_do_is_said_in_one_sentence(
    url: str, way: CaptureWay, words: str
) -> None:
    with pytest.raises(SettingsWrong, match=words) as caught:
        open_capture(create_engine(url), way)
    assert str(caught.value).count(". ") == 0


def test_it_leaves_nothing_in_the_database_but_the_lease(
    practice: SmallPractice, feed: SnapshotCapture
) -> None:
    settled(feed)
    own = {"sqlite": "sqlite_master", "postgresql": "pg_trigger"}[practice.engine.dialect.name]
    name = {"sqlite": "name", "postgresql": "tgname"}[practice.engine.dialect.name]
    with practice.engine.connect() as connection:
        found = connection.exec_driver_sql(f"SELECT {name} FROM {own}").scalars().all()  # noqa: S608
        assert not [one for one in found if "banyan" in one and "lease" not in one]
        assert connection.execute(select(PATIENTS.c.PatientGuid)).all()
