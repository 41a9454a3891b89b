"""The journal comes back from an earlier backup: noticed, and nothing newer is overwritten without a word."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from legacy_bridge.records import Kind
from legacy_bridge.sides.listings import ListedConflict
from tests.legacy_bridge.support.mirror import Mirror, stages
from tests.legacy_bridge.support.small_practice import SmallPractice, key
from tests.legacy_bridge.test_mirror_of_patients import phone, with_phone
from web_modules.decision.words import Stage
from web_modules.fhir_store.service import FhirService

pytestmark = pytest.mark.hazard("H18")
POINTS = 5
OLD, LAST = "01632 100000", f"01632 {100000 + POINTS}"


def copies(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.name.startswith("journal.sqlite")]


def back_up(mirror: Mirror, name: str) -> None:
    """Copy the journal of a bridge that was ended."""
    mirror.stop()
    (mirror.folder / name).mkdir()
    for one in copies(mirror.folder):
        shutil.copy2(one, mirror.folder / name / one.name)
    mirror.start()


def take_back(mirror: Mirror, name: str, meanwhile: Callable[[], object]) -> None:
    """Put an earlier journal in the place of the bridge's, and let people work before it starts again."""
    mirror.stop()
    for one in copies(mirror.folder):
        one.unlink()
    for one in (mirror.folder / name).iterdir():
        shutil.copy2(one, mirror.folder / one.name)
    meanwhile()
    mirror.start()


@pytest.fixture
def mirror(practice: SmallPractice, fhir: FhirService, tmp_path: Path) -> Iterator[Mirror]:
    """A day of five edits, each carried, the journal backed up before each."""
    made = Mirror(practice, fhir, tmp_path, standings=stages(patients=Stage.TRIAL))
    made.drain()
    practice.edit("Admin_Patient", "mary", HomePhone=OLD)
    made.drain()
    for number in range(POINTS):
        back_up(made, f"point{number}")
        practice.edit("Admin_Patient", "mary", HomePhone=f"01632 {100001 + number}")
        practice.add_slot(f"extra{number}")
        made.drain()
    yield made
    made.stop()


def phones(mirror: Mirror) -> tuple[object, object]:
    return mirror.practice.patient("mary")["HomePhone"], phone(mirror.patient("mary"))


def listed(mirror: Mirror) -> list[ListedConflict]:
    return mirror.journal.conflicts(decided=True)


def test_from_each_of_five_points_what_differs_is_listed_and_nothing_newer_goes_without_a_word(
    mirror: Mirror,
) -> None:
    for point in reversed(range(POINTS)):
        agreed_then = OLD if point == 0 else f"01632 {100000 + point}"
        mirror.practice.edit("Admin_Patient", "omar", HomePhone=f"01632 90000{point}")
        mirror.drain()
        before = {one.digest for one in listed(mirror)}

        def work(value: str = agreed_then) -> None:
            mary, omar = mirror.patient("mary"), mirror.patient("omar")
            mirror.put(mary, telecom=with_phone(mary, value))  # what the journal thinks was agreed
            del omar["telecom"]
            mirror.put(omar)  # cleared, which is newer than the value

        take_back(mirror, f"point{point}", work)
        assert [one.reason for one in mirror.journal.quarantined()] == ["journal-restored"]
        mirror.drain()
        assert mirror.journal.quarantined() == []
        new = [one for one in listed(mirror) if one.digest not in before]
        lost = {str(one.link): one.conflict.cloud.get("home_phone") for one in new}
        assert lost == {str(key(Kind.PATIENT, "mary")): agreed_then, str(key(Kind.PATIENT, "omar")): None}
        assert len(set(phones(mirror))) == 1
        assert mirror.journal.audit_faults() == []


def test_nothing_is_deleted_on_the_word_of_a_journal_that_came_back(mirror: Mirror) -> None:
    def work() -> None:
        mirror.client.delete("Slot", mirror.slot("extra0")["id"])

    take_back(mirror, "point2", work)
    mirror.drain()
    assert mirror.practice.slot("extra0")["Deleted"] in (0, False)
    assert [one.conflict.unit for one in mirror.journal.conflicts()] == ["deleted in the cloud"]


def test_a_journal_that_is_lost_takes_no_emptiness_for_something_never_entered(mirror: Mirror) -> None:
    """A first load lets a value fill a gap; here the gap may be what somebody cleared, and is listed."""

    def work() -> None:
        mirror.practice.edit("Admin_Patient", "mary", HomePhone=None)

    (mirror.folder / "none").mkdir()
    take_back(mirror, "none", work)
    assert [one.reason for one in mirror.journal.quarantined()] == ["journal-restored"]
    mirror.drain()
    (found,) = listed(mirror)
    assert found.link == key(Kind.PATIENT, "mary")
    values = [side.get("home_phone") for side in (found.conflict.legacy, found.conflict.cloud)]
    assert values == [None, LAST]
    assert mirror.journal.quarantined() == []


def test_a_journal_that_came_back_to_two_equal_sides_lists_nothing_and_trusts_again(mirror: Mirror) -> None:
    take_back(mirror, "point0", lambda: None)
    mirror.drain()
    assert (mirror.journal.quarantined(), listed(mirror), mirror.differing()) == ([], [], [])
    assert phones(mirror) == (LAST, LAST)
    mary = mirror.patient("mary")
    mirror.put(mary, telecom=with_phone(mary, "01632 222222"))
    mirror.drain()
    assert phones(mirror) == ("01632 222222", "01632 222222")
    assert listed(mirror) == []


def test_a_journal_that_is_whole_is_never_doubted_however_it_ended(mirror: Mirror) -> None:
    for ends in (mirror.stop, lambda: None):
        ends()
        mirror.start()
        mirror.drain()
        mirror.service._parts.beat()
    assert mirror.journal.quarantined() == []
