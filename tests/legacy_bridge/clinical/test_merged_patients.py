"""Patients who are merged, taken apart again, renumbered, or written over: every record keeps its one owner.

The legacy program merges two records by handing all rows of one to the other and deleting the first;
in the cloud a Patient says that it was replaced by another.
"""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.merge.identity import is_somebody_else
from legacy_bridge.records import PartialDate
from tests.legacy_bridge.support.clinical import (
    ENTRIES,
    add_record,
    clinical_stages,
    concept,
    doctor_reference,
    held,
    patient_reference,
    snomed,
)
from tests.legacy_bridge.support.faults import Faults, Killed
from tests.legacy_bridge.support.legacy_databases import LegacyKind
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import PracticeDatabase, SmallPractice, guid
from tests.legacy_bridge.test_conflict_desk import carried, listed, run
from tests.legacy_bridge.test_mirror_of_appointments import book_in_cloud
from web_modules.fhir_store.service import FhirService

PATIENTS = "Admin_Patient"
OWNED = [
    table
    for table in METADATA.sorted_tables
    if {"PatientGuid", "OrganisationGuid"} <= set(table.c.keys()) and table.name != PATIENTS
]
TYPES = (
    *("Encounter", "Condition", "AllergyIntolerance", "Observation", "DiagnosticReport", "Immunization"),
    *("FamilyMemberHistory", "Procedure", "ServiceRequest", "DocumentReference", "MedicationRequest"),
)
RECORDS = 13
"""What `add_record` makes of a patient, as resources."""
NUMBERS = ("9998193036", "9998656907")
STEP = 5
"""A bridge is killed at every fifth moment of a merge, and with `--soak` at each."""
Change = Callable[[Mirror], None]


def hand_over(connection: Connection, source: str, target: str, tables: list[Any] = OWNED) -> None:
    for table in tables:
        whose = table.c.PatientGuid == guid(source)
        connection.execute(update(table).where(whose).values(PatientGuid=guid(target)))


def mark(connection: Connection, name: str, *, is_deleted: bool) -> None:
    table = METADATA.tables[PATIENTS]
    connection.execute(update(table).where(table.c.PatientGuid == guid(name)).values(Deleted=is_deleted))


def merge_at_once(mirror: Mirror) -> None:
    with mirror.practice.engine.begin() as connection:
        hand_over(connection, "mary", "omar")
        mark(connection, "mary", is_deleted=True)


def merge_rows_first(mirror: Mirror) -> None:
    with mirror.practice.engine.begin() as connection:
        hand_over(connection, "mary", "omar")
    mirror.drain()
    with mirror.practice.engine.begin() as connection:
        mark(connection, "mary", is_deleted=True)


def merge_patient_first(mirror: Mirror) -> None:
    with mirror.practice.engine.begin() as connection:
        mark(connection, "mary", is_deleted=True)
    mirror.drain()
    with mirror.practice.engine.begin() as connection:
        hand_over(connection, "mary", "omar")


def merge_table_by_table(mirror: Mirror) -> None:
    for table in OWNED:
        with mirror.practice.engine.begin() as connection:
            hand_over(connection, "mary", "omar", [table])
        mirror.drain()
    with mirror.practice.engine.begin() as connection:
        mark(connection, "mary", is_deleted=True)


def take_apart(mirror: Mirror) -> None:
    with mirror.practice.engine.begin() as connection:
        mark(connection, "mary", is_deleted=False)
        hand_over(connection, "omar", "mary")


def rest(mirror: Mirror) -> None:
    for _ in range(3):
        mirror.drain()
        mirror.hasten()


def rows(practice: PracticeDatabase) -> int:
    with practice.engine.connect() as connection:
        return sum(len(connection.execute(select(table.c.PatientGuid)).all()) for table in OWNED)


