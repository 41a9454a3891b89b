"""The mirror keeps its word on every FHIR server: the embedded one, others, and awkward ones."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from legacy_bridge.errors import SideUnavailable
from legacy_bridge.records import Kind
from tests.legacy_bridge.support.clinical import CODES, ENTRIES, add_record, clinical_stages, entry
from tests.legacy_bridge.support.lossy_transport import LossyTransport
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import SmallPractice
from web_modules.fhir.transport import FhirRequest


@pytest.fixture
def mirror(practice: SmallPractice, cloud: LossyTransport, tmp_path: Path) -> Iterator[Mirror]:
    made = Mirror(practice, cloud, tmp_path)
    yield made
    made.stop()


def rested(mirror: Mirror) -> None:
    """Start the bridge again, and let it do all that it can: a server without history is looked through."""
    for _ in range(200):
        try:
            mirror.start()
            mirror.drain()
        except SideUnavailable:
            continue
        return
    raise AssertionError("the bridge did not come to rest")


def put(mirror: Mirror, resource: dict[str, Any], **changed: Any) -> None:
    """Change elements of a resource as somebody does who names no version."""
    mirror.client.update({**resource, **changed})


def with_phone(resource: dict[str, Any], value: str) -> list[dict[str, Any]]:
    return [{**one, "value": value} if one.get("use") == "home" else one for one in resource["telecom"]]


def test_patients_and_appointments_travel_both_ways(mirror: Mirror) -> None:
    practice = mirror.practice
    rested(mirror)
    assert mirror.differing() == []
    assert mirror.journal.standing().linked[Kind.PATIENT] == 2
    mary = mirror.patient("mary")
    put(mirror, mary, telecom=with_phone(mary, "01632 222222"))
    practice.edit("Admin_Patient", "omar", HomePhone="01632 111111")
    practice.book("slot0", "mary")
    rested(mirror)
    assert practice.patient("mary")["HomePhone"] == "01632 222222"
    assert mirror.patient("omar")["telecom"][0]["value"] == "01632 111111"
    (booked,) = mirror.appointments("slot0")
    assert booked["status"] == "booked"
    put(mirror, booked, status="cancelled")
    rested(mirror)
    assert practice.slot("slot0")["PatientGuid"] is None
    assert mirror.slot("slot0")["status"] == "free"
    practice.remove("Appointment_Slot", "slot2")
    rested(mirror)
    assert mirror.resources("Slot", "Appointment_Slot", "slot2") == []
    assert mirror.differing() == []
    mirror.start()
    again = mirror.drain()
    assert (again.written_to_cloud, again.written_to_legacy) == (0, 0)
    assert mirror.journal.conflicts(decided=True) == []
    assert [one for one in mirror.journal.quarantined() if not one.subject.startswith("mirror/")] == []


@pytest.mark.parametrize("cloud", ["sekmet-fhir", "without history", "one resource at a time"], indirect=True)
def test_what_both_sides_changed_is_asked_about_and_what_is_deleted_stays_so(mirror: Mirror) -> None:
    practice = mirror.practice
    rested(mirror)
    mary = mirror.patient("mary")
    practice.edit("Admin_Patient", "mary", Surname="Lindt")
    put(mirror, mary, name=[{**mary["name"][0], "family": "Lindh"}])
    mirror.client.delete("Slot", mirror.slot("slot1")["id"])
    rested(mirror)
    assert practice.patient("mary")["Surname"] == "Lindt"
    assert mirror.patient("mary")["name"][0]["family"] == "Lindh"
    assert [one.conflict.unit for one in mirror.journal.conflicts()] == ["name"]
    assert bool(practice.slot("slot1")["Deleted"])
    (task,) = mirror.client.search("Task", {"code": "conflict"})
    assert task["for"]["reference"] == f"Patient/{mary['id']}"


@pytest.mark.parametrize(
    "cloud", ["sekmet-fhir, whole addresses", "one resource at a time", "minimal answers"], indirect=True
)
def test_clinical_record_travels_both_ways(
    practice: SmallPractice, cloud: LossyTransport, tmp_path: Path
) -> None:
    add_record(practice)
    sodium = str(practice.row(ENTRIES, "sodium1")["Value"])
    mirror = Mirror(practice, cloud, tmp_path, standings=clinical_stages())
    rested(mirror)
    held = {one.subject for one in mirror.journal.quarantined()}  # of a type that the server does not know
    assert {one.partition("/")[0] for one in mirror.differing()} <= {one.partition("/")[0] for one in held}
    weight = entry(mirror, "Observation", "weight1")
    assert weight["valueQuantity"]["value"] == 60
    put(mirror, weight, valueQuantity={**weight["valueQuantity"], "value": Decimal("61.50")})
    allergy = entry(mirror, "AllergyIntolerance", "pen")
    made = {name: one for name, one in allergy.items() if name not in {"id", "meta", "identifier"}}
    mirror.client.create(made)
    rested(mirror)
    assert practice.row(ENTRIES, "weight1")["Value"] == Decimal("61.50")
    assert str(practice.row(ENTRIES, "sodium1")["Value"]) == sodium
    codes = [one["CodeId"] for one in practice.rows(ENTRIES)]
    assert codes.count(CODES["penicillin allergy"][0]) == 2
    assert set(mirror.differing()) <= held
    mirror.stop()


@pytest.mark.parametrize(
    "cloud", ["sekmet-fhir", "one resource at a time", "If-Match ignored"], indirect=True
)
@pytest.mark.parametrize("fault", ["request lost", "reply lost", "late"])
def test_every_write_meets_a_fault_once_and_nothing_is_doubled(
    mirror: Mirror, cloud: LossyTransport, fault: str
) -> None:
    if fault == "late" and not mirror.server.abilities().creates_conditionally:
        fault = "request lost"  # this server cannot tell a late create from a new one, and that is said
    met: set[bytes] = set()

    def once_each(request: FhirRequest) -> str | None:
        is_own_word = any(one in request.body for one in (b'"Basic"', b'"Task"'))
        if request.method == "GET" or is_own_word or request.body in met:
            return None
        met.add(request.body)
        return fault

    cloud.fault = once_each
    rested(mirror)
    mirror.practice.book("slot0", "mary")
    mirror.practice.edit("Admin_Patient", "omar", HomePhone="01632 111111")
    rested(mirror)
    cloud.fault = lambda _: None
    rested(mirror)
    assert mirror.differing() == []
    for name in ("mary", "omar"):
        assert len(mirror.resources("Patient", "Admin_Patient", name)) == 1
    for index in range(3):
        assert len(mirror.resources("Slot", "Appointment_Slot", f"slot{index}")) == 1
    assert len(mirror.appointments("slot0")) == 1


@pytest.mark.parametrize(
    "cloud",
    ["sekmet-fhir", "strong ETags", "opaque ETags", "If-Match ignored", "one resource at a time"],
    indirect=True,
)
def test_an_edit_that_comes_just_before_the_write_is_not_overwritten(
    mirror: Mirror, cloud: LossyTransport
) -> None:
    rested(mirror)
    mary = mirror.patient("mary")
    met: list[FhirRequest] = []

    def edited_meanwhile(request: FhirRequest) -> str | None:
        if request.method in {"POST", "PUT"} and mary["id"].encode() in request.body and not met:
            met.append(request)
            put(mirror, mary, telecom=with_phone(mary, "01632 222222"))
            return "request lost" if not mirror.server.abilities().is_guarding else None
        return None

    cloud.fault = edited_meanwhile
    mirror.practice.edit("Admin_Patient", "mary", EmailAddress="mary@example.org")
    rested(mirror)
    assert met
    assert mirror.practice.patient("mary")["HomePhone"] == "01632 222222"
    assert mirror.patient("mary")["telecom"] != mary["telecom"]
    assert mirror.differing() == []
