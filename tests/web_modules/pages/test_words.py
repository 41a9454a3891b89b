"""Dates, ages and numbers as they are written."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_modules.pages.words import (
    age_words,
    ago_words,
    clock_words,
    day_words,
    long_day_words,
    nhs_number_words,
    partial_day_words,
)


def test_days_are_written_so_that_nobody_takes_them_for_another() -> None:
    assert day_words(date(2026, 11, 7)) == "07-Nov-2026"
    assert long_day_words(date(2026, 11, 17)) == "Tuesday 17 November 2026"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-17", "17-Nov-2026"),
        ("2026-11", "Nov-2026"),
        ("2026", "2026"),
        ("2026-09-03T04:05:06+01:00", "03-Sep-2026"),
        ("", ""),
        (None, ""),
    ],
)
def test_what_is_not_known_of_a_date_is_not_made_up(text: str | None, words: str) -> None:
    assert partial_day_words(text) == words


@pytest.mark.parametrize(
    ("born", "words"),
    [
        ("2026-11-17", "0d"),
        ("2026-11-14", "3d"),
        ("2026-10-21", "27d"),
        ("2026-10-20", "4w"),
        ("2026-10-18", "4w 2d"),
        ("2025-11-18", "52w"),
        ("2025-11-17", "12m"),
        ("2025-09-14", "14m 3d"),
        ("2024-11-18", "23m 30d"),
        ("2024-11-17", "2y"),
        ("2021-08-17", "5y 3m"),
        ("2008-11-18", "17y 11m"),
        ("2008-11-17", "18y"),
        ("1961-03-12", "65y"),
        ("2004-02-29", "22y"),
        ("1961-03", ""),
        ("2027-01-01", ""),
        (None, ""),
    ],
)
def test_ages_follow_the_rules_of_the_common_user_interface(born: str | None, words: str) -> None:
    assert age_words(born, date(2026, 11, 17)) == words


@given(st.dates(date(1900, 1, 1), date(2026, 11, 17)))
def test_every_birth_has_an_age(born: date) -> None:
    assert age_words(born.isoformat(), date(2026, 11, 17))


def test_an_nhs_number_is_written_in_three_groups_and_anything_else_as_it_is() -> None:
    assert nhs_number_words("9991234578") == "999 123 4578"
    assert nhs_number_words("999 123 4578") == "999 123 4578"
    assert nhs_number_words("12345") == "12345"
    assert nhs_number_words(None) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (2, "2 s"), (60, "1 min"), (7200, "2 h"), (86_400, "1 day"), (200_000, "2 days")],
)
def test_how_long_ago(seconds: float, words: str) -> None:
    assert ago_words(seconds) == words


def test_clocks_show_the_time_at_the_practice_in_summer_too() -> None:
    assert clock_words(datetime(2026, 7, 1, 9, 5, tzinfo=UTC)) == "10:05"
    assert clock_words(datetime(2026, 11, 17, 9, 5, tzinfo=UTC)) == "09:05"
