"""An extract's files are found, read, and refused row by row with the reason."""

import re
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legacy_bridge.legacy.bulk import LATER_COLUMNS
from legacy_bridge.legacy.extract import ExtractFile, ExtractUnreadable, FileContent, files_of, read
from legacy_bridge.legacy.schema import METADATA

FACTS = Path(__file__).parents[4] / "shared" / "data" / "emis-extract-schema.md"
AGREEMENT = "476EA44A-625D-4243-93FB-154628AF6534"
ORGANISATION = "{22C6FD43-D00A-4EF2-9F91-CA4E99A1F4F0}"
GUID = "{2C521E55-3670-4EFD-8CFC-A3B5BC32DE90}"


def written(folder: Path, table: str, text: str, *, number: int = 7, prefix: str = "") -> ExtractFile:
    path = folder / f"{prefix}{number}_{table}_20261113201500_{AGREEMENT}.csv"
    path.write_bytes(text.encode())
    return ExtractFile(path=path, processing_id=number, table=METADATA.tables[table])


def observation(folder: Path, column: str, field: str) -> FileContent:
    return read(
        written(
            folder,
            "CareRecord_Observation",
            f'"ObservationGuid","OrganisationGuid","{column}","ProcessingId"\r\n'
            f'"{GUID}","{ORGANISATION}",{field},"11"\r\n',
        )
    )


def test_files_are_taken_in_the_order_of_delivery_and_others_are_named(tmp_path: Path) -> None:
    for number, table in ((30, "Admin_Patient"), (4, "Admin_Location"), (100, "Coding_DrugCode")):
        written(tmp_path, table, "", number=number, prefix="bulk_" if number == 30 else "")
    (tmp_path / "readme.csv").write_text("")
    (tmp_path / f"9_Admin_Robot_20261113201500_{AGREEMENT}.csv").write_text("")
    (tmp_path / f"9_Reference_Setting_20261113201500_{AGREEMENT}.csv").write_text("")
    found = files_of(tmp_path)
    assert [file.table.name for file in found.files] == ["Admin_Location", "Admin_Patient", "Coding_DrugCode"]
    assert any("readme.csv was left out" in notice for notice in found.notices)
    assert any("Admin_Robot" in notice and "not known" in notice for notice in found.notices)
    assert any("Reference_Setting" in notice and "not known" in notice for notice in found.notices)
    assert any(notice.startswith("No file of Admin_Organisation,") for notice in found.notices)


def test_a_folder_that_is_absent_or_holds_no_extract_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExtractUnreadable, match=r"^There is no folder .*: give the folder"):
        files_of(tmp_path / "none")
    with pytest.raises(ExtractUnreadable, match=r"holds no file named as an extract's"):
        files_of(tmp_path)


def test_a_bulk_without_a_table_is_refused_with_its_name_and_what_to_do(tmp_path: Path) -> None:
    for table in METADATA.tables:
        if table != "Admin_Patient":
            written(tmp_path, table, "")
    files_of(tmp_path)
    with pytest.raises(
        ExtractUnreadable, match=r"has no file of Admin_Patient, and .*: fetch the bulk again"
    ):
        files_of(tmp_path, is_bulk=True)
    written(tmp_path, "Admin_Patient", "")
    assert len(files_of(tmp_path, is_bulk=True).files) == 21


def test_a_bulk_without_a_column_is_refused_unless_an_earlier_version_lacks_it(tmp_path: Path) -> None:
    names = METADATA.tables["Admin_Patient"].columns.keys()

    def patients(*, without: str) -> ExtractFile:
        return written(tmp_path, "Admin_Patient", ",".join(name for name in names if name != without))

    [notice] = read(patients(without="ContactComments"), is_bulk=True).notices
    assert notice.endswith("not sent, so left as they are: ContactComments.")
    read(patients(without="Surname"))
    with pytest.raises(ExtractUnreadable, match=r"has no column Surname: correct its header or fetch"):
        read(patients(without="Surname"), is_bulk=True)


