"""A practice of a handful of rows in the real tables, edited as its legacy program would."""

import uuid
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from sqlalchemy import Engine, delete, insert, select, update

from legacy_bridge.legacy.database import open_database
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import Kind, LinkKey

ODS = "Y99002"
DAY = date(2026, 11, 17)

_KEYS = {
    "Admin_Organisation": "OrganisationGuid",
    "Admin_Location": "LocationGuid",
    "Admin_UserInRole": "UserInRoleGuid",
    "Admin_Patient": "PatientGuid",
    "Appointment_Session": "AppointmentSessionGuid",
    "Appointment_Slot": "SlotGuid",
    "CareRecord_Consultation": "ConsultationGuid",
    "CareRecord_Observation": "ObservationGuid",
    "CareRecord_Diary": "DiaryGuid",
    "CareRecord_Problem": "ObservationGuid",
    "Prescribing_DrugRecord": "DrugRecordGuid",
    "Prescribing_IssueRecord": "IssueRecordGuid",
    "CareRecord_ObservationReferral": "ObservationGuid",
}


def guid(name: str) -> str:
    """The GUID of a name, as the legacy database writes it."""
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, name)).upper() + "}"


def key(kind: Kind, name: str) -> LinkKey:
    """The link of a name."""
    return LinkKey(kind=kind, key=guid(name).strip("{}").lower())


SITE: Mapping[str, Any] = {"LocationName": "Fernbrook", "PhoneNumber": "01632 960000", "Deleted": False}
SITE_OF: Mapping[str, Any] = {
    "OrganisationGuid": guid("org"),
    "LocationGuid": guid("site"),
    "IsMainLocation": True,
    "Deleted": False,
}
DOCTOR: Mapping[str, Any] = {
    "OrganisationGuid": guid("org"),
    "Title": "Dr",
    "GivenName": "Ann",
    "Surname": "Okafor",
    "JobCategoryCode": "R0260",
    "JobCategoryName": "General Medical Practitioner",
    "RegistrationNumber": "7076397",
}
PATIENT: Mapping[str, Any] = {
    "OrganisationGuid": guid("org"),
    "UsualGpUserInRoleGuid": guid("ann"),
    "Sex": "F",
    "DateOfBirth": date(1980, 2, 3),
    "Title": "Ms",
    "HouseNameFlatNumber": "Flat 2",
    "NumberAndStreet": "78 Station Road",
    "Town": "Leeds",
    "Postcode": "LS65NJ",
    "HomePhone": "01632 960383",
    "Deleted": False,
    "SpineSensitive": False,
    "IsConfidential": False,
}
SESSION: Mapping[str, Any] = {
    "OrganisationGuid": guid("org"),
    "Description": "GP surgery am",
    "LocationGuid": guid("site"),
    "StartDate": DAY,
    "StartTime": time(9),
    "EndDate": DAY,
    "EndTime": time(12),
    "Private": False,
    "Deleted": False,
}
SESSION_PERSON: Mapping[str, Any] = {
    "SessionGuid": guid("session"),
    "UserInRoleGuid": guid("ann"),
    "Deleted": False,
}
SLOT: Mapping[str, Any] = {
    "OrganisationGuid": guid("org"),
    "SessionGuid": guid("session"),
    "AppointmentDate": DAY,
    "AppointmentStartTime": time(10),
    "PlannedDurationInMinutes": 15,
    "SlotStatus": "Slot Available",
    "SlotType": "GP appointment",
    "ModeOfContact": "In person",
    "DidNotAttend": False,
    "IsBookableOnline": False,
    "IsBlocked": False,
    "Deleted": False,
}
"""Rows as the legacy program writes them: what a test does not say otherwise."""


class PracticeDatabase:
    """A legacy database that is edited as its program would; empty at first."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine: Engine = open_database(url)

    def add(self, table: str, name: str, **columns: Any) -> None:
        """Insert a row; its GUID comes from the name."""
        self.insert(table, **{_KEYS[table]: guid(name), **columns})

    def add_patient(self, name: str, **columns: Any) -> None:
        """Insert a patient."""
        self.add("Admin_Patient", name, **{**PATIENT, **columns})

    def add_slot(self, name: str, **columns: Any) -> None:
        """Insert a free slot of the session."""
        self.add("Appointment_Slot", name, **{**SLOT, **columns})

    def book(self, slot: str, patient: str, *, status: str = "Booked", minute: int = 5) -> None:
        """Book a slot as the legacy program does."""
        self.edit(
            "Appointment_Slot",
            slot,
            PatientGuid=guid(patient),
            SlotStatus=status,
            BookedDate=DAY,
            BookedTime=time(8, minute),
            BookingMethod="Practice",
        )

    def free(self, slot: str) -> None:
        """Cancel a booking as the legacy program does."""
        self.edit(
            "Appointment_Slot",
            slot,
            PatientGuid=None,
            SlotStatus="Slot Available",
            BookedDate=None,
            BookedTime=None,
            BookingMethod=None,
        )

    def edit(self, table: str, name: str, **columns: Any) -> None:
        """Change columns of a row."""
        found = METADATA.tables[table]
        with self.engine.begin() as connection:
            done = connection.execute(
                update(found).where(found.c[_KEYS[table]] == guid(name)).values(**columns)
            )
        assert done.rowcount == 1

    def remove(self, table: str, name: str) -> None:
        """Delete a row."""
        found = METADATA.tables[table]
        with self.engine.begin() as connection:
            connection.execute(delete(found).where(found.c[_KEYS[table]] == guid(name)))

    def row(self, table: str, name: str) -> dict[str, Any]:
        """One row."""
        found = METADATA.tables[table]
        with self.engine.connect() as connection:
            row = (
                connection.execute(select(found).where(found.c[_KEYS[table]] == guid(name))).mappings().one()
            )
        return {str(column): value for column, value in row.items()}

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        with self.engine.connect() as connection:
            found = connection.execute(select(METADATA.tables[table])).mappings().all()
        return [{str(column): value for column, value in row.items()} for row in found]

    def patient(self, name: str) -> dict[str, Any]:
        """A patient's row."""
        return self.row("Admin_Patient", name)

    def slot(self, name: str) -> dict[str, Any]:
        """A slot's row."""
        return self.row("Appointment_Slot", name)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def insert(self, table: str, **columns: Any) -> None:
        """Insert a row as it is."""
        with self.engine.begin() as connection:
            connection.execute(insert(METADATA.tables[table]).values(**columns))


class SmallPractice(PracticeDatabase):
    """One practice: a site, two doctors, two patients, a session with three slots."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.add("Admin_Organisation", "org", OrganisationName="Fernbrook Surgery", ODSCode=ODS)
        self.add("Admin_Location", "site", **SITE)
        self.insert("Admin_OrganisationLocation", **SITE_OF)
        for name, family in (("ann", "Okafor"), ("bob", "Pritchard")):
            self.add("Admin_UserInRole", name, **{**DOCTOR, "GivenName": name.title(), "Surname": family})
        self.add_patient("mary", Surname="Lind", GivenName="Mary", PatientNumber=1001, NhsNumber="9997576527")
        self.add_patient("omar", Surname="Abernathy", GivenName="Omar", PatientNumber=1002)
        self.add("Appointment_Session", "session", **SESSION)
        self.insert("Appointment_SessionUser", **SESSION_PERSON)
        for index in range(3):
            self.add_slot(f"slot{index}", AppointmentStartTime=time(9, index * 15))
