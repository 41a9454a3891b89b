"""Invents the appointments book: sessions around today, and who is booked into them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from legacy_bridge.reference_practice.people import CLINICIANS
from legacy_bridge.reference_practice.practice import MORNING, PracticePlan

Row = dict[str, Any]

DAYS_EACH_SIDE = 14
_CLINICS = {  # family name of the clinician: minutes a slot, kind of slot
    "Nair": (15, "GP appointment"),
    "Okafor": (15, "GP appointment"),
    "Lindqvist": (20, "GP appointment"),
    "Whitfield": (15, "Nurse appointment"),
    "Basu": (20, "Nurse appointment"),
}
_ALWAYS_TODAY: dict[tuple[str, time], Row] = {  # whatever the seed, these states are on the screen
    ("Nair", time(9, 45)): {
        "SlotStatus": "DNA",
        "DidNotAttend": True,
        "SendInTime": None,
        "LeftTime": None,
    },
    ("Nair", time(10, 15)): {"SlotStatus": "Arrived"},
}
_FIRST_PATIENT_AT = time(10, 15)
_HALVES = (("am", time(8, 30), time(12, 30)), ("pm", time(14, 0), time(17, 0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One clinician's morning or afternoon."""

    guid: str
    family: str
    half: str
    starts: datetime
    ends: datetime


def sessions(plan: PracticePlan) -> Iterator[Session]:
    """The sessions of the working days around today; today is one, whatever weekday it is."""
    for offset in range(-DAYS_EACH_SIDE, DAYS_EACH_SIDE + 1):
        day = plan.today + timedelta(days=offset)
        if day.weekday() >= 5 and day != plan.today:
            continue
        for clinician in CLINICIANS:
            family = clinician[2]
            for half, starts, ends in _HALVES:
                yield Session(
                    guid=plan.guid("session", day, family, half),
                    family=family,
                    half=half,
                    starts=datetime.combine(day, starts),
                    ends=datetime.combine(day, ends),
                )


def session_rows(session: Session, plan: PracticePlan, organisation: str, location: str) -> tuple[Row, Row]:
    """A session's own row, and the row that says whose it is."""
    kind = "Nurse clinic" if _CLINICS[session.family][1].startswith("Nurse") else "GP surgery"
    return (
        {
            "AppointmentSessionGuid": session.guid,
            "Description": f"{kind} {session.half}",
            "LocationGuid": location,
            "SessionTypeDescription": "Timed appointments",
            "SessionCategoryDisplayName": "Default Non-List Category",
            "StartDate": session.starts.date(),
            "StartTime": session.starts.time(),
            "EndDate": session.ends.date(),
            "EndTime": session.ends.time(),
            "Private": False,
            "OrganisationGuid": organisation,
            "Deleted": False,
        },
        {
            "SessionGuid": session.guid,
            "UserInRoleGuid": plan.guid("staff", session.family),
            "Deleted": False,
        },
    )


def slot_rows(
    session: Session, plan: PracticePlan, organisation: str, patients: Iterator[str]
) -> Iterator[Row]:
    """A session's slots: done before this moment, someone in the room now, booked and free after it.

    Args:
        session: whose slots.
        plan: the practice.
        organisation: its GUID.
        patients: who is booked next; nobody twice a day, so that nobody is in two rooms at once.
    """
    chance = random.Random(f"{plan.seed}/{session.guid}")  # noqa: S311
    minutes, kind = _CLINICS[session.family]
    now = datetime.combine(plan.today, MORNING)
    starts = session.starts
    while starts + timedelta(minutes=minutes) <= session.ends:
        row: Row = {
            "SlotGuid": plan.guid("slot", session.family, starts.isoformat()),
            "AppointmentDate": starts.date(),
            "AppointmentStartTime": starts.time(),
            "PlannedDurationInMinutes": minutes,
            "DidNotAttend": False,
            "OrganisationGuid": organisation,
            "SessionGuid": session.guid,
            "SlotStatus": "Slot Available",
            "SlotType": "On the day" if chance.random() < 0.12 else kind,
            "IsBookableOnline": chance.random() < 0.2,
            "ModeOfContact": "Telephone" if chance.random() < 0.2 else "In person",
            "IsBlocked": starts.time() == time(10, 45) or chance.random() < 0.03,
            "ContextType": "Care related Encounter",
            "ServiceSetting": "GP Practice",
            "NationalSlotCategoryName": "Planned Clinics",
            "Deleted": False,
        }
        is_fixed = starts.date() == plan.today and (session.family, starts.time()) in _ALWAYS_TODAY
        if is_fixed:
            row |= {"IsBlocked": False} | _booking(chance, starts, minutes, now, next(patients))
            row |= _ALWAYS_TODAY[session.family, starts.time()]
            if starts.time() == _FIRST_PATIENT_AT:
                row["PatientGuid"] = plan.guid("patient", plan.first_number)
        elif not row["IsBlocked"] and chance.random() < _share_booked(starts.date(), plan.today):
            row |= _booking(chance, starts, minutes, now, next(patients))
        yield row
        starts += timedelta(minutes=minutes)


def _share_booked(day: date, today: date) -> float:
    ahead = (day - today).days
    return 0.85 if ahead < 0 else 0.8 if ahead == 0 else max(0.1, 0.6 - 0.05 * ahead)


def _booking(chance: random.Random, starts: datetime, minutes: int, now: datetime, patient: str) -> Row:
    booked = (min(starts, now) - timedelta(days=chance.randrange(1, 20))).date()
    row: Row = {
        "PatientGuid": patient,
        "BookedDate": booked,
        "BookedTime": time(chance.randrange(8, 18), chance.randrange(60)),
        "BookingMethod": "Online" if chance.random() < 0.15 else "Practice",
        "SlotStatus": "Booked",
    }
    arrived = starts - timedelta(minutes=chance.randrange(1, 10))
    called = starts + timedelta(minutes=chance.randrange(0, 6))
    if starts + timedelta(minutes=minutes) <= now:
        if chance.random() < 0.04:
            return row | {"SlotStatus": "DNA", "DidNotAttend": True}
        left = called + timedelta(minutes=chance.randrange(5, minutes))
        return row | {"SlotStatus": "Left", "SendInTime": called.time(), "LeftTime": left.time()}
    if starts <= now:
        return row | {"SlotStatus": "Sent In", "SendInTime": min(called, now).time()}
    if arrived - timedelta(minutes=10) <= now and starts - now <= timedelta(minutes=20):
        return row | {"SlotStatus": "Arrived"}
    return row
