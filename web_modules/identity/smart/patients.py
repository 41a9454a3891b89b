"""Finds the patient, and the encounter, for whom an application is let in."""

import re
from dataclasses import dataclass

from web_modules.fhir.client import FhirClient
from web_modules.fhir.errors import FhirGone, FhirNotFound
from web_modules.fhir.resource_json import Resource
from web_modules.fhir.systems import NHS_NUMBER
from web_modules.fhir.transport import Transport
from web_modules.fhir_store.access import Access
from web_modules.fhir_store.elements.labels import labels_of

MOST_SHOWN = 20
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ID = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A patient who was found, as shown."""

    id: str
    name: str
    born: str
    nhs_number: str


class PatientFinder:
    """Looks for patients on behalf of somebody. Blocks; raises what `FhirClient` raises."""

    def __init__(self, transport: Transport) -> None:
        self._fhir = FhirClient(transport)

    def find(self, typed: str, access: Access) -> tuple[list[Candidate], bool]:
        """Who is meant by a name, a date of birth or an NHS number, and whether there are more."""
        if not access.may("s", "Patient"):
            return [], False
        page = self._fhir.search_page("Patient", _query(typed))
        found = [entry["resource"] for entry in page.get("entry", [])]
        shown = [_candidate(one) for one in found if one["resourceType"] == "Patient" and _sees(access, one)]
        return shown, any(link.get("relation") == "next" for link in page.get("link", []))

    def is_there(self, patient: str, access: Access) -> bool:
        """Whether somebody may open a patient by this id."""
        if not _ID.match(patient) or not access.may("r", "Patient"):
            return False
        try:
            return _sees(access, self._fhir.read("Patient", patient))
        except (FhirNotFound, FhirGone):
            return False

    def is_encounter_of(self, encounter: str, patient: str, access: Access) -> bool:
        """Whether somebody may open an encounter by this id, and it is this patient's."""
        if not _ID.match(encounter) or not access.may("r", "Encounter"):
            return False
        try:
            found = self._fhir.read("Encounter", encounter)
        except (FhirNotFound, FhirGone):
            return False
        is_theirs = found.get("subject", {}).get("reference") == f"Patient/{patient}"
        return is_theirs and access.sees(labels_of(found), (patient,))


def _query(typed: str) -> dict[str, str | list[str]]:
    query: dict[str, str | list[str]] = {"_count": str(MOST_SHOWN), "_sort": "family,given,birthdate"}
    digits = re.sub(r"[\s-]", "", typed)
    if re.fullmatch(r"\d{10}", digits):
        query["identifier"] = f"{NHS_NUMBER}|{digits}"
        return query
    words = typed.replace(",", " ").split()
    days = [word for word in words if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word)]
    names = [re.sub(r"([\\,$|])", r"\\\1", word) for word in words if word not in days]
    if days:
        query["birthdate"] = days[0]
    if names:
        query["name"] = names
    return query


def _sees(access: Access, patient: Resource) -> bool:
    return access.sees(labels_of(patient), (patient["id"],))


def _candidate(patient: Resource) -> Candidate:
    names = patient.get("name") or [{}]
    name = next((one for one in names if one.get("use") == "official"), names[0])
    words = " ".join([name.get("family", "").upper() + ",", *name.get("given", [])]).strip(", ")
    numbers = [one for one in patient.get("identifier", []) if one.get("system") == NHS_NUMBER]
    return Candidate(
        id=patient["id"],
        name=words or str(name.get("text", "No name recorded")),
        born=_day(patient.get("birthDate", "")),
        nhs_number=_grouped(numbers[0].get("value", "")) if numbers else "",
    )


def _day(text: str) -> str:
    """As dates are shown, such as 23-Apr-1961; what is partial stays so."""
    year, _, rest = text.partition("-")
    month, _, day = rest.partition("-")
    named = _MONTHS[int(month)] if month.isdigit() and int(month) < len(_MONTHS) else month
    return "-".join(one for one in (day, named, year) if one)


def _grouped(number: str) -> str:
    """As NHS numbers are read out."""
    return f"{number[:3]} {number[3:6]} {number[6:]}" if len(number) == 10 else number
