"""The appointments book: a day's sessions and slots, booking a slot, cancelling a booking."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Engine, RowMapping, and_, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from shell.reference_legacy.database import is_not_deleted, reading, writing
from shell.reference_legacy.errors import RowChangedError
from shell.reference_legacy.plain_text import plain_line
from shell.reference_legacy.records import DayBook, Patient, Practice, Session, Slot, SlotState
from shell.reference_legacy.tables import LOCATION, PATIENT, SESSION, SESSION_USER, SLOT, USER_IN_ROLE

FREE_STATUS = "Slot Available"
BOOKED_STATUS = "Booked"

_STATES: Mapping[str, SlotState] = {
    "booked": SlotState.BOOKED,
    "arrived": SlotState.ARRIVED,
    "sent in": SlotState.SENT_IN,
    "left": SlotState.LEFT,
    "dna": SlotState.DID_NOT_ATTEND,
    "cancelled by patient": SlotState.CANCELLED,
}

_ROLES: Mapping[str, str] = {
    "general medical practitioner": "Dr",
    "gp registrar": "Reg",
    "nurse practitioner": "NP",
    "practice nurse": "PN",
    "staff nurse": "PN",
    "healthcare assistant": "HCA",
    "pharmacist": "Ph",
}
"""What a column's heading says of the person, by a word of the job."""


class AppointmentBook:
    """One practice's appointments. Every method blocks for a few statements."""

    def __init__(self, engine: Engine, practice: Practice) -> None:
        self._engine = engine
        self._practice = practice

    def day(self, day: date) -> DayBook:
        """Read all sessions and slots of a day.

        Raises:
            DatabaseError: the database could not be read.
        """
        organisation = self._practice.guid
        with reading(self._engine) as connection:
            slots = connection.execute(_slots_of(organisation, day)).mappings().all()
            wanted = or_(
                SESSION.c.StartDate == day,
                SESSION.c.AppointmentSessionGuid.in_({row["SessionGuid"] for row in slots}),
            )
            sessions = connection.execute(_sessions(organisation, wanted)).mappings().all()
            staff = connection.execute(_staff_of(organisation, wanted)).mappings().all()
        people: dict[str, list[str]] = {}
        labels: dict[str, str] = {}
        for row in staff:
            people.setdefault(row["SessionGuid"], []).append(row["UserInRoleGuid"])
            labels[row["UserInRoleGuid"]] = _heading(row)
        by_session = {guid: tuple(sorted(found, key=labels.__getitem__)) for guid, found in people.items()}
        clinicians = {
            key: " + ".join(labels[guid] for guid in key) or "NO CLINICIAN"
            for key in {by_session.get(row["AppointmentSessionGuid"], ()) for row in sessions}
        }
        return DayBook(
            day=day,
            sessions=tuple(_session(row, by_session) for row in sessions),
            slots=tuple(_slot(row) for row in slots if row["AppointmentStartTime"] is not None),
            clinicians=dict(sorted(clinicians.items(), key=lambda item: item[1])),
        )

    def book(self, slot: Slot, patient: Patient, now: datetime) -> None:
        """Book a free slot for a patient, if it still is free and as it was read.

        Args:
            slot: the slot as read.
            patient: who is booked.
            now: the practice's local date and time, written as the time of booking.

        Raises:
            RowChangedError: the slot is no longer free. Nothing was written.
            NotSavedError: the database did not take the change. Nothing was written.
        """
        values = {
            "PatientGuid": patient.guid,
            "SlotStatus": BOOKED_STATUS,
            "BookedDate": now.date(),
            "BookedTime": now.time().replace(microsecond=0, tzinfo=None),
            "BookingMethod": "Practice",
        }
        is_free = and_(
            SLOT.c.SlotStatus == FREE_STATUS,
            is_not_deleted(SLOT.c.IsBlocked),
            or_(SLOT.c.PatientGuid.is_(None), SLOT.c.PatientGuid == ""),
        )
        still_there = (
            select(PATIENT.c.PatientGuid)
            .where(
                PATIENT.c.OrganisationGuid == self._practice.guid,
                PATIENT.c.PatientGuid == patient.guid,
                is_not_deleted(PATIENT.c.Deleted),
            )
            .exists()
        )
        self._write(slot, values, and_(is_free, still_there))

    def cancel(self, slot: Slot) -> None:
        """Cancel a booking, if it still is as it was read; the slot becomes free.

        Raises:
            RowChangedError: the slot is no longer booked for this patient. Nothing was written.
            NotSavedError: the database did not take the change. Nothing was written.
        """
        emptied = dict.fromkeys(("PatientGuid", "BookedDate", "BookedTime", "BookingMethod"), None)
        as_read = and_(SLOT.c.SlotStatus == slot.status, SLOT.c.PatientGuid == slot.patient_guid)
        self._write(slot, {**emptied, "SlotStatus": FREE_STATUS}, as_read)

    def _write(self, slot: Slot, values: Mapping[str, object], condition: ColumnElement[bool]) -> None:
        columns = SLOT.c
        place = and_(
            columns.OrganisationGuid == self._practice.guid,
            columns.SlotGuid == slot.guid,
            columns.SessionGuid == slot.session_guid,
            columns.AppointmentDate == slot.day,
            is_not_deleted(columns.Deleted),
        )
        with writing(self._engine) as connection:
            done = connection.execute(update(SLOT).where(place, condition).values(dict(values)))
            if done.rowcount != 1:
                raise RowChangedError("This slot was changed by someone else since you opened it.")


