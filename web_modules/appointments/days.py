"""Days as a person types or picks them. Pure."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from web_modules.pages.words import MONTHS

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMBERS = re.compile(r"(\d{1,2})[-/. ](\d{1,2})(?:[-/. ](\d{4}|\d{2}))?")
_NAMED = re.compile(r"(\d{1,2})[-/. ]?([a-z]{3})[a-z]*[-/., ]*(\d{4}|\d{2})?")
_AHEAD = re.compile(r"([+-])\s*(\d{1,3})\s*([dwm]?)")
_DAYS = {"": 1, "d": 1, "w": 7, "m": 28}


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDay:
    """A day in the small calendar."""

    number: int
    iso: str
    is_of_month: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The small calendar of a month: its name, whole weeks from Monday, and the months beside it."""

    title: str
    weeks: tuple[tuple[MonthDay, ...], ...]
    before: str
    after: str


def read_day(text: str, today: date) -> date | None:
    """A day from words: 17-Nov-2026, 17/11, 2026-11-17, +2w, today, tomorrow; None when it is none."""
    words = text.strip().lower()
    if words in {"today", "tomorrow", "yesterday"}:
        return today + timedelta(days={"today": 0, "tomorrow": 1, "yesterday": -1}[words])
    if ahead := _AHEAD.fullmatch(words):
        sign, count, unit = ahead.groups()
        return today + timedelta(days=int(f"{sign}{count}") * _DAYS[unit])
    if found := _ISO.fullmatch(words):
        year, month, day = (int(part) for part in found.groups())
        return _day(year, month, day)
    if found := _NUMBERS.fullmatch(words):
        day_words, month_words, year_words = found.groups()
        return _day(_year(year_words, today), int(month_words), int(day_words))
    if (found := _NAMED.fullmatch(words)) and found.group(2).title() in MONTHS:
        return _day(_year(found.group(3), today), MONTHS.index(found.group(2).title()), int(found.group(1)))
    return None


def month_of(day: date) -> Month:
    """The small calendar in which a day lies."""
    weeks = calendar.Calendar().monthdatescalendar(day.year, day.month)
    first = day.replace(day=1)
    return Month(
        title=f"{calendar.month_name[day.month]} {day.year}",
        weeks=tuple(
            tuple(
                MonthDay(number=one.day, iso=one.isoformat(), is_of_month=one.month == day.month)
                for one in week
            )
            for week in weeks
        ),
        before=_same_day(first - timedelta(days=1), day.day),
        after=_same_day(first + timedelta(days=31), day.day),
    )


def _same_day(month: date, number: int) -> str:
    last = calendar.monthrange(month.year, month.month)[1]
    return month.replace(day=min(number, last)).isoformat()


def _year(words: str | None, today: date) -> int:
    if not words:
        return today.year
    return int(words) if len(words) == len("2026") else 2000 + int(words)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
