"""Clinical records that are made in the cloud: one legacy row each, or a reason why not."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.records import Kind
from legacy_bridge.sides.writes import OutcomeKind, RowChange
from tests.legacy_bridge.support.clinical import (
    CODES,
    ENTRIES,
    doctor_reference,
    entry,
    held,
    patient_reference,
    snomed,
)
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import ODS, guid, key

NEW: dict[str, Any] = {
    "AllergyIntolerance": {
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                    "code": "active",
                }
            ]
        },
        "code": "nut allergy",
        "onsetDateTime": "2019",
    },
    "Condition": {
        "clinicalStatus": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
            ]
        },
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/condition-category",
                        "code": "problem-list-item",
                    }
                ]
            }
        ],
        "code": "cough",
        "onsetDateTime": "2026-11-13",
    },
    "Observation": {
        "status": "final",
        "code": "weight",
        "effectiveDateTime": "2026-11-13T09:30:00Z",
        "valueQuantity": {"value": Decimal("70.10"), "unit": "kg"},
    },
}


def made_in_cloud(mirror: Mirror, resource_type: str, **changed: Any) -> dict[str, Any]:
    content = {**NEW[resource_type]}
    code = changed.pop("code", content.pop("code"))
    doctor: Any = doctor_reference(mirror)
    said: dict[str, Any] = {"code": snomed(code) if isinstance(code, str) else code}
    said[WHO[resource_type]] = [doctor] if resource_type == "Observation" else doctor
    if resource_type == "Immunization":
        said = {"vaccineCode": said["code"], "performer": [{"actor": doctor}]}
    if resource_type == "FamilyMemberHistory":
        address = "https://banyan.example/StructureDefinition/clinician"
        said = {
            "condition": [{"code": said["code"]}],
            "extension": [{"url": address, "valueReference": doctor}],
        }
    is_patient = resource_type in ("AllergyIntolerance", "Immunization", "FamilyMemberHistory")
    resource = {
        "resourceType": resource_type,
        "patient" if is_patient else "subject": patient_reference(mirror),
        **said,
        **content,
        **changed,
    }
    return mirror.client.create({name: one for name, one in resource.items() if one is not None})


NEW |= {
    "Immunization": {"status": "completed", "code": "jab", "occurrenceDateTime": "2026-11-13"},
    "FamilyMemberHistory": {
        "status": "completed",
        "code": "grandmother",
        "relationship": {"text": "grandmother"},
        "date": "2026-11-13",
    },
    "Procedure": {"status": "completed", "code": "stitches", "performedDateTime": "2026-11-13"},
    "ServiceRequest": {
        "status": "active",
        "intent": "order",
        "code": "to hospital",
        "authoredOn": "2026-11-13",
        "priority": "urgent",
        "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]}],
    },
}
WHO = {
    "AllergyIntolerance": "recorder",
    "Condition": "recorder",
    "Observation": "performer",
    "Immunization": "performer",
    "FamilyMemberHistory": "extension",
    "Procedure": "asserter",
    "ServiceRequest": "requester",
}


@pytest.mark.parametrize("resource_type", list(NEW))
def test_a_new_record_in_the_cloud_becomes_one_legacy_row_and_both_are_equal(
    mirror: Mirror, resource_type: str
) -> None:
    before = len(mirror.practice.rows(ENTRIES))
    made = made_in_cloud(mirror, resource_type)
    mirror.drain()
    assert held(mirror) == []
    assert len(mirror.practice.rows(ENTRIES)) == before + 1
    row = mirror.practice.rows(ENTRIES)[-1]
    assert row["PatientGuid"] == guid("mary")
    assert row["CodeId"] == CODES[NEW[resource_type]["code"]][0]
    assert row["ClinicianUserInRoleGuid"] == guid("ann")
    stored = mirror.client.read(resource_type, made["id"])
    assert stored["identifier"][0]["value"] == row["ObservationGuid"].strip("{}").lower()
    concept = stored.get("code") or stored.get("vaccineCode") or stored["condition"][0]["code"]
    assert len(concept["coding"]) == 3
    assert mirror.differing() == []
    mirror.service.compare_everything()
    done = mirror.drain()
    assert (done.written_to_cloud, done.written_to_legacy) == (0, 0)
    assert len(mirror.practice.rows(ENTRIES)) == before + 1


def test_a_request_of_which_nobody_can_tell_what_it_is_is_listed(mirror: Mirror) -> None:
    made_in_cloud(mirror, "ServiceRequest", category=None)
    mirror.drain()
    assert [reason for _, reason in held(mirror)] == ["only-in-cloud"]


def test_a_new_problem_in_the_cloud_extends_its_new_entry(mirror: Mirror) -> None:
    made_in_cloud(mirror, "Condition")
    mirror.drain()
    (row,) = [
        one for one in mirror.practice.rows("CareRecord_Problem") if one["ObservationGuid"] != guid("elbow")
    ]
    assert row["ProblemStatusDescription"] == "Active Problem"
    assert (row["PatientGuid"], row["Deleted"]) == (guid("mary"), False)


def test_a_new_consultation_in_the_cloud_becomes_a_row(mirror: Mirror) -> None:
    mirror.client.create(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HH"},
            "type": [{"text": "Home visit"}],
            "subject": patient_reference(mirror),
            "period": {"start": "2026-11-13"},
            "participant": [
                {
                    "type": [
                        {
                            "coding": [
                                {
                                    "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                                    "code": "PPRF",
                                }
                            ]
                        }
                    ],
                    "individual": doctor_reference(mirror),
                }
            ],
        }
    )
    mirror.drain()
    assert held(mirror) == []
    row = mirror.practice.rows("CareRecord_Consultation")[-1]
    assert (row["ConsultationType"], row["Complete"]) == ("Home visit", True)
    assert mirror.differing() == []


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("clinician-missing", {"recorder": None}),
        ("code-unknown", {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "1234"}]}}),
        ("code-unknown", {"code": {"text": "an allergy to something"}}),
        ("code-of-another-kind", {"code": "weight"}),
        ("allergy-ended", {"clinicalStatus": {"coding": [{"system": "x", "code": "resolved"}]}}),
        (
            "confidential-in-cloud",
            {
                "meta": {
                    "security": [
                        {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
                    ]
                }
            },
        ),
    ],
)
@pytest.mark.hazard("H05")
def test_what_legacy_cannot_hold_is_quarantined_with_the_reason_and_the_others_flow(
    mirror: Mirror, reason: str, changed: dict[str, Any]
) -> None:
    status = changed.get("clinicalStatus")
    if status is not None:
        status["coding"][0]["system"] = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    before = len(mirror.practice.rows(ENTRIES))
    made_in_cloud(mirror, "AllergyIntolerance", **changed)
    made_in_cloud(mirror, "Observation")
    mirror.drain()
    assert held(mirror) == [("allergy", reason)]
    assert len(mirror.practice.rows(ENTRIES)) == before + 1


def test_key_of_a_record_made_in_the_cloud_depends_on_nothing_but_its_id(
    mirror: Mirror, tmp_path: Path
) -> None:
    made_in_cloud(mirror, "AllergyIntolerance")
    mirror.drain()
    rows = len(mirror.practice.rows(ENTRIES))
    (link,) = mirror.journal.keys_of(
        [f"AllergyIntolerance/{entry(mirror, 'AllergyIntolerance', 'pen')['id']}"]
    ).values()
    assert link == key(Kind.ALLERGY, "pen")
    mirror.stop()
    (tmp_path / "journal.sqlite").unlink()
    mirror.start()
    mirror.drain()
    assert len(mirror.practice.rows(ENTRIES)) == rows
    assert mirror.differing() == []


def test_a_row_that_the_bridge_made_and_somebody_removed_is_not_made_again(mirror: Mirror) -> None:
    rows = LegacyRows(mirror.practice.engine, ODS)
    link = key(Kind.ALLERGY, "new")
    change = RowChange(link=link, digest=None, columns={"PatientGuid": guid("mary"), "CodeId": 101})
    assert rows.write([change])[link].kind is OutcomeKind.WRITTEN
    assert rows.write([change])[link].kind is OutcomeKind.CHANGED
    mirror.practice.remove(ENTRIES, "new")
    refused = rows.write([change])[link]
    assert refused.refusal is not None
    assert refused.refusal[0] == "removed-in-legacy"
    assert guid("new") not in [row["ObservationGuid"] for row in mirror.practice.rows(ENTRIES)]


def test_a_row_marked_deleted_is_not_made_again(mirror: Mirror) -> None:
    made = made_in_cloud(mirror, "AllergyIntolerance")
    mirror.drain()
    (link,) = mirror.journal.keys_of([f"AllergyIntolerance/{made['id']}"]).values()
    rows = LegacyRows(mirror.practice.engine, ODS)
    change = RowChange(link=link, digest=None, columns={"PatientGuid": guid("mary")})
    assert rows.write([change])[link].kind is OutcomeKind.CHANGED
