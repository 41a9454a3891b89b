"""The practice that is simulated: a handful of rows of every kind, and what people may edit of them."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from legacy_bridge.records import Kind, LinkKey
from tests.legacy_bridge.support.small_practice import (
    DAY,
    DOCTOR,
    PATIENT,
    SESSION,
    SESSION_PERSON,
    SITE,
    SITE_OF,
    SLOT,
    guid,
    key,
)
from tests.simulation.legacy import SimulatedDatabase

DIARY: Mapping[str, Any] = {
    "OrganisationGuid": guid("org"),
    "EffectiveDate": DAY,
    "EffectiveDatePrecision": "YM",
    "EnteredDate": DAY,
    "EnteredTime": time(10, 5),
    "ClinicianUserInRoleGuid": guid("ann"),
    "EnteredByUserInRoleGuid": guid("ann"),
    "OriginalTerm": "Smear of the reference practice due",
    "LocationTypeDescription": "Surgery",
    "IsActive": True,
    "IsComplete": False,
    "Deleted": False,
    "IsConfidential": False,
}
EDITABLE: dict[Kind, tuple[str, ...]] = {
    Kind.ORGANIZATION: ("name",),
    Kind.LOCATION: ("phone", "name"),
    Kind.PRACTITIONER: ("family",),
    Kind.PATIENT: ("home_phone", "home_phone", "home_phone", "email", "family", "given", "address_street"),
    Kind.SESSION: ("description",),
    Kind.DIARY: ("place", "duration"),
}
"""Fields that hold any short text, as often as people edit them; a kind is one line."""

PATIENTS = ("mary", "omar")
SLOTS = ("slot0", "slot1", "slot2")
ENTRIES = {"recall0": "mary", "recall1": "mary", "recall2": "omar"}
"""The clinical record, and whose it is: what is to be done one day, which is carried as every entry is."""
NAMES: dict[Kind, tuple[str, ...]] = {
    Kind.ORGANIZATION: ("org",),
    Kind.LOCATION: ("site",),
    Kind.PRACTITIONER: ("ann",),
    Kind.PATIENT: PATIENTS,
    Kind.SESSION: ("session",),
    Kind.SLOT: SLOTS,
    Kind.DIARY: tuple(ENTRIES),
}


def fill(database: SimulatedDatabase) -> None:
    """Fill an empty database."""
    org = guid("org")
    database.add(
        "Admin_Organisation", "org", OrganisationGuid=org, OrganisationName="Fernbrook", ODSCode="Y99002"
    )
    database.add("Admin_Location", "site", LocationGuid=guid("site"), **SITE)
    database.add("Admin_OrganisationLocation", "site", **SITE_OF)
    database.add("Admin_UserInRole", "ann", UserInRoleGuid=guid("ann"), **DOCTOR)
    for number, name in enumerate(PATIENTS, start=1001):
        add_patient(database, name, PatientNumber=number)
    database.add("Appointment_Session", "session", AppointmentSessionGuid=guid("session"), **SESSION)
    database.add("Appointment_SessionUser", "ann", **SESSION_PERSON)
    for index, name in enumerate(SLOTS):
        add_slot(database, name, AppointmentStartTime=time(9, 15 * index))
    for name, patient in ENTRIES.items():
        add_entry(database, name, patient)


def add_patient(database: SimulatedDatabase, name: str, **columns: Any) -> LinkKey:
    """Insert a patient."""
    named = {"PatientGuid": guid(name), "GivenName": name.title(), "Surname": "Lind"}
    database.add("Admin_Patient", name, **{**PATIENT, **named, **columns})
    return key(Kind.PATIENT, name)


def add_slot(database: SimulatedDatabase, name: str, **columns: Any) -> LinkKey:
    """Insert a free slot of the session."""
    database.add("Appointment_Slot", name, **{**SLOT, "SlotGuid": guid(name), **columns})
    return key(Kind.SLOT, name)


def add_entry(database: SimulatedDatabase, name: str, patient: str) -> LinkKey:
    """Insert an entry of a patient's record."""
    whose = {"DiaryGuid": guid(name), "PatientGuid": guid(patient)}
    database.add("CareRecord_Diary", name, **{**DIARY, **whose})
    return key(Kind.DIARY, name)
