"""Consultations, allergies, conditions and results between real tables and the embedded store."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from legacy_bridge.records import ENTRIES as ENTRY_KINDS
from legacy_bridge.records import Kind
from tests.legacy_bridge.support.clinical import (
    CODES,
    ENTRIES,
    add_allergy,
    add_consultation,
    add_entry,
    add_problem,
    add_value,
    entry,
    held,
)
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import guid
from web_modules.fhir.errors import FhirGone, FhirNotFound
from web_modules.fhir.mirror_tasks import CLINICIAN


def is_error(resource: dict[str, Any]) -> bool:
    found = resource.get("verificationStatus") or {"coding": [{"code": resource.get("status")}]}
    return bool(found["coding"][0]["code"] == "entered-in-error")


def test_first_load_makes_both_sides_equal_and_a_second_look_writes_nothing(mirror: Mirror) -> None:
    assert held(mirror) == []
    assert mirror.differing() == []
    linked = mirror.journal.standing().linked
    assert {kind: linked[kind] for kind in ENTRY_KINDS} == dict.fromkeys(ENTRY_KINDS, 1) | {
        Kind.OBSERVATION: 2
    }
    mirror.service.compare_everything()
    done = mirror.drain()
    assert (done.written_to_cloud, done.written_to_legacy) == (0, 0)


@pytest.mark.hazard("H08")
def test_a_code_keeps_every_name_that_it_has(mirror: Mirror) -> None:
    code = entry(mirror, "Condition", "elbow")["code"]
    assert code["text"] == "Sore elbow of the reference practice"
    assert [(one["system"].rpartition("/")[2], one["code"]) for one in code["coding"]] == [
        ("sct", "900000103"),
        ("emis-code-id", "103"),
        ("emis-local-read", "^E3"),
    ]
    assert code["coding"][0]["extension"][0]["valueId"] == "800000103"


@pytest.mark.hazard("H09")
def test_a_value_keeps_its_digits_and_its_unit(mirror: Mirror) -> None:
    weight = entry(mirror, "Observation", "weight1")
    assert str(weight["valueQuantity"]["value"]) == "60.000"
    assert weight["valueQuantity"]["unit"] == "kg"
    sodium = entry(mirror, "Observation", "sodium1")
    assert str(sodium["valueQuantity"]["value"]) == "56.0"
    assert str(sodium["referenceRange"][0]["low"]["value"]) == "40.0"
    assert sodium["interpretation"][0]["text"] == "Above range"
    assert '<Qualifiers>\r\n"é"</Qualifiers> ' in str(
        [one.get("valueString") for one in sodium["extension"]]
    ) or any(one.get("valueString") == '<Qualifiers>\r\n"é"</Qualifiers> ' for one in sodium["extension"])


def test_a_report_names_its_results_and_an_entry_its_consultation(mirror: Mirror) -> None:
    report = entry(mirror, "DiagnosticReport", "bloods")
    assert report["result"] == [{"reference": f"Observation/{entry(mirror, 'Observation', 'sodium1')['id']}"}]
    visit = mirror.resource("Encounter", "CareRecord_Consultation", "visit")
    assert visit["class"]["code"] == "VR"
    assert visit["status"] == "finished"
    assert visit["period"] == {"start": "2026-11-12"}
    allergy = entry(mirror, "AllergyIntolerance", "pen")
    assert allergy["encounter"] == {"reference": f"Encounter/{visit['id']}"}
    assert allergy["recordedDate"] == "2026-11-12T10:05:00+00:00"


def test_every_kind_of_entry_becomes_its_own_resource(mirror: Mirror) -> None:
    assert entry(mirror, "Immunization", "jab1")["occurrenceDateTime"] == "2026-11-12"
    gran = entry(mirror, "FamilyMemberHistory", "gran")
    assert gran["condition"][0]["code"]["text"] == "Family history of made-up sneezing"
    assert entry(mirror, "Procedure", "cut")["performedDateTime"] == "2026-11-12"
    assert entry(mirror, "ServiceRequest", "asked")["category"][0]["coding"][0]["code"] == "108252007"
    sent = entry(mirror, "ServiceRequest", "sent")
    assert sent["priority"] == "urgent"
    assert {"system": "https://fhir.nhs.uk/Id/UBRN", "value": "000012345678"} in sent["identifier"]


def test_a_referral_made_routine_in_the_cloud_is_routine_in_legacy(mirror: Mirror) -> None:
    sent = entry(mirror, "ServiceRequest", "sent")
    mirror.put(sent, priority="routine")
    mirror.drain()
    assert mirror.practice.row("CareRecord_ObservationReferral", "sent")["ReferralUrgency"] == "Routine"
    assert mirror.differing() == []


def test_a_changed_value_in_legacy_reaches_the_cloud(mirror: Mirror) -> None:
    mirror.practice.edit(ENTRIES, "weight1", Value=Decimal("60.00"))
    mirror.drain()
    assert str(entry(mirror, "Observation", "weight1")["valueQuantity"]["value"]) == "60.00"


def test_a_changed_value_in_the_cloud_reaches_legacy_digit_for_digit(mirror: Mirror) -> None:
    weight = entry(mirror, "Observation", "weight1")
    mirror.put(weight, valueQuantity={"value": Decimal("61.50"), "unit": "kg"})
    mirror.drain()
    row = mirror.practice.row(ENTRIES, "weight1")
    assert (str(row["Value"]), row["NumericUnit"]) == ("61.50", "kg")
    assert mirror.differing() == []


def test_a_problem_that_ends_in_the_cloud_ends_in_legacy(mirror: Mirror) -> None:
    elbow = entry(mirror, "Condition", "elbow")
    status = {"coding": [{**elbow["clinicalStatus"]["coding"][0], "code": "resolved"}]}
    mirror.put(elbow, clinicalStatus=status, abatementDateTime="2026-10")
    mirror.drain()
    row = mirror.practice.row("CareRecord_Problem", "elbow")
    assert row["ProblemStatusDescription"] == "Past Problem"
    assert (row["EndDate"], row["EndDatePrecision"]) == (date(2026, 10, 1), "YM")
    assert entry(mirror, "Condition", "elbow")["clinicalStatus"] == status
    assert mirror.differing() == []


def test_an_active_problem_with_an_end_is_carried_with_both(mirror: Mirror) -> None:
    mirror.practice.edit("CareRecord_Problem", "elbow", EndDate=date(2026, 10, 1), EndDatePrecision="YM")
    mirror.drain()
    elbow = entry(mirror, "Condition", "elbow")
    assert "abatementDateTime" not in elbow
    assert mirror.differing() == []
    mirror.practice.edit("CareRecord_Problem", "elbow", ProblemStatusDescription="Past Problem")
    mirror.drain()
    assert entry(mirror, "Condition", "elbow")["abatementDateTime"] == "2026-10"
    assert mirror.differing() == []


@pytest.mark.hazard("H13")
def test_a_clinical_field_that_both_sides_changed_is_asked(mirror: Mirror) -> None:
    weight = entry(mirror, "Observation", "weight1")
    mirror.practice.edit(ENTRIES, "weight1", Value=Decimal("62.0"))
    mirror.put(weight, valueQuantity={"value": Decimal("63.0"), "unit": "kg"})
    mirror.drain()
    (conflict,) = mirror.journal.conflicts()
    assert conflict.conflict.unit == "value"
    (task,) = mirror.client.search("Task", {"status": "requested"})
    assert task["performerType"] == [CLINICIAN], "the office may not decide it"
    assert str(mirror.practice.row(ENTRIES, "weight1")["Value"]) == "62.0"
    assert str(entry(mirror, "Observation", "weight1")["valueQuantity"]["value"]) == "63.0"


@pytest.mark.parametrize("name", ["pen", "elbow", "weight1", "bloods"])
@pytest.mark.hazard("H19")
def test_an_entry_deleted_in_legacy_is_entered_in_error_and_comes_back_under_its_id(
    mirror: Mirror, name: str
) -> None:
    resource_type = {
        "pen": "AllergyIntolerance",
        "elbow": "Condition",
        "weight1": "Observation",
        "bloods": "DiagnosticReport",
    }[name]
    before = entry(mirror, resource_type, name)
    mirror.practice.edit(ENTRIES, name, Deleted=True)
    mirror.drain()
    assert is_error(mirror.client.read(resource_type, before["id"]))
    assert mirror.differing() == []
    mirror.practice.edit(ENTRIES, name, Deleted=False)
    mirror.drain()
    after = mirror.client.read(resource_type, before["id"])
    assert {**after, "meta": 0} == {**before, "meta": 0}
    assert mirror.differing() == []


@pytest.mark.parametrize("how", ["deleted", "entered in error"])
def test_an_allergy_removed_in_the_cloud_is_marked_deleted_in_legacy(mirror: Mirror, how: str) -> None:
    allergy = entry(mirror, "AllergyIntolerance", "pen")
    if how == "deleted":
        mirror.client.delete("AllergyIntolerance", allergy["id"])
    else:
        allergy.pop("clinicalStatus")
        system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
        mirror.put(allergy, verificationStatus={"coding": [{"system": system, "code": "entered-in-error"}]})
    mirror.drain()
    assert mirror.practice.row(ENTRIES, "pen")["Deleted"] is True
    mirror.service.compare_everything()
    mirror.drain()
    assert mirror.practice.row(ENTRIES, "pen")["Deleted"] is True
    assert held(mirror) == []


def test_an_entry_whose_code_becomes_another_kind_s_moves(mirror: Mirror) -> None:
    weight = entry(mirror, "Observation", "weight1")
    mirror.practice.edit(
        ENTRIES,
        "weight1",
        CodeId=CODES["nut allergy"][0],
        Value=None,
        NumericUnit=None,
        ObservationType="Allergy",
    )
    mirror.drain()
    assert is_error(mirror.client.read("Observation", weight["id"]))
    assert entry(mirror, "AllergyIntolerance", "weight1")["code"]["text"] == "Allergy to made-up nuts"
    assert mirror.differing() == []


@pytest.mark.parametrize("whose", ["row", "consultation", "patient"])
def test_a_confidential_entry_is_withdrawn_and_shown_again(mirror: Mirror, whose: str) -> None:
    allergy = entry(mirror, "AllergyIntolerance", "pen")
    table, name = {
        "row": (ENTRIES, "pen"),
        "consultation": ("CareRecord_Consultation", "visit"),
        "patient": ("Admin_Patient", "mary"),
    }[whose]
    mirror.practice.edit(table, name, IsConfidential=True)
    mirror.drain()
    with pytest.raises((FhirGone, FhirNotFound)):
        mirror.client.read("AllergyIntolerance", allergy["id"])
    assert mirror.journal.standing().withheld[Kind.ALLERGY] == 1
    mirror.practice.edit(table, name, IsConfidential=False)
    mirror.drain()
    assert entry(mirror, "AllergyIntolerance", "pen")["code"] == allergy["code"]
    assert mirror.differing() == []
    assert held(mirror) == []


def test_the_record_of_a_patient_who_left_leaves_too_and_comes_back_with_her(mirror: Mirror) -> None:
    allergy = entry(mirror, "AllergyIntolerance", "pen")
    mirror.practice.edit("Admin_Patient", "mary", Deleted=True)
    mirror.drain()
    with pytest.raises((FhirGone, FhirNotFound)):
        mirror.client.read("AllergyIntolerance", allergy["id"])
    assert mirror.practice.row(ENTRIES, "pen")["Deleted"] is False
    mirror.practice.edit("Admin_Patient", "mary", Deleted=False)
    mirror.drain()
    assert entry(mirror, "AllergyIntolerance", "pen")["code"] == allergy["code"]
    assert mirror.differing() == []
    assert held(mirror) == []


def test_an_entry_waits_for_its_patient_and_is_carried_without_its_consultation(mirror: Mirror) -> None:
    add_allergy(mirror.practice, "orphan", PatientGuid=guid("nobody"))
    add_allergy(mirror.practice, "early", ConsultationGuid=guid("later"))
    mirror.drain()
    assert ("allergy", "carried-without") in held(mirror)
    assert "encounter" not in entry(mirror, "AllergyIntolerance", "early")
    add_consultation(mirror.practice, "later")
    mirror.drain()
    assert "encounter" in entry(mirror, "AllergyIntolerance", "early")
    assert ("allergy", "carried-without") not in held(mirror)
    assert mirror.resources("AllergyIntolerance", ENTRIES, "orphan") == []


def test_an_unknown_code_is_kept_as_its_number_and_listed_until_it_is_known(mirror: Mirror) -> None:
    add_value(mirror.practice, "odd", "1", CodeId=4711)
    mirror.drain()
    odd = entry(mirror, "Observation", "odd")
    assert [one["code"] for one in odd["code"]["coding"]] == ["4711"]
    assert mirror.differing() == []
    assert held(mirror) == [("observation", "code-without-term")]
    mirror.practice.edit(ENTRIES, "odd", CodeId=CODES["weight"][0])
    mirror.drain()
    assert held(mirror) == []


def test_an_entry_names_what_it_stands_below_as_soon_as_that_is_there(mirror: Mirror) -> None:
    add_value(mirror.practice, "sodium2", "140", "sodium", ParentObservationGuid=guid("late panel"))
    add_allergy(mirror.practice, "reaction", ParentObservationGuid=guid("late jab"))
    mirror.drain()
    without = [("allergy", "carried-without"), ("observation", "carried-without")]
    assert sorted(held(mirror)) == without
    add_entry(mirror.practice, "late panel", "panel", ObservationType="Investigation")
    add_entry(mirror.practice, "late jab", "jab", ObservationType="Immunisation")
    mirror.drain()
    assert held(mirror) == []
    assert mirror.differing() == []
    (parent,) = entry(mirror, "AllergyIntolerance", "reaction")["extension"]
    jab = f"Immunization/{entry(mirror, 'Immunization', 'late jab')['id']}"
    assert parent["valueReference"] == {"reference": jab}
    sodium = f"Observation/{entry(mirror, 'Observation', 'sodium2')['id']}"
    assert entry(mirror, "DiagnosticReport", "late panel")["result"] == [{"reference": sodium}]


def test_a_problem_names_the_one_that_it_evolved_from_though_that_came_later(mirror: Mirror) -> None:
    later = {"ParentProblemObservationGuid": guid("root"), "ParentProblemRelationship": "Evolved"}
    add_problem(mirror.practice, "branch", **later)
    add_problem(mirror.practice, "root", "cough")
    mirror.drain()
    assert held(mirror) == []
    assert mirror.differing() == []
    root = f"Condition/{entry(mirror, 'Condition', 'root')['id']}"
    assert {"reference": root} in [
        one.get("valueReference") for one in entry(mirror, "Condition", "branch")["extension"]
    ]


@pytest.mark.parametrize(
    ("day", "precision", "said"),
    [
        (None, "U", None),
        (date(1987, 1, 1), "Y", "1987"),
        (date(1987, 5, 1), "YM", "1987-05"),
        (date(1900, 1, 1), "YMD", "1900-01-01"),
        (date(1899, 12, 31), "YMD", None),
        (date(2026, 11, 13), "YMDT", "2026-11-13"),
    ],
)
@pytest.mark.hazard("H15")
def test_a_date_is_as_precise_as_it_was_known(
    mirror: Mirror, day: date | None, precision: str, said: str | None
) -> None:
    add_value(mirror.practice, "old", "1", EffectiveDate=day, EffectiveDatePrecision=precision)
    mirror.drain()
    assert entry(mirror, "Observation", "old").get("effectiveDateTime") == said


def test_a_time_that_did_not_exist_does_not_hold_an_entry_back(mirror: Mirror) -> None:
    add_value(mirror.practice, "spring", "1", EnteredDate=date(2026, 3, 29), EnteredTime=time(1, 30))
    mirror.drain()
    assert entry(mirror, "Observation", "spring")["issued"] == "2026-03-29T02:30:00+01:00"
    assert mirror.differing() == []


@pytest.mark.hazard("H10")
def test_a_control_character_is_quarantined_and_never_cut(mirror: Mirror) -> None:
    add_value(mirror.practice, "bell", "1", Qualifiers="a\x07b")
    mirror.drain()
    assert held(mirror) == [("observation", "character-refused")]
    assert mirror.resources("Observation", ENTRIES, "bell") == []
