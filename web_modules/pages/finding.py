"""Finds patients by what a person types: parts of a name, a date of birth, an NHS or practice number."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from web_modules.fhir.client import FhirClient
from web_modules.fhir.searchset import matches
from web_modules.fhir.systems import NHS_NUMBER, patient_number
from web_modules.pages.patient import ShownPatient, shown_patient
from web_modules.pages.words import MONTHS

MOST_SHOWN = 50
"""More rows than this nobody reads: one types another letter."""

_NHS = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")
_MONTH = "|".join(name.lower() for name in MONTHS if name)
_DATES = (
    re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<d>\d{1,2})[-/. ](?P<m>\d{1,2})[-/. ](?P<y>\d{4}|\d{2})(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})[-/. ]?(?P<n>{_MONTH})[a-z]*\.?[-/., ]*(?P<y>\d{{4}}|\d{{2}})(?!\d)", re.I
    ),
    re.compile(r"(?<!\d)(?P<d>\d{2})(?P<m>\d{2})(?P<y>\d{4})(?!\d)"),
)
_FAMILIAR_LETTERS = 2


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search brought.

    Attributes:
        patients: in the order of their names, at most `MOST_SHOWN`.
        total: how many there are.
        similar: ids of those whose name is like another's in the list.
    """

    patients: tuple[ShownPatient, ...] = ()
    total: int = 0
    similar: frozenset[str] = field(default=frozenset())


def read_wanted(typed: str, today: date) -> Wanted:
    """Take apart what was typed; a year of two digits is the last one that is not in the future."""
    rest = " ".join(typed.split())
    numbers = [re.sub(r"\D", "", found) for found in _NHS.findall(rest)]
    rest = _NHS.sub(" ", rest)
    days: list[date] = []
    practice_numbers: list[str] = []
    for pattern in _DATES:
        for found in pattern.finditer(rest):
            day = _day(found, today)
            if day is not None:
                days.append(day)
                rest = rest.replace(found.group(), " ", 1)
    for found in re.finditer(r"(?<!\S)\d{1,10}(?!\S)", rest):
        practice_numbers.append(found.group())
        rest = rest.replace(found.group(), " ", 1)
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


def find_patients(client: FhirClient, practice: str, wanted: Wanted, today: date) -> Found:
    """Look for patients. Blocks.

    Raises:
        FhirError: the records cannot be asked.
    """
    if wanted.is_nothing:
        return Found()
    query: dict[str, str | Sequence[str]] = {"_count": str(MOST_SHOWN), "_sort": "family,given,birthdate"}
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
    page = client.search_page("Patient", query)
    found = (shown_patient(match, practice, today) for match in matches(page))
    # the server sorts by the first of all given names; people look for the one that is read first
    patients = tuple(
        sorted(found, key=lambda one: (_plain(one.name.family), _plain(one.name.given), one.born))
    )
    return Found(patients=patients, total=int(page.get("total", len(patients))), similar=similar(patients))


def similar(patients: Sequence[ShownPatient]) -> frozenset[str]:
    """The ids of patients whose names could be taken for each other's."""
    keys = [(patient.id, _plain(patient.name.family), _plain(patient.name.given)) for patient in patients]
    alike: set[str] = set()
    for index, (one, family, given) in enumerate(keys):
        for other, other_family, other_given in keys[index + 1 :]:
            if _is_near(family, other_family) and _is_familiar(given, other_given):
                alike |= {one, other}
    return frozenset(alike)


def _is_familiar(one: str, other: str) -> bool:
    return _is_near(one, other) or (
        len(one) >= _FAMILIAR_LETTERS and one[:_FAMILIAR_LETTERS] == other[:_FAMILIAR_LETTERS]
    )


def _is_near(one: str, other: str) -> bool:
    """Whether at most one letter was left out, added, changed, or swapped with its neighbour."""
    if one == other:
        return True
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) <= _FAMILIAR_LETTERS:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return True
    a, b = one[start:], other[start:]
    is_swapped = a[:2] == b[:2][::-1] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or is_swapped


def _plain(text: str) -> str:
    """Letters only, without accents and case: what the ear hears."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in apart if letter.isalpha())


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
    return [month.lower() for month in MONTHS].index(name.lower()[:3])
