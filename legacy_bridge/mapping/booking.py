"""Who is booked in a slot, as four fields that travel together: availability, patient, term, booked_at."""

import copy
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.codes import (
    AVAILABLE,
    BOOKED,
    CANCELLED_BY_PATIENT,
    DID_NOT_ATTEND,
    INACTIVE_STATUSES,
    ORIGINAL_TERM,
    STATUS_TO_TERM,
    status_of,
)
from legacy_bridge.mapping.field import (
    extension_of,
    reference_of,
    relative,
    set_element,
    set_extension,
)
from legacy_bridge.mapping.patient import is_confidential
from legacy_bridge.mapping.values import (
    guid_column,
    is_yes,
    link_of,
    moment_columns,
    moment_from_text,
    moment_of,
    moment_text,
    text_of,
)
from legacy_bridge.records import (
    Agreed,
    CloudContent,
    Fields,
    Kind,
    LinkKey,
    Reading,
    Row,
    RowGroup,
    RowValue,
    Value,
)
from legacy_bridge.sides.links import References

FIELDS = ("availability", "patient", "term", "booked_at")
IDENTIFIER = "Appointment_Slot.booking"
TABLE = "Appointment_Slot"
PATIENT = "Admin_Patient"
"""The booked patient's row, present only when it is one of this practice."""
FREE, BUSY, BLOCKED = "free", "busy", "busy-unavailable"
"""Availability: free; taken by a patient of ours; taken, and nobody of ours is named.

The cloud has more words for it: busy, busy-tentative and entered-in-error stay while they mean the same."""
ENTERED_IN_ERROR = "entered-in-error"
_TAKEN = frozenset({BUSY, "busy-tentative"})
_STATUS_LENGTH = 20
_PRACTICE = "Practice"  # the legacy program's own word for "booked by the practice"


def from_rows(group: RowGroup) -> Reading:
    """The booking in a slot's row.

    Raises:
        RecordRefused: the row contradicts itself.
    """
    row = group.rows[TABLE][0]
    patient = link_of(Kind.PATIENT, row.get("PatientGuid"))
    term = text_of(row.get("SlotStatus"))
    if patient is None:
        return _without_patient(row, term)
    if term == AVAILABLE:
        raise RecordRefused(
            "slot-contradicts-itself",
            "The slot is available and names a patient: book it or free it in the legacy program.",
        )
    known = group.rows.get(PATIENT, ())
    if known and (is_confidential(known[0]) or is_yes(known[0], "Deleted")):  # who left takes it along
        return hidden()
    term = term or (DID_NOT_ATTEND if is_yes(row, "DidNotAttend") else BOOKED)
    fields: dict[str, Value] = {
        "availability": BLOCKED if term == CANCELLED_BY_PATIENT else BUSY,
        "patient": patient,
        "term": term,
    }
    booked_at = moment_of(row.get("BookedDate"), row.get("BookedTime"))
    if booked_at is not None:
        fields["booked_at"] = booked_at
    return Reading(fields=fields)


def hidden() -> Reading:
    """The booking of somebody whom the cloud may not name."""
    return Reading(fields={"availability": BLOCKED}, held=frozenset(FIELDS))


def _without_patient(row: Row, term: str | None) -> Reading:
    is_elsewhere = text_of(row.get("ExternalPatientGuid")) is not None
    if is_elsewhere or term not in (None, AVAILABLE):
        return hidden()
    return Reading(fields={"availability": BLOCKED if is_yes(row, "IsBlocked") else FREE})


def from_cloud(content: CloudContent, references: References) -> Fields:
    """The booking in a Slot and its Appointments.

    Raises:
        RecordRefused: two Appointments are active, or one is for nobody that the legacy program has.
    """
    slot = content.resources["Slot"]
    found = current(content.appointments, slot=slot)
    if found is None:
        return {"availability": FREE if slot.get("status", FREE) == FREE else BLOCKED}
    patient = _patient_of(found, references)
    term = _term_of(found)
    fields: dict[str, Value] = {
        "availability": BLOCKED if found["status"] in INACTIVE_STATUSES else BUSY,
        "patient": patient,
        "term": term,
    }
    booked_at = moment_from_text(text_of(found.get("created")))
    if booked_at is not None:
        fields["booked_at"] = booked_at
    return fields


