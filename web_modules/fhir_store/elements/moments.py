"""FHIR's dates and times as ranges of microseconds, so that every precision can be compared.

A range is half open: `2026-11` is from the first microsecond of November to the first of December. What has
no time zone is taken in the practice's own, Europe/London, both when stored and when asked for.
FHIR R4 search.html#date.
"""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PRACTICE_ZONE = ZoneInfo("Europe/London")
_FORM = re.compile(
    r"^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$", re.ASCII
)

SECOND = 1_000_000
EARLIEST = -(2**62)
"""Stands for a period without a start; every real moment is later."""
LATEST = 2**62
"""Stands for a period without an end."""


class Range(NamedTuple):
    """From `low`, included, to `high`, excluded: microseconds since 1970 UTC."""

    low: int
    high: int


def microseconds(moment: datetime) -> int:
    """An aware moment as microseconds since 1970 UTC, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=8192)
def range_of(text: str) -> Range:  # noqa: PLR0911  (one return a precision)
    """The range that a FHIR date, dateTime or instant stands for.

    Raises:
        ValueError: it is not one, or there is no such day.
    """
    form = _FORM.match(text)
    if form is None:
        raise ValueError("not a FHIR date")
    year, month, day, hour, minute, second, fraction, zone = form.groups()
    y, m, d = int(year), int(month or 1), int(day or 1)
    if month is None:
        if y >= 9999:
            return Range(_local(y, 1, 1), LATEST)
        return Range(_local(y, 1, 1), _local(y + 1, 1, 1))
    if day is None:
        last = monthrange(y, m)[1] if 1 <= m <= 12 else 0
        return Range(_local(y, m, 1), _day_after(y, m, last))
    if hour is None:
        return Range(_local(y, m, d), _day_after(y, m, d))
    leap = second == "60"  # a leap second is the first of the next minute for us
    start = datetime(y, m, d, int(hour), int(minute), 0 if leap else int(second or 0), tzinfo=_zone(zone))
    low = microseconds(start) + (60 * SECOND if leap else 0)
    if second is None:
        return Range(low, low + 60 * SECOND)
    if fraction is None:
        return Range(low, low + SECOND)
    digits = min(len(fraction) - 1, 6)
    low += int(Decimal(fraction[: digits + 1]) * SECOND)
    return Range(low, low + 10 ** (6 - digits))


def _local(year: int, month: int, day: int) -> int:
    return microseconds(datetime(year, month, day, tzinfo=_PRACTICE_ZONE))


def _day_after(year: int, month: int, day: int) -> int:
    start = datetime(year, month, day, tzinfo=_PRACTICE_ZONE)
    try:
        return microseconds(start + timedelta(days=1))  # wall clock: the next midnight, also in March
    except OverflowError:
        return LATEST


def _zone(text: str | None) -> timezone | ZoneInfo:
    if text is None:
        return _PRACTICE_ZONE
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)
