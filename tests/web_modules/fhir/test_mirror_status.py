"""What the mirror publishes is read back equal, and its age is told without hope."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_modules.fhir.mirror_status import Age, Freshness, freshness_of, freshness_resource
from web_modules.fhir.mirror_tasks import (
    MirrorTask,
    TaskKind,
    Unsettled,
    task_of,
    task_resource,
    unsettled,
    unsettled_by_patient,
)

MOMENTS = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
)
COUNTS = st.integers(min_value=0, max_value=2**31 - 1)

FRESHNESSES = st.builds(
    Freshness,
    function=st.sampled_from(["patients", "appointments"]),
    watermark=MOMENTS,
    published_at=MOMENTS,
    leads=st.sampled_from(["legacy", "cloud"]),
    is_mirrored=st.booleans(),
    waiting=COUNTS,
    conflicts=COUNTS,
    quarantined=COUNTS,
    withheld=COUNTS,
    matched=st.none() | COUNTS,
    total=st.none() | COUNTS,
)
TASKS = st.builds(
    MirrorTask,
    key=st.text(min_size=1),
    kind=st.sampled_from(TaskKind),
    is_open=st.booleans(),
    about=st.none() | st.just("Patient/1"),
    patient=st.none() | st.just("Patient/1"),
    words=st.text(min_size=1),
    since=MOMENTS,
    owner=st.none() | st.text(min_size=1),
    is_urgent=st.booleans(),
    said=st.sampled_from([(), (("The cloud says", "nothing"),)]),
)


@given(FRESHNESSES)
def test_freshness_is_read_back_equal(freshness: Freshness) -> None:
    assert freshness_of(freshness_resource(freshness)) == freshness


@given(TASKS)
def test_task_is_read_back_equal(task: MirrorTask) -> None:
    assert task_of(task_resource(task)) == task


def test_other_resources_are_not_taken_for_the_mirror_s() -> None:
    assert freshness_of({"resourceType": "Basic", "code": {}}) is None
    assert task_of({"resourceType": "Task", "status": "requested", "intent": "order"}) is None


@pytest.mark.hazard("H03")
@pytest.mark.parametrize(
    ("seconds", "age"), [(0, Age.FRESH), (59, Age.FRESH), (60, Age.AMBER), (299, Age.AMBER), (300, Age.RED)]
)
def test_age_turns_amber_after_a_minute_and_red_after_five(seconds: int, age: Age) -> None:
    now = datetime(2026, 11, 17, 10, tzinfo=UTC)
    freshness = Freshness(
        function="patients",
        watermark=now - timedelta(seconds=seconds),
        published_at=now,
        leads="cloud",
        is_mirrored=True,
    )
    assert freshness.age_at(now) is age


def waiting(key: str, kind: TaskKind, patient: str | None, *, minute: int = 0, group: str = "") -> MirrorTask:
    return MirrorTask(
        key=key,
        kind=kind,
        is_open=True,
        about=None,
        patient=patient,
        words=f"{key} waits.",
        since=datetime(2026, 11, 17, 10, minute, tzinfo=UTC),
        group=group or key,
    )


@pytest.mark.hazard("H14")
def test_what_waits_is_counted_for_each_patient_and_once_for_the_practice() -> None:
    tasks = [
        waiting("slot/1", TaskKind.QUARANTINE, "Patient/1", minute=5),
        waiting("twice", TaskKind.CONFLICT, "Patient/1", minute=1),
        waiting("twice.2", TaskKind.CONFLICT, "Patient/2", minute=1, group="twice"),
        waiting("session/1", TaskKind.QUARANTINE, None),
        replace(waiting("over", TaskKind.QUARANTINE, "Patient/3"), is_open=False),
    ]
    assert unsettled_by_patient(tasks) == {
        "1": Unsettled(conflicts=1, held_back=1, oldest="twice waits."),
        "2": Unsettled(conflicts=1, oldest="twice.2 waits."),
    }
    assert unsettled(tasks) == Unsettled(conflicts=1, held_back=2, oldest="session/1 waits.")
    assert unsettled([]) == Unsettled()


@pytest.mark.parametrize(
    ("conflicts", "held_back", "words"),
    [
        (0, 0, ""),
        (0, 1, "1 change of this patient is held back"),
        (0, 2, "2 changes of this patient are held back"),
        (1, 0, "1 conflict of this patient waits for a decision"),
        (2, 0, "2 conflicts of this patient wait for a decision"),
        (1, 1, "1 change of this patient is held back and 1 conflict waits for a decision"),
        (3, 2, "2 changes of this patient are held back and 3 conflicts wait for a decision"),
    ],
)
def test_what_waits_is_said_in_plain_words(conflicts: int, held_back: int, words: str) -> None:
    assert Unsettled(conflicts=conflicts, held_back=held_back).sentence == words
