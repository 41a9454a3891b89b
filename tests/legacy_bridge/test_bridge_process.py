"""The real program between a real database and a real server: killed, started again, asked how it stands."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.legacy_bridge.support.programs import LONGEST_SECONDS, TOKEN, Programs
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice, guid
from tests.support.waiting import until
from web_modules.fhir.client import version_of


@pytest.fixture
def programs(practice: SmallPractice, tmp_path: Path) -> Iterator[Programs]:
    made = Programs(practice, tmp_path)
    yield made
    made.end()


def family_and_phone(programs: Programs, name: str) -> tuple[str, str] | None:
    number = guid(name).strip("{}").lower()
    found = programs.client.search("Patient", {"identifier": number})
    if not found:
        return None
    phones = [one["value"] for one in found[0].get("telecom", []) if one["system"] == "phone"]
    return found[0]["name"][0]["family"], phones[0]


def rename_column(practice: SmallPractice, name: str, other: str) -> None:
    with create_engine(practice.url).begin() as connection:
        connection.execute(text(f'ALTER TABLE "Admin_Patient" RENAME COLUMN "{name}" TO "{other}"'))


def has_crossed(programs: Programs, practice: SmallPractice, mary: str, omar: str) -> bool:
    return (
        family_and_phone(programs, "mary") == ("Lind", mary) and practice.patient("omar")["HomePhone"] == omar
    )


def in_status(programs: Programs, kind: str = "patient") -> dict[str, Any]:
    return every_status(programs)[kind]


def every_status(programs: Programs) -> dict[str, dict[str, Any]]:
    status = programs.ask(
        "status", "--practice", ODS, "--journal", str(programs.folder / "journal.sqlite"), "--json"
    )
    found: dict[str, dict[str, Any]] = json.loads(status.stdout)["kinds"]
    return found


def is_at_rest(programs: Programs) -> bool:
    """Whether no record waits, and the bridge has counted."""
    kinds = every_status(programs)
    is_quiet = not any(one["waiting"] for one in kinds.values())
    return is_quiet and kinds["slot"]["counted"] is not None


@pytest.mark.hazard("H23")
def test_kill_9_in_between_loses_nothing_and_says_nothing_of_a_patient(
    programs: Programs, practice: SmallPractice
) -> None:
    programs.start_bridge()
    until(lambda: family_and_phone(programs, "mary") is not None, "the first load")
    for number in range(3):
        practice.edit("Admin_Patient", "mary", HomePhone=f"01632 11111{number}")
        programs.kill_bridge()
        (omar,) = programs.client.search("Patient", {"identifier": guid("omar").strip("{}").lower()})
        point = {"system": "phone", "use": "home", "value": f"01632 22222{number}"}
        programs.client.update({**omar, "telecom": [point]}, if_match=version_of(omar))
        programs.start_bridge()
        if number % 2:
            phones = f"01632 11111{number}", f"01632 22222{number}"
            until(partial(has_crossed, programs, practice, *phones), "both edits cross")
    log = programs.log.read_text(encoding="utf-8")
    for secret in ("Lind", "Abernathy", "01632", "9997576527", TOKEN):
        assert secret not in log
    until(lambda: in_status(programs)["linked"] == 2, "both patients are linked")
    assert in_status(programs)["conflicts"] == 0


def test_bridge_with_a_key_of_its_own_needs_no_token(practice: SmallPractice, tmp_path: Path) -> None:
    programs = Programs(practice, tmp_path, has_key=True)
    try:
        programs.start_bridge()
        until(lambda: family_and_phone(programs, "mary") is not None, "the first load")
        (omar,) = programs.client.search("Patient", {"identifier": guid("omar").strip("{}").lower()})
        point = {"system": "phone", "use": "home", "value": "01632 222222"}
        programs.client.update({**omar, "telecom": [point]}, if_match=version_of(omar))
        until(lambda: practice.patient("omar")["HomePhone"] == "01632 222222", "the edit crosses")
    finally:
        programs.end()


def edit_unseen(practice: SmallPractice, phone: str) -> None:
    """Change a row in a way that no feed tells of."""
    ours = "FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'Admin_Patient'"
    with create_engine(practice.url).begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # else the bridge may mend its triggers in between
        triggers = connection.execute(text(f"SELECT name, sql {ours}")).all()
        for name, _ in triggers:
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        connection.execute(
            text('UPDATE "Admin_Patient" SET "HomePhone" = :phone WHERE "Surname" = :name'),
            {"phone": phone, "name": "Lind"},
        )
        for _, statement in triggers:
            connection.exec_driver_sql(statement)


def test_parity_names_what_no_feed_told_of_and_has_it_repaired(
    programs: Programs, practice: SmallPractice
) -> None:
    programs.start_bridge()
    until(lambda: family_and_phone(programs, "mary") is not None, "the first load begins")
    until(lambda: is_at_rest(programs), "its own first count is over, and nothing waits")
    edit_unseen(practice, "01632 960911")
    counted = programs.ask("parity", *programs.options)
    assert counted.returncode == 2, counted.stderr
    assert "home_phone" in counted.stdout
    assert "01632" not in counted.stdout + counted.stderr
    repaired = programs.ask("parity", *programs.options, "--repair", "--with-values", "--json")
    assert repaired.returncode == 0, repaired.stderr
    told = json.loads(repaired.stdout)
    assert (told["is_equal"], told["repaired"], told["records"]) == (True, 1, [])
    assert told["functions"]["patients"]["percent"] == 100.0
    assert family_and_phone(programs, "mary") == ("Lind", "01632 960911")
    programs.kill_bridge()
    edit_unseen(practice, "01632 960912")
    alone = programs.ask("parity", *programs.options, "--repair")
    assert alone.returncode == 0, alone.stderr
    assert family_and_phone(programs, "mary") == ("Lind", "01632 960912")


def count_of_patients(programs: Programs) -> int:
    return int(programs.client.search_page("Patient", {"_summary": "count"})["total"])


def test_a_first_load_that_is_killed_goes_on_where_it_was(
    programs: Programs, practice: SmallPractice
) -> None:
    for number in range(150):
        practice.add_patient(f"patient{number}", Surname="Lind", GivenName="N", PatientNumber=2000 + number)
    programs.variables["BANYAN_BRIDGE_FIRST_LOAD_ROWS_A_SECOND"] = "20"
    programs.start_bridge()
    until(lambda: count_of_patients(programs) > 15, "some are there")
    programs.kill_bridge()
    loading = in_status(programs)["loading"]
    assert isinstance(loading, dict)
    assert 15 < loading["marked"] < loading["total"] == 152
    del programs.variables["BANYAN_BRIDGE_FIRST_LOAD_ROWS_A_SECOND"]
    done = programs.ask("once", *programs.options, "--json")
    assert json.loads(done.stdout)["written_to_cloud"] < 152, "what was there was not carried again"
    assert count_of_patients(programs) == 152


@pytest.mark.hazard("H12")
@pytest.mark.parametrize("journal", ["journal.sqlite", "another.sqlite"])
def test_a_second_bridge_ends_with_one_sentence(programs: Programs, journal: str) -> None:
    programs.start_bridge()
    until(lambda: family_and_phone(programs, "mary") is not None, "the first load")
    options = [*programs.options[:-1], str(programs.folder / journal)]
    done = programs.ask("once", *options)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("end it first, or leave it running.")
    assert "Traceback" not in done.stderr


@pytest.mark.hazard("H21")
def test_a_bridge_of_another_environment_refuses_the_cloud(programs: Programs) -> None:
    done = programs.ask("once", *programs.options, "--environment", "training")
    assert done.returncode == 1
    assert "the cloud says it is reference" in done.stderr


def test_a_column_that_goes_missing_under_the_bridge_is_said_and_work_goes_on_once_it_is_back(
    programs: Programs, practice: SmallPractice
) -> None:
    programs.start_bridge()
    until(lambda: family_and_phone(programs, "mary") is not None, "the first load")
    rename_column(practice, "EmailAddress", "Email")
    practice.edit("Admin_Patient", "mary", HomePhone="0161 496 0444")
    words = "The legacy database has changed: Admin_Patient.EmailAddress is missing."
    until(lambda: words in programs.log.read_text(), "it is said", seconds=LONGEST_SECONDS)
    rename_column(practice, "Email", "EmailAddress")
    until(
        lambda: family_and_phone(programs, "mary") == ("Lind", "0161 496 0444"),
        "the edit crosses",
        seconds=LONGEST_SECONDS,
    )
