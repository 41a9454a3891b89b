"""Extracts with hostile rows: the part of a whole one that they need, or a small one of the same shapes."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy import update

from legacy_bridge.legacy.extract import FILE_NAME, files_of
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.reference_practice.loading import load
from tests.legacy_bridge.support.hostile_rows import BULK, DELIVERIES, EXPECTED, SEEN_BY_OTHERS
from tests.legacy_bridge.support.small_practice import ODS, PracticeDatabase, guid

_AGREEMENT = "476EA44A-625D-4243-93FB-154628AF6534"
_LONGEST_FIELD = 64 * 1024 * 1024
_NAMES_OTHERS = (
    *("ParentObservationGuid", "ProblemGuid", "ConsultationGuid", "DrugRecordGuid"),
    *("ProblemObservationGuid", "SessionGuid", "AppointmentSlotGuid"),
)
_CHOSEN_BY = {
    "CareRecord_Consultation": "ConsultationGuid",
    "CareRecord_Diary": "DiaryGuid",
    "CareRecord_Observation": "ObservationGuid",
    "CareRecord_ObservationReferral": "ObservationGuid",
    "CareRecord_Problem": "ObservationGuid",
    "Prescribing_DrugRecord": "DrugRecordGuid",
    "Prescribing_IssueRecord": "IssueRecordGuid",
    "Appointment_Session": "AppointmentSessionGuid",
    "Appointment_SessionUser": "SessionGuid",
    "Appointment_Slot": "SlotGuid",
}
"""The large tables, and the column that says which rows of them are needed."""
Row = dict[str, str]
Wanted = Mapping[str, tuple[str, str]]


def choose(extract: Path, folder: Path) -> Wanted:
    """Copy of an extract what its hostile rows need.

    Returns:
        Of each hostile row its table and GUID.
    """
    wanted = named_in(extract)
    files = {path: _read(path) for delivery in DELIVERIES for path in (extract / delivery).glob("*.csv")}
    needed = {guid_of for _, guid_of in wanted.values()}
    for _ in range(3):  # a consultation names a slot, which names a session
        for path, rows in files.items():
            key = _CHOSEN_BY.get(_table(path))
            chosen = (row for row in rows if key is not None and row[key] in needed)
            needed |= {row[name] for row in chosen for name in _NAMES_OTHERS if row.get(name)}
    for path, rows in files.items():
        key = _CHOSEN_BY.get(_table(path))
        kept = [row for row in rows if key is None or row[key] in needed]
        _write(folder / path.parent.name / path.name, kept, _header(path))
    return wanted


def named_in(extract: Path) -> Wanted:
    """Of each hostile row of an extract its table and GUID; every one that it lists has its outcome."""
    listed = json.loads((extract / "nasty.json").read_text(encoding="utf-8"))
    assert {one["id"] for one in listed} == {*EXPECTED, *SEEN_BY_OTHERS}
    return {
        one["id"]: (one["table"], guid_of)
        for one in listed
        for name, guid_of in one["key"].items()
        if name != "OrganisationGuid" and one["id"] in EXPECTED
    }


def write_small(folder: Path) -> Wanted:
    """Write a small extract with hostile rows of the same shapes."""
    number = 0
    for delivery in DELIVERIES:
        sent: dict[str, list[Row]] = {name: [] for name in METADATA.tables if name[:9] != "Reference"}
        for table, row in _rows(delivery):
            number += 1
            sent[table].append({"ProcessingId": str(number), **row})
        for place, (table, rows) in enumerate(sent.items()):
            name = f"{number + place}_{table}_20261113201500_{_AGREEMENT}.csv"
            _write(folder / delivery / name, rows, [*METADATA.tables[table].columns.keys()])
    return {name: (table, guid(name)) for name, (table, _) in {**_ENTRIES, **_PATIENTS, **_OTHERS}.items()}


def deliver(practice: PracticeDatabase, folder: Path, delivery: str) -> None:
    """Load one delivery, and call the practice as all tests do."""
    with practice.engine.begin() as connection:
        loaded = load(
            connection,
            files_of(folder / delivery).files,
            progress=lambda _: None,
            is_bulk=delivery == BULK,
        )
    assert loaded.refusals == []
    with practice.engine.begin() as connection:
        table = METADATA.tables["Admin_Organisation"]
        connection.execute(update(table).where(table.c.ODSCode == "Y99001").values(ODSCode=ODS))


def _table(path: Path) -> str:
    found = FILE_NAME.match(path.name)
    assert found is not None
    return found["table"]


def _header(path: Path) -> Sequence[str]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return next(csv.reader(text))


def _read(path: Path) -> list[Row]:
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            return list(csv.DictReader(text))
    finally:
        csv.field_size_limit(before)


def _write(path: Path, rows: Sequence[Row], header: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, header, restval="", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)


_ENTRY = {
    "PatientGuid": guid("mary"),
    "EffectiveDate": "2026-11-13",
    "EffectiveDatePrecision": "YMD",
    "EnteredDate": "2026-11-13",
    "EnteredTime": "11:00:00",
    "CodeId": "104",
    "ObservationType": "Value",
    "Value": "7.000",
    "NumericUnit": "kg",
    "Abnormal": "false",
    "Episode": "None",
    "Deleted": "false",
    "IsConfidential": "false",
}
_PERSON = {"Sex": "F", "DateOfBirth": "1980-02-03", "Deleted": "false", "Surname": "Lind"}
_SLOT = {
    "SessionGuid": guid("session"),
    "AppointmentDate": "2026-11-16",
    "AppointmentStartTime": "10:00:00",
    "PlannedDurationInMinutes": "15",
    "SlotStatus": "Slot Available",
    "Deleted": "false",
}
_ENTRIES: Mapping[str, tuple[str, Row]] = {
    name: ("CareRecord_Observation", columns)
    for name, columns in {
        "N015": {"Value": "5.600000024E-1"},
        "N016": {"Value": "1.2E+3"},
        "N017": {"Value": "-0.000"},
        "N018": {"Value": "-42.500"},
        "N019": {"Value": "99999999999999.999"},
        "N020": {"Value": "0.1000000000000000055"},
        "N021": {"NumericUnit": "furlongs/fortnight"},
        "N022": {"NumericUnit": "μmol/L"},
        "N023": {"NumericUnit": ""},
        "N024": {"NumericUnit": "u" * 60},
        "N025": {"EffectiveDate": "", "EffectiveDatePrecision": "U"},
        "N026": {"EffectiveDate": "1987-01-01", "EffectiveDatePrecision": "Y"},
        "N027": {"EffectiveDate": "2003-05-01", "EffectiveDatePrecision": "YM"},
        "N028": {"EffectiveDate": "1900-01-01"},
        "N029": {"EffectiveDatePrecision": "YMDT"},
        "N030": {"EnteredDate": "2026-03-29", "EnteredTime": "01:30:00"},
        "N031": {"EnteredDate": "2026-10-25", "EnteredTime": "01:30:00"},
        "N032": {"PatientGuid": guid("nobody")},
        "N033": {"ConsultationGuid": guid("never")},
        "N034": {"ParentObservationGuid": guid("never")},
        "N035": {"CodeId": "7777771000006110"},
        "N036": {"IsConfidential": "true"},
        "N037": {"Qualifiers": "<Qualifiers>".ljust(8000, "q")},
        "N038": {"Qualifiers": "bell\x07 nul\x00 del\x7f"},
        "N039": {"Qualifiers": 'one\ntwo\rthree\r\n"four"'},
        "N040": {"Qualifiers": "\ud7ff\ufffd\ufffe 🧑\u200d🦽 " * 20},
    }.items()
}
_PATIENTS: Mapping[str, tuple[str, Row]] = {
    name: ("Admin_Patient", columns)
    for name, columns in {
        "N001": {"Surname": "Zoë 👩\u200d⚕️"},
        "N002": {"Surname": "Jose\u0301 Nu\u0301n\u0303ez"},
        "N003": {"Surname": "דוד \u202eכהן\u202c"},
        "N004": {"Surname": 'O"Brien, "Bob"'},
        "N005": {"Surname": "Line\r\nBreak"},
        "N006": {"Surname": '=HYPERLINK("http://x.example")'},
        "N007": {"Surname": "<b>Smith</b> & 'Sons'--; DROP"},
        "N008": {"GivenName": "é" * 40, "Surname": "W" * 100, "ContactComments": "x" * 200},
        "N009": {"SpineSensitive": "true", "IsConfidential": "true"},
        "N010": {"DateOfBirth": "1900-01-01", "Sex": "I"},
        "N011": {"NhsNumber": "9990000000"},
        "N012": {"HomePhone": " ", "MobilePhone": "07700 900805", "ContactComments": "\t"},
        "N047": {"NhsNumber": "9998589568"},
        "N053": {"NhsNumber": "9998589568"},
        "N056": {"NhsNumber": "9997668707"},
    }.items()
}
_OTHERS: Mapping[str, tuple[str, Row]] = {
    "N043": (
        "CareRecord_Diary",
        {
            "PatientGuid": guid("mary"),
            "CodeId": "104",
            "OriginalTerm": "t" * 200,
            "IsConfidential": "true",
            "IsActive": "true",
        },
    ),
    "N044": (
        "CareRecord_Consultation",
        {"PatientGuid": guid("mary"), "EffectiveDate": "2026-11-13", "Complete": "true"},
    ),
    "N045": (
        "Appointment_Slot",
        {
            **_SLOT,
            "AppointmentDate": "2027-03-28",
            "AppointmentStartTime": "01:30:00",
            "PlannedDurationInMinutes": "-15",
        },
    ),
    "N046": (
        "Appointment_Slot",
        {
            **_SLOT,
            "SlotStatus": "Booked",
            "ExternalPatientGuid": guid("stranger"),
            "ExternalPatientOrganisation": guid("elsewhere"),
        },
    ),
}
_CHANGES: Mapping[str, Mapping[str, Row]] = {
    "delta-002": {"N047": {"NhsNumber": "9997041119"}, "N053": {"NhsNumber": "9997041119"}},
    "delta-004": {"N044": {"IsConfidential": "true"}, "N053": {"NhsNumber": "9995428415"}},
    "delta-005": {"N056": {"SpineSensitive": "true"}},
}


def _rows(delivery: str) -> Iterator[tuple[str, Row]]:
    all_rows = {**_ENTRIES, **_PATIENTS, **_OTHERS}
    if delivery != BULK:
        for name, changed in _CHANGES.get(delivery, {}).items():
            table, columns = all_rows[name]
            yield table, _whole(name, table, {**columns, **changed})
        return
    here = {"OrganisationGuid": guid("org")}
    yield "Admin_Organisation", {**here, "ODSCode": ODS, "OrganisationName": "Fernbrook Surgery"}
    yield "Admin_UserInRole", {**here, "UserInRoleGuid": guid("ann"), "Surname": "Okafor"}
    yield "Appointment_SessionUser", {"SessionGuid": guid("session"), "UserInRoleGuid": guid("ann")}
    yield (
        "Appointment_Session",
        {
            **here,
            "AppointmentSessionGuid": guid("session"),
            "Description": "GP surgery am",
            "StartDate": "2026-11-16",
            "StartTime": "09:00:00",
            "EndDate": "2026-11-16",
            "EndTime": "12:00:00",
            "Deleted": "false",
        },
    )
    yield (
        "Coding_ClinicalCode",
        {
            "CodeId": "104",
            "Term": "Body weight",
            "EmisCodeCategoryDescription": "Biological values",
            "SnomedCTConceptId": "900000104",
        },
    )
    yield "Admin_Patient", _whole("mary", "Admin_Patient", {"GivenName": "Mary"})
    for name, (table, columns) in all_rows.items():
        yield table, _whole(name, table, columns)


def _whole(name: str, table: str, columns: Row) -> Row:
    (key,) = (one.name for one in METADATA.tables[table].primary_key if one.name != "OrganisationGuid")
    usual = {"Admin_Patient": _PERSON, "CareRecord_Observation": _ENTRY}.get(table, {"Deleted": "false"})
    return {key: guid(name), "OrganisationGuid": guid("org"), **usual, **columns}
