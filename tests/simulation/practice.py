"""The practice that is simulated: a handful of rows of every kind, and what people may edit of them."""

from datetime import time
from typing import Any

from legacy_bridge.records import Kind, LinkKey
from tests.legacy_bridge.support.small_practice import (
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
    database.add("Admin_Location", "site", LocationGuid=guid("site"), **SITE)
    database.add("Admin_OrganisationLocation", "site", **SITE_OF)
    database.add("Admin_UserInRole", "ann", UserInRoleGuid=guid("ann"), **DOCTOR)
    for number, name in enumerate(PATIENTS, start=1001):
        add_patient(database, name, PatientNumber=number)
    database.add("Appointment_Session", "session", AppointmentSessionGuid=guid("session"), **SESSION)
    database.add("Appointment_SessionUser", "ann", **SESSION_PERSON)
    for index, name in enumerate(SLOTS):
        add_slot(database, name, AppointmentStartTime=time(9, 15 * index))


def add_patient(database: SimulatedDatabase, name: str, **columns: Any) -> LinkKey:
    """Insert a patient."""
    named = {"PatientGuid": guid(name), "GivenName": name.title(), "Surname": "Lind"}
    database.add("Admin_Patient", name, **{**PATIENT, **named, **columns})
    return key(Kind.PATIENT, name)


def add_slot(database: SimulatedDatabase, name: str, **columns: Any) -> LinkKey:
    """Insert a free slot of the session."""
    database.add("Appointment_Slot", name, **{**SLOT, "SlotGuid": guid(name), **columns})
    return key(Kind.SLOT, name)
