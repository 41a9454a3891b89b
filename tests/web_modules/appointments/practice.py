"""A small practice with a book, written as the mirror writes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from web_modules.fhir.client import FhirClient
from web_modules.fhir.systems import NHS_NUMBER

LONDON = ZoneInfo("Europe/London")
LEGACY_TERM = "https://banyan.example/StructureDefinition/legacy-term"
TERMS = {
    "booked": "Booked",
    "arrived": "Arrived",
    "checked-in": "Sent In",
    "fulfilled": "Left",
    "noshow": "DNA",
    "cancelled": "Cancelled by Patient",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinician:
    """Someone with sessions: the ids of what stands for that."""

    person: str
    place: str


class Practice:
    """Makes records in a module's cloud."""

    def __init__(self, fhir: FhirClient) -> None:
        self._fhir = fhir

    def clinician(
        self, title: str, given: str, family: str, role: str, *, place: str = "Room 2"
    ) -> Clinician:
        """A member of staff with a role, and where they work."""
        name = {"prefix": [title], "given": [given], "family": family}
        person = self._fhir.create({"resourceType": "Practitioner", "name": [name]})["id"]
        self._fhir.create(
            {
                "resourceType": "PractitionerRole",
                "active": True,
                "practitioner": {"reference": f"Practitioner/{person}"},
                "code": [{"text": role}],
            }
        )
        location = self._fhir.create({"resourceType": "Location", "name": place})["id"]
        return Clinician(person=person, place=location)

    def schedule(self, who: Clinician) -> str:
        """A session of a clinician."""
        actors = [f"Practitioner/{who.person}", f"Location/{who.place}"]
        made = {"resourceType": "Schedule", "active": True, "actor": [{"reference": one} for one in actors]}
        return str(self._fhir.create(made)["id"])

    def slot(
        self, schedule: str, at: str, *, minutes: int = 15, status: str = "free", kind: str = "GP appointment"
    ) -> str:
        """A time: `at` as 2026-11-17 10:15, at the practice."""
        starts = datetime.fromisoformat(at).replace(tzinfo=LONDON)
        made = {
            "resourceType": "Slot",
            "schedule": {"reference": f"Schedule/{schedule}"},
            "status": status,
            "start": starts.isoformat(),
            "end": (starts + timedelta(minutes=minutes)).isoformat(),
            "appointmentType": {"text": kind},
        }
        return str(self._fhir.create(made)["id"])

    def patient(self, family: str, given: str = "Sarah", **more: Any) -> str:
        """A patient."""
        made = {
            "resourceType": "Patient",
            "active": True,
            "identifier": [{"system": NHS_NUMBER, "value": "9991234578"}],
            "name": [{"use": "official", "family": family, "given": [given], "prefix": ["Mrs"]}],
            "birthDate": "1961-03-12",
            "gender": "female",
        }
        return str(self._fhir.create(made | more)["id"])

    def appointment(
        self, slot: str, patients: Sequence[str], *, status: str = "booked", reason: str = ""
    ) -> str:
        """An appointment in a slot."""
        time = self._fhir.read("Slot", slot)
        made: dict[str, Any] = {
            "resourceType": "Appointment",
            "extension": [{"url": LEGACY_TERM, "valueString": TERMS[status]}],
            "status": status,
            "slot": [{"reference": f"Slot/{slot}"}],
            "start": time["start"],
            "end": time["end"],
            "created": "2026-11-05T14:20:00+00:00",
            "participant": [
                {"actor": {"reference": f"Patient/{one}"}, "status": "accepted"} for one in patients
            ],
        }
        return str(self._fhir.create(made | ({"description": reason} if reason else {}))["id"])

    def booked(self, schedule: str, at: str, patient: str, *, status: str = "booked", **more: str) -> str:
        """A time with its appointment; answers the slot."""
        slot = self.slot(schedule, at, status="busy-unavailable" if status == "cancelled" else "busy")
        self.appointment(slot, [patient], status=status, **more)
        return slot
