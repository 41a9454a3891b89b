"""Drugs and their issues between real tables and the embedded store."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from legacy_bridge.records import Kind
from tests.legacy_bridge.support.clinical import (
    add_codes,
    add_drug,
    add_issue,
    add_problem,
    clinical_stages,
    doctor_reference,
    held,
    patient_reference,
)
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import SmallPractice, guid
from web_modules.fhir_store.service import FhirService

DRUGS, ISSUES = "Prescribing_DrugRecord", "Prescribing_IssueRecord"
ENDED = ("stopped", "cancelled")


@pytest.fixture
def mirror(practice: SmallPractice, fhir: FhirService, tmp_path: Path) -> Iterator[Mirror]:
    """A bridge that has carried a drug and an issue of it once."""
    add_codes(practice)
    add_drug(practice, "daily")
    add_issue(practice, "first", "daily")
    made = Mirror(practice, fhir, tmp_path, standings=clinical_stages())
    made.drain()
    yield made
    made.stop()


def plan_of(mirror: Mirror, name: str = "daily") -> dict[str, Any]:
    return mirror.resource("MedicationRequest", DRUGS, name)


def test_a_drug_is_a_plan_and_its_issue_an_order_based_on_it(mirror: Mirror) -> None:
    assert mirror.journal.quarantined() == []
    assert mirror.differing() == []
    plan = plan_of(mirror)
    assert (plan["intent"], plan["status"]) == ("plan", "active")
    assert plan["medicationCodeableConcept"]["text"] == "Exampletine 500mg tablets"
    assert plan["dosageInstruction"][0]["text"] == "ONE TO BE TAKEN EACH DAY"
    assert str(plan["dispenseRequest"]["quantity"]["value"]) == "28.000"
    order = mirror.resource("MedicationRequest", ISSUES, "first")
    assert order["intent"] == "order"
    assert order["basedOn"][0]["reference"] == f"MedicationRequest/{plan['id']}"


@pytest.mark.hazard("H07")
def test_a_drug_stopped_in_legacy_is_stopped_on_the_cloud_and_started_again(mirror: Mirror) -> None:
    mirror.practice.edit(DRUGS, "daily", IsActive=False, CancellationDate=date(2026, 11, 16))
    mirror.drain()
    assert plan_of(mirror)["status"] == "stopped"
    mirror.practice.edit(DRUGS, "daily", IsActive=True, CancellationDate=None)
    mirror.drain()
    assert plan_of(mirror)["status"] == "active"
    assert mirror.differing() == []


@pytest.mark.hazard("H07")
def test_a_drug_stopped_on_the_cloud_is_cancelled_in_legacy_that_day_and_keeps_its_word(
    mirror: Mirror,
) -> None:
    for status in ("completed", "stopped", "active", "cancelled"):
        stopped = mirror.put(plan_of(mirror), status=status)
        moment = datetime.fromisoformat(stopped["meta"]["lastUpdated"])
        day = moment.astimezone(ZoneInfo("Europe/London")).date() if status in ENDED else None
        mirror.drain()
        row = mirror.practice.row(DRUGS, "daily")
        assert (row["IsActive"], row["CancellationDate"]) == (status == "active", day), status
        assert plan_of(mirror)["status"] == status
        assert (mirror.differing(), mirror.journal.conflicts(), held(mirror)) == ([], [], []), status


@pytest.mark.hazard("H07")
def test_the_day_of_a_stop_stays_what_it_was_when_the_plan_is_written_again(mirror: Mirror) -> None:
    mirror.put(plan_of(mirror), status="stopped", note=[{"text": "a rash"}])
    mirror.drain()
    plan = plan_of(mirror)
    days = [one["valueDate"] for one in plan["extension"] if one["url"].endswith("medication-cancelled")]
    assert days == [mirror.practice.row(DRUGS, "daily")["CancellationDate"].isoformat()]
    mirror.practice.edit(DRUGS, "daily", CancellationDate=date(2026, 11, 16))
    mirror.drain()
    mirror.put(plan_of(mirror), note=[{"text": "a rash, and a cough"}])
    mirror.drain()
    assert mirror.practice.row(DRUGS, "daily")["CancellationDate"] == date(2026, 11, 16)
    assert mirror.differing() == []


def test_the_day_of_an_earlier_cancellation_is_not_taken_for_that_of_a_later_end(mirror: Mirror) -> None:
    mirror.practice.edit(DRUGS, "daily", CancellationDate=date(2020, 1, 2))
    mirror.drain()
    assert plan_of(mirror)["status"] == "active"
    mirror.put(plan_of(mirror), status="completed")
    mirror.drain()
    assert mirror.practice.row(DRUGS, "daily")["CancellationDate"] is None
    assert (plan_of(mirror)["status"], mirror.differing()) == ("completed", [])


@pytest.mark.hazard("H06")
def test_what_is_not_issued_is_no_issue_and_one_that_is_ended_is_listed(mirror: Mirror) -> None:
    order = mirror.resource("MedicationRequest", ISSUES, "first")
    draft = {name: value for name, value in order.items() if name not in ("id", "meta", "identifier")}
    mirror.client.create({**draft, "status": "draft"})
    mirror.put(order, status="cancelled")
    mirror.drain()
    assert held(mirror) == [("issue", "prescription-status")] * 2
    assert [one["Deleted"] for one in mirror.practice.rows(ISSUES)] == [False]


@pytest.mark.hazard("H24")
def test_a_drug_that_becomes_confidential_takes_its_issues_along(mirror: Mirror) -> None:
    mirror.practice.edit(DRUGS, "daily", IsConfidential=True)
    mirror.drain()
    assert mirror.resources("MedicationRequest", DRUGS, "daily") == []
    assert mirror.resources("MedicationRequest", ISSUES, "first") == []
    mirror.practice.edit(DRUGS, "daily", IsConfidential=False)
    mirror.drain()
    assert mirror.resource("MedicationRequest", ISSUES, "first")["intent"] == "order"
    assert mirror.differing() == []


def give_a_problem(mirror: Mirror) -> None:
    add_problem(mirror.practice, "elbow")
    for table, name in ((DRUGS, "daily"), (ISSUES, "first")):
        mirror.practice.edit(table, name, ProblemObservationGuid=guid("elbow"))
    mirror.drain()
    assert "Condition/" in str(plan_of(mirror))


@pytest.mark.hazard("H24")
def test_what_is_prescribed_for_a_problem_that_becomes_confidential_names_it_no_longer(
    mirror: Mirror,
) -> None:
    give_a_problem(mirror)
    mirror.practice.edit("CareRecord_Observation", "elbow", IsConfidential=True)
    mirror.drain()
    assert "Condition/" not in str(plan_of(mirror))
    assert "Condition/" not in str(mirror.resource("MedicationRequest", ISSUES, "first"))
    assert mirror.differing() == []


def test_what_is_prescribed_for_a_problem_that_is_deleted_is_listed(mirror: Mirror) -> None:
    give_a_problem(mirror)
    mirror.practice.edit("CareRecord_Observation", "elbow", Deleted=True)
    mirror.drain()
    assert sorted(held(mirror)) == [("issue", "carried-without"), ("medication", "carried-without")]
    assert mirror.differing() == []


@pytest.mark.hazard("H06")
def test_a_prescription_made_on_the_cloud_is_issued_once(mirror: Mirror) -> None:
    mirror.client.create(
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {
                "coding": [{"system": "http://snomed.info/sct", "code": "900000501"}]
            },
            "subject": patient_reference(mirror),
            "authoredOn": "2026-11-17",
            "requester": doctor_reference(mirror),
            "basedOn": [{"reference": f"MedicationRequest/{plan_of(mirror)['id']}"}],
            "dosageInstruction": [{"text": "ONE AT NIGHT"}],
            "dispenseRequest": {"quantity": {"value": Decimal("14.0"), "unit": "tablet"}},
        }
    )
    mirror.drain()
    mirror.service.compare_everything()
    mirror.drain()
    assert mirror.journal.quarantined() == []
    rows = mirror.practice.rows(ISSUES)
    assert len(rows) == 2
    assert (rows[-1]["Dosage"], str(rows[-1]["Quantity"]), rows[-1]["CodeId"]) == (
        "ONE AT NIGHT",
        "14.0",
        501,
    )
    assert rows[-1]["DrugRecordGuid"] == guid("daily")
    assert mirror.differing() == []
    assert mirror.journal.standing().linked[Kind.ISSUE] == 2


def test_a_clinical_code_is_no_drug(mirror: Mirror) -> None:
    plan = plan_of(mirror)
    coding = [{"system": "http://snomed.info/sct", "code": "900000104"}]
    mirror.put(plan, medicationCodeableConcept={"coding": coding})
    mirror.drain()
    assert [one.reason for one in mirror.journal.quarantined()] == ["code-of-another-kind"]
    assert mirror.practice.row(DRUGS, "daily")["CodeId"] == 501
