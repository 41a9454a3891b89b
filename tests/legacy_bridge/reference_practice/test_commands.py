"""The command `banyan-practice` makes a practice, fills it, tells of it; or says in one sentence why not."""

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner, Result

from legacy_bridge.errors import BridgeError
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.reference_practice.__main__ import app
from tests.legacy_bridge.support.legacy_databases import LegacyKind
from tests.support.databases import Databases


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/practice.db"


@pytest.fixture(scope="module")
def empty_databases(postgresql_url: str) -> Iterator[Databases]:
    with closing(Databases(postgresql_url, lambda _: None)) as made:
        yield made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def done(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.stdout


def sentence(*arguments: str) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, BridgeError), repr(result.exception)
    return str(result.exception)


def test_a_practice_is_made_filled_and_told_of(url: str) -> None:
    done("create", "--database", url)
    done("generate", "--database", url, "--patients", "30", "--today", "2026-11-17")
    told = json.loads(done("status", "--database", url, "--json"))
    assert (told["ods"], told["name"], told["environment"]) == ("Y99002", "Fernbrook Surgery", "reference")
    assert told["rows"]["Admin_Patient"] == 30
    assert (told["first_day"], told["day"], told["last_day"]) == ("2026-11-03", "2026-11-17", "2026-12-01")
    assert "Fernbrook Surgery (Y99002), reference" in done("status", "--database", url)


@pytest.mark.parametrize("kind", [LegacyKind.POSTGRESQL, LegacyKind.POSTGRESQL_ODBC])
def test_a_practice_is_made_and_filled_in_postgresql_too(
    kind: LegacyKind, empty_databases: Databases
) -> None:
    with empty_databases.fresh() as server:
        url = make_url(server).set(drivername=kind.value).render_as_string(hide_password=False)
        done("create", "--database", url)
        done("generate", "--database", url, "--patients", "30", "--today", "2026-11-17")
        told = json.loads(done("status", "--database", url, "--json"))
        assert (told["ods"], told["rows"]["Admin_Patient"], told["day"]) == ("Y99002", 30, "2026-11-17")
        assert sentence("create", "--database", url).startswith("The database holds a practice already")


def test_info_tells_tables_organisations_practice_and_dates_and_status_is_the_same(url: str) -> None:
    done("create", "--database", url)
    done("generate", "--database", url, "--patients", "30", "--today", "2026-11-17")
    told = json.loads(done("info", "--database", url, "--json"))
    assert told["organisations"][0] == {"ods": "Y99002", "name": "Fernbrook Surgery", "patients": 30}
    assert told["first_entry"] < told["last_entry"] <= "2026-11-17"
    shown = done("info", "--database", url)
    for words in ("Fernbrook Surgery (Y99002)", "Entries in records from", "Admin_Patient ", "Y99002 "):
        assert words in shown
    assert done("status", "--database", url) == shown
    assert json.loads(done("status", "--database", url, "--json")) == told


def test_a_practice_that_is_not_filled_says_how_to_fill_it(url: str) -> None:
    done("create", "--database", url)
    assert "is empty: fill it with `banyan-practice generate`" in sentence("info", "--database", url)


def test_a_training_practice_has_its_own_name_and_numbers(url: str) -> None:
    done("create", "--database", url, "--environment", "training", "--practice-name", "Elm Park")
    done("generate", "--database", url, "--patients", "9")
    told = json.loads(done("status", "--database", url, "--json"))
    assert (told["ods"], told["name"], told["environment"]) == ("Y99003", "Elm Park", "training")


def test_a_filled_practice_is_not_filled_or_made_again(url: str) -> None:
    done("create", "--database", url)
    done("generate", "--database", url, "--patients", "9")
    assert "filled already; nothing was changed" in sentence("generate", "--database", url)
    assert "holds a practice already; nothing was changed" in sentence("create", "--database", url)


def test_a_live_practice_cannot_be_made_here(url: str, tmp_path: Path) -> None:
    assert "not for 'live'" in sentence("create", "--database", url, "--environment", "live")
    assert not list(tmp_path.iterdir())


def test_a_database_without_a_practice_or_that_is_not_there_is_one_sentence(url: str, tmp_path: Path) -> None:
    assert "cannot be opened" in sentence("status", "--database", url)
    sqlite3.connect(tmp_path / "practice.db").close()
    for command in ("status", "generate"):
        assert "make one with `banyan-practice create`" in sentence(command, "--database", url)


def send(folder: Path, table: str, *rows: dict[str, str], number: int = 1) -> Path:
    """Write a table's file, with every column."""
    folder.mkdir(exist_ok=True)
    columns = METADATA.tables[table].columns.keys()
    lines = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    path = folder / f"{number}_{table}_20261113201500_476EA44A-625D-4243-93FB-154628AF6534.csv"
    path.write_text("".join(",".join(f'"{field}"' for field in line) + "\r\n" for line in lines))
    return path


def bulk_in(folder: Path) -> Path:
    """A folder with every table's file, none of which has a row."""
    for table in METADATA.tables:
        if not table.startswith("Reference_"):
            send(folder, table)
    return folder


def test_an_extract_that_names_no_practice_leaves_nothing(url: str, tmp_path: Path) -> None:
    done("create", "--database", url)
    folder = bulk_in(tmp_path / "extract")
    guid = "{2C521E55-3670-4EFD-8CFC-A3B5BC32DE90}"
    send(folder, "Admin_Patient", {"PatientGuid": guid, "OrganisationGuid": guid})
    words = sentence("load-extract", str(folder), "--database", url)
    assert "It cannot be told which of 0 organisations is the practice" in words
    with sqlite3.connect(tmp_path / "practice.db") as connection:
        assert connection.execute("SELECT count(*) FROM Admin_Patient").fetchone() == (0,)
    connection.close()


