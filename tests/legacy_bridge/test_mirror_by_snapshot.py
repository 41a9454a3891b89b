"""The mirror on a legacy database in which it may make no trigger: what changed is found by comparison."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from legacy_bridge.errors import RestoreDetected
from legacy_bridge.legacy.capture.snapshot import SnapshotCapture
from legacy_bridge.settings import CaptureWay
from tests.legacy_bridge.support.legacy_databases import Backup, LegacyKind
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import SmallPractice
from web_modules.fhir_store.service import FhirService


@pytest.fixture(params=[LegacyKind.SQLITE, LegacyKind.POSTGRESQL], ids=["sqlite", "postgresql"])
def legacy_kind(request: pytest.FixtureRequest) -> LegacyKind:
    found: LegacyKind = request.param
    return found


@pytest.fixture
def mirror(practice: SmallPractice, fhir: FhirService, tmp_path: Path) -> Iterator[Mirror]:
    made = Mirror(practice, fhir, tmp_path, capture=CaptureWay.SNAPSHOT)
    made.drain()
    yield made
    made.stop()


def test_edits_of_both_sides_reach_the_other_and_nothing_echoes(
    mirror: Mirror, practice: SmallPractice
) -> None:
    assert mirror.differing() == []
    practice.edit("Admin_Patient", "mary", Surname="Lindqvist")
    mirror.put(mirror.patient("omar"), birthDate="1981-01-01")
    practice.book("slot1", "mary")
    practice.add_slot("new", AppointmentStartTime=time(11))
    mirror.drain()
    assert mirror.patient("mary")["name"][0]["family"] == "Lindqvist"
    assert str(practice.patient("omar")["DateOfBirth"]) == "1981-01-01"
    assert [one["status"] for one in mirror.appointments("slot1")] == ["booked"]
    assert mirror.slot("new")["status"] == "free"
    rest = mirror.drain()
    assert (rest.written_to_cloud, rest.written_to_legacy) == (0, 0)
    assert mirror.differing() == []


def test_an_edit_made_while_the_bridge_was_away_is_carried_by_one_drain_after_it(
    mirror: Mirror, practice: SmallPractice
) -> None:
    mirror.stop()
    practice.edit("Admin_Patient", "mary", Town="York")
    practice.remove("Appointment_Slot", "slot2")
    mirror.start()
    mirror.drain()
    assert mirror.patient("mary")["address"][0]["city"] == "York"
    assert mirror.differing() == []


def test_freshness_is_published_as_of_the_walk_that_saw_it_and_no_later(
    mirror: Mirror, practice: SmallPractice
) -> None:
    drained = datetime.now(UTC)
    mirror.drain()
    walked = mirror.service._known_until
    assert walked is not None
    assert walked >= drained
    feed = mirror._feed
    assert isinstance(feed, SnapshotCapture)
    feed._page = feed._limit = 1
    for _ in range(3):  # slices of a walk that does not end
        mirror.service._polled.clear()
        mirror.service.step()
        assert mirror.service._polled_at["legacy"] <= walked


@pytest.mark.hazard("H18")
def test_of_a_database_that_came_back_from_a_backup_everything_that_differs_is_asked_about(
    mirror: Mirror, practice: SmallPractice
) -> None:
    mirror.stop()
    backup = Backup(practice.engine)
    mirror.start()
    for _ in range(3):  # a backup is older than some beats
        mirror.start()
    practice.edit("Admin_Patient", "mary", Town="York")
    mirror.drain()
    mirror.stop()
    backup.put_back()
    mirror.start()
    with pytest.raises(RestoreDetected):
        mirror.drain()
    mirror.release()
    mirror.drain()
    assert mirror.patient("mary")["address"][0]["city"] == "York"
    assert [one.conflict.unit for one in mirror.journal.conflicts()] == ["address"]
