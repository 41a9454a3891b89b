"""What the mirror publishes is read back equal, and its age is told without hope."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_modules.fhir.mirror_status import (
    Age,
    Freshness,
    MirrorTask,
    TaskKind,
    freshness_of,
    freshness_resource,
    task_of,
    task_resource,
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
