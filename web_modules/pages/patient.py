"""A patient as every page shows one: name, birth, gender, numbers, by the NHS CUI rules. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from web_modules.fhir.client import version_of
from web_modules.fhir.resource_json import Resource
from web_modules.fhir.systems import NHS_NUMBER, patient_number
from web_modules.pages.words import age_words, nhs_number_words, partial_day_words

GENDERS = {"male": "Male", "female": "Female", "other": "Not specified", "unknown": "Not known"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownName:
    """A name in its parts; each may be empty.

    Attributes:
        family: as recorded.
        given: all given names.
        title: such as Mrs.
    """

    family: str
    given: str
    title: str

    @property
    def words(self) -> str:
        """FAMILY, Given (Title), as plain text; pages draw the parts by `templates/names.html`."""
        title = f" ({self.title})" if self.title else ""
        return f"{self.short}{title}"

    @property
    def short(self) -> str:
        """FAMILY, Given, as plain text."""
        parts = [part for part in (self.family.upper(), self.given) if part]
        return ", ".join(parts) or "No name recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPatient:
    """Who a patient is, in words.

    Attributes:
        id: the FHIR id.
        version: as read.
        name: as used now.
        born: such as 12-Mar-1961; "Not recorded" when it is not.
        age: such as 65y: today's, or at death; empty when it cannot be said.
        gender: in words.
        nhs_number: 3-3-4, or empty.
        practice_number: the practice's own number, or empty.
        died: the day of death, "yes" when only the fact is known, or empty.
        is_active: False when the person is not a patient of this practice any more.
    """

    id: str
    version: str
    name: ShownName
    born: str
    age: str
    gender: str
    nhs_number: str
    practice_number: str
    died: str
    is_active: bool

    @property
    def born_words(self) -> str:
        """12-Mar-1961 (65y); the age of someone who died stands beside the death."""
        return f"{self.born} ({self.age})" if self.age and not self.died else self.born

    @property
    def died_words(self) -> str:
        """03-Sep-2026 (88y)."""
        day = "date not recorded" if self.died == "yes" else self.died
        return f"{day} ({self.age})" if self.age and self.died else day

    @property
    def number_words(self) -> str:
        """The NHS number, or that there is none and the practice's number."""
        if self.nhs_number:
            return self.nhs_number
        known = f" Practice No. {self.practice_number}" if self.practice_number else ""
        return f"Not known.{known}"


def shown_patient(patient: Resource, practice: str, today: date) -> ShownPatient:
    """Read a Patient.

    Args:
        patient: as the server gave it.
        practice: the ODS code whose patient number is shown.
        today: on which the age is said.
    """
    death = patient.get("deceasedDateTime")
    died = partial_day_words(death) or ("yes" if patient.get("deceasedBoolean") else "")
    until = today
    if died:
        known = (death or "")[:10]
        until = date.fromisoformat(known) if len(known) == len("2026-11-17") else date.min
    return ShownPatient(
        id=str(patient["id"]),
        version=version_of(patient),
        name=shown_name(patient.get("name", [])),
        born=partial_day_words(patient.get("birthDate")) or "Not recorded",
        age=age_words(patient.get("birthDate"), until),
        gender=GENDERS.get(str(patient.get("gender")), "Not recorded"),
        nhs_number=nhs_number_words(identifier_of(patient, NHS_NUMBER)),
        practice_number=identifier_of(patient, patient_number(practice)),
        died=died,
        is_active=patient.get("active") is not False,
    )


def shown_name(names: list[Mapping[str, Any]]) -> ShownName:
    """The name in use now: the official one, else the usual one, else the first."""
    current = [name for name in names if "end" not in (name.get("period") or {})] or list(names)
    for use in ("official", "usual"):
        found = next((name for name in current if name.get("use") == use), None)
        if found is not None:
            return name_parts(found)
    return name_parts(current[0] if current else {})


def name_parts(name: Mapping[str, Any]) -> ShownName:
    """A HumanName; one that has only a text becomes the family name."""
    given = " ".join(part for part in name.get("given") or [] if part)
    family = str(name.get("family") or "")
    return ShownName(
        family=family or (str(name.get("text") or "") if not given else ""),
        given=given,
        title=" ".join(part for part in name.get("prefix") or [] if part),
    )


def person_words(names: list[Mapping[str, Any]]) -> str:
    """A member of staff as one is spoken of: Dr Priya Nair."""
    name = shown_name(names)
    return " ".join(part for part in (name.title, name.given, name.family) if part) or "No name recorded"


def identifier_of(resource: Mapping[str, Any], system: str) -> str:
    """The value of the current identifier of a system, or empty."""
    for one in resource.get("identifier") or []:
        if one.get("system") == system and one.get("use") != "old" and one.get("value"):
            return str(one["value"])
    return ""