def owners(mirror: Mirror) -> dict[str, str]:
    """Whose each clinical resource is: a name of the practice, or a reference to nobody who is there."""
    names = {
        f"Patient/{one['id']}": name
        for name in ("mary", "omar")
        for one in mirror.resources("Patient", PATIENTS, name)
    }
    found = {}
    for kind in TYPES:
        for one in mirror.client.search(kind, {"_count": "1000"}):
            whose = (one.get("subject") or one["patient"])["reference"]
            found[f"{kind}/{one['id']}"] = names.get(whose, whose)
    return found


def booked(mirror: Mirror) -> list[str]:
    """Whose the bookings of the first slot are, that stand."""
    found = [one for one in mirror.appointments("slot0") if one["status"] == "booked"]
    return [one["participant"][0]["actor"]["reference"] for one in found]


@pytest.mark.hazard("H17")
@pytest.mark.parametrize(
    "merging", [merge_at_once, merge_rows_first, merge_patient_first, merge_table_by_table]
)
def test_every_record_of_merged_patients_has_one_owner_and_goes_back_when_they_are_taken_apart(
    mirror: Mirror, merging: Change
) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    before, count = owners(mirror), rows(mirror.practice)
    assert list(before.values()) == ["mary"] * RECORDS
    merging(mirror)
    rest(mirror)
    assert list(owners(mirror).values()) == ["omar"] * RECORDS
    assert booked(mirror) == [f"Patient/{mirror.patient('omar')['id']}"]
    assert mirror.resources("Patient", PATIENTS, "mary") == []
    assert (held(mirror), mirror.journal.conflicts(), mirror.differing()) == ([], [], [])
    take_apart(mirror)
    rest(mirror)
    assert list(owners(mirror).values()) == ["mary"] * RECORDS
    assert booked(mirror) == [f"Patient/{mirror.patient('mary')['id']}"]
    assert (held(mirror), mirror.journal.conflicts(), mirror.differing()) == ([], [], [])
    assert rows(mirror.practice) == count
    if merging in {merge_at_once, merge_rows_first}:  # in the others they went with their patient
        assert owners(mirror) == before


@pytest.mark.hazard("H17")
@pytest.mark.parametrize("first", [0, *(pytest.param(one, marks=pytest.mark.soak) for one in range(1, STEP))])
def test_a_bridge_that_is_killed_anywhere_in_a_merge_leaves_each_record_with_one_owner(
    practice: SmallPractice, fhir: FhirService, tmp_path: Path, first: int
) -> None:
    add_record(practice)
    faults = Faults(seed=1)
    mirror = Mirror(practice, fhir, tmp_path, standings=clinical_stages(), wrap=faults.wrap)
    faults.is_on = False
    mirror.drain()
    changes, expected = [merge_at_once, take_apart], ["omar", "mary"]
    moment = first
    while True:
        faults.is_on, faults.kill_at, faults.count = False, None, 0
        changes[0](mirror)
        faults.is_on, faults.kill_at = True, moment + 2
        try:
            mirror.drain()
            was_killed = False
        except Killed:
            was_killed = True
        faults.is_on = False
        mirror.start()
        rest(mirror)
        assert list(owners(mirror).values()) == [expected[0]] * RECORDS, f"killed at {moment}"
        assert (held(mirror), mirror.journal.conflicts(), mirror.differing()) == ([], [], [])
        changes.reverse()
        expected.reverse()
        moment += STEP
        if not was_killed:
            break
    mirror.stop()
    assert moment > 5 * STEP, "there is more than that in which it can be killed"


def allergy(mirror: Mirror) -> dict[str, Any]:
    """What somebody enters for mary in a page that they had open."""
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                    "code": "active",
                }
            ]
        },
        "code": snomed("nut allergy"),
        "patient": patient_reference(mirror),
        "recordedDate": "2026-11-23T10:00:00Z",
        "recorder": doctor_reference(mirror),
    }


