"""What is said of drafts: exact times, one fact a sentence. Pure."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

_ZONE: Final = ZoneInfo("Europe/London")


def clock_words(at: datetime) -> str:
    """A time of day, to the second."""
    return f"{at.astimezone(_ZONE):%H:%M:%S}"


def kept_words(at: datetime) -> str:
    """That what was typed is on the disk since a time (aware)."""
    return f"Draft kept {clock_words(at)}"


def begun_words(at: datetime, today: date) -> str:
    """When work was begun: the time, and the day where that is not today's.

    Args:
        at: when; aware.
        today: by this computer's clock, as `at` is.
    """
    here = at.astimezone(_ZONE)
    day = "" if here.date() == today else f" on {here:%d-%b-%Y}"
    return f"at {here:%H:%M}{day}"