def _slots_of(organisation: str, day: date) -> Any:
    slot, patient = SLOT.c, PATIENT.c
    joined = SLOT.outerjoin(
        PATIENT,
        and_(patient.PatientGuid == slot.PatientGuid, patient.OrganisationGuid == slot.OrganisationGuid),
    )
    return (
        select(*slot, patient.Surname, patient.GivenName, patient.PatientNumber)
        .select_from(joined)
        .where(
            slot.OrganisationGuid == organisation, slot.AppointmentDate == day, is_not_deleted(slot.Deleted)
        )
        .order_by(slot.AppointmentStartTime, slot.SlotGuid)
    )


def _sessions(organisation: str, wanted: ColumnElement[bool]) -> Any:
    session = SESSION.c
    joined = SESSION.outerjoin(LOCATION, LOCATION.c.LocationGuid == session.LocationGuid)
    return (
        select(*session, LOCATION.c.LocationName)
        .select_from(joined)
        .where(session.OrganisationGuid == organisation, wanted, is_not_deleted(session.Deleted))
        .order_by(session.StartTime, session.Description, session.AppointmentSessionGuid)
    )


def _staff_of(organisation: str, wanted: ColumnElement[bool]) -> Any:
    user, link = USER_IN_ROLE.c, SESSION_USER.c
    joined = SESSION_USER.join(SESSION, SESSION.c.AppointmentSessionGuid == link.SessionGuid).join(
        USER_IN_ROLE,
        and_(
            user.UserInRoleGuid == link.UserInRoleGuid,
            user.OrganisationGuid == SESSION.c.OrganisationGuid,
        ),
    )
    return (
        select(
            link.SessionGuid,
            link.UserInRoleGuid,
            user.Title,
            user.GivenName,
            user.Surname,
            user.JobCategoryName,
        )
        .select_from(joined)
        .where(SESSION.c.OrganisationGuid == organisation, wanted, is_not_deleted(link.Deleted))
    )


def _heading(row: RowMapping) -> str:
    name = (row["Surname"] or "").upper()
    initial = (row["GivenName"] or "")[:1].upper()
    job = (row["JobCategoryName"] or "").lower()
    role = next((short for word, short in _ROLES.items() if word in job), "")
    if not role and (row["Title"] or "").startswith("Dr"):
        role = "Dr"
    return plain_line(" ".join(part for part in (name, initial, f"({role})" if role else "") if part)) or "?"


def _session(row: RowMapping, staff: Mapping[str, tuple[str, ...]]) -> Session:
    return Session(
        guid=row["AppointmentSessionGuid"],
        description=plain_line(row["Description"]),
        clinicians=staff.get(row["AppointmentSessionGuid"], ()),
        starts=row["StartTime"],
        ends=row["EndTime"],
        location=plain_line(row["LocationName"]),
    )


def _slot(row: RowMapping) -> Slot:
    state = _state(row)
    name = plain_line(" ".join(part for part in ((row["Surname"] or "").upper(), row["GivenName"]) if part))
    if not name and state not in {SlotState.FREE, SlotState.BLOCKED, SlotState.CANCELLED}:
        name = "(not in this list)"
    starts: time = row["AppointmentStartTime"]
    return Slot(
        guid=row["SlotGuid"],
        session_guid=row["SessionGuid"],
        day=row["AppointmentDate"],
        starts=starts,
        minutes=int(row["PlannedDurationInMinutes"] or 0),
        state=state,
        status=row["SlotStatus"],
        slot_type=plain_line(row["SlotType"]),
        patient_guid=row["PatientGuid"],
        patient_name=name,
        patient_number=row["PatientNumber"],
        booked_on=row["BookedDate"],
        booked_at=row["BookedTime"],
        booking_method=plain_line(row["BookingMethod"]),
        sent_in_at=row["SendInTime"],
    )


def _state(row: RowMapping) -> SlotState:
    """What a slot is; one that is neither plainly free nor anybody's is shown as blocked."""
    status = (row["SlotStatus"] or "").strip().lower()
    if row["DidNotAttend"]:
        return SlotState.DID_NOT_ATTEND
    if status in _STATES:
        return _STATES[status]
    if row["PatientGuid"]:
        return SlotState.BOOKED
    is_free = row["SlotStatus"] == FREE_STATUS and not row["IsBlocked"]
    return SlotState.FREE if is_free else SlotState.BLOCKED
