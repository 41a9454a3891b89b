"""Finds patients by what a person types, and marks names that could be taken for each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from web_modules.fhir.client import FhirClient
from web_modules.fhir.patient_search import Wanted, patient_query
from web_modules.fhir.searchset import matches
from web_modules.fhir.similar_names import Name, plain_name, similar_names
from web_modules.pages.patient import ShownPatient, shown_patient

MOST_SHOWN = 50
"""More rows than this nobody reads: one types another letter."""


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


def find_patients(client: FhirClient, practice: str, wanted: Wanted, today: date) -> Found:
    """Look for patients. Blocks.

    Raises:
        FhirError: the records cannot be asked.
    """
    if wanted.is_nothing:
        return Found()
    query = patient_query(wanted, practice)
    page = client.search_page(
        "Patient", query | {"_count": str(MOST_SHOWN), "_sort": "family,given,birthdate"}
    )
    found = (shown_patient(match, practice, today) for match in matches(page))
    # the server sorts by the first of all given names; people look for the one that is read first
    patients = tuple(
        sorted(found, key=lambda one: (plain_name(one.name.family), plain_name(one.name.given), one.born))
    )
    return Found(patients=patients, total=int(page.get("total", len(patients))), similar=similar(patients))


def similar(patients: Sequence[ShownPatient]) -> frozenset[str]:
    """The ids of patients whose names could be taken for each other's."""
    names = [Name(family=one.name.family, given=one.name.given) for one in patients]
    return frozenset(patients[at].id for at in similar_names(names))
