"""What legacy deleted while somebody changed it in the cloud: a person decides, and either can be done."""

from collections.abc import Callable

import pytest

from tests.legacy_bridge.clinical.test_mirror_of_the_clinical_record import is_error
from tests.legacy_bridge.support.clinical import ENTRIES, entry, held
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import PracticeDatabase
from tests.legacy_bridge.test_conflict_desk import carried, listed, run

NAME = "deleted in legacy, changed in the cloud"


def mark(practice: PracticeDatabase, name: str) -> None:
    practice.edit(ENTRIES, name, Deleted=True)


def remove(practice: PracticeDatabase, name: str) -> None:
    practice.remove(ENTRIES, name)


def decide(mirror: Mirror, side: str) -> None:
    (one,) = listed(mirror)
    assert one["unit"] == NAME
    run(mirror, "conflicts", "keep", str(one["number"]), "--side", side, "--by", "Ann")
    carried(mirror)


def redate(mirror: Mirror, resource_type: str, name: str) -> dict[str, object]:
    """Somebody corrects the day in a page that they had open."""
    found = entry(mirror, resource_type, name)
    element = "onsetDateTime" if "onsetDateTime" in found else "performedDateTime"
    return mirror.put(found, **{element: "2026-11-02"})


@pytest.mark.hazard("H19")
@pytest.mark.hazard("H05")
@pytest.mark.parametrize("deletion", [mark, remove])
def test_an_allergy_can_be_brought_back_with_what_the_cloud_says(
    mirror: Mirror, deletion: Callable[[PracticeDatabase, str], None]
) -> None:
    allergy = redate(mirror, "AllergyIntolerance", "pen")
    deletion(mirror.practice, "pen")
    mirror.drain()
    assert mirror.client.read("AllergyIntolerance", str(allergy["id"]))["onsetDateTime"] == "2026-11-02"
    decide(mirror, "cloud")
    row = mirror.practice.row(ENTRIES, "pen")
    assert (row["Deleted"], row["EffectiveDate"].isoformat(), row["CodeId"]) == (False, "2026-11-02", 101)
    assert (held(mirror), listed(mirror), mirror.differing()) == ([], [], [])
    assert mirror.drain().written_to_cloud == 0
    mark(mirror.practice, "pen")
    mirror.drain()
    assert is_error(entry(mirror, "AllergyIntolerance", "pen"))


@pytest.mark.parametrize("deletion", [mark, remove])
def test_a_deletion_can_be_kept(mirror: Mirror, deletion: Callable[[PracticeDatabase, str], None]) -> None:
    redate(mirror, "Procedure", "cut")
    deletion(mirror.practice, "cut")
    mirror.drain()
    decide(mirror, "legacy")
    assert is_error(entry(mirror, "Procedure", "cut"))
    assert (held(mirror), listed(mirror), mirror.differing()) == ([], [], [])


def test_what_the_bridge_cannot_bring_back_stays_asked_about(mirror: Mirror) -> None:
    report = entry(mirror, "DiagnosticReport", "bloods")
    mirror.put(report, effectiveDateTime="2026-11-02")
    mark(mirror.practice, "bloods")
    mirror.drain()
    decide(mirror, "cloud")
    (one,) = listed(mirror)
    assert "legacy program" in one["decision"]["words"]
    assert mirror.practice.row(ENTRIES, "bloods")["Deleted"] is True
