"""Days as a person types them, and the small calendar."""

from datetime import date

import pytest

from web_modules.appointments.days import month_of, read_day

TODAY = date(2026, 11, 17)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("2026-11-24", date(2026, 11, 24)),
        ("24-Nov-2026", date(2026, 11, 24)),
        ("24 november", date(2026, 11, 24)),
        ("24nov26", date(2026, 11, 24)),
        ("24/11", date(2026, 11, 24)),
        ("3.1.27", date(2027, 1, 3)),
        ("+1", date(2026, 11, 18)),
        ("+2w", date(2026, 12, 1)),
        ("-3d", date(2026, 11, 14)),
        (" Tomorrow ", date(2026, 11, 18)),
        ("29/02/2028", date(2028, 2, 29)),
    ],
)
def test_a_day_is_read_as_people_write_it(words: str, day: date) -> None:
    assert read_day(words, TODAY) == day


@pytest.mark.parametrize("words", ["", "31/02", "2026-13-01", "24 xyz", "soon", "0/0", "1/1/1/1", "٢٤/١١x"])
def test_what_is_no_day_is_none(words: str) -> None:
    assert read_day(words, TODAY) is None


def test_a_month_has_whole_weeks_from_monday() -> None:
    month = month_of(TODAY)
    assert month.title == "November 2026"
    assert [day.iso for day in month.weeks[0]][::6] == ["2026-10-26", "2026-11-01"]
    assert all(len(week) == 7 for week in month.weeks)
    assert (month.before, month.after) == ("2026-10-17", "2026-12-17")


def test_the_months_beside_a_long_one_end_earlier() -> None:
    month = month_of(date(2027, 1, 31))
    assert (month.before, month.after) == ("2026-12-31", "2027-02-28")
