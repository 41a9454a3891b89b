"""What a person types to find a patient, taken apart, as a FHIR search."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from web_modules.fhir.systems import NHS_NUMBER, patient_number

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBER = re.compile(r"(?<!\S)\d+(?!\S)")
_NHS = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")
_MONTH = "|".join(_MONTHS)
_DATES = (
    re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<d>\d{1,2})[-/. ](?P<m>\d{1,2})[-/. ](?P<y>\d{4}|\d{2})(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})[-/. ]?(?P<n>{_MONTH})[a-z]*\.?[-/., ]*(?P<y>\d{{4}}|\d{{2}})(?!\d)", re.I
    ),
    # without signs between, only a year that people were born in: else it is a practice's number
    re.compile(r"(?<!\d)(?P<d>\d{2})(?P<m>\d{2})(?P<y>(?:18|19|20)\d{2})(?!\d)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person typed, taken apart.

    Attributes:
        names: parts of names, each of which must begin a part of the patient's name.
        family: the family name when it was marked by a comma.
        birth_dates: the days that were meant, any of them.
        nhs_numbers: ten digits each.
        practice_numbers: digits that may be a practice's own number.
    """

    names: tuple[str, ...] = ()
    family: str = ""
    birth_dates: tuple[date, ...] = ()
    nhs_numbers: tuple[str, ...] = ()
    practice_numbers: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was typed that can be looked for."""
        return self == Wanted()


def read_wanted(typed: str, today: date) -> Wanted:
    """Take apart what was typed; a year of two digits is the last one that is not in the future."""
    rest = " ".join(typed.split())
    numbers = [re.sub(r"\D", "", found) for found in _NHS.findall(rest)]
    rest = _NHS.sub(" ", rest)
    days: list[date] = []
    for pattern in _DATES:
        for found in pattern.finditer(rest):
            day = _day(found, today)
            if day is not None:
                days.append(day)
                rest = rest.replace(found.group(), " ", 1)
    practice_numbers = _NUMBER.findall(rest)
    rest = _NUMBER.sub(" ", rest)
    family, comma, given = rest.partition(",")
    if not comma:
        family, given = "", rest
    return Wanted(
        names=tuple(given.replace(",", " ").split()),
        family=" ".join(family.split()),
        birth_dates=tuple(dict.fromkeys(days)),
        nhs_numbers=tuple(dict.fromkeys(numbers)),
        practice_numbers=tuple(practice_numbers),
    )


def patient_query(wanted: Wanted, practice: str) -> dict[str, str | Sequence[str]]:
    """What is wanted as a FHIR search of Patient: all of it must fit.

    Args:
        wanted: not nothing.
        practice: the ODS code of whose numbers are meant.
    """
    query: dict[str, str | Sequence[str]] = {}
    if wanted.names:
        query["name"] = [_escaped(name) for name in wanted.names]
    if wanted.family:
        query["family"] = _escaped(wanted.family)
    if wanted.birth_dates:
        query["birthdate"] = ",".join(day.isoformat() for day in wanted.birth_dates)
    identifiers = [f"{NHS_NUMBER}|{number}" for number in wanted.nhs_numbers]
    identifiers += [f"{patient_number(practice)}|{number}" for number in wanted.practice_numbers]
    if identifiers:
        query["identifier"] = ",".join(identifiers)
    return query


def _escaped(text: str) -> str:
    """FHIR R4 search.html#escaping: these signs part values."""
    return re.sub(r"([\\,$|])", r"\\\1", text)


def _day(found: "re.Match[str]", today: date) -> date | None:
    groups: dict[str, Any] = found.groupdict()
    month = int(groups["m"]) if groups.get("m") else _month(str(groups["n"]))
    year = int(groups["y"])
    if len(groups["y"]) == len("61"):
        year += today.year // 100 * 100
        year -= 100 if year > today.year else 0
    try:
        return date(year, month, int(groups["d"]))
    except ValueError:
        return None


def _month(name: str) -> int:
    return _MONTHS.index(name.casefold()) + 1
