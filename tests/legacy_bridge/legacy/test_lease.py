"""The lease in the legacy database: two bridges with different journals never both write."""

import pytest

from legacy_bridge.errors import AnotherBridge, RestoreDetected
from legacy_bridge.legacy.lease import BEAT_SECONDS, LegacyLease
from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.records import Kind
from legacy_bridge.sides.links import Link
from legacy_bridge.sides.writes import RowChange
from tests.legacy_bridge.support.legacy_databases import Backup
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice, key

pytestmark = pytest.mark.hazard("H12")


class FakeClock:
    """Seconds that pass when somebody waits; the holder may beat meanwhile."""

    def __init__(self) -> None:
        self.now = 0.0
        self.living: LegacyLease | None = None

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        """Let seconds pass."""
        self.now += seconds
        if self.living is not None:
            self.living.beat()


class FakeMemory:
    """What a journal remembers of its beats."""

    def __init__(self) -> None:
        self.beat: int | None = None

    def read(self) -> int | None:
        return self.beat

    def write(self, beat: int) -> None:
        self.beat = beat

    def position(self) -> str | None:
        return None

    def is_behind(self) -> None:
        raise AssertionError("the journal knows everything")


def lease(
    practice: SmallPractice, journal: str, clock: FakeClock, remembered: FakeMemory | None = None
) -> LegacyLease:
    return LegacyLease(practice.engine, ODS, journal, clock=clock, wait=clock.wait, remembered=remembered)


def test_a_second_journal_is_refused_while_the_first_bridge_lives(practice: SmallPractice) -> None:
    clock = FakeClock()
    first, second = lease(practice, "one", clock), lease(practice, "two", clock)
    first.take()
    clock.living = first
    with pytest.raises(AnotherBridge, match="already mirrors Y99002"):
        second.take()
    assert clock.now <= BEAT_SECONDS + 1
    first.verify()


def test_a_second_journal_takes_over_from_a_silent_bridge_which_then_writes_nothing(
    practice: SmallPractice,
) -> None:
    clock = FakeClock()
    first, second = lease(practice, "one", clock), lease(practice, "two", clock)
    first.take()
    second.take()
    assert clock.now >= 3 * BEAT_SECONDS
    second.verify()
    for use in (first.verify, first.beat):
        with pytest.raises(AnotherBridge, match="took over"):
            use()
    first.close()
    second.verify()


def test_the_same_journal_goes_on_at_once_and_a_copy_of_it_ends_the_first(practice: SmallPractice) -> None:
    clock = FakeClock()
    first, copy = lease(practice, "one", clock), lease(practice, "one", clock)
    first.take()
    copy.take()
    assert clock.now == 0
    with pytest.raises(AnotherBridge):
        first.verify()


@pytest.mark.hazard("H18")
def test_nothing_is_written_to_a_database_that_came_back_from_a_backup_under_a_running_bridge(
    practice: SmallPractice,
) -> None:
    clock = FakeClock()
    held = lease(practice, "one", clock)
    held.take()
    backup = Backup(practice.engine)
    clock.now += BEAT_SECONDS
    held.beat()
    backup.put_back()
    clock.now += BEAT_SECONDS
    for use in (held.verify, held.beat):
        with pytest.raises(RestoreDetected, match="came back from a backup"):
            use()
    held.close()
    assert held.position() is None


@pytest.mark.hazard("H18")
def test_nothing_is_written_to_a_database_that_came_back_while_no_bridge_ran_until_it_is_released(
    practice: SmallPractice,
) -> None:
    clock, journal = FakeClock(), FakeMemory()
    first = lease(practice, "one", clock, journal)
    first.take()
    backup = Backup(practice.engine)
    for _ in range(2):
        clock.now += BEAT_SECONDS
        first.beat()
    backup.put_back()
    with pytest.raises(RestoreDetected, match="has shown 2 times that it lives, of which 0 are left"):
        lease(practice, "one", clock, journal).take()
    released = lease(practice, "one", clock, journal)
    released.take(releases=True)
    with pytest.raises(RestoreDetected):  # whoever released it has not come to an end
        lease(practice, "one", clock, journal).take()
    released.believe()
    lease(practice, "one", clock, journal).take()


def test_a_beat_that_was_remembered_and_never_made_is_no_backup(practice: SmallPractice) -> None:
    clock, journal = FakeClock(), FakeMemory()
    lease(practice, "one", clock, journal).take()
    journal.beat = 1
    lease(practice, "one", clock, journal).take()
    assert journal.beat == 1


def test_a_lease_that_was_given_back_is_free_at_once(practice: SmallPractice) -> None:
    clock = FakeClock()
    first, second = lease(practice, "one", clock), lease(practice, "two", clock)
    first.take()
    first.close()
    second.take()
    assert clock.now == 0


def test_a_bridge_that_lost_its_lease_writes_neither_side(mirror: Mirror, practice: SmallPractice) -> None:
    mary = mirror.patient("mary")
    mirror.put(mirror.patient("omar"), birthDate="1981-01-01")
    practice.edit("Admin_Patient", "mary", HomePhone="01632 111111")
    clock = FakeClock()
    lease(practice, "another", clock).take()
    with pytest.raises(AnotherBridge):
        mirror.drain()
    assert mirror.patient("mary") == mary
    assert str(practice.patient("omar")["DateOfBirth"]) == "1980-02-03"


def test_a_legacy_write_checks_the_lease_in_its_own_transaction(practice: SmallPractice) -> None:
    first = lease(practice, "one", FakeClock())
    first.take()
    rows = LegacyRows(practice.engine, ODS, fence=first.check)
    link = key(Kind.PATIENT, "omar")
    digest = rows.read([Link(key=link)])[link].digest
    lease(practice, "two", FakeClock()).take()
    with pytest.raises(AnotherBridge):
        rows.write([RowChange(link=link, digest=digest, columns={"HomePhone": "01632 999999"})])
    assert practice.patient("omar")["HomePhone"] == "01632 960383"
