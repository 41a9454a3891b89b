"""A small practice in a database of its own, for tests of the legacy program."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import Engine, Table, insert, select, update

from shell.reference_legacy.book import AppointmentBook
from shell.reference_legacy.patients import PatientRows
from shell.reference_legacy.records import EDITABLE, Practice
from shell.reference_legacy.tables import (
    ORGANISATION,
    PATIENT,
    SESSION,
    SESSION_USER,
    SHARING,
    SLOT,
    USER_IN_ROLE,
)

TODAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 17, 10, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyPractice:
    """A practice database: patients 104417 and 104418, four slots today."""

    address: str
    engine: Engine
    practice: Practice
    patients: PatientRows
    book: AppointmentBook

    def change_patient(self, number: int, **columns: str | None) -> None:
        """Write a patient's row as another program would."""
        with self.engine.begin() as connection:
            connection.execute(update(PATIENT).where(PATIENT.c.PatientNumber == number).values(columns))

    def patient_column(self, number: int, column: str) -> str | None:
        """What is stored of a patient."""
        with self.engine.connect() as connection:
            stored = connection.execute(select(PATIENT.c[column]).where(PATIENT.c.PatientNumber == number))
            value: str | None = stored.scalar_one()
            return value

    def change_slot(self, starts: time, **columns: object) -> None:
        """Write a slot's row as another program would."""
        with self.engine.begin() as connection:
            connection.execute(update(SLOT).where(SLOT.c.AppointmentStartTime == starts).values(columns))

    def slot_columns(self, starts: time) -> dict[str, object]:
        """What is stored of a slot."""
        with self.engine.connect() as connection:
            row = connection.execute(select(*SLOT.c).where(SLOT.c.AppointmentStartTime == starts)).mappings()
            return dict(row.one())


def fill(engine: Engine) -> None:
    """Fill empty tables with one practice's rows and one row of another's."""
    mine, other = "{00000000-0000-0000-0000-00000000000A}", "{00000000-0000-0000-0000-00000000000B}"
    patient: dict[str, object] = dict.fromkeys(EDITABLE) | {
        "OrganisationGuid": mine,
        "UsualGpUserInRoleGuid": "{GP}",
        "Deleted": False,
        "Sex": "F",
        "DateOfBirth": date(1961, 3, 12),
        "NhsNumber": "9991234578",
    }
    slot: dict[str, object] = {
        "OrganisationGuid": mine,
        "SessionGuid": "{AM}",
        "AppointmentDate": TODAY,
        "PlannedDurationInMinutes": 15,
        "SlotType": "GP appointment",
        "SlotStatus": "Slot Available",
        "IsBlocked": False,
        "Deleted": False,
    }
    rows: dict[Table, list[dict[str, object]]] = {
        ORGANISATION: [
            {"OrganisationGuid": mine, "OrganisationName": "Fernbrook Surgery", "ODSCode": "Y99002"},
            {"OrganisationGuid": other, "OrganisationName": "Beck Lane", "ODSCode": "Y99999"},
        ],
        SHARING: [{"OrganisationGuid": mine, "IsActivated": True, "Disabled": False, "Deleted": False}],
        USER_IN_ROLE: [
            {
                "OrganisationGuid": mine,
                "UserInRoleGuid": "{GP}",
                "Title": "Dr",
                "GivenName": "Priya",
                "Surname": "Nair",
                "JobCategoryName": "General Medical Practitioner",
            }
        ],
        PATIENT: [
            patient
            | {
                "PatientGuid": "{P1}",
                "PatientNumber": 104417,
                "Title": "Mrs",
                "GivenName": "Sarah",
                "Surname": "Smith",
                "HomePhone": "01632 960142",
            },
            patient | {"PatientGuid": "{P2}", "PatientNumber": 104418, "Title": "", "Surname": "Patel"},
            patient | {"PatientGuid": "{P3}", "PatientNumber": 5, "Surname": "Gone", "Deleted": True},
            patient | {"PatientGuid": "{P4}", "PatientNumber": 6, "Surname": "Twin"},
            patient | {"PatientGuid": "{P5}", "PatientNumber": 6, "Surname": "Twin"},
            patient
            | {"OrganisationGuid": other, "PatientGuid": "{P1}", "PatientNumber": 7, "Surname": "Away"},
        ],
        SESSION: [
            {
                "OrganisationGuid": mine,
                "AppointmentSessionGuid": "{AM}",
                "Description": "Morning",
                "StartDate": TODAY,
                "StartTime": time(10),
                "Deleted": False,
            }
        ],
        SESSION_USER: [{"SessionGuid": "{AM}", "UserInRoleGuid": "{GP}", "Deleted": False}],
        SLOT: [
            slot | {"SlotGuid": "{S1}", "AppointmentStartTime": time(10, 0)},
            slot
            | {
                "SlotGuid": "{S2}",
                "AppointmentStartTime": time(10, 15),
                "SlotStatus": "Booked",
                "PatientGuid": "{P2}",
            },
            slot | {"SlotGuid": "{S3}", "AppointmentStartTime": time(10, 30), "IsBlocked": True},
            slot | {"SlotGuid": "{S4}", "AppointmentStartTime": time(10, 45), "Deleted": True},
        ],
    }
    with engine.begin() as connection:
        for table, values in rows.items():
            for value in values:
                connection.execute(insert(table).values(value))
