"""A generated practice is always the same, holds nobody real, and shows a working day."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from nhs_number.validate import is_valid
from sqlalchemy import Engine, create_engine, select

from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.reference_practice.generator import generate
from legacy_bridge.reference_practice.practice import PracticePlan

TODAY = date(2026, 11, 17)


def made(**changes: Any) -> Engine:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    values: dict[str, Any] = {"ods": "Y99002", "name": "Fernbrook Surgery", "today": TODAY} | changes
    generate(engine, PracticePlan(**values), progress=lambda _: None)
    return engine


def rows(engine: Engine, table: str) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(METADATA.tables[table])).mappings()]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    practice = made()
    yield practice
    practice.dispose()


@pytest.fixture(scope="module")
def patients(engine: Engine) -> list[dict[str, Any]]:
    return rows(engine, "Admin_Patient")


@pytest.fixture(scope="module")
def slots(engine: Engine) -> list[dict[str, Any]]:
    return rows(engine, "Appointment_Slot")


def test_the_same_plan_gives_the_same_practice_and_another_seed_another(
    patients: list[dict[str, Any]], slots: list[dict[str, Any]]
) -> None:
    again, other = made(), made(seed=2)
    assert rows(again, "Admin_Patient") == patients
    assert rows(again, "Appointment_Slot") == slots
    assert rows(other, "Admin_Patient") != patients
    again.dispose()
    other.dispose()


def test_nobody_can_be_mistaken_for_a_real_person(patients: list[dict[str, Any]]) -> None:
    numbers = [row["NhsNumber"] for row in patients if row["NhsNumber"]]
    assert len(set(numbers)) == len(numbers) == 199
    assert all(number.startswith("999") and is_valid(number) for number in numbers)
    home = [row["HomePhone"] for row in patients if row["HomePhone"]]
    mobile = [row["MobilePhone"] for row in patients if row["MobilePhone"]]
    assert all(re.fullmatch(r"01632 960\d{3}", phone) for phone in home)
    assert all(re.fullmatch(r"07700 900\d{3}", phone) for phone in mobile)
    assert all((row["EmailAddress"] or "@example.org").endswith("@example.org") for row in patients)


def test_those_whom_every_screen_must_get_right_are_there(patients: list[dict[str, Any]]) -> None:
    names = [(row["Surname"], row["GivenName"]) for row in patients]
    assert names.count(("Smith", "Sarah")) >= 2
    assert ("Smith", "Sandra") in names
    assert sum(row["DateOfDeath"] is not None for row in patients) == 1
    assert sum((TODAY - row["DateOfBirth"]).days < 7 for row in patients) >= 1
    assert sum(row["NhsNumber"] is None for row in patients) == 1
    assert sum(row["IsConfidential"] for row in patients) == 1


@pytest.mark.parametrize("seed", range(1, 7))
def test_nobody_has_the_same_name_twice_in_a_row(seed: int) -> None:
    engine = made(seed=seed, patients=1000)
    for row in rows(engine, "Admin_Patient"):
        names = [row["GivenName"], row["MiddleNames"], row["Surname"]]
        assert len(set(names)) == 3, names
    engine.dispose()


def test_names_are_as_varied_as_people(patients: list[dict[str, Any]]) -> None:
    whole = [(row["GivenName"], row["Surname"]) for row in patients]
    assert len(set(whole)) > len(whole) * 0.95
    texts = [" ".join(name) for name in whole]
    for kind in (r"'", r"-", r"\w \w+ \w", "[À-ž]", "[Ѐ-ӿ]", "[\u0600-\u06ff]", "[\u4e00-\u9fff]"):
        assert any(re.search(kind, text) for text in texts), kind
    assert all((row["EmailAddress"] or "").isascii() for row in patients)


def test_texts_fit_their_columns(engine: Engine) -> None:
    for name, table in METADATA.tables.items():
        for row in rows(engine, name):
            for column in table.c:
                length = getattr(column.type, "length", None)
                if length is not None and row[column.name] is not None:
                    assert len(row[column.name]) <= length, (name, column.name)


def test_today_shows_every_state_and_other_days_lie_two_weeks_each_side(slots: list[dict[str, Any]]) -> None:
    today = [row for row in slots if row["AppointmentDate"] == TODAY]
    assert {row["SlotStatus"] for row in today} == {
        "Left",
        "Sent In",
        "Arrived",
        "Booked",
        "DNA",
        "Slot Available",
    }
    assert any(row["IsBlocked"] for row in today)
    assert len({row["SessionGuid"] for row in today}) == 10
    assert {row["PlannedDurationInMinutes"] for row in slots} == {15, 20}
    days = {row["AppointmentDate"] for row in slots}
    assert (min(days), max(days)) == (date(2026, 11, 3), date(2026, 12, 1))


def test_nobody_is_booked_twice_a_day_or_while_dead_confidential_or_unborn(
    patients: list[dict[str, Any]], slots: list[dict[str, Any]]
) -> None:
    booked = [(row["AppointmentDate"], row["PatientGuid"]) for row in slots if row["PatientGuid"]]
    assert len(booked) == len(set(booked))
    known = {row["PatientGuid"]: row for row in patients}
    for day, guid in booked:
        assert known[guid]["DateOfBirth"] <= day
        assert known[guid]["DateOfDeath"] is None
        assert not known[guid]["IsConfidential"]


def test_a_free_slot_has_nobody_and_a_booked_one_says_when_and_how(slots: list[dict[str, Any]]) -> None:
    for row in slots:
        is_free = row["SlotStatus"] == "Slot Available"
        assert (row["PatientGuid"] is None) is is_free
        assert (row["BookedDate"] is None) is (row["BookedTime"] is None) is is_free
        assert (row["BookingMethod"] is None) is is_free


def test_entries_are_of_people_who_were_born(engine: Engine, patients: list[dict[str, Any]]) -> None:
    born = {row["PatientGuid"]: row["DateOfBirth"] for row in patients}
    consultations = rows(engine, "CareRecord_Consultation")
    assert consultations
    assert all(row["EffectiveDate"] >= born[row["PatientGuid"]] for row in consultations)


def test_training_names_say_so() -> None:
    engine = made(ods="Y99003", name="Willow Bank", name_prefix="TEST-", first_number=900001, patients=20)
    patients = rows(engine, "Admin_Patient")
    assert len(patients) == 20
    assert all(row["Surname"].startswith("TEST-") for row in patients)
    assert min(row["PatientNumber"] for row in patients) == 900001
    engine.dispose()


def test_records_are_as_full_as_is_asked_and_a_few_people_have_very_many_entries() -> None:
    practice = made(patients=120, density=0.05)
    entries: dict[str, int] = {}
    for row in rows(practice, "CareRecord_Observation"):
        entries[row["PatientGuid"]] = entries.get(row["PatientGuid"], 0) + 1
    mean = sum(entries.values()) / len(entries)
    assert 45 < mean < 80, "a twentieth of 1,200"
    assert max(entries.values()) > 4 * mean
    assert sum(entries.values()) > 5000, "more than is inserted at once"
    numbers = [row["ProcessingId"] for row in rows(practice, "CareRecord_Observation")]
    assert len(set(numbers)) == len(numbers)
    practice.dispose()
