"""The columns of the practice database that this program uses, and how it reads dates and times."""

from datetime import date, time
from typing import Any

from sqlalchemy import Boolean, Column, Date, Dialect, Integer, MetaData, String, Table, Time
from sqlalchemy.types import TypeDecorator, TypeEngine

METADATA = MetaData()
"""This program's own view of the database: it reads and writes these columns and no others."""


class StoredDate(TypeDecorator[date]):
    """A date; SQLite keeps it as the text `YYYY-MM-DD`. Text that is no date reads as none."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use text where the database has no type for dates."""
        return dialect.type_descriptor(String(10) if dialect.name == "sqlite" else Date())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        """Write a date."""
        return value.isoformat() if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        """Read a date, also one that another program wrote with a time behind it."""
        del dialect
        if value is None or isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value)[:10])
        except ValueError:
            return None


class StoredTime(TypeDecorator[time]):
    """A time of day; SQLite keeps it as the text `HH:MM:SS`. Text that is no time reads as none."""

    impl = Time
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use text where the database has no type for times."""
        return dialect.type_descriptor(String(15) if dialect.name == "sqlite" else Time())

    def process_bind_param(self, value: time | None, dialect: Dialect) -> Any:
        """Write a time, whole seconds."""
        return value.isoformat("seconds") if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> time | None:
        """Read a time, with or without fractions of a second."""
        del dialect
        if value is None or isinstance(value, time):
            return value
        try:
            return time.fromisoformat(str(value))
        except ValueError:
            return None


def _guid(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, String(38), primary_key=key)


ORGANISATION = Table(
    "Admin_Organisation",
    METADATA,
    _guid("OrganisationGuid", key=True),
    Column("OrganisationName", String(200)),
    Column("ODSCode", String(20)),
)

SHARING = Table(
    "Agreements_SharingOrganisation",
    METADATA,
    _guid("OrganisationGuid", key=True),
    Column("IsActivated", Boolean),
    Column("Disabled", Boolean),
    Column("Deleted", Boolean),
)

PATIENT = Table(
    "Admin_Patient",
    METADATA,
    _guid("OrganisationGuid", key=True),
    _guid("PatientGuid", key=True),
    _guid("UsualGpUserInRoleGuid"),
    Column("PatientNumber", Integer),
    Column("NhsNumber", String(10)),
    Column("Title", String(50)),
    Column("GivenName", String(40)),
    Column("MiddleNames", String(256)),
    Column("Surname", String(100)),
    Column("Sex", String(1)),
    Column("DateOfBirth", StoredDate),
    Column("DateOfDeath", StoredDate),
    Column("DateOfRegistration", StoredDate),
    Column("PatientTypeDescription", String(30)),
    Column("HomePhone", String(100)),
    Column("MobilePhone", String(100)),
    Column("EmailAddress", String(100)),
    Column("HouseNameFlatNumber", String(50)),
    Column("NumberAndStreet", String(50)),
    Column("Village", String(50)),
    Column("Town", String(50)),
    Column("County", String(50)),
    Column("Postcode", String(7)),
    Column("Deleted", Boolean),
)

USER_IN_ROLE = Table(
    "Admin_UserInRole",
    METADATA,
    _guid("OrganisationGuid", key=True),
    _guid("UserInRoleGuid", key=True),
    Column("Title", String(50)),
    Column("GivenName", String(108)),
    Column("Surname", String(100)),
    Column("JobCategoryName", String(100)),
)

LOCATION = Table(
    "Admin_Location", METADATA, _guid("LocationGuid", key=True), Column("LocationName", String(100))
)

SESSION = Table(
    "Appointment_Session",
    METADATA,
    _guid("OrganisationGuid", key=True),
    _guid("AppointmentSessionGuid", key=True),
    Column("Description", String(100)),
    _guid("LocationGuid"),
    Column("StartDate", StoredDate),
    Column("StartTime", StoredTime),
    Column("EndTime", StoredTime),
    Column("Deleted", Boolean),
)

SESSION_USER = Table(
    "Appointment_SessionUser",
    METADATA,
    _guid("SessionGuid", key=True),
    _guid("UserInRoleGuid", key=True),
    Column("Deleted", Boolean),
)

SLOT = Table(
    "Appointment_Slot",
    METADATA,
    _guid("OrganisationGuid", key=True),
    _guid("SlotGuid", key=True),
    _guid("SessionGuid"),
    _guid("PatientGuid"),
    Column("AppointmentDate", StoredDate),
    Column("AppointmentStartTime", StoredTime),
    Column("PlannedDurationInMinutes", Integer),
    Column("SendInTime", StoredTime),
    Column("LeftTime", StoredTime),
    Column("DidNotAttend", Boolean),
    Column("SlotStatus", String(20)),
    Column("SlotType", String(100)),
    Column("BookedDate", StoredDate),
    Column("BookedTime", StoredTime),
    Column("BookingMethod", String(25)),
    Column("IsBlocked", Boolean),
    Column("Deleted", Boolean),
)