@pytest.mark.hazard("H05")
@pytest.mark.hazard("H17")
@pytest.mark.parametrize("is_withheld_by_time", [False, True])
def test_what_is_entered_for_a_patient_who_was_merged_meanwhile_is_held_for_a_person(
    mirror: Mirror, *, is_withheld_by_time: bool
) -> None:
    entered = allergy(mirror)
    merge_at_once(mirror)
    if is_withheld_by_time:  # the page was slow, and the store took it all the same
        mirror.drain()
    count = rows(mirror.practice)
    made = mirror.client.create(entered)
    rest(mirror)
    assert held(mirror) == [("allergy", "patient-gone")]
    assert rows(mirror.practice) == count, "nobody would ever see it there"
    assert mirror.client.read("AllergyIntolerance", made["id"])["code"] == made["code"]
    mirror.put(
        mirror.client.read("AllergyIntolerance", made["id"]), patient=patient_reference(mirror, "omar")
    )
    rest(mirror)
    assert held(mirror) == []
    (row,) = [
        one for one in mirror.practice.rows(ENTRIES) if str(one["CodeId"]) == concept("nut allergy")[-3:]
    ]
    assert row["PatientGuid"] == guid("omar")


def test_a_booking_for_a_patient_who_was_merged_meanwhile_is_held_for_a_person(mirror: Mirror) -> None:
    gone = mirror.patient("mary")["id"]
    book_in_cloud(mirror, "slot0", "mary")
    merge_at_once(mirror)
    rest(mirror)
    assert mirror.practice.slot("slot0")["PatientGuid"] is None
    assert [one["participant"][0]["actor"]["reference"] for one in mirror.appointments("slot0")] == [
        f"Patient/{gone}"
    ]
    assert held(mirror) == [("slot", "patient-gone")]


class MergedBeforeWrites:
    """A legacy side before each of whose writes somebody does something, once."""

    def __init__(self, side: LegacyRows, meanwhile: list[Callable[[], None]]) -> None:
        self._side = side
        self._meanwhile = meanwhile

    def __getattr__(self, name: str) -> Any:
        if name == "write" and self._meanwhile:
            self._meanwhile.pop()()
        return getattr(self._side, name)


@pytest.mark.hazard("H17")
@pytest.mark.parametrize("legacy_kind", [LegacyKind.SQLITE, LegacyKind.POSTGRESQL_ODBC])
@pytest.mark.parametrize("what", ["allergy", "slot"])
def test_a_patient_who_is_merged_while_the_bridge_writes_is_noticed(
    practice: SmallPractice, fhir: FhirService, tmp_path: Path, what: str
) -> None:
    add_record(practice)
    meanwhile: list[Callable[[], None]] = []

    def wrap(side: Any) -> Any:
        return MergedBeforeWrites(side, meanwhile) if isinstance(side, LegacyRows) else side

    mirror = Mirror(practice, fhir, tmp_path, standings=clinical_stages(), wrap=wrap)
    mirror.drain()
    count = rows(practice)
    if what == "allergy":
        mirror.client.create(allergy(mirror))
    else:
        book_in_cloud(mirror, "slot0", "mary")
    meanwhile.append(lambda: merge_at_once(mirror))
    rest(mirror)
    assert meanwhile == [], "it was about to write"
    assert held(mirror) == [(what, "patient-gone")]
    assert rows(practice) == count
    assert practice.slot("slot0")["PatientGuid"] is None
    mirror.stop()


def replace_in_cloud(mirror: Mirror) -> None:
    """Merge mary into omar as a program of the cloud does."""
    omar = patient_reference(mirror, "omar")
    for kind in TYPES:
        for one in mirror.client.search(kind, {"_count": "1000"}):
            mirror.put(one, **{"subject" if "subject" in one else "patient": omar})
    mary = mirror.patient("mary")
    mirror.put(mary, active=False, link=[{"other": omar, "type": "replaced-by"}])