def current(
    appointments: Sequence[Mapping[str, Any]], *, slot: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The Appointment that a slot stands for now: the active one, or one that the patient cancelled.

    Raises:
        RecordRefused: two are active.
    """
    found = active(appointments)
    if len(found) > 1:
        raise RecordRefused(
            "slot-booked-twice",
            f"{len(found)} appointments are active in one slot of the new book. Cancel all but one there.",
        )
    if found:
        return found[0]
    if slot.get("status") != BLOCKED:
        return None
    by_patient = [
        one
        for one in appointments
        if one["status"] != ENTERED_IN_ERROR and _original(one) == CANCELLED_BY_PATIENT
    ]
    return max(by_patient, key=number_of, default=None)


def active(appointments: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that take a slot."""
    return [one for one in appointments if one["status"] not in INACTIVE_STATUSES]


def status_for(fields: Fields, status: str, *, names_nobody: bool) -> str:
    """The Slot's status that says what the fields say; the present one wherever it says so already.

    Args:
        fields: what is to be said.
        status: what the Slot says now.
        names_nobody: somebody is in the slot of whom the cloud is not told.

    Raises:
        RecordRefused: the slot was entered in error and is to be used again.
    """
    availability = fields.get("availability", FREE)
    is_named = "patient" in fields
    if status == ENTERED_IN_ERROR:
        if availability == BLOCKED and not is_named:
            return status
        raise RecordRefused(
            "slot-entered-in-error",
            "The slot was marked in the new book as entered in error and is used in the legacy program: "
            "block it there, or make a new slot.",
        )
    if availability == BLOCKED and not is_named:
        return status if status != FREE else (BUSY if names_nobody else BLOCKED)
    return status if availability == BUSY and status in _TAKEN else str(availability)


def has_ended(base: Agreed, agreed: Agreed, slot: Mapping[str, Any]) -> bool:
    """Whether the Appointment alone was ended: the Slot still says what it said with the booking."""
    was_booked = base.get("patient") is not None and "patient" in agreed and agreed["patient"] is None
    return was_booked and slot.get("status") == base.get("availability")


def number_of(appointment: Mapping[str, Any]) -> int:
    """Which of a slot's bookings this is; 0 for one that was made in the cloud."""
    for one in appointment.get("identifier", []):
        if str(one.get("system", "")).endswith(IDENTIFIER):
            return int(str(one.get("value", "")).rpartition(".")[2] or 0)
    return 0


def names(appointment: Mapping[str, Any], patient: str) -> bool:
    """Whether an Appointment names a patient (`Patient/1`)."""
    return patient in patients_of(appointment)


def patients_of(appointment: Mapping[str, Any]) -> set[str]:
    """The patients whom an Appointment names: `Patient/1`."""
    actors = {relative(_actor(one)) for one in appointment.get("participant", [])}
    return {actor for actor in actors if actor.startswith("Patient/")}


def to_columns(fields: Fields, row: Row) -> dict[str, RowValue]:
    """The columns of a row so that it says what the fields say."""
    patient = fields.get("patient")
    availability = fields.get("availability", FREE)
    if not isinstance(patient, LinkKey):
        return {
            "PatientGuid": None,
            "SlotStatus": AVAILABLE,
            "BookedDate": None,
            "BookedTime": None,
            "BookingMethod": None,
            "DidNotAttend": False if is_yes(row, "DidNotAttend") else row.get("DidNotAttend"),
            "IsBlocked": availability != FREE,
        }
    term = str(fields.get("term", BOOKED))
    if len(term) > _STATUS_LENGTH:
        raise RecordRefused("text-too-long", f"SlotStatus holds {_STATUS_LENGTH} characters.")
    day, clock = moment_columns(fields.get("booked_at"))
    did_not_attend = term == DID_NOT_ATTEND
    return {
        "PatientGuid": guid_column(patient.key),
        "SlotStatus": term,
        "BookedDate": day,
        "BookedTime": clock,
        "BookingMethod": text_of(row.get("BookingMethod")) or _PRACTICE,
        "DidNotAttend": did_not_attend
        if did_not_attend != is_yes(row, "DidNotAttend")
        else row.get("DidNotAttend"),
    }


def to_appointment(
    fields: Fields,
    slot: Mapping[str, Any],
    slot_reference: str,
    found: Mapping[str, Any] | None,
    references: References,
) -> dict[str, Any] | None:
    """The Appointment that says what the fields say: the current one if it is this patient's, else a new one.

    Returns:
        None when nobody of ours is booked.

    Raises:
        RecordRefused: the patient is not on the cloud.
    """
    patient = fields.get("patient")
    if not isinstance(patient, LinkKey):
        return None
    reference = references.reference(patient, "Patient")
    if reference is None:
        raise RecordRefused("patient-missing", "The patient of this booking is not in the cloud.")
    term = str(fields.get("term", BOOKED))
    if found is not None and names(found, reference):
        drafted = copy.deepcopy(dict(found))
    else:
        drafted = {
            "resourceType": "Appointment",
            "status": "booked",
            "slot": [{"reference": slot_reference}],
            "participant": [
                {"actor": {"reference": one}, "status": "accepted"}
                for one in (reference, *_people(fields, references))
            ],
        }
    if _term_of(drafted) != term or "id" not in drafted:
        drafted["status"] = status_of(term)
        set_extension(drafted, ORIGINAL_TERM, {"valueString": term})
    _put_times(drafted, slot)
    booked_at = fields.get("booked_at")
    if moment_from_text(text_of(drafted.get("created"))) != booked_at:
        set_element(drafted, "created", moment_text(booked_at))
    return drafted


def _people(fields: Fields, references: References) -> list[str]:
    session = fields.get("session")
    people = references.baselines.get(session, {}).get("people") if isinstance(session, LinkKey) else None
    found = (
        (references.reference(one, "Practitioner") for one in people or ())
        if isinstance(people, tuple)
        else ()
    )
    return [one for one in found if one is not None]


def _put_times(drafted: dict[str, Any], slot: Mapping[str, Any]) -> None:
    for element in ("start", "end"):
        if not _is_same_moment(drafted.get(element), slot.get(element)):
            set_element(drafted, element, slot.get(element))
    start, end = (moment_from_text(text_of(slot.get(element))) for element in ("start", "end"))
    if start is not None and end is not None and end > start:
        drafted["minutesDuration"] = int((end - start).total_seconds() // 60)


def _is_same_moment(one: Any, other: Any) -> bool:
    if not isinstance(one, str) or not isinstance(other, str):
        return bool(one == other)
    return datetime.fromisoformat(one).astimezone(UTC) == datetime.fromisoformat(other).astimezone(UTC)


def _original(appointment: Mapping[str, Any]) -> str | None:
    return text_of(extension_of(appointment, ORIGINAL_TERM).get("valueString"))


def _term_of(appointment: Mapping[str, Any]) -> str:
    status = str(appointment["status"])
    original = _original(appointment)
    if original is not None and status_of(original) == status:
        return original
    return STATUS_TO_TERM.get(status, CANCELLED_BY_PATIENT if status in INACTIVE_STATUSES else BOOKED)


def _patient_of(appointment: Mapping[str, Any], references: References) -> LinkKey:
    for one in appointment.get("participant", []):
        link = reference_of(one.get("actor"), references)
        if link is not None and link.kind is Kind.PATIENT:
            return link
    raise RecordRefused(
        "patient-unknown",
        "The appointment in the new book is for nobody whom the legacy program has. "
        "Register the patient there first, or cancel the appointment.",
    )


def _actor(participant: Mapping[str, Any]) -> str:
    return str((participant.get("actor") or {}).get("reference", ""))
