"""Who a patient is, and how identity is written on the glass (NHS Common User Interface rules)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shell.written import written
from web_modules.fhir import systems
from web_modules.fhir.resource_json import Resource

_GENDERS = {"female": "Female", "male": "Male", "other": "Not specified", "unknown": "Not known"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A patient as a person tells them apart from another.

    Attributes:
        fhir_id: the id on the cloud side.
        patient_number: the practice's own number, which the legacy program shows; None without one.
        family: as recorded; written in capitals on the glass.
        given: given names, as recorded.
        title: such as Mrs; None without one.
        born: as recorded: a whole date, a month, a year; None when not known.
        died: the date of death, as recorded; empty when only the fact is known; None of the living.
        gender: FHIR's administrative gender.
        nhs_number: ten digits, or None when not known.
        address: in one line.
        phone: the number to ring first, with its use.
        usual_gp: the name, where the record says it.
    """

    fhir_id: str
    patient_number: str | None
    family: str
    given: str
    title: str | None = None
    born: str | None = None
    died: str | None = None
    gender: str = "unknown"
    nhs_number: str | None = None
    address: str = ""
    phone: str = ""
    usual_gp: str = ""

    @property
    def name(self) -> str:
        """`SMITH, Sarah (Mrs)`, as the glass writes it."""
        whole = self._whole_name()
        return f"{whole} ({written(self.title)})" if self.title else whole or "Name not recorded"

    @property
    def short_name(self) -> str:
        """`SMITH, Sarah`, as the glass writes it."""
        return self._whole_name() or "Name not recorded"

    @property
    def gender_word(self) -> str:
        """The administrative gender in a word."""
        return _GENDERS.get(self.gender, "Not known")

    @property
    def number_words(self) -> str:
        """The NHS number in groups of three, three and four; else the practice's own number."""
        if self.nhs_number is not None:
            return nhs_number_words(self.nhs_number)
        practice = self.patient_number or "not known"
        return f"Not known. Practice No. {practice}"

    def born_words(self, on: date) -> str:
        """`12-Mar-1961 (65y)`; of a dead patient without the age, which belongs to the date of death."""
        if self.born is None:
            return "Not known"
        words = date_words(self.born)
        age = None if self.died is not None else age_words(self.born, on)
        return words if age is None else f"{words} ({age})"

    def died_words(self) -> str | None:
        """`Died 03-Sep-2026 (88y)`, or None of the living."""
        if self.died is None:
            return None
        if not self.died:
            return "Died, date not known"
        day = whole_date(self.died)
        age = None if day is None or self.born is None else age_words(self.born, day)
        return f"Died {date_words(self.died)}" + (f" ({age})" if age else "")

    def _whole_name(self) -> str:
        return ", ".join(written(part) for part in (self.family.upper(), self.given) if part)


def patient_of(resource: Resource, ods: str) -> Patient:
    """Read a FHIR Patient.

    Args:
        resource: the Patient.
        ods: the practice, whose own number is one of the identifiers.
    """
    name = _preferred(resource.get("name", []), ("official", "usual"))
    deceased = resource.get("deceasedDateTime")
    return Patient(
        fhir_id=resource["id"],
        patient_number=_identifier(resource, systems.patient_number(ods)),
        family=name.get("family", "") or name.get("text", ""),
        given=" ".join(name.get("given", [])),
        title=" ".join(name.get("prefix", [])) or None,
        born=resource.get("birthDate"),
        died=deceased[:10] if deceased else ("" if resource.get("deceasedBoolean") else None),
        gender=resource.get("gender", "unknown"),
        nhs_number=_identifier(resource, systems.NHS_NUMBER),
        address=_address(resource),
        phone=_phone(resource),
        usual_gp=next(
            (written(one["display"]) for one in resource.get("generalPractitioner", []) if "display" in one),
            "",
        ),
    )


def person_words(names: list[dict[str, Any]]) -> str:
    """`Dr Priya Nair`, of a FHIR HumanName of somebody who works here; empty when none is recorded."""
    name = _preferred(names, ("official", "usual"))
    parts = [*name.get("prefix", []), *name.get("given", []), name.get("family", "")]
    return written(" ".join(part for part in parts if part) or name.get("text"))


def nhs_number_words(number: str) -> str:
    """`999 123 4578`."""
    return f"{number[:3]} {number[3:6]} {number[6:]}" if len(number) == 10 else number


def date_words(text: str) -> str:
    """A FHIR date as `12-Mar-1961`, `Mar-1961` or `1961`: what is not known is not made up."""
    parts = text[:10].split("-")
    if not all(part.isdigit() for part in parts) or (len(parts) > 1 and not 1 <= int(parts[1]) <= 12):
        return written(text)
    year, *rest = parts
    month = [_MONTHS[int(rest[0]) - 1]] if rest else []
    return "-".join([*reversed(rest[1:]), *month, year])


def whole_date(text: str) -> date | None:
    """A FHIR date when all of it is known."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def age_words(born: str, on: date) -> str | None:
    """An age by the rules of the NHS CUI patient banner: days, weeks and days, months and days, years.

    Args:
        born: a FHIR date.
        on: the day on which the age is told.

    Returns:
        None when the date is not whole and the age could be off, or lies ahead.
    """
    day = whole_date(born)
    if day is None or day > on:
        return None
    days = (on - day).days
    if days < 28:
        return f"{days}d"
    months = (on.year - day.year) * 12 + on.month - day.month - (on.day < day.day)
    if months < 12:
        return f"{days // 7}w {days % 7}d"
    if months < 24:
        return f"{months}m {_days_into_month(day, on)}d"
    if months < 18 * 12:
        return f"{months // 12}y {months % 12}m"
    return f"{months // 12}y"


def _days_into_month(born: date, on: date) -> int:
    if on.day >= born.day:
        return on.day - born.day
    last_of_month_before = on.replace(day=1) - timedelta(days=1)
    return max(0, last_of_month_before.day - born.day) + on.day


def _preferred(choices: list[dict[str, Any]], uses: tuple[str, ...]) -> dict[str, Any]:
    for use in uses:
        for choice in choices:
            if choice.get("use") == use:
                return choice
    current = [choice for choice in choices if choice.get("use") not in ("old", "temp", "maiden")]
    return next(iter(current or choices), {})


def _identifier(resource: Resource, system: str) -> str | None:
    found = [
        one["value"]
        for one in resource.get("identifier", [])
        if one.get("system") == system and "value" in one and one.get("use") != "old"
    ]
    return found[0] if found else None


def _address(resource: Resource) -> str:
    address = _preferred(resource.get("address", []), ("home",))
    parts = [*address.get("line", []), address.get("city"), address.get("postalCode")]
    return written(", ".join(part for part in parts if part)) or written(address.get("text"))


def _phone(resource: Resource) -> str:
    phones = [one for one in resource.get("telecom", []) if one.get("system") == "phone"]
    chosen = _preferred(phones, ("home", "mobile"))
    if not chosen.get("value"):
        return ""
    number = written(chosen["value"])
    return f"{number} ({chosen['use']})" if chosen.get("use") else number
