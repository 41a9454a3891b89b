"""The practice that is simulated: a handful of rows of every kind, and what people may edit of them."""

from datetime import date, time
from typing import Any

from legacy_bridge.records import Kind, LinkKey
from tests.legacy_bridge.support.small_practice import guid, key
from tests.simulation.legacy import SimulatedDatabase

DAY = date(2026, 11, 17)

EDITABLE: dict[Kind, tuple[str, ...]] = {
    Kind.ORGANIZATION: ("name",),
    Kind.LOCATION: ("phone", "name"),
    Kind.PRACTITIONER: ("family",),
    Kind.PATIENT: ("home_phone", "home_phone", "home_phone", "email", "family", "given", "address_street"),
    Kind.SESSION: ("description",),
}
"""Fields that hold any short text, as often as people edit them; a kind is one line."""

PATIENTS = ("mary", "omar")
SLOTS = ("slot0", "slot1", "slot2")
NAMES: dict[Kind, tuple[str, ...]] = {
    Kind.ORGANIZATION: ("org",),
    Kind.LOCATION: ("site",),
    Kind.PRACTITIONER: ("ann",),
    Kind.PATIENT: PATIENTS,
    Kind.SESSION: ("session",),
    Kind.SLOT: SLOTS,
}


def fill(database: SimulatedDatabase) -> None:
    """Fill an empty database."""
    org = guid("org")
    database.add(
        "Admin_Organisation", "org", OrganisationGuid=org, OrganisationName="Fernbrook", ODSCode="Y99002"
    )
    database.add("Admin_Location", "site", LocationGuid=guid("site"), LocationName="Fernbrook", Deleted=False)
    database.add(
        "Admin_OrganisationLocation",
        "site",
        OrganisationGuid=org,
        LocationGuid=guid("site"),
        IsMainLocation=True,
        Deleted=False,
    )
    database.add(
        "Admin_UserInRole",
        "ann",
        UserInRoleGuid=guid("ann"),
        OrganisationGuid=org,
        Title="Dr",
        GivenName="Ann",
        Surname="Okafor",
        JobCategoryCode="R0260",
        JobCategoryName="General Medical Practitioner",
        RegistrationNumber="7076397",
    )
    for number, name in enumerate(PATIENTS, start=1001):
        add_patient(database, name, PatientNumber=number)
    database.add(
        "Appointment_Session",
        "session",
        AppointmentSessionGuid=guid("session"),
        OrganisationGuid=org,
        Description="GP surgery am",
        LocationGuid=guid("site"),
        StartDate=DAY,
        StartTime=time(9),
        EndDate=DAY,
        EndTime=time(12),
        Private=False,
        Deleted=False,
    )
    database.add(
        "Appointment_SessionUser",
        "ann",
        SessionGuid=guid("session"),
        UserInRoleGuid=guid("ann"),
        Deleted=False,
    )
    for index, name in enumerate(SLOTS):
        add_slot(database, name, AppointmentStartTime=time(9, 15 * index))


def add_patient(database: SimulatedDatabase, name: str, **columns: Any) -> LinkKey:
    """Insert a patient."""
    row = {
        "PatientGuid": guid(name),
        "OrganisationGuid": guid("org"),
        "UsualGpUserInRoleGuid": guid("ann"),
        "Sex": "F",
        "DateOfBirth": date(1980, 2, 3),
        "GivenName": name.title(),
        "Surname": "Lind",
        "NumberAndStreet": "78 Station Road",
        "HomePhone": "01632 960383",
        "Deleted": False,
        "SpineSensitive": False,
        "IsConfidential": False,
    }
    database.add("Admin_Patient", name, **{**row, **columns})
    return key(Kind.PATIENT, name)


def add_slot(database: SimulatedDatabase, name: str, **columns: Any) -> LinkKey:
    """Insert a free slot of the session."""
    row = {
        "SlotGuid": guid(name),
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
    database.add("Appointment_Slot", name, **{**row, **columns})
    return key(Kind.SLOT, name)