@pytest.mark.skipif(not FACTS.is_file(), reason="needs ../shared")
def test_the_columns_that_a_bulk_may_lack_are_those_that_came_after_the_first_version() -> None:
    later: dict[str, list[str]] = {}
    for section in FACTS.read_text("utf-8").split("\n### ")[1:]:
        table = section.split()[0]
        rows = re.findall(r"^\| (\w+) \|.*\| ([^|]+) \|$", section.split("\n## ")[0], re.MULTILINE)
        later[table] = [name for name, since in rows if since not in ("5.x", "since")]
    del later["Admin_PatientHistory"]  # a table as a whole; it is always sent now
    assert {table: tuple(names) for table, names in later.items() if names} == LATER_COLUMNS


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty: even a table without rows has a header"),
        (b'"LocationName"\r\n"x"\r\n', "has no column LocationGuid"),
        (b'"LocationGuid","Town","Town"\r\n', "has two columns Town"),
        (b'"LocationGuid","Town"\r\n"\xff","x"\r\n', "is not UTF-8"),
        (b'"LocationGuid"\r\n"a"b\r\n', "is not a CSV file"),
        (b'"LocationGuid"\r\n"never closed', "is not a CSV file"),
    ],
)
def test_a_file_that_is_none_of_an_extract_is_refused_whole(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = written(tmp_path, "Admin_Location", "")
    file.path.write_bytes(content)
    with pytest.raises(ExtractUnreadable, match=sentence):
        read(file)


def test_rows_come_in_the_order_of_their_processing_ids_with_their_lines(tmp_path: Path) -> None:
    content = read(
        written(
            tmp_path,
            "Admin_Location",
            '"LocationGuid","LocationName","ProcessingId"\r\n'
            f'"{GUID}","two\r\nlines","12"\r\n'
            f'"{GUID}","later in the file, earlier in the order","11"\r\n',
        )
    )
    assert [(row.processing_id, row.line) for row in content.rows] == [(11, 4), (12, 2)]
    assert content.rows[1].values["LocationName"] == "two\r\nlines"


def test_columns_of_a_newer_version_are_left_out_and_missing_ones_are_named(tmp_path: Path) -> None:
    content = read(
        written(
            tmp_path,
            "Admin_OrganisationLocation",
            '"OrganisationGuid","LocationGuid","WhatComesNext","Deleted","ProcessingId"\r\n'
            f'"{ORGANISATION}","{GUID}","new","true","1"\r\n',
        )
    )
    assert "WhatComesNext" not in content.rows[0].values
    assert content.rows[0].is_tombstone
    assert content.notices == [
        f"7_Admin_OrganisationLocation_20261113201500_{AGREEMENT}.csv: not sent, so left as they are: "
        "IsMainLocation.",
        f"7_Admin_OrganisationLocation_20261113201500_{AGREEMENT}.csv: not kept, of a newer version: "
        "WhatComesNext.",
    ]


@pytest.mark.parametrize(
    ("column", "field", "value"),
    [
        ("Value", '"5.600000024E-1"', Decimal("0.5600000024")),
        ("Value", '"1.2E3"', Decimal(1200)),
        ("Value", '"-0"', Decimal(0)),
        (
            "Value",
            '"12345678901234567.1234567890123456789"',
            Decimal("12345678901234567.1234567890123456789"),
        ),
        ("Value", '" "', None),
        ("EffectiveDate", "", None),
        ("EffectiveDate", '" "', None),
        ("EffectiveDate", '"1900-01-01"', date(1900, 1, 1)),
        ("EnteredTime", '"09:02:47"', time(9, 2, 47)),
        ("Abnormal", '"true"', True),
        ("CodeId", '"9223372036854775807"', 2**63 - 1),
        ("NumericUnit", '"µg/L"', "µg/L"),
        ("NumericUnit", '" "', " "),
        ("Qualifiers", '"a ""b"" \n\r\t\x00\x01 🏳️‍🌈 \ufffe"', 'a "b" \n\r\t\x00\x01 🏳️‍🌈 \ufffe'),
        ("Qualifiers", f'"{"é" * 8000}"', "é" * 8000),
        ("ParentObservationGuid", '"2c521e55-3670-4efd-8cfc-a3b5bc32de90"', GUID),
    ],
)
def test_a_value_arrives_as_it_was_sent(tmp_path: Path, column: str, field: str, value: object) -> None:
    content = observation(tmp_path, column, field)
    assert content.refusals == []
    assert content.rows[0].values[column] == value


@pytest.mark.parametrize(
    ("column", "field", "reason"),
    [
        ("NumericUnit", '"' + "x" * 61 + '"', "NumericUnit has 61 characters and the column holds 60"),
        ("EffectiveDate", '"2026-02-30"', "EffectiveDate is not a day of the calendar"),
        ("EffectiveDate", '"30/02/2026"', "EffectiveDate is not a date of the form yyyy-MM-dd"),
        ("EnteredTime", '"25:00:00"', "EnteredTime is not a time of the day"),
        ("EnteredTime", '"soon"', "EnteredTime is not a time of the form HH:mm:ss"),
        ("Value", '"NaN"', "Value is not a number"),
        ("Value", '"heavy"', "Value is not a number"),
        ("Abnormal", '"maybe"', "Abnormal is neither true nor false"),
        ("CodeId", '"9223372036854775808"', "CodeId does not fit into 64 bits"),
        ("CodeId", '"1_0"', "CodeId is not a whole number"),
        ("ParentObservationGuid", '"{1}"', "ParentObservationGuid is not a GUID"),
        ("Episode", '"None","one too many"', "has 5 fields and the header 4"),
    ],
)
def test_what_a_column_cannot_hold_is_refused_with_file_line_and_reason(
    tmp_path: Path, column: str, field: str, reason: str
) -> None:
    content = observation(tmp_path, column, field)
    assert content.rows == []
    [refusal] = content.refusals
    assert (refusal.line, refusal.reason) == (2, reason)
    assert refusal.file == f"7_CareRecord_Observation_20261113201500_{AGREEMENT}.csv"


def test_a_refused_row_does_not_hold_up_the_others(tmp_path: Path) -> None:
    good = f'"{GUID}","2026-01-01","1"'
    text = "\r\n".join(['"LocationGuid","OpenDate","ProcessingId"', good, '"x","y","2"', "", good, ""])
    content = read(written(tmp_path, "Admin_Location", text))
    assert [row.line for row in content.rows] == [2, 5]
    assert [refusal.line for refusal in content.refusals] == [3]


def test_a_moment_keeps_its_date_and_time(tmp_path: Path) -> None:
    text = f'"OrganisationGuid","LastModifiedDate"\r\n"{ORGANISATION}","2024-04-01 09:30:00"\r\n'
    content = read(written(tmp_path, "Agreements_SharingOrganisation", text))
    assert content.rows[0].values["LastModifiedDate"] == datetime(2024, 4, 1, 9, 30)  # noqa: DTZ001


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_of_the_columns_length_is_read_back_equal(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    quoted = text.replace('"', '""')
    content = observation(tmp_path_factory.mktemp("any"), "NumericUnit", f'"{quoted}"')
    assert content.rows[0].values["NumericUnit"] == (text or None)
