"""The rows that are mirrored beside a replicator: three of the legacy program's tables, filled alike."""

from collections.abc import Iterator, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Engine, bindparam, func, insert, select, update

from legacy_bridge.legacy.schema import METADATA

PATIENTS, ENTRIES, DRUGS = "Admin_Patient", "CareRecord_Observation", "Prescribing_DrugRecord"
TABLES = (PATIENTS, ENTRIES, DRUGS)
KEYS = {PATIENTS: "PatientGuid", ENTRIES: "ObservationGuid", DRUGS: "DrugRecordGuid"}
EDITS: dict[str, dict[str, str | Decimal]] = {
    PATIENTS: {"HomePhone": "01632 960384"},
    ENTRIES: {"Value": Decimal("61.500")},
    DRUGS: {"Dosage": "TWO TO BE TAKEN EACH DAY"},
}
"""What an update writes into each table."""
DAY = date(2026, 11, 12)
PEOPLE = 200
"""Who have entries and drugs before anything is measured."""
WEIGHT, TABLETS = 104, 501
_A_STATEMENT = 500

Rows = dict[str, list[dict[str, Any]]]


def guid(name: str) -> str:
    """The GUID of a name, as the legacy database writes it."""
    return "{" + str(uuid5(NAMESPACE_URL, name)).upper() + "}"


def rows_of(name: str, numbers: Sequence[int], organisation: str, doctor: str) -> Rows:
    """A third of some rows for each table; those of a name are nobody else's."""
    patients, entries, drugs = (numbers[at::3] for at in range(3))
    common = {"OrganisationGuid": organisation, "Deleted": False, "IsConfidential": False}
    mine = {**common, "UsualGpUserInRoleGuid": doctor}
    entered = {
        **common,
        "EffectiveDate": DAY,
        "EffectiveDatePrecision": "YMD",
        "EnteredDate": DAY,
        "EnteredTime": time(10, 5),
        "ClinicianUserInRoleGuid": doctor,
        "EnteredByUserInRoleGuid": doctor,
    }
    return {
        PATIENTS: [_patient(name, number, mine) for number in patients],
        ENTRIES: [
            {
                **entered,
                "ObservationGuid": guid(f"{name} entry {number}"),
                "PatientGuid": guid(f"known patient {number % PEOPLE}"),
                "CodeId": WEIGHT,
                "ObservationType": "Value",
                "Value": Decimal("60.000"),
                "NumericUnit": "kg",
                "Abnormal": False,
                "Episode": "None",
            }
            for number in entries
        ],
        DRUGS: [
            {
                **entered,
                "DrugRecordGuid": guid(f"{name} drug {number}"),
                "PatientGuid": guid(f"known patient {number % PEOPLE}"),
                "CodeId": TABLETS,
                "Dosage": "ONE TO BE TAKEN EACH DAY",
                "Quantity": Decimal("28.000"),
                "QuantityUnit": "tablet",
                "PrescriptionType": "Repeat",
                "IsActive": True,
                "NumberOfIssues": 1,
                "NumberOfIssuesAuthorised": 6,
            }
            for number in drugs
        ],
    }


def people(organisation: str, doctor: str) -> list[dict[str, Any]]:
    """Those who have entries and drugs."""
    common = {
        "OrganisationGuid": organisation,
        "Deleted": False,
        "IsConfidential": False,
        "UsualGpUserInRoleGuid": doctor,
    }
    return [_patient("known", number, common) for number in range(PEOPLE)]


def _patient(name: str, number: int, common: dict[str, Any]) -> dict[str, Any]:
    return {
        **common,
        "PatientGuid": guid(f"{name} patient {number}"),
        "PatientNumber": uuid5(NAMESPACE_URL, f"{name} {number}").int % 1_000_000_000,
        "Surname": f"Example{number}",
        "GivenName": "Ada",
        "Title": "Ms",
        "Sex": "F",
        "DateOfBirth": date(1980, 2, 3),
        "HouseNameFlatNumber": "Flat 2",
        "NumberAndStreet": "78 Station Road",
        "Town": "Leeds",
        "Postcode": "LS65NJ",
        "HomePhone": "01632 960383",
        "SpineSensitive": False,
    }


def store(engine: Engine, rows: Rows) -> None:
    """Insert rows, all in one transaction, patients first."""
    with engine.begin() as connection:
        for table in TABLES:
            for part in _parts(rows.get(table, [])):
                connection.execute(insert(METADATA.tables[table]), part)


def edit(engine: Engine, rows: Rows) -> None:
    """Update each of some rows by a statement of its own, all in one transaction."""
    with engine.begin() as connection:
        for name in TABLES:
            table, key = METADATA.tables[name], KEYS[name]
            statement = update(table).where(table.c[key] == bindparam("wanted")).values(EDITS[name])
            if wanted := [{"wanted": one[key]} for one in rows.get(name, [])]:
                connection.execute(statement, wanted)


def count(engine: Engine, *, edited: bool = False) -> dict[str, int]:
    """How many rows each table has, or how many of them were edited."""
    found = {}
    with engine.connect() as connection:
        for name in TABLES:
            table = METADATA.tables[name]
            edits = [table.c[column] == value for column, value in EDITS[name].items()] if edited else []
            statement = select(func.count()).select_from(table).where(*edits)
            found[name] = int(connection.execute(statement).scalar_one())
    return found


def _parts(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for at in range(0, len(rows), _A_STATEMENT):
        yield rows[at : at + _A_STATEMENT]


def sizes(*parts: Rows) -> dict[str, int]:
    """How many rows of each table some parts hold together."""
    return {name: sum(len(rows.get(name, [])) for rows in parts) for name in TABLES}


def plus(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    """Both together."""
    return {name: one.get(name, 0) + other.get(name, 0) for name in TABLES}
