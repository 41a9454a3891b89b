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

    @property
    def name(self) -> str:
        """The name as the page writes it."""
        return f"{self.family.upper()}, {self.given}"


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

    def booked_days(self, patient: ChosenPatient, since: date) -> list[date]:
        """The days from a day on for which a patient is booked."""
        rows = self._ask(
            "SELECT AppointmentDate FROM Appointment_Slot WHERE PatientGuid = ? AND AppointmentDate >= ?",
            patient.guid,
            since.isoformat(),
        )
        return [date.fromisoformat(day) for (day,) in rows]

    def _ask(self, question: str, *values: str | int) -> list[tuple[str, ...]]:
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(question, values).fetchall()
        finally:
            connection.close()
