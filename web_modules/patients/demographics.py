"""What the page of one patient shows, read from the Patient and who cares for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from web_modules.fhir.client import FhirClient
from web_modules.fhir.errors import FhirGone, FhirNotFound
from web_modules.fhir.resource_json import Resource
from web_modules.fhir.searchset import matches
from web_modules.pages.patient import ShownName, ShownPatient, name_parts, person_words, shown_patient
from web_modules.patients.address import address_lines, home_address
from web_modules.patients.contact import POINTS, Values, contact_values, other_points

_USES = {"home": "home", "work": "work", "mobile": "mobile", "temp": "temporary", "old": "old"}
_SYSTEMS = {"phone": "Phone", "email": "E-mail", "fax": "Fax", "sms": "Text messages", "url": "Web page"}
_ADDRESSES = {"work": "Work", "temp": "Temporary", "old": "Old", "billing": "Billing", "home": "Earlier home"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that is recorded.

    Attributes:
        label: what it is.
        words: the recorded text, one item a line on the page; empty when nothing is recorded, or with a name.
        note: beside it, such as "preferred".
        name: a person's name in place of words: its parts keep their order whatever their letters.
    """

    label: str
    words: tuple[str, ...] = ()
    note: str = ""
    name: ShownName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demographics:
    """One patient's page.

    Attributes:
        patient: who it is.
        values: the contact details by field, as the form changes them.
        contact: telephone numbers, e-mail addresses, postal addresses.
        identity: names, birth, gender, numbers.
        registration: the practice's part.
    """

    patient: ShownPatient
    values: Values
    contact: tuple[Line, ...]
    identity: tuple[Line, ...]
    registration: tuple[Line, ...]


def demographics(client: FhirClient, resource: Resource, practice: str, today: date) -> Demographics:
    """Read what the page shows. Blocks: asks for the usual GP.

    Raises:
        FhirError: the records cannot be asked.
    """
    patient = shown_patient(resource, practice, today)
    return Demographics(
        patient=patient,
        values=contact_values(resource),
        contact=tuple(_contact(resource)),
        identity=tuple(_identity(resource, patient)),
        registration=(
            Line(label="Usual GP", words=_usual_gps(client, resource)),
            Line(label="Practice number", words=_some(patient.practice_number)),
            Line(label="Registered here", words=("Yes" if patient.is_active else "No, not any more",)),
        ),
    )


def namesakes(client: FhirClient, resource: Resource, practice: str, today: date) -> tuple[ShownPatient, ...]:
    """Other patients with exactly this name. Blocks.

    Raises:
        FhirError: the records cannot be asked.
    """
    patient = shown_patient(resource, practice, today)
    given = patient.name.given.split()
    if not patient.name.family or not given:
        return ()
    query = {"family:exact": patient.name.family, "given:exact": given[0], "_count": "10"}
    found = matches(client.search_page("Patient", query))
    others = (shown_patient(match, practice, today) for match in found)
    return tuple(other for other in others if other.id != patient.id)


def _contact(resource: Resource) -> list[Line]:
    values = contact_values(resource)
    lines = [
        Line(
            label=field.label,
            words=_some(values[field.name]),
            note="preferred" if values["preferred"] == field.name else "",
        )
        for field in POINTS
    ]
    at, home = home_address(resource)
    lines.append(Line(label="Address", words=address_lines(home)))
    for point in other_points(resource):
        use = _USES.get(str(point.get("use")), "")
        ended = "end" in (point.get("period") or {})
        label = _SYSTEMS.get(str(point.get("system")), "Other contact")
        note = ", ".join(part for part in (use, "ended" if ended else "") if part)
        lines.append(Line(label=label, words=(str(point["value"]),), note=note))
    for index, address in enumerate(resource.get("address") or []):
        if index != at and address_lines(address):
            label = f"{_ADDRESSES.get(str(address.get('use', 'home')), 'Other')} address"
            lines.append(Line(label=label, words=address_lines(address)))
    return lines


def _identity(resource: Resource, patient: ShownPatient) -> list[Line]:
    lines = [
        Line(label="Family name", words=_some(patient.name.family)),
        Line(label="Given names", words=_some(patient.name.given)),
        Line(label="Title", words=_some(patient.name.title)),
    ]
    for name in resource.get("name") or []:
        parts = name_parts(name)
        if parts != patient.name:
            use = {"maiden": "maiden name", "old": "old name", "nickname": "known as"}.get(
                str(name.get("use")), "other name"
            )
            lines.append(Line(label="Also", name=parts, note=use))
    lines += [
        Line(label="Born", words=(patient.born_words,)),
        Line(label="Gender", words=(patient.gender,)),
        Line(label="NHS No.", words=(patient.number_words,)),
    ]
    if patient.died:
        lines.append(Line(label="Died", words=(patient.died_words,)))
    return lines


def _usual_gps(client: FhirClient, resource: Resource) -> tuple[str, ...]:
    return tuple(_referenced(client, one) for one in resource.get("generalPractitioner") or [])


def _referenced(client: FhirClient, reference: Mapping[str, Any]) -> str:
    kind, _, known = str(reference.get("reference", "")).partition("/")
    if kind in ("Practitioner", "Organization") and known:
        try:
            found = client.read(kind, known)
        except (FhirNotFound, FhirGone):
            return str(reference.get("display") or "Recorded, and not found here")
        return person_words(found.get("name", [])) if kind == "Practitioner" else str(found.get("name", ""))
    return str(reference.get("display") or "Recorded without a name")


def _some(text: str) -> tuple[str, ...]:
    return (text,) if text else ()
