"""A record whose row cannot be read, of somebody who may not be shown: it is hidden with them."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from tests.legacy_bridge.clinical.test_merged_patients import PATIENTS, merge_at_once, owners, rest
from tests.legacy_bridge.support.clinical import (
    ENTRIES,
    add_consultation,
    add_diary,
    add_drug,
    add_issue,
    entry,
    held,
)
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import guid
from tests.legacy_bridge.test_confidential_patients import old_versions

pytestmark = [pytest.mark.hazard("H05"), pytest.mark.hazard("H24")]
Change = Callable[[Mirror], None]
READABLE = "2026-09-12"


def put(table: str, key: str, name: str, assignment: str, mirror: Mirror) -> None:
    """Put into a row what its column may not hold."""
    statement = f'UPDATE "{table}" SET {assignment} WHERE "{key}" = :guid'  # noqa: S608
    with mirror.practice.engine.begin() as connection:
        assert connection.execute(text(statement), {"guid": guid(name)}).rowcount == 1


def spoil_allergy(mirror: Mirror) -> None:
    put(ENTRIES, "ObservationGuid", "pen", "\"EffectiveDate\" = 'soon'", mirror)


def patient(assignment: str) -> Change:
    return lambda mirror: put(PATIENTS, "PatientGuid", "mary", assignment, mirror)


def consultation(assignment: str) -> Change:
    return lambda mirror: put("CareRecord_Consultation", "ConsultationGuid", "visit", assignment, mirror)


def allergies(mirror: Mirror) -> list[str]:
    return [one for one in owners(mirror) if one.startswith("Allergy")]


def leave(mirror: Mirror) -> None:
    mirror.practice.edit(PATIENTS, "mary", Deleted=True)


def merge_into_somebody_confidential(mirror: Mirror) -> None:
    mirror.practice.edit(PATIENTS, "omar", IsConfidential=True)
    rest(mirror)
    merge_at_once(mirror)


@pytest.mark.parametrize(
    "hiding",
    [
        patient('"IsConfidential" = 1'),
        patient('"SpineSensitive" = 1'),
        consultation('"IsConfidential" = 1'),
        leave,
        merge_into_somebody_confidential,
    ],
    ids=["patient", "sensitive", "consultation", "left", "merged"],
)
def test_a_record_that_cannot_be_read_is_hidden_with_whom_it_belongs_to(
    mirror: Mirror, hiding: Change
) -> None:
    spoil_allergy(mirror)
    rest(mirror)
    assert held(mirror) == [("allergy", "row-unreadable")]
    (before,) = allergies(mirror)
    hiding(mirror)
    rest(mirror)
    assert allergies(mirror) == []
    assert before not in old_versions(mirror)


def test_it_is_back_when_it_is_shown_again_and_put_right(mirror: Mirror) -> None:
    spoil_allergy(mirror)
    patient('"IsConfidential" = 1')(mirror)
    rest(mirror)
    assert owners(mirror) == {}
    patient('"IsConfidential" = 0')(mirror)
    rest(mirror)
    assert allergies(mirror) == [], "what it says now nobody knows"
    assert held(mirror) == [("allergy", "row-unreadable")]
    put(ENTRIES, "ObservationGuid", "pen", f"\"EffectiveDate\" = '{READABLE}'", mirror)
    rest(mirror)
    assert entry(mirror, "AllergyIntolerance", "pen")["onsetDateTime"] == READABLE
    assert (held(mirror), mirror.differing()) == ([], [])


def test_what_cannot_say_whether_it_is_confidential_hides_what_belongs_to_it(mirror: Mirror) -> None:
    patient("\"SpineSensitive\" = CAST(x'c3' AS TEXT)")(mirror)
    rest(mirror)
    assert owners(mirror) == {}
    assert set(held(mirror)) >= {("patient", "confidentiality-unreadable")}
    patient('"SpineSensitive" = NULL')(mirror)
    rest(mirror)
    assert (held(mirror), mirror.differing()) == ([], [])
    assert len(allergies(mirror)) == 1


@pytest.mark.parametrize(
    ("table", "key", "column"),
    [
        ("CareRecord_Consultation", "ConsultationGuid", "EffectiveDate"),
        ("CareRecord_Diary", "DiaryGuid", "EffectiveDate"),
        ("Prescribing_DrugRecord", "DrugRecordGuid", "EffectiveDate"),
        ("Prescribing_IssueRecord", "IssueRecordGuid", "EffectiveDate"),
    ],
)
def test_every_other_kind_of_record_is_hidden_too(mirror: Mirror, table: str, key: str, column: str) -> None:
    add_consultation(mirror.practice, "odd")
    add_diary(mirror.practice, "odd")
    add_drug(mirror.practice, "odd")
    add_issue(mirror.practice, "odd", "odd")
    rest(mirror)
    put(table, key, "odd", f"\"{column}\" = 'soon'", mirror)
    rest(mirror)
    assert [reason for _, reason in held(mirror)] == ["row-unreadable"]
    mirror.practice.edit(PATIENTS, "mary", IsConfidential=True)
    rest(mirror)
    assert owners(mirror) == {}
