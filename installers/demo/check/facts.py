"""Chooses, by a look into the legacy database, whom and what the check works with; it only reads."""

import sqlite3
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from demo.errors import DemoError


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenPatient:
    """A patient that the check works with.

    Attributes:
        guid: the legacy key.
        number: the practice's own number.
        family: the surname.
        given: the first name.
        mobile: the mobile telephone number now.
    """

    guid: str
    number: str
    family: str
    given: str
    mobile: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSlot:
    """A slot that nobody has booked.

    Attributes:
        guid: the legacy key.
        start: its time, as in 09:15.
        session: the session's description.
        session_guid: the session's legacy key.
    """

    guid: str
    start: str
    session: str
    session_guid: str


class Facts:
    """Questions to one environment's legacy database."""

    def __init__(self, database: Path, ods: str) -> None:
        """Name the database and the practice in it; it is opened for each question and not kept."""
        self._database = database
        self._ods = ods

    def patients(self, count: int, day: date) -> list[ChosenPatient]:
        """Patients whom both sides show, with name and mobile number of their own, nothing booked that day.

        Raises:
            DemoError: there are not so many.
        """
        rows = self._ask(
            """
            SELECT PatientGuid, PatientNumber, Surname, GivenName, MobilePhone FROM Admin_Patient AS patient
            JOIN Admin_Organisation AS practice ON practice.OrganisationGuid = patient.OrganisationGuid
            WHERE practice.ODSCode = ?
              AND PatientNumber IS NOT NULL AND NhsNumber IS NOT NULL AND length(MobilePhone) > 5
              AND DateOfDeath IS NULL AND DateofDeactivation IS NULL AND coalesce(Deleted, 0) = 0
              AND coalesce(IsConfidential, 0) = 0 AND coalesce(SpineSensitive, 0) = 0
              AND (SELECT count(*) FROM Admin_Patient AS other
                   WHERE other.MobilePhone = patient.MobilePhone) = 1
              AND (SELECT count(*) FROM Admin_Patient AS other
                   WHERE other.PatientNumber = patient.PatientNumber) = 1
              AND (SELECT count(*) FROM Admin_Patient AS other
                   WHERE other.Surname = patient.Surname AND other.GivenName = patient.GivenName) = 1
              AND NOT EXISTS (SELECT 1 FROM Appointment_Slot AS slot
                              WHERE slot.PatientGuid = patient.PatientGuid AND slot.AppointmentDate = ?)
            ORDER BY PatientNumber LIMIT ?
            """,
            self._ods,
            day.isoformat(),
            count,
        )
        if len(rows) < count:
            raise DemoError(
                f"the data hold {len(rows)} patients that the check can use, and it needs {count}"
            )
        return [
            ChosenPatient(guid=guid, number=str(number), family=family, given=given, mobile=mobile)
            for guid, number, family, given, mobile in rows
        ]

    def mobile_of(self, patient: ChosenPatient) -> str:
        """The mobile number that is in the database now."""
        ((mobile,),) = self._ask("SELECT MobilePhone FROM Admin_Patient WHERE PatientGuid = ?", patient.guid)
        return str(mobile)

    def free_slots(self, day: date) -> list[FreeSlot]:
        """The slots of a day that can be booked, the first session's first, each later than those before."""
        rows = self._ask(
            """
            SELECT slot.SlotGuid, slot.AppointmentStartTime, session.Description, slot.SessionGuid
            FROM Appointment_Slot AS slot
            JOIN Appointment_Session AS session ON session.AppointmentSessionGuid = slot.SessionGuid
            JOIN Admin_Organisation AS practice ON practice.OrganisationGuid = slot.OrganisationGuid
            WHERE slot.AppointmentDate = ? AND practice.ODSCode = ? AND slot.SlotStatus = 'Slot Available'
              AND coalesce(slot.IsBlocked, 0) = 0 AND coalesce(slot.Deleted, 0) = 0
              AND coalesce(session.Deleted, 0) = 0
            ORDER BY slot.AppointmentStartTime, session.Description
            """,
            day.isoformat(),
            self._ods,
        )
        return [
            FreeSlot(guid=guid, start=str(start)[:5], session=session, session_guid=session_guid)
            for guid, start, session, session_guid in rows
        ]

    def holder_of(self, slot: FreeSlot) -> str | None:
        """The legacy key of the patient who holds a slot; None while it is free."""
        ((holder,),) = self._ask("SELECT PatientGuid FROM Appointment_Slot WHERE SlotGuid = ?", slot.guid)
        return None if holder is None else str(holder)

    def _ask(self, question: str, *values: str | int) -> list[tuple[str, ...]]:
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(question, values).fetchall()
        finally:
            connection.close()
