"""The cloud comes back from an earlier backup: noticed, and nothing newer is overwritten."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from legacy_bridge.journal.journal import SqlJournal
from legacy_bridge.records import Kind
from legacy_bridge.sides.feeds import FeedBatch
from legacy_bridge.sides.links import RESTORED, Restore
from tests.legacy_bridge.support.faults import Faults, Killed, killed_before
from tests.legacy_bridge.support.foreign_server import RestorableServer
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import SmallPractice, guid, key
from tests.legacy_bridge.test_mirror_of_appointments import book_in_cloud, statuses
from tests.legacy_bridge.test_mirror_of_patients import phone, with_phone
from web_modules.decision.words import Authority
from web_modules.fhir_store.store import Standard

pytestmark = pytest.mark.hazard("H18")


@pytest.fixture
def server(tmp_path: Path, standard: Standard) -> Iterator[RestorableServer]:
    """A cloud that can come back from a backup."""
    made = RestorableServer(tmp_path, standard)
    yield made
    made.close()


@pytest.fixture
def restored(practice: SmallPractice, server: RestorableServer, tmp_path: Path) -> Iterator[Mirror]:
    """A day on both sides after the backup, carried; then the cloud came back as it was before that day."""
    mirror = Mirror(practice, server, tmp_path)
    mirror.drain()
    server.backup()
    practice.edit("Admin_Patient", "mary", HomePhone="01632 111111")
    practice.book("slot0", "mary")
    practice.add_patient("new", Surname="Newcomer")
    practice.add_slot("extra")
    mirror.drain()
    omar = mirror.patient("omar")
    mirror.put(omar, telecom=with_phone(omar, "01632 222222"), name=[{**omar["name"][0], "family": "Abbot"}])
    book_in_cloud(mirror, "slot1", "omar")
    mirror.client.delete("Slot", mirror.slot("slot2")["id"])
    practice.edit("Admin_Patient", "new", IsConfidential=True)
    mirror.drain()
    server.restore()
    yield mirror
    mirror.stop()


def check_that_nothing_was_lost(mirror: Mirror) -> None:
    practice = mirror.practice
    assert practice.patient("mary")["HomePhone"] == "01632 111111"
    assert (practice.patient("omar")["HomePhone"], practice.patient("omar")["Surname"]) == (
        "01632 222222",
        "Abbot",
    )
    assert practice.slot("slot0")["PatientGuid"] == guid("mary")
    assert practice.slot("slot1")["PatientGuid"] == guid("omar")
    assert practice.slot("extra")["Deleted"] is False
    assert practice.slot("slot2")["Deleted"] is True


def test_a_restore_is_noticed_and_the_cloud_is_told_again_what_was_agreed(
    restored: Mirror, expected_logs: list[str]
) -> None:
    expected_logs.append("cloud came back from a backup")
    restored.service.step()
    restored.drain()
    check_that_nothing_was_lost(restored)
    assert phone(restored.patient("mary")) == "01632 111111"
    assert restored.patient("omar")["name"][0]["family"] == "Abbot"
    assert (statuses(restored, "slot0"), statuses(restored, "slot1")) == (["booked"], ["booked"])
    assert restored.resources("Patient", "Admin_Patient", "new") == []
    assert {one.reason for one in restored.journal.quarantined()} == {"came-back"}
    listed = [one.conflict for one in restored.journal.conflicts(decided=True)]
    assert {one.winner for one in listed} == {Authority.LEGACY}
    assert "01632 960383" in [one.cloud.get("home_phone") for one in listed], "all three values are listed"
    assert set(restored.differing()) <= {one.subject for one in restored.journal.quarantined()}
    again = restored.drain()
    assert (again.written_to_cloud, again.written_to_legacy) == (0, 0)


def test_an_edit_made_after_the_restore_is_asked_about(restored: Mirror, expected_logs: list[str]) -> None:
    expected_logs.append("cloud came back from a backup")
    omar = restored.patient("omar")
    for family in ("Abbott", "Abbotts"):  # the version that was known is reached, and passed
        omar = restored.put(omar, name=[{**omar["name"][0], "family": family}])
    mary = restored.patient("mary")
    restored.put(mary, telecom=with_phone(mary, "01632 333333"))
    restored.drain()
    check_that_nothing_was_lost(restored)
    assert restored.patient("omar")["name"][0]["family"] == "Abbotts"
    assert [one.conflict.unit for one in restored.journal.conflicts()] == ["name"]
    listed = restored.journal.conflicts(decided=True)
    assert "01632 333333" in [one.conflict.cloud.get("home_phone") for one in listed]
    restored.service.compare_everything()
    restored.drain()
    check_that_nothing_was_lost(restored)
    assert [one.conflict.unit for one in restored.journal.conflicts()] == ["name"]


def test_status_says_so_until_everything_was_compared(restored: Mirror, expected_logs: list[str]) -> None:
    expected_logs.append("cloud came back from a backup")
    restored.service._polled.clear()
    restored.service._look()
    (held,) = [one for one in restored.journal.quarantined() if one.subject.startswith("mirror/")]
    assert held.reason == "cloud-restored"
    assert sum(restored.journal.standing().waiting.values()) >= 10
    restored.drain()
    assert "mirror/cloud-restored" not in [one.subject for one in restored.journal.quarantined()]
    assert restored.journal.checkpoint("restored") == ""


def test_a_kill_while_a_restore_is_noticed_loses_no_notice(
    practice: SmallPractice, server: RestorableServer, tmp_path: Path, expected_logs: list[str]
) -> None:
    expected_logs.append("cloud came back from a backup")
    faults = Faults(0)
    faults.is_on = False
    mirror = Mirror(practice, server, tmp_path, wrap=faults.wrap)
    mirror.drain()
    for moment in range(2, 24):
        server.backup()
        practice.edit("Admin_Patient", "mary", HomePhone=f"01632 {moment}")
        mirror.drain()
        server.restore()
        faults.is_on, faults.kill_at, faults.count = True, moment, 0
        try:
            mirror.service.step()
        except Killed:
            mirror.start()
        faults.is_on = False
        mirror.drain()
        assert practice.patient("mary")["HomePhone"] == f"01632 {moment}"
        assert phone(mirror.patient("mary")) == f"01632 {moment}"
    mirror.stop()


def test_nothing_is_noticed_when_old_versions_were_removed(mirror: Mirror) -> None:
    basics = mirror.client.search("Basic", {})
    mirror.drain()
    for one in basics:
        mirror.client.delete_history("Basic", one["id"])
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    mirror.client.delete("Patient", mirror.patient("omar")["id"])
    mirror.drain()
    assert mirror.journal.standing().withheld[Kind.PATIENT] == 1
    assert mirror.journal.quarantined() == []


def test_a_checkpoint_without_a_known_version_is_trusted(mirror: Mirror) -> None:
    batch = FeedBatch(touched=(), strays=(), checkpoint="2036-01-01T00:00:00+00:00")
    mirror.journal.absorb("cloud", batch, datetime.now(UTC))
    mirror.drain()
    assert mirror.journal.quarantined() == []


def test_an_older_version_is_no_edit_even_before_the_feed_has_told_of_the_restore(restored: Mirror) -> None:
    restored.journal.mark([key(Kind.PATIENT, "mary")], datetime.now(UTC))
    batch = restored.journal.take([Kind.PATIENT], limit=9, now=datetime.now(UTC))
    restored.service._parts.reconciler.reconcile(batch)
    assert restored.practice.patient("mary")["HomePhone"] == "01632 111111"


def test_a_clock_that_was_put_back_ends_no_doubt_of_what_was_marked_before(
    restored: Mirror, expected_logs: list[str]
) -> None:
    expected_logs.append("cloud came back from a backup")
    now = datetime.now(UTC)
    first = Restore(came_back_from=now, noticed_at=now + timedelta(hours=1))
    restored.journal.absorb(RESTORED, FeedBatch(touched=(), strays=(), checkpoint=str(first)), now)
    restored.wrap = killed_before(SqlJournal, "take")
    restored.start()
    with pytest.raises(Killed):
        restored.service.step()
    noticed = Restore.parse(restored.journal.checkpoint(RESTORED))
    assert noticed is not None
    assert noticed.noticed_at == first.noticed_at
