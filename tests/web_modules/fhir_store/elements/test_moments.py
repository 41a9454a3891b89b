from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_modules.fhir_store.elements.moments import Range, microseconds, range_of


def at(year: int, month: int, day: int, *clock: int) -> int:
    hour, minute, second = (*clock, 0, 0, 0)[:3]
    return microseconds(datetime(year, month, day, hour, minute, second, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2026", at(2026, 1, 1), at(2027, 1, 1)),
        ("2026-02", at(2026, 2, 1), at(2026, 3, 1)),
        ("2026-11-17", at(2026, 11, 17), at(2026, 11, 18)),
        ("2026-07-01", at(2026, 6, 30, 23), at(2026, 7, 1, 23)),
        ("2026-11-17T09:30:00Z", at(2026, 11, 17, 9, 30), at(2026, 11, 17, 9, 30, 1)),
        ("2026-11-17T09:30:00+01:00", at(2026, 11, 17, 8, 30), at(2026, 11, 17, 8, 30, 1)),
        ("2026-11-17T09:30Z", at(2026, 11, 17, 9, 30), at(2026, 11, 17, 9, 31)),
        ("2026-12-31T23:59:60Z", at(2027, 1, 1), at(2027, 1, 1, 0, 0, 1)),
    ],
)
def test_each_precision_is_a_range(text: str, low: int, high: int) -> None:
    assert range_of(text) == Range(low, high)


def test_the_day_on_which_clocks_change_has_its_own_length() -> None:
    spring, autumn = range_of("2026-03-29"), range_of("2026-10-25")
    assert spring.high - spring.low == 23 * 3600 * 1_000_000
    assert autumn.high - autumn.low == 25 * 3600 * 1_000_000


def test_fractions_of_a_second_are_exact() -> None:
    assert range_of("2026-11-17T09:30:00.1Z") == Range(
        at(2026, 11, 17, 9, 30) + 100_000, at(2026, 11, 17, 9, 30) + 200_000
    )
    moment = range_of("2026-11-17T09:30:00.123456789Z")
    assert moment == Range(at(2026, 11, 17, 9, 30) + 123_456, at(2026, 11, 17, 9, 30) + 123_457)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026-13", "2026-13-01", "26", "tomorrow", "2026-11-17T25:00:00Z", "", "٢٠٢٦"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        range_of(text)


@given(
    st.integers(
        microseconds(datetime(1000, 1, 1, tzinfo=UTC)), microseconds(datetime(9000, 1, 1, tzinfo=UTC))
    )
)
def test_an_instant_is_the_microsecond_that_it_names(moment: int) -> None:
    utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)
    text = utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    assert range_of(text) == Range(moment, moment + 1)


@given(st.text(alphabet="0123456789-:TZ+.", max_size=30))
def test_no_text_does_anything_but_be_read_or_refused(text: str) -> None:
    try:
        found = range_of(text)
    except ValueError:
        return
    assert found.low < found.high