@pytest.mark.hazard("H17")
def test_a_merge_in_the_cloud_alone_is_asked_about_and_can_be_taken_back(mirror: Mirror) -> None:
    replace_in_cloud(mirror)
    rest(mirror)
    assert list(owners(mirror).values()) == ["mary"] * RECORDS, "whose a row is follows the legacy program"
    assert mirror.patient("mary")["active"] is False, "it is not undone behind anybody's back"
    (asked,) = listed(mirror)
    assert asked["unit"] == "merged"
    assert "Omar Abernathy" in asked["cloud_says"]
    run(mirror, "conflicts", "keep", str(asked["number"]), "--side", "cloud")
    carried(mirror)
    (asked,) = listed(mirror)
    assert "legacy program" in asked["decision"]["words"], "the bridge merges nobody"
    run(mirror, "conflicts", "keep", str(asked["number"]), "--side", "legacy")
    carried(mirror)
    assert listed(mirror) == []
    mary = mirror.patient("mary")
    assert (mary["active"], mary.get("link")) == (True, None)
    assert mirror.differing() == []


def test_a_merge_on_both_sides_needs_nobody(mirror: Mirror) -> None:
    replace_in_cloud(mirror)
    merge_at_once(mirror)
    rest(mirror)
    assert list(owners(mirror).values()) == ["omar"] * RECORDS
    assert (held(mirror), listed(mirror), mirror.differing()) == ([], [], [])
    assert mirror.resources("Patient", PATIENTS, "mary") == []


def nhs_numbers(mirror: Mirror, name: str) -> list[str]:
    found = [
        one for one in mirror.patient(name)["identifier"] if one.get("system", "").endswith("nhs-number")
    ]
    return [one["value"] for one in found if one.get("use") != "old"]


@pytest.mark.hazard("H17")
def test_patients_who_swap_their_nhs_numbers_keep_their_records(mirror: Mirror) -> None:
    before = owners(mirror)
    ids = [mirror.patient(name)["id"] for name in ("mary", "omar")]
    for numbers in (NUMBERS, NUMBERS[::-1]):
        for name, number in zip(("mary", "omar"), numbers, strict=True):
            mirror.practice.edit(PATIENTS, name, NhsNumber=number)
        rest(mirror)
        assert [nhs_numbers(mirror, name) for name in ("mary", "omar")] == [[one] for one in numbers]
    assert [mirror.patient(name)["id"] for name in ("mary", "omar")] == ids
    assert owners(mirror) == before
    assert (held(mirror), listed(mirror), mirror.differing()) == ([], [], [])


@pytest.mark.hazard("H17")
def test_an_nhs_number_that_both_sides_changed_is_asked_about(mirror: Mirror) -> None:
    mirror.practice.edit(PATIENTS, "mary", NhsNumber=NUMBERS[0])
    mary = mirror.patient("mary")
    others = [one for one in mary["identifier"] if not one.get("system", "").endswith("nhs-number")]
    system = "https://fhir.nhs.uk/Id/nhs-number"
    mirror.put(mary, identifier=[*others, {"system": system, "value": NUMBERS[1]}])
    rest(mirror)
    (asked,) = listed(mirror)
    assert asked["unit"] == "nhs_number"
    assert mirror.practice.patient("mary")["NhsNumber"] == NUMBERS[0]
    assert nhs_numbers(mirror, "mary") == [NUMBERS[1]]


SOMEBODY_ELSE = {
    "NhsNumber": NUMBERS[1],
    "Surname": "Other",
    "GivenName": "Person",
    "DateOfBirth": date(1950, 1, 1),
    "Sex": "M",
    "HomePhone": "01632 960999",
}


