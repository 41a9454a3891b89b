"""The legacy database comes back from an earlier backup: nothing newer is lost, nothing hidden is shown."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from legacy_bridge.errors import RestoreDetected
from legacy_bridge.journal.journal import SqlJournal
from legacy_bridge.records import Kind
from legacy_bridge.sides.links import LinkState
from tests.legacy_bridge.support.clinical import ENTRIES, add_codes, add_entry, clinical_stages, entry
from tests.legacy_bridge.support.faults import Faults, Killed, killed_before
from tests.legacy_bridge.support.legacy_databases import Backup, LegacyKind
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import SmallPractice, guid, key
from tests.legacy_bridge.test_conflict_desk import run
from tests.legacy_bridge.test_mirror_of_appointments import book_in_cloud
from tests.legacy_bridge.test_mirror_of_patients import phone, with_phone
from web_modules.decision.words import Authority
from web_modules.fhir_store.service import FhirService

pytestmark = pytest.mark.hazard("H18")

OLD, NEW, CLOUDS = "01632 960383", "01632 111111", "01632 222222"


@pytest.fixture
def mirror(practice: SmallPractice, fhir: FhirService, tmp_path: Path) -> Iterator[Mirror]:
    """A bridge that has carried a practice with one clinical entry once."""
    add_codes(practice)
    add_entry(practice, "cut", "stitches")
    made = Mirror(practice, fhir, tmp_path, standings=clinical_stages())
    made.drain()
    yield made
    made.stop()


def come_back(mirror: Mirror, meanwhile: Callable[[], Any], since: Callable[[], Any] = lambda: None) -> None:
    """Things happen after a backup and are carried; the backup is put back; more happens; it is released."""
    mirror.stop()
    backup = Backup(mirror.practice.engine)
    mirror.start()
    meanwhile()
    mirror.drain()
    mirror.stop()
    backup.put_back()
    mirror.start()
    since()
    with pytest.raises(RestoreDetected):
        mirror.drain()
    mirror.release()


def decided(mirror: Mirror) -> dict[str, tuple[Any, Any, Any]]:
    """What a rule decided: who won, what legacy had said, and what the cloud."""
    return {
        one.conflict.unit: (one.conflict.winner, dict(one.conflict.legacy), dict(one.conflict.cloud))
        for one in mirror.journal.conflicts(decided=True)
        if one.state == "decided"
    }


def reasons(mirror: Mirror) -> dict[str, str]:
    """What is in quarantine, and why."""
    return {one.subject: one.reason for one in mirror.journal.quarantined()}


def check_that_it_rests(mirror: Mirror) -> None:
    """A second look at everything finds nothing to do."""
    before = (len(mirror.journal.conflicts()), reasons(mirror))
    mirror.start()
    mirror.service.compare_everything()
    done = mirror.drain()
    assert (done.written_to_cloud, done.written_to_legacy) == (0, 0)
    assert (len(mirror.journal.conflicts()), reasons(mirror)) == before


@pytest.mark.parametrize("legacy_kind", [LegacyKind.SQLITE, LegacyKind.POSTGRESQL], ids=lambda one: one.name)
def test_what_was_agreed_is_told_to_a_restored_database_again(
    mirror: Mirror, practice: SmallPractice
) -> None:
    def day() -> None:
        omar = mirror.patient("omar")
        mirror.put(omar, telecom=with_phone(omar, CLOUDS))
        practice.edit("Admin_Patient", "mary", HomePhone=NEW, Surname="Lindqvist")
        practice.book("slot0", "mary")
        mirror.drain()
        book_in_cloud(mirror, "slot1", "omar")
        add_entry(practice, "late", "weight", ObservationType="Value")
        practice.edit(ENTRIES, "cut", Deleted=True)

    come_back(mirror, day)
    mirror.drain()
    assert (practice.patient("mary")["HomePhone"], practice.patient("mary")["Surname"]) == (NEW, "Lindqvist")
    assert practice.patient("omar")["HomePhone"] == CLOUDS
    assert phone(mirror.patient("mary")) == NEW
    assert practice.slot("slot0")["PatientGuid"] == guid("mary")
    assert practice.slot("slot1")["PatientGuid"] == guid("omar")
    assert decided(mirror)["home_phone"][0] is Authority.CLOUD
    assert practice.row(ENTRIES, "late")["Deleted"] is False, "made again, under its own key"
    assert entry(mirror, "Observation", "late")["status"] == "final"
    assert practice.row(ENTRIES, "cut")["Deleted"] is True
    assert {"missing in legacy", "deleted before legacy came back"} <= decided(mirror).keys()
    assert mirror.journal.checkpoint("legacy-restored") == ""
    check_that_it_rests(mirror)


def test_what_somebody_entered_after_the_restore_is_asked_about_and_then_believed(
    mirror: Mirror, practice: SmallPractice
) -> None:
    come_back(
        mirror,
        lambda: practice.edit("Admin_Patient", "mary", HomePhone=NEW, Town="Ripon"),
        since=lambda: practice.edit("Admin_Patient", "mary", HomePhone="01632 333333"),
    )
    mirror.drain()
    asked = {one.conflict.unit for one in mirror.journal.conflicts()}
    assert asked == {"home_phone", "address"}
    assert practice.patient("mary")["HomePhone"] == "01632 333333"
    assert phone(mirror.patient("mary")) == NEW
    check_that_it_rests(mirror)
    practice.edit("Admin_Patient", "mary", EmailAddress="mary@example.org")
    mirror.drain()
    assert {one.conflict.unit for one in mirror.journal.conflicts()} == asked, "what is new is an edit"
    assert "mary@example.org" in [one["value"] for one in mirror.patient("mary")["telecom"]]


def test_an_edit_between_the_release_and_the_comparison_is_not_overwritten(
    mirror: Mirror, practice: SmallPractice
) -> None:
    come_back(mirror, lambda: practice.edit("Admin_Patient", "mary", HomePhone=NEW))
    practice.edit("Admin_Patient", "mary", HomePhone="01632 333333")
    mirror.drain()
    assert practice.patient("mary")["HomePhone"] == "01632 333333"
    assert [one.conflict.unit for one in mirror.journal.conflicts()] == ["home_phone"]


def test_what_only_the_legacy_program_may_change_is_asked_about(
    mirror: Mirror, practice: SmallPractice
) -> None:
    come_back(mirror, lambda: practice.edit("Admin_Patient", "mary", PatientNumber=4711))
    mirror.drain()
    (asked,) = mirror.journal.conflicts()
    assert (asked.conflict.unit, asked.conflict.cloud["patient_number"]) == ("patient_number", "4711")
    check_that_it_rests(mirror)
    practice.edit("Admin_Patient", "mary", PatientNumber=4711)
    mirror.drain()
    assert mirror.journal.conflicts() == []


def test_a_record_that_the_bridge_cannot_make_again_is_held_and_stays_in_the_cloud(
    mirror: Mirror, practice: SmallPractice
) -> None:
    def day() -> None:
        practice.add_patient("new", Surname="Newcomer")
        practice.add_slot("extra")
        add_entry(practice, "hers", "cough", patient="new")

    come_back(mirror, day)
    mirror.drain()
    names = [str(key(Kind.PATIENT, "new")), str(key(Kind.SLOT, "extra"))]
    assert {reasons(mirror)[name] for name in names} == {"not-in-backup"}
    assert mirror.patient("new")["name"][0]["family"] == "Newcomer"
    assert mirror.slot("extra")["status"] == "free"
    assert sum(reason == "not-in-backup" for reason in reasons(mirror).values()) == 3, "and what is theirs"
    check_that_it_rests(mirror)
    held = {one.subject: str(one.number) for one in mirror.journal.quarantined()}
    assert run(mirror, "quarantine", "again", held[names[0]], "--alike")[0] == 0
    mirror.drain()
    assert mirror.patient("new")["name"][0]["family"] == "Newcomer", "to look again deletes nothing"
    practice.add_patient("new", Surname="Newcomer")
    mirror.drain()
    assert names[0] not in reasons(mirror)
    mirror.service.compare_everything()
    mirror.drain()
    assert practice.row(ENTRIES, "hers")["PatientGuid"] == guid("new"), "now it has somebody to belong to"


def test_a_record_that_somebody_removed_after_the_restore_is_asked_about(
    mirror: Mirror, practice: SmallPractice
) -> None:
    come_back(
        mirror,
        lambda: practice.edit("Admin_Patient", "mary", HomePhone=NEW),
        since=lambda: practice.edit(ENTRIES, "cut", Deleted=True),
    )
    mirror.drain()
    assert [one.conflict.unit for one in mirror.journal.conflicts()] == [
        "deleted in legacy, changed in the cloud"
    ]
    assert practice.row(ENTRIES, "cut")["Deleted"] is True
    check_that_it_rests(mirror)


@pytest.mark.hazard("H05")
def test_who_became_confidential_since_the_backup_stays_hidden_until_a_person_releases_them(
    mirror: Mirror, practice: SmallPractice
) -> None:
    practice.book("slot0", "mary")
    mirror.drain()
    come_back(mirror, lambda: practice.edit("Admin_Patient", "mary", IsConfidential=True))
    mirror.drain()
    mary = key(Kind.PATIENT, "mary")

    def check_hidden() -> None:
        assert mirror.resources("Patient", "Admin_Patient", "mary") == []
        assert mirror.appointments("slot0") == []
        assert practice.slot("slot0")["PatientGuid"] == guid("mary")
        assert reasons(mirror)[str(mary)] == "was-withheld"
        assert mirror.journal.standing().withheld[Kind.PATIENT] == 1

    check_hidden()
    check_that_it_rests(mirror)
    practice.edit("Admin_Patient", "mary", Town="Ripon")
    mirror.drain()
    check_hidden()
    held = {one.subject: str(one.number) for one in mirror.journal.quarantined()}
    assert run(mirror, "quarantine", "again", held[str(mary)], "--alike")[0] == 0
    mirror.drain()
    assert mirror.patient("mary")["address"][0]["city"] == "Ripon"
    assert len(mirror.appointments("slot0")) == 1
    assert mirror.journal.links([mary])[mary].doubt is None


def test_who_is_made_confidential_again_may_be_shown_again(mirror: Mirror, practice: SmallPractice) -> None:
    come_back(mirror, lambda: practice.edit("Admin_Patient", "omar", IsConfidential=True))
    mirror.drain()
    practice.edit("Admin_Patient", "omar", IsConfidential=True)
    mirror.drain()
    assert str(key(Kind.PATIENT, "omar")) not in reasons(mirror)
    practice.edit("Admin_Patient", "omar", IsConfidential=False)
    mirror.drain()
    assert mirror.patient("omar")["active"] is True


@pytest.mark.hazard("H05")
def test_what_was_hidden_and_is_not_in_the_backup_is_not_forgotten(
    mirror: Mirror, practice: SmallPractice
) -> None:
    come_back(mirror, lambda: practice.add_patient("secret", Surname="Grant", IsConfidential=True))
    mirror.drain()
    secret = key(Kind.PATIENT, "secret")
    assert reasons(mirror)[str(secret)] == "not-in-backup"
    assert mirror.journal.links([secret])[secret].state is LinkState.WITHHELD
    practice.add_patient("secret", Surname="Grant")
    mirror.drain()
    assert mirror.resources("Patient", "Admin_Patient", "secret") == []
    assert reasons(mirror)[str(secret)] == "was-withheld"


def test_who_is_confidential_in_the_backup_only_is_hidden_with_nothing_lost(
    mirror: Mirror, practice: SmallPractice
) -> None:
    practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()

    def day() -> None:
        practice.edit("Admin_Patient", "mary", IsConfidential=False)
        mirror.drain()
        mary = mirror.patient("mary")
        mirror.put(mary, telecom=with_phone(mary, CLOUDS))

    come_back(mirror, day)
    mirror.drain()
    assert mirror.resources("Patient", "Admin_Patient", "mary") == []
    assert practice.patient("mary")["HomePhone"] == CLOUDS


@pytest.mark.hazard("H05")
def test_what_was_withdrawn_and_is_not_in_the_backup_is_listed_though_nobody_had_settled_it(
    mirror: Mirror, practice: SmallPractice
) -> None:
    mirror.stop()
    backup = Backup(practice.engine)
    mirror.start()
    practice.edit("Admin_Patient", "mary", HomePhone=NEW)
    mirror.drain()
    practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.wrap = killed_before(SqlJournal, "settle")
    mirror.start()
    with pytest.raises(Killed):
        mirror.drain()
    assert mirror.resources("Patient", "Admin_Patient", "mary") == []
    mirror.stop()
    backup.put_back()
    practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.wrap = lambda side: side
    mirror.start()
    mirror.release()
    mirror.drain()
    winner, legacy, cloud = decided(mirror)["home_phone"]
    assert (winner, legacy, cloud) == (Authority.LEGACY, {"home_phone": OLD}, {"home_phone": NEW})


def test_without_a_word_of_the_database_s_own_everything_that_differs_is_asked(
    mirror: Mirror, practice: SmallPractice
) -> None:
    def day() -> None:
        practice.edit("Admin_Patient", "mary", HomePhone=NEW)
        add_entry(practice, "late", "weight")

    mirror.stop()
    with practice.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE banyan_read")
    backup = Backup(practice.engine)
    mirror.start()
    day()
    mirror.drain()
    mirror.stop()
    backup.put_back()
    mirror.start()
    mirror.release()
    mirror.drain()
    assert {one.conflict.unit for one in mirror.journal.conflicts()} == {
        "home_phone",
        "deleted in legacy, changed in the cloud",
    }
    check_that_it_rests(mirror)


@pytest.mark.parametrize("nth", [2, 11, 25])
def test_a_kill_while_everything_is_compared_ends_the_same(
    practice: SmallPractice, fhir: FhirService, tmp_path: Path, nth: int
) -> None:
    faults = Faults(0)
    faults.is_on = False
    mirror = Mirror(practice, fhir, tmp_path, wrap=faults.wrap)
    mirror.drain()

    def day() -> None:
        practice.edit("Admin_Patient", "mary", HomePhone=NEW)
        practice.edit("Admin_Patient", "omar", IsConfidential=True)
        practice.book("slot0", "mary")

    come_back(mirror, day)
    faults.is_on, faults.count, faults.kill_at = True, 0, nth
    try:
        mirror.drain()
    except Killed:
        mirror.start()
        mirror.drain()
    assert practice.patient("mary")["HomePhone"] == NEW
    assert mirror.resources("Patient", "Admin_Patient", "omar") == []
    assert practice.slot("slot0")["PatientGuid"] == guid("mary")
    assert reasons(mirror)[str(key(Kind.PATIENT, "omar"))] == "was-withheld"
    mirror.stop()
