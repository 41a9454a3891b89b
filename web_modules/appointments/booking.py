"""Books a time for a patient and cancels a booking, each in one transaction with the Slot. Blocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from web_modules.appointments.reading import id_of, participants, referred
from web_modules.appointments.states import State, is_active, state_of_appointment
from web_modules.fhir.client import FhirClient, TransactionEntry, version_of
from web_modules.fhir.errors import FhirBusy, FhirConflict, FhirGone, FhirNotFound, FhirUnavailable
from web_modules.fhir.resource_json import Resource
from web_modules.fhir.searchset import matches, withholds
from web_modules.pages.words import PRACTICE_ZONE

MOST_LETTERS = 200
"""Of a reason; what is longer belongs into the consultation."""

_TRIES = 4
"""Somebody else commits between our read and our write: seldom once, hardly ever twice."""

_MOST_STANDING = "1000"
"""Appointments in one time, cancelled ones too, that are looked at; there are seldom three."""

_REASON_SYSTEM = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"


class CancelReason(Enum):
    """Why a booking is cancelled: HL7's code, and what stands on the screen."""

    PATIENT = ("pat", "The patient asked")
    PRACTICE = ("prov", "The practice cannot offer it")
    MISTAKE = ("other", "Booked by mistake")

    @property
    def code(self) -> str:
        """HL7's code."""
        return self.value[0]

    @property
    def words(self) -> str:
        """What stands on the screen."""
        return self.value[1]


class Refusal(Enum):
    """Why nothing was written, in words."""

    TAKEN = "That time was taken a moment ago by another booking. Choose another."
    BLOCKED = "That time was blocked a moment ago. Choose another."
    MOVED = "That time was moved a moment ago. Nothing was booked. Choose again."
    GONE = "That time is not in the book any more. Nothing was booked. Choose another."
    BUSY = "The book is being changed again and again just now. Nothing was booked. Try again in a moment."
    NOT_REACHED = "The records could not be reached. Look in the book whether it was done, then try again."
    NOT_CANCELLABLE = (
        "This appointment was not cancelled: it is not waiting any more. See the book as it is now."
    )
    NOT_CANCELLED = "This appointment is being changed just now. It was not cancelled. Try again in a moment."
    NO_REASON = "Choose why it is cancelled."
    TOO_LONG = f"The reason must be {MOST_LETTERS} characters or fewer. Nothing was booked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants to book.

    Attributes:
        slot: its id.
        starts: of the Slot when the form was drawn; a time that moved meanwhile is not booked.
        patient: the id.
        reason: may be empty.
        at: aware; when it was asked for.
    """

    slot: str
    starts: str
    patient: str
    reason: str
    at: datetime


def book(client: FhirClient, wish: Wish) -> Refusal | None:
    """Book a time: the Slot becomes busy and an Appointment is made, both or neither.

    Asking twice books once: a time that this patient has already is as good as booked.
    """
    for _ in range(_TRIES):
        try:
            slot = client.read("Slot", wish.slot)
            standing = _standing(client, wish.slot)
            if any(wish.patient in participants(one, "Patient") for one in standing.shown):
                return None
            refusal = _reason_against(slot, standing, wish)
            if refusal is not None:
                return refusal
            made = TransactionEntry(method="POST", url="Appointment", resource=_made(client, slot, wish))
            client.transaction((_put(slot, status="busy"), made))
        except (FhirConflict, FhirBusy):
            continue
        except (FhirNotFound, FhirGone):
            return Refusal.GONE
        except FhirUnavailable:
            return Refusal.NOT_REACHED
        return None
    return Refusal.BUSY


def cancel(client: FhirClient, appointment_id: str, patient: str, reason: CancelReason) -> Refusal | None:
    """Cancel a patient's appointment and give its time back, both or neither.

    A time that another appointment claims as well stays busy.
    """
    for _ in range(_TRIES):
        try:
            appointment = client.read("Appointment", appointment_id)
            if patient not in participants(appointment, "Patient"):
                return Refusal.NOT_CANCELLABLE
            if not is_active(appointment) or state_of_appointment(appointment) is not State.BOOKED:
                return Refusal.NOT_CANCELLABLE if is_active(appointment) else None
            why = {"coding": [{"system": _REASON_SYSTEM, "code": reason.code}], "text": reason.words}
            ended = _put(appointment, status="cancelled", cancelationReason=why)
            client.transaction((ended, *_freed(client, appointment)))
        except (FhirConflict, FhirBusy):
            continue
        except (FhirNotFound, FhirGone):
            return Refusal.NOT_CANCELLABLE
        except FhirUnavailable:
            return Refusal.NOT_REACHED
        return None
    return Refusal.NOT_CANCELLED


def _put(resource: Resource, **changed: object) -> TransactionEntry:
    """Write a resource with changed elements, if it still is as it was read."""
    return TransactionEntry(
        method="PUT",
        url=f"{resource['resourceType']}/{resource['id']}",
        resource={**resource, **changed},
        if_match=version_of(resource),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """The appointments that have a time: those that are shown, and whether there are confidential ones."""

    shown: tuple[Resource, ...]
    is_withheld: bool


def _standing(client: FhirClient, slot: str) -> _Standing:
    page = client.search_page("Appointment", {"slot": f"Slot/{slot}", "_count": _MOST_STANDING})
    shown = tuple(one for one in matches(page) if is_active(one))
    return _Standing(shown=shown, is_withheld=withholds(page))


def _reason_against(slot: Resource, standing: _Standing, wish: Wish) -> Refusal | None:
    if len(wish.reason) > MOST_LETTERS:
        return Refusal.TOO_LONG
    if slot.get("status") == "busy-unavailable":
        return Refusal.BLOCKED
    if slot.get("status") != "free" or standing.shown or standing.is_withheld:
        return Refusal.TAKEN
    return Refusal.MOVED if slot.get("start") != wish.starts else None


def _made(client: FhirClient, slot: Resource, wish: Wish) -> dict[str, Any]:
    """The Appointment: the patient, and who holds the session."""
    schedule = client.read("Schedule", id_of(slot.get("schedule"), "Schedule"))
    actors = (referred(one) for one in schedule.get("actor") or [])
    people = [one for one in actors if one.startswith(("Practitioner/", "PractitionerRole/"))]
    made: dict[str, Any] = {
        "resourceType": "Appointment",
        "status": "booked",
        "slot": [{"reference": f"Slot/{slot['id']}"}],
        "start": slot["start"],
        "end": slot["end"],
        "created": wish.at.astimezone(PRACTICE_ZONE).isoformat(timespec="seconds"),
        "participant": [
            {"actor": {"reference": one}, "status": "accepted"}
            for one in (f"Patient/{wish.patient}", *people)
        ],
    }
    if minutes := _minutes(slot):
        made["minutesDuration"] = minutes
    if wish.reason:
        made["description"] = wish.reason
    return made


def _minutes(slot: Mapping[str, Any]) -> int:
    starts, ends = (datetime.fromisoformat(str(slot[element])) for element in ("start", "end"))
    return max(0, round((ends - starts).total_seconds() / 60))


def _freed(client: FhirClient, appointment: Resource) -> list[TransactionEntry]:
    """The writes that give the appointment's time back, unless somebody else has, or may have, it too."""
    entries: list[TransactionEntry] = []
    for reference in appointment.get("slot") or []:
        slot = client.read("Slot", id_of(reference, "Slot"))
        standing = _standing(client, slot["id"])
        others = [one for one in standing.shown if one["id"] != appointment["id"]]
        if slot.get("status") == "busy" and not others and not standing.is_withheld:
            entries.append(_put(slot, status="free"))
    return entries
