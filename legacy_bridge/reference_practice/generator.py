"""Fills a practice with invented data: the same plan gives the same practice."""

import random
from collections.abc import Callable
from datetime import date
from itertools import cycle, groupby
from typing import Any

from sqlalchemy import Connection, Engine, insert

from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.reference_practice.book import DAYS_EACH_SIDE, session_rows, sessions, slot_rows
from legacy_bridge.reference_practice.entries import code_rows, entry_rows
from legacy_bridge.reference_practice.people import CLINICIANS, patient_rows, staff_rows
from legacy_bridge.reference_practice.practice import PracticePlan

Row = dict[str, Any]

_AT_ONCE = 5000  # rows an insert: some 10 MB
_PROCESSING_IDS = 100_000_000  # a table


def generate(engine: Engine, plan: PracticePlan, *, progress: Callable[[str], None]) -> None:
    """Fill an empty practice in one transaction.

    Args:
        engine: the practice's database, with its tables.
        plan: what to make.
        progress: told of each table once it is filled.
    """
    rows = _rows(plan)
    with engine.begin() as connection:
        tables = _Tables(connection)
        for name, of_table in rows.items():
            for row in of_table:
                tables.add(name, row)
            progress(name)
        organisation = plan.guid("organisation")
        staff = [plan.guid("staff", clinician[2]) for clinician in CLINICIANS]
        for patient in rows["Admin_Patient"]:
            if patient.get("DateOfDeath") is None:
                for name, row in entry_rows(plan, organisation, patient, staff):
                    tables.add(name, row)
        tables.flush()
        progress("the records")


class _Tables:
    """Inserts rows a few thousand at a time: a whole practice's records are never held at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[str, list[Row]] = {}
        self._blank: dict[str, Row] = {}
        self._next: dict[str, int] = {}

    def add(self, name: str, row: Row) -> None:
        """Insert a row, soon."""
        if name not in self._blank:
            self._blank[name] = dict.fromkeys(METADATA.tables[name].columns.keys())
            self._next[name] = len(self._next) * _PROCESSING_IDS
        number = self._next[name]
        self._next[name] += 1
        blank = self._blank[name]
        filled = {**blank, **{key: value for key, value in row.items() if key in blank}}
        if "ProcessingId" in blank and "ProcessingId" not in row:
            filled["ProcessingId"] = number
        waiting = self._waiting.setdefault(name, [])
        waiting.append(filled)
        if len(waiting) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Insert what waits."""
        for name, rows in self._waiting.items():
            if rows:
                self._connection.execute(insert(METADATA.tables[name]), rows)
        self._waiting.clear()


def _rows(plan: PracticePlan) -> dict[str, list[Row]]:
    """The rows of all tables but those of the records."""
    organisation, location = plan.guid("organisation"), plan.guid("location")
    rows: dict[str, list[Row]] = _places(plan, organisation, location)
    rows["Admin_UserInRole"] = list(staff_rows(plan, organisation))
    rows["Admin_Patient"] = list(patient_rows(plan, organisation))
    _book(plan, organisation, location, rows)
    rows["Coding_ClinicalCode"], rows["Coding_DrugCode"] = code_rows()
    return {name: of_table for name, of_table in rows.items() if of_table}


def _places(plan: PracticePlan, organisation: str, location: str) -> dict[str, list[Row]]:
    opened = date(1995, 4, 1)
    return {
        "Admin_Organisation": [
            {
                "OrganisationGuid": organisation,
                "OrganisationName": plan.name,
                "ODSCode": plan.ods,
                "OrganisationType": "GP Practice",
                "OpenDate": opened,
                "MainLocationGuid": location,
            }
        ],
        "Admin_Location": [
            {
                "LocationGuid": location,
                "LocationName": plan.name,
                "LocationTypeDescription": "Surgery",
                "OpenDate": opened,
                "PhoneNumber": "01632 960001",
                "NumberAndStreet": "1 Mill Lane",
                "Town": "Fernbrook",
                "County": "Exampleshire",
                "Postcode": "FB11AA",
                "Deleted": False,
            }
        ],
        "Admin_OrganisationLocation": [
            {
                "OrganisationGuid": organisation,
                "LocationGuid": location,
                "IsMainLocation": True,
                "Deleted": False,
            }
        ],
        "Agreements_SharingOrganisation": [
            {"OrganisationGuid": organisation, "IsActivated": True, "Disabled": False, "Deleted": False}
        ],
    }


def _book(plan: PracticePlan, organisation: str, location: str, rows: dict[str, list[Row]]) -> None:
    bookable = [row["PatientGuid"] for row in rows["Admin_Patient"][1:] if _can_be_booked(row, plan.today)]
    for day, of_day in groupby(sessions(plan), key=lambda session: session.starts.date()):
        queue = bookable.copy()
        random.Random(f"{plan.seed}/{day}").shuffle(queue)  # noqa: S311
        patients = cycle(queue)
        for session in of_day:
            own, whose = session_rows(session, plan, organisation, location)
            rows.setdefault("Appointment_Session", []).append(own)
            rows.setdefault("Appointment_SessionUser", []).append(whose)
            rows.setdefault("Appointment_Slot", []).extend(slot_rows(session, plan, organisation, patients))


def _can_be_booked(patient: Row, today: date) -> bool:
    """Whether a patient lives, and was born before the book begins; the first one is booked by name."""
    return (
        patient.get("DateOfDeath") is None
        and (today - patient["DateOfBirth"]).days > DAYS_EACH_SIDE
        and not patient["IsConfidential"]
    )
