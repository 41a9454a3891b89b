"""Single values: how a column's value and a FHIR element's value become a record's value, and back."""

import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nhs_number import validate

from legacy_bridge.errors import RecordRefused
from legacy_bridge.records import Kind, LinkKey, PartialDate, Row, RowValue, Value

PRACTICE_ZONE = ZoneInfo("Europe/London")


def text_of(value: RowValue) -> str | None:
    """A text column's value: absent, empty and white space alike are None; anything else is kept as it is."""
    if value is None or not str(value).strip():
        return None
    return str(value)


def guid_key(value: RowValue) -> str | None:
    """`{1858F0D1-…}` as a key: lower case, without braces; None when the column is empty."""
    text = text_of(value)
    return None if text is None else text.strip().strip("{}").lower()


def guid_column(key: str) -> str:
    """A key as the legacy database writes it: upper case, in braces."""
    return "{" + key.upper() + "}"


def link_of(kind: Kind, value: RowValue) -> LinkKey | None:
    """The link that a GUID column names."""
    key = guid_key(value)
    return None if key is None else LinkKey(kind=kind, key=key)


def date_of(value: RowValue) -> PartialDate | None:
    """A date column's value."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return PartialDate.of(value.date())
    if isinstance(value, date):
        return PartialDate.of(value)
    text = text_of(value)
    return None if text is None else PartialDate.parse(text[:10])


def date_column(value: Value | None) -> date | None:
    """A record's date for a column that only holds whole dates.

    Raises:
        RecordRefused: only the year or the month is known.
    """
    if value is None:
        return None
    if not isinstance(value, PartialDate) or (day := value.whole()) is None:
        raise RecordRefused(
            "date-partial",
            "The legacy program holds whole dates only; this one has no day. Complete it in the new page.",
        )
    return day


def moment_of(day: RowValue, clock: RowValue) -> datetime | None:
    """A local date and time of the practice as an aware UTC datetime, to the second.

    Raises:
        RecordRefused: the clocks went forward over that time: it did not exist.
    """
    if day is None or clock is None:
        return None
    if not isinstance(day, date) or not isinstance(clock, time):
        raise RecordRefused("time-unreadable", "A date or time column holds something else.")
    local = datetime.combine(day, clock.replace(microsecond=0), PRACTICE_ZONE)
    moment = local.astimezone(UTC)
    if moment.astimezone(PRACTICE_ZONE).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise RecordRefused(
            "time-does-not-exist",
            f"{local:%d-%b-%Y %H:%M} does not exist: the clocks go forward over it. "
            "Move it in the legacy program.",
        )
    return moment


def whole_moment_of(day: date, clock: time) -> datetime:
    """When something was entered: of an hour that did not exist, the moment that winter time gives it.

    The practice's clock was wrong then; the record is right, and is not held back for it.
    """
    return datetime.combine(day, clock.replace(microsecond=0, fold=0), PRACTICE_ZONE).astimezone(UTC)


def moment_columns(moment: Value | None) -> tuple[date | None, time | None]:
    """An aware datetime as the practice's local date and time, to the second."""
    if not isinstance(moment, datetime):
        return None, None
    local = moment.astimezone(PRACTICE_ZONE)
    return local.date(), local.time().replace(microsecond=0, fold=0)


def moment_text(moment: Value | None) -> str | None:
    """An aware datetime as FHIR writes it, with the practice's offset."""
    if not isinstance(moment, datetime):
        return None
    return moment.astimezone(PRACTICE_ZONE).isoformat(timespec="seconds")


def moment_from_text(text: str | None) -> datetime | None:
    """A FHIR dateTime or instant, to the second; one without a time of day is not a moment.

    Raises:
        RecordRefused: it cannot be read, or has no offset.
    """
    if text is None or "T" not in text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RecordRefused("time-unreadable", "A time in the cloud record cannot be read.") from error
    if moment.tzinfo is None:
        raise RecordRefused("time-partial", "A time in the cloud record has no offset.")
    return moment.astimezone(UTC).replace(microsecond=0)


def minutes_between(start: datetime, end: datetime) -> int:
    """Whole minutes from start to end."""
    return int((end - start) / timedelta(minutes=1))


def nhs_number_is_right(value: str) -> bool:
    """Whether the check digit of an NHS number is right."""
    return len(value) == 10 and value.isascii() and value.isdigit() and bool(validate.is_valid(value))


def check_text(text: str, *, column: str, length: int | None) -> str:
    """Let a text pass that a column can hold whole.

    Raises:
        RecordRefused: it is longer than the column (in characters), or holds a character that no legacy
            text may: it is refused, never cut (hazard H10).
    """
    if length is not None and len(text) > length:
        raise RecordRefused(
            "text-too-long",
            f"{column} holds {length} characters in the legacy program and this text has {len(text)}. "
            "Shorten it in the new page.",
        )
    bad = next(
        (one for one in text if unicodedata.category(one) in ("Cs", "Cc") and one not in "\t\r\n"), None
    )
    if bad is not None:
        raise RecordRefused(
            "character-refused",
            f"{column} may not hold the control character U+{ord(bad):04X}. Remove it in the new page.",
        )
    return text


def is_yes(row: Row, column: str) -> bool:
    """Whether a boolean column says yes; empty is no."""
    value = row.get(column)
    return value not in (None, False, 0, "", "0", "false")
