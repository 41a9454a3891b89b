"""The command `banyan-practice` makes a practice, fills it, tells of it; or says in one sentence why not."""

import json
import sqlite3
import uuid
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from legacy_bridge.errors import BridgeError
from legacy_bridge.reference_practice.__main__ import app


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/practice.db"


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


def test_an_extract_that_names_no_practice_leaves_nothing(url: str, tmp_path: Path) -> None:
    done("create", "--database", url)
    folder = tmp_path / "extract"
    folder.mkdir()
    name = "1_Admin_Patient_20261113201500_476EA44A-625D-4243-93FB-154628AF6534.csv"
    guid = "{2C521E55-3670-4EFD-8CFC-A3B5BC32DE90}"
    (folder / name).write_text(
        f'"PatientGuid","OrganisationGuid","ProcessingId"\r\n"{guid}","{guid}","1"\r\n'
    )
    words = sentence("load-extract", str(folder), "--database", url)
    assert "It cannot be told which of 0 organisations is the practice" in words
    with sqlite3.connect(tmp_path / "practice.db") as connection:
        assert connection.execute("SELECT count(*) FROM Admin_Patient").fetchone() == (0,)
    connection.close()


def test_an_extract_is_loaded_and_refused_rows_are_reported(url: str, tmp_path: Path) -> None:
    done("create", "--database", url)
    folder = tmp_path / "extract"
    folder.mkdir()
    practice = "{22C6FD43-D00A-4EF2-9F91-CA4E99A1F4F0}"
    stamp = "20261113201500_476EA44A-625D-4243-93FB-154628AF6534"
    (folder / f"1_Admin_Organisation_{stamp}.csv").write_text(
        '"OrganisationGuid","ODSCode","OrganisationName","OpenDate","ProcessingId"\r\n'
        f'"{practice}","Y99001","Windmill Hill","1995-04-01","1"\r\n'
        '"{0027127B-15DE-41C1-84F8-CCD0654921AD}","Y99009","Elsewhere","","2"\r\n'
        '"{0027127B-15DE-41C1-84F8-CCD0654921AE}","Y99010","Nowhere","never","3"\r\n'
    )
    (folder / f"2_Agreements_SharingOrganisation_{stamp}.csv").write_text(
        f'"OrganisationGuid","IsActivated","Deleted"\r\n"{practice}","true","false"\r\n'
    )
    report = tmp_path / "refused.csv"
    told = done("load-extract", str(folder), "--database", url, "--report", str(report))
    assert told == "Windmill Hill (Y99001): 3 rows kept, 1 refused.\n"
    assert report.read_text().splitlines() == [
        "file,line,reason",
        f'"1_Admin_Organisation_{stamp}.csv",4,"OpenDate is not a date of the form yyyy-MM-dd"',
    ]
    assert json.loads(done("status", "--database", url, "--json"))["ods"] == "Y99001"


ORGANISATION = "1_Admin_Organisation_20261113201500_476EA44A-625D-4243-93FB-154628AF6534.csv"
PATIENT = "2_Admin_Patient_20261113201500_476EA44A-625D-4243-93FB-154628AF6534.csv"


def extract_of(folder: Path, ods: str, *, number: int = 1) -> str:
    """A folder with an extract of one patient; a higher number is a later one."""
    folder.mkdir(exist_ok=True)
    practice, patient = ("{" + str(uuid.uuid5(uuid.NAMESPACE_URL, name)).upper() + "}" for name in (ods, "p"))
    (folder / ORGANISATION).write_text(
        '"OrganisationGuid","ODSCode","OrganisationName","ProcessingId"\r\n'
        f'"{practice}","{ods}","Practice {ods}","{number}"\r\n'
    )
    (folder / PATIENT).write_text(
        '"PatientGuid","OrganisationGuid","Surname","ProcessingId"\r\n'
        f'"{patient}","{practice}","Name {number}","{number}"\r\n'
    )
    return str(folder)


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