def test_an_extract_is_loaded_and_refused_rows_are_reported(url: str, tmp_path: Path) -> None:
    done("create", "--database", url)
    folder = bulk_in(tmp_path / "extract")
    practice = "{22C6FD43-D00A-4EF2-9F91-CA4E99A1F4F0}"
    elsewhere = "{0027127B-15DE-41C1-84F8-CCD0654921A%s}"
    sent = send(
        folder,
        "Admin_Organisation",
        {"OrganisationGuid": practice, "ODSCode": "Y99001", "OrganisationName": "Windmill Hill"},
        {"OrganisationGuid": elsewhere % "D", "ODSCode": "Y99009"},
        {"OrganisationGuid": elsewhere % "E", "ODSCode": "Y99010", "OpenDate": "never"},
    )
    send(
        folder,
        "Agreements_SharingOrganisation",
        {"OrganisationGuid": practice, "IsActivated": "true", "Deleted": "false"},
    )
    report = tmp_path / "refused.csv"
    told = done("load-extract", str(folder), "--database", url, "--report", str(report))
    assert told == "Windmill Hill (Y99001): 3 rows kept, 1 refused.\n"
    assert report.read_text().splitlines() == [
        "file,line,reason",
        f'"{sent.name}",4,"OpenDate is not a date of the form yyyy-MM-dd"',
    ]
    assert json.loads(done("status", "--database", url, "--json"))["ods"] == "Y99001"


def extract_of(folder: Path, ods: str, *, number: int = 1) -> str:
    """A folder with a bulk of one patient; a higher number is a later one."""
    bulk_in(folder)
    practice, patient = ("{" + str(uuid.uuid5(uuid.NAMESPACE_URL, name)).upper() + "}" for name in (ods, "p"))
    send(
        folder,
        "Admin_Organisation",
        {
            "OrganisationGuid": practice,
            "ODSCode": ods,
            "OrganisationName": f"Practice {ods}",
            "ProcessingId": str(number),
        },
    )
    send(
        folder,
        "Admin_Patient",
        {
            "PatientGuid": patient,
            "OrganisationGuid": practice,
            "Surname": f"Name {number}",
            "ProcessingId": str(number),
        },
    )
    return str(folder)


def test_a_first_fill_without_a_table_or_a_column_leaves_the_practice_empty(url: str, tmp_path: Path) -> None:
    done("create", "--database", url)
    folder = Path(extract_of(tmp_path / "extract", "Y99001"))
    (patients,) = folder.glob("*_Admin_Patient_*.csv")
    whole = patients.read_text()
    patients.unlink()
    assert "has no file of Admin_Patient," in sentence("load-extract", str(folder), "--database", url)
    patients.write_text(whole.replace('"Surname"', '"Surnam"'))
    assert "has no column Surname:" in sentence("load-extract", str(folder), "--database", url)
    with sqlite3.connect(tmp_path / "practice.db") as connection:
        for table in METADATA.tables:
            held = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
            assert held == (1 if table == "Reference_Setting" else 0,), table
    connection.close()
    patients.write_text(whole)
    done("load-extract", str(folder), "--database", url)


def test_a_later_extract_may_lack_tables_and_columns(url: str, tmp_path: Path) -> None:
    done("create", "--database", url)
    done("load-extract", extract_of(tmp_path / "extract", "Y99001"), "--database", url)
    later = Path(extract_of(tmp_path / "later", "Y99001", number=2))
    for file in later.iterdir():
        if "_Admin_Patient_" not in file.name:
            file.unlink()
    (patients,) = later.iterdir()
    patients.write_text(patients.read_text().replace('"Town"', '"Place"'))
    done("load-extract", str(later), "--database", url)


@pytest.mark.parametrize("named", [[], ["--practice", "Y99001"], ["--practice", "Y99002"]])
def test_an_extract_of_another_practice_is_not_mixed_into_a_filled_one(
    url: str, tmp_path: Path, named: list[str]
) -> None:
    done("create", "--database", url)
    done("generate", "--database", url, "--patients", "9")
    before = done("status", "--database", url, "--json")
    folder = extract_of(tmp_path / "extract", "Y99001")
    words = sentence("load-extract", folder, "--database", url, *named)
    assert "filled with practice Y99002 and the extract is another's: nothing was changed" in words
    assert done("status", "--database", url, "--json") == before


def test_a_later_extract_of_the_same_practice_is_applied(url: str, tmp_path: Path) -> None:
    done("create", "--database", url)
    for number in (1, 2):
        folder = extract_of(tmp_path / "extract", "Y99001", number=number)
        done("load-extract", folder, "--database", url, "--practice", "Y99001")
    assert json.loads(done("status", "--database", url, "--json"))["rows"]["Admin_Patient"] == 1
    with sqlite3.connect(tmp_path / "practice.db") as connection:
        assert connection.execute("SELECT Surname FROM Admin_Patient").fetchone() == ("Name 2",)
    connection.close()


def test_a_day_that_does_not_exist_is_said_so(url: str) -> None:
    words = sentence("generate", "--database", url, "--today", "2026-99-99")
    assert words == "2026-99-99 is no day: write it such as 2026-11-17."
