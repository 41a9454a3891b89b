"""How dates, times, ages and NHS numbers are written on a page. Pure."""

import calendar
import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

PRACTICE_ZONE = ZoneInfo("Europe/London")
MONTHS = tuple(calendar.month_abbr)
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")
_ADULT_YEARS = 18


def day_words(day: date) -> str:
    """Such as 17-Nov-2026, which no reader takes for another day (NHS CUI, date display)."""
    return f"{day.day:02d}-{MONTHS[day.month]}-{day.year}"


def long_day_words(day: date) -> str:
    """Such as Tuesday 17 November 2026."""
    return f"{calendar.day_name[day.weekday()]} {day.day} {calendar.month_name[day.month]} {day.year}"


def clock_words(moment: datetime) -> str:
    """The hour and minute at the practice, such as 09:05."""
    return moment.astimezone(PRACTICE_ZONE).strftime("%H:%M")


def partial_day_words(text: str | None) -> str:
    """A FHIR date or dateTime as far as it is known: 17-Nov-2026, Nov-2026, 2026, or empty."""
    found = _PARTIAL.match(text or "")
    if found is None:
        return ""
    year, month, day = found.groups()
    if day is not None:
        return f"{day}-{MONTHS[int(month)]}-{year}"
    return year if month is None else f"{MONTHS[int(month)]}-{year}"


def whole_day(text: str | None) -> date | None:
    """The day of a FHIR date or dateTime, or None when it is not known to the day."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


def age_words(born: str | None, on: date) -> str:
    """An age by the NHS CUI rules (patient banner): 3d, 5w 2d, 14m 3d, 5y 3m, 65y; empty when unknown."""
    birth = whole_day(born)
    if birth is None or birth > on:
        return ""
    days = (on - birth).days
    months = (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)
    if days < 28:
        return f"{days}d"
    if months < 12:
        return _two(days // 7, "w", days % 7, "d")
    if months < 24:
        return _two(months, "m", _days_after(birth, months, on), "d")
    if months < _ADULT_YEARS * 12:
        return _two(months // 12, "y", months % 12, "m")
    return f"{months // 12}y"


def nhs_number_words(number: str | None) -> str:
    """Ten digits as 999 123 4578; anything else as it is."""
    tight = re.sub(r"[\s-]", "", number or "")
    if re.fullmatch(r"[0-9]{10}", tight):
        return f"{tight[:3]} {tight[3:6]} {tight[6:]}"
    return number or ""


def ago_words(seconds: float) -> str:
    """How long ago: 2 s, 5 min, 3 h, 2 days."""
    whole = max(0, int(seconds))
    for size, word in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if whole >= size:
            count = whole // size
            return f"{count} {'day' if word == 'days' and count == 1 else word}"
    return f"{whole} s"


def _two(first: int, one: str, second: int, other: str) -> str:
    return f"{first}{one} {second}{other}" if second else f"{first}{one}"


def _days_after(birth: date, months: int, on: date) -> int:
    """Days since the last whole month of an age."""
    index = birth.month - 1 + months
    year, month = birth.year + index // 12, index % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return max(0, (on - date(year, month, min(birth.day, last))).days)
