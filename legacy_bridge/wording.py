"""Records, fields and values in the words of a practice, for people who have to decide about them."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from legacy_bridge.records import Agreed, Coded, Content, Fields, Kind, LinkKey, PartialDate, Quantity, Value
from legacy_bridge.sides.links import Link, LinkState, links_in

_LONDON: Final = ZoneInfo("Europe/London")
_UNITS: Final = {
    "home_phone": "home telephone",
    "mobile_phone": "mobile telephone",
    "nhs_number": "NHS number",
    "birth_date": "date of birth",
    "death_date": "date of death",
    "drug": "drug, dose and quantity",
    "over": "whether it is stopped",
    "booking": "who is booked",
    "identity": "whole identity",
    "merged": "merging with another record",
    "merged_into": "merged into",
    "active": "in use",
}
Names = Mapping[LinkKey, str]


def unit_in_words(unit: str) -> str:
    """What a unit or a field is called."""
    return _UNITS.get(unit, unit.replace("_", " "))


def value_in_words(value: Value | None, names: Names) -> str:  # noqa: PLR0911 - one line a type
    """A value as it is written for people: NHS dates, numbers with every digit and their unit."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(_LONDON).strftime("%d-%b-%Y %H:%M")
    if isinstance(value, PartialDate):
        return _date_in_words(value)
    if isinstance(value, Quantity):
        return " ".join(part for part in (f"{value.comparator or ''}{value.number}", value.unit) if part)
    if isinstance(value, Coded):
        return value.term or f"code {value.number}"
    if isinstance(value, Content):
        return f"a file of {value.size:,} bytes (fingerprint {value.digest[:8]})"
    if isinstance(value, tuple):
        return ", ".join(names.get(one, _unnamed(one)) for one in value) or "nothing"
    return names.get(value, _unnamed(value)) if isinstance(value, LinkKey) else str(value)


def side_in_words(fields: Agreed, unit: Collection[str], names: Names) -> str:
    """What one side says of a unit: the value, or each field by its name."""
    if not fields:
        return "nothing"
    if len(unit) == 1:
        return value_in_words(next(iter(fields.values())), names)
    told = [name for name in unit if fields.get(name) is not None] or sorted(fields)
    return "; ".join(f"{unit_in_words(name)}: {value_in_words(fields.get(name), names)}" for name in told)


def record_in_words(link: LinkKey, fields: Fields | Agreed, names: Names) -> str:
    """What a record is: who, which day and time, which entry; its key where nothing more is known."""

    def said(*wanted: str) -> list[str]:
        return [value_in_words(fields[name], names) for name in wanted if fields.get(name) is not None]

    if link.kind in (Kind.PATIENT, Kind.PRACTITIONER):
        name = " ".join(said("title", "given", "family"))
        born = said("birth_date")
        return ", born ".join([name, *born]) if name else str(link)
    if link.kind is Kind.SLOT:
        when, who = said("start"), said("patient")
        told = " ".join(["appointment", *(f"on {one}" for one in when), *(f"of {one}" for one in who)])
        return told if when or who else str(link)
    what = said("code", "description", "name", "type")[:1]
    rest = [*(f"of {one}" for one in said("date", "start")[:1]), *(f"for {one}" for one in said("patient"))]
    kind = link.kind.value.replace("-", " ")
    return " ".join([kind, *what, *rest]) if what or rest else str(link)


def names_of(
    read: Callable[[Collection[LinkKey]], Mapping[LinkKey, Link]], keys: Collection[LinkKey]
) -> Names:
    """What records are called that are on both sides, by what was last agreed on; others may be hidden.

    Args:
        read: the journal's `links`.
        keys: which records.
    """
    first = read(keys)
    named = links_in([value for one in first.values() for value in one.baseline.values()]) - set(keys)
    others = {
        key: record_in_words(key, link.baseline, {})
        for key, link in read(named).items()
        if link.state is LinkState.LINKED
    }
    return others | {
        key: record_in_words(key, link.baseline, others)
        for key, link in first.items()
        if link.state is LinkState.LINKED
    }


def age_in_words(since: datetime, now: datetime) -> str:
    """How long something has waited."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _unnamed(key: LinkKey) -> str:
    return f"a {key.kind.value} who cannot be named" if key.kind is Kind.PATIENT else f"a {key.kind.value}"


def _date_in_words(value: PartialDate) -> str:
    whole = value.whole()
    if whole is not None:
        return whole.strftime("%d-%b-%Y")
    return date.fromisoformat(f"{value.text}-01").strftime("%b-%Y") if "-" in value.text else value.text