@pytest.mark.hazard("H17")
def test_a_row_that_is_written_over_with_another_person_waits_for_somebody_to_look(mirror: Mirror) -> None:
    before = mirror.patient("mary")
    mirror.practice.edit(PATIENTS, "mary", **SOMEBODY_ELSE)
    rest(mirror)
    assert mirror.patient("mary") == before, "not a telephone number of somebody else's"
    (asked,) = listed(mirror)
    assert asked["unit"] == "identity"
    (task,) = mirror.client.search("Task", {"patient": f"Patient/{before['id']}"})
    assert "somebody else" in task["description"]
    told = [one["valueString"] for one in task["input"] if "text" in one["type"]]
    assert "date of birth: 01-Jan-1950" in told[0]
    assert "address" not in "".join(told), "what both say is nothing to decide about"
    assert not [one for one in task["input"] if "field" in str(one["type"])], "one side is kept, or put right"
    mirror.practice.book("slot0", "mary")
    rest(mirror)
    assert booked(mirror) == [f"Patient/{before['id']}"], "the record itself goes on"
    run(mirror, "conflicts", "keep", str(asked["number"]), "--side", "legacy")
    carried(mirror)
    now = mirror.patient("mary")
    assert (now["name"][0]["family"], now["birthDate"], now["gender"]) == ("Other", "1950-01-01", "male")
    assert nhs_numbers(mirror, "mary") == [NUMBERS[1]]
    assert (listed(mirror), mirror.differing()) == ([], [])


@pytest.mark.hazard("H17")
def test_a_resource_that_is_written_over_with_another_person_never_reaches_the_row(mirror: Mirror) -> None:
    before = mirror.practice.patient("omar")
    other = [{"use": "official", "given": ["Else"], "family": "Someone"}]
    mirror.put(mirror.patient("omar"), name=other, birthDate="1930-01-01")
    rest(mirror)
    assert mirror.practice.patient("omar") == before
    (asked,) = listed(mirror)
    assert "family: Someone" in asked["cloud_says"]
    run(mirror, "conflicts", "keep", str(asked["number"]), "--side", "legacy")
    carried(mirror)
    assert mirror.practice.patient("omar") == before
    assert mirror.patient("omar")["name"][0]["family"] == "Abernathy"
    assert (listed(mirror), mirror.differing()) == ([], [])


@pytest.mark.hazard("H17")
def test_somebody_else_is_still_asked_about_once_the_journal_is_lost(mirror: Mirror) -> None:
    before = mirror.patient("mary")
    mirror.practice.edit(PATIENTS, "mary", **SOMEBODY_ELSE)
    rest(mirror)
    mirror.stop()
    for one in mirror.folder.glob("journal.sqlite*"):
        one.unlink()
    mirror.start()
    rest(mirror)
    assert mirror.practice.patient("mary")["HomePhone"] == SOMEBODY_ELSE["HomePhone"]
    assert mirror.patient("mary") == before
    (asked,) = listed(mirror)
    assert asked["unit"] == "identity"
    run(mirror, "conflicts", "keep", str(asked["number"]), "--side", "legacy")
    carried(mirror)
    assert mirror.patient("mary")["name"][0]["family"] == "Other"
    assert (listed(mirror), mirror.differing()) == ([], [])


AGREED: Mapping[str, Any] = {
    "nhs_number": "9997576527",
    "given": "Mary",
    "family": "Lind",
    "birth_date": PartialDate(text="1980-02-03"),
    "sex": "F",
}


@pytest.mark.hazard("H17")
@pytest.mark.parametrize(
    ("changed", "is_other"),
    [
        ({}, False),
        ({"family": "Hill"}, False),  # married
        ({"family": "Hill", "given": "Maria"}, False),
        ({"given": "MARY", "family": "LIND", "birth_date": PartialDate(text="1980-03-02")}, False),
        ({"nhs_number": None, "sex": None, "birth_date": None}, False),
        ({"nhs_number": NUMBERS[0], "family": "Hill"}, False),
        ({"nhs_number": NUMBERS[0], "sex": "M"}, True),
        ({"family": "Hill", "given": "Maria", "birth_date": PartialDate(text="1950-01-01")}, True),
        ({"birth_date": PartialDate(text="1950-01-01"), "sex": "M"}, True),
    ],
)
def test_what_makes_somebody_another_person(changed: dict[str, Any], *, is_other: bool) -> None:
    said = {name: value for name, value in {**AGREED, **changed}.items() if value is not None}
    assert is_somebody_else(AGREED, said) is is_other
    assert not is_somebody_else({}, said), "nothing was agreed on yet"
    assert not is_somebody_else({**AGREED, "nhs_number": None, "birth_date": None}, dict(AGREED)), "a newborn"
