"""Reads what a day's book is made of, in a few searches however many times the day has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from web_modules.fhir.client import FhirClient
from web_modules.fhir.resource_json import Resource
from web_modules.pages.words import PRACTICE_ZONE

PAGE = "1000"
"""Resources a page; a busy day of a large practice fits into one."""

_BATCH = 200
"""Ids in one search: far below what an address may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRecords:
    """One day, as recorded.

    Attributes:
        slots: the times, in order.
        appointments: of that day, cancelled ones too.
        schedules: the sessions of the slots, by id.
        people: practitioners, by id.
        roles: a practitioner's current role, by the practitioner's id.
        places: locations, by id.
        patients: who is booked, by id; someone who cannot be read is not there.
    """

    slots: Sequence[Resource] = ()
    appointments: Sequence[Resource] = ()
    schedules: Mapping[str, Resource] = field(default_factory=dict)
    people: Mapping[str, Resource] = field(default_factory=dict)
    roles: Mapping[str, Resource] = field(default_factory=dict)
    places: Mapping[str, Resource] = field(default_factory=dict)
    patients: Mapping[str, Resource] = field(default_factory=dict)


def read_day(client: FhirClient, day: date) -> DayRecords:
    """Read one day at the practice. Blocks."""
    first, after = day_bounds(day)
    slots = client.search("Slot", {"start": [f"ge{first}", f"lt{after}"], "_sort": "start", "_count": PAGE})
    appointments = client.search("Appointment", {"date": [f"ge{first}", f"lt{after}"], "_count": PAGE})
    schedules = by_ids(client, "Schedule", (referred(slot.get("schedule")) for slot in slots))
    actors = [one for schedule in schedules.values() for one in schedule.get("actor") or []]
    taking_part = [one.get("actor") for appointment in appointments for one in appointment["participant"]]
    actors += taking_part
    people = by_ids(client, "Practitioner", (referred(one) for one in actors))
    return DayRecords(
        slots=[slot for slot in slots if slot.get("status") != "entered-in-error"],
        appointments=appointments,
        schedules=schedules,
        people=people,
        roles=_roles(client, people),
        places=by_ids(client, "Location", (referred(one) for one in actors)),
        patients=by_ids(client, "Patient", (referred(one) for one in taking_part)),
    )


def day_bounds(day: date) -> tuple[str, str]:
    """The first instant of a day at the practice, and of the next day, in UTC."""
    midnights = (datetime.combine(one, time(), PRACTICE_ZONE) for one in (day, day + timedelta(days=1)))
    first, after = (f"{midnight.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for midnight in midnights)
    return first, after


def referred(reference: Mapping[str, Any] | None) -> str:
    """A reference as `Type/id`, without base and version; empty when there is none."""
    parts = str((reference or {}).get("reference") or "").partition("/_history/")[0].split("/")
    return "/".join(parts[-2:]) if len(parts) > 1 else ""


def id_of(reference: Mapping[str, Any] | None, resource_type: str) -> str:
    """The id that a reference names if it is of that type, or empty."""
    kind, _, found = referred(reference).partition("/")
    return found if kind == resource_type else ""


def participants(appointment: Mapping[str, Any], resource_type: str) -> list[str]:
    """The ids of an appointment's participants of one type."""
    found = (id_of(one.get("actor"), resource_type) for one in appointment.get("participant") or [])
    return [one for one in found if one]


def by_ids(client: FhirClient, resource_type: str, references: Iterable[str]) -> dict[str, Resource]:
    """The resources of one type among references (`Type/id`), by id; what is not there is left out."""
    start = f"{resource_type}/"
    wanted = sorted({one.removeprefix(start) for one in references if one.startswith(start)})
    found: dict[str, Resource] = {}
    for index in range(0, len(wanted), _BATCH):
        ids = ",".join(wanted[index : index + _BATCH])
        found |= {one["id"]: one for one in client.search(resource_type, {"_id": ids, "_count": PAGE})}
    return found


def _roles(client: FhirClient, people: Mapping[str, Resource]) -> dict[str, Resource]:
    if not people:
        return {}
    query = {"practitioner": ",".join(f"Practitioner/{one}" for one in sorted(people)), "_count": PAGE}
    found: dict[str, Resource] = {}
    for role in client.search("PractitionerRole", query):
        person = id_of(role.get("practitioner"), "Practitioner")
        if person not in found or not _is_over(role):
            found[person] = role
    return found


def _is_over(role: Mapping[str, Any]) -> bool:
    return role.get("active") is False or "end" in (role.get("period") or {})
