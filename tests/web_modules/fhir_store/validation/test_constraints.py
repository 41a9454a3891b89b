"""HL7's invariants: each that is enforced refuses what breaks it, and nothing else is refused with it."""

from decimal import Decimal
from typing import Any

import pytest

from web_modules.fhir_store.documents import encode
from web_modules.fhir_store.refusals import Refusal
from web_modules.fhir_store.validation.constraints import CONSTRAINTS
from web_modules.fhir_store.validation.validator import Validator

UCUM = "http://unitsofmeasure.org"


def coded(name: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{name}", "code": code}]}


WRONG = coded("allergyintolerance-verification", "entered-in-error")
ERRED = coded("condition-ver-status", "entered-in-error")
ACTIVE = coded("condition-clinical", "active")
PULSE = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
COMPOSED = [{"resource": {"resourceType": "Composition"}}]
NAMED = {"type": "document", "entry": COMPOSED, "identifier": {"system": "s", "value": "v"}}
DATED = {"type": "document", "entry": COMPOSED, "timestamp": "2026-11-17T09:30:00Z"}

BROKEN: list[tuple[str, str, dict[str, Any]]] = [
    ("age-1", "Age", {"value": 5}),
    ("age-1", "Age", {"value": -1, "code": "a", "system": UCUM}),
    ("ait-1", "AllergyIntolerance", {"verificationStatus": coded("x", "confirmed")}),
    ("ait-2", "AllergyIntolerance", {"verificationStatus": WRONG, "clinicalStatus": ACTIVE}),
    ("app-1", "Appointment_Participant", {"status": "accepted"}),
    ("app-2", "Appointment", {"status": "proposed", "start": "2026-11-17T09:30:00Z"}),
    ("app-3", "Appointment", {"status": "booked"}),
    ("app-4", "Appointment", {"status": "proposed", "cancelationReason": {"text": "x"}}),
    ("apr-1", "AppointmentResponse", {"participantStatus": "accepted"}),
    ("att-1", "Attachment", {"data": "YQ=="}),
    ("bdl-1", "Bundle", {"type": "collection", "total": 1}),
    ("bdl-2", "Bundle", {"type": "collection", "entry": [{"search": {"mode": "match"}}]}),
    ("bdl-5", "Bundle_Entry", {"fullUrl": "urn:x"}),
    ("bdl-7", "Bundle", {"type": "collection", "entry": [{"fullUrl": "urn:x"}, {"fullUrl": "urn:x"}]}),
    ("bdl-8", "Bundle_Entry", {"fullUrl": "http://x/Patient/1/_history/1", "resource": {}}),
    ("bdl-9", "Bundle", DATED),
    ("bdl-10", "Bundle", NAMED),
    ("bdl-11", "Bundle", NAMED | DATED | {"entry": [{"resource": {"resourceType": "Patient"}}]}),
    ("bdl-12", "Bundle", {"type": "message", "entry": COMPOSED}),
    ("cmp-1", "Composition_Section", {"title": "x"}),
    ("cmp-2", "Composition_Section", {"emptyReason": {"text": "x"}, "entry": [{"display": "x"}]}),
    ("cnt-3", "Count", {"value": Decimal("1.5"), "code": "1", "system": UCUM}),
    ("cnt-3", "Count", {"value": 1}),
    ("con-1", "Condition_Stage", {"type": {"text": "x"}}),
    ("con-2", "Condition_Evidence", {"id": "x"}),
    ("con-4", "Condition", {"abatementString": "gone", "clinicalStatus": ACTIVE}),
    ("con-5", "Condition", {"verificationStatus": ERRED, "clinicalStatus": ACTIVE}),
    ("cpl-3", "CarePlan_Activity", {"detail": {"status": "completed"}, "reference": {"display": "x"}}),
    ("cpt-2", "ContactPoint", {"value": "x"}),
    ("dis-1", "Distance", {"value": 1}),
    ("dis-1", "Distance", {"value": 1, "code": "m", "system": "x"}),
    ("drq-1", "DataRequirement_CodeFilter", {"path": "x", "searchParam": "y"}),
    ("drq-2", "DataRequirement_DateFilter", {"valueDateTime": "2026"}),
    ("drt-1", "Duration", {"value": 1, "code": "min", "system": "x"}),
    ("exp-1", "Expression", {"language": "text/cql"}),
    ("fhs-1", "FamilyMemberHistory", {"ageString": "x", "bornString": "y"}),
    ("fhs-2", "FamilyMemberHistory", {"estimatedAge": True}),
    ("gol-1", "Goal_Target", {"detailString": "x"}),
    ("grp-1", "Group", {"actual": False, "member": [{"entity": {"display": "x"}}]}),
    ("imm-1", "Immunization_Education", {"publicationDate": "2026"}),
    ("imr-1", "ImmunizationRecommendation_Recommendation", {"forecastStatus": {"text": "x"}}),
    ("inv-1", "Parameters_Parameter", {"name": "x", "valueString": "y", "part": [{"name": "z"}]}),
    ("inv-1", "Parameters_Parameter", {"name": "x"}),
    ("inv-1", "Task", {"lastModified": "2026-11-16", "authoredOn": "2026-11-17"}),
    ("ipn-1", "InsurancePlan", {"status": "draft"}),
    ("lnk-1", "Linkage", {"item": [{"type": "source", "resource": {"display": "x"}}]}),
    ("lst-1", "List", {"emptyReason": {"text": "x"}, "entry": [{"item": {"display": "x"}}]}),
    ("lst-2", "List", {"mode": "working", "entry": [{"deleted": True}]}),
    ("lst-3", "List", {"mode": "changes", "entry": [{"date": "2026"}]}),
    ("mad-1", "MedicationAdministration_Dosage", {"text": "x"}),
    ("mdd-1", "MedicationDispense", {"whenHandedOver": "2026-11-16", "whenPrepared": "2026-11-17"}),
    ("obs-3", "Observation_ReferenceRange", {"type": {"text": "x"}}),
    ("obs-6", "Observation", {"dataAbsentReason": {"text": "x"}, "valueString": "x"}),
    ("obs-6", "Observation", {"dataAbsentReason": {"text": "x"}, "_valueString": {"id": "x"}}),
    ("obs-7", "Observation", {"code": PULSE, "valueString": "x", "component": [{"code": PULSE}]}),
    ("org-1", "Organization", {"active": True}),
    ("org-2", "Organization", {"name": "x", "address": [{"use": "home"}]}),
    ("org-3", "Organization", {"name": "x", "telecom": [{"use": "home"}]}),
    ("ppc-1", "Consent", {"status": "active"}),
    ("prr-1", "ServiceRequest", {"orderDetail": [{"text": "x"}]}),
    ("qrs-1", "QuestionnaireResponse_Item", {"answer": [{"valueBoolean": True}], "item": [{"linkId": "x"}]}),
    ("qty-3", "Quantity", {"value": 1, "code": "mg"}),
    ("rat-1", "Ratio", {"numerator": {"value": 1}}),
    ("rat-1", "Ratio", {"id": "x"}),
    ("rng-2", "Range", {"low": {"value": 2}, "high": {"value": 1}}),
    ("rqg-1", "RequestGroup_Action", {"resource": {"display": "x"}, "action": [{"title": "x"}]}),
    ("sev-1", "AuditEvent_Entity", {"name": "x", "query": "YQ=="}),
    ("tim-1", "Timing_Repeat", {"duration": 1}),
    ("tim-2", "Timing_Repeat", {"period": 1}),
    ("tim-4", "Timing_Repeat", {"duration": -1, "durationUnit": "h"}),
    ("tim-5", "Timing_Repeat", {"period": -1, "periodUnit": "h"}),
    ("tim-6", "Timing_Repeat", {"periodMax": 1}),
    ("tim-7", "Timing_Repeat", {"durationMax": 1}),
    ("tim-8", "Timing_Repeat", {"countMax": 1}),
    ("tim-9", "Timing_Repeat", {"offset": 1}),
    ("tim-9", "Timing_Repeat", {"offset": 1, "when": ["C"]}),
    ("tim-10", "Timing_Repeat", {"timeOfDay": ["09:30:00"], "when": ["AC"]}),
]  # fmt: skip

HELD: list[tuple[str, dict[str, Any]]] = [
    ("Age", {"value": 5, "code": "a", "system": UCUM}),
    ("AllergyIntolerance", {"verificationStatus": WRONG}),
    ("Appointment", {"status": "waitlist"}),
    ("Appointment", {"status": "booked", "start": "2026-11-17T09:30:00Z", "end": "2026-11-17T09:40:00Z"}),
    ("Bundle", {"type": "history", "total": 1, "entry": [{"fullUrl": "urn:x"}, {"fullUrl": "urn:x"}]}),
    ("Bundle", NAMED | DATED),
    ("Condition", {"abatementString": "x", "clinicalStatus": coded("condition-clinical", "resolved")}),
    ("Count", {"value": 3, "code": "1", "system": UCUM}),
    ("Duration", {"value": 3, "unit": "minutes"}),
    ("Observation", {"code": PULSE, "component": [{"code": PULSE}]}),
    ("Quantity", {"value": 3, "unit": "tablets"}),
    ("Range", {"low": {"value": 2, "unit": "g"}, "high": {"value": 1, "unit": "kg"}}),
    ("Ratio", {"extension": [{"url": "x"}]}),
    ("Task", {"lastModified": "2026-11-17", "authoredOn": "2026-11-17T09:30:00Z"}),
    ("Task", {"lastModified": "2026-02-30", "authoredOn": "2026-11-17"}),
    ("Timing_Repeat", {"offset": 1, "when": ["AC"]}),
]


def broken(kind: str, node: dict[str, Any]) -> list[str]:
    return [one.key for one in CONSTRAINTS[kind] if not one.holds(node)]


@pytest.mark.parametrize(("key", "kind", "node"), BROKEN)
def test_what_breaks_an_invariant_breaks_just_that_one(key: str, kind: str, node: dict[str, Any]) -> None:
    assert broken(kind, node) == [key]


@pytest.mark.parametrize(("kind", "node"), HELD)
def test_what_fulfils_the_invariants_of_its_type_breaks_none(kind: str, node: dict[str, Any]) -> None:
    assert broken(kind, node) == []


def test_every_invariant_that_is_enforced_has_an_example() -> None:
    enforced = {(one.key, kind) for kind, several in CONSTRAINTS.items() for one in several}
    shared = {("qty-3", "Age"), ("qty-3", "Count"), ("qty-3", "Distance"), ("qty-3", "Duration")}
    assert {(key, kind) for key, kind, _node in BROKEN} == enforced - shared


def test_a_refusal_says_where_the_invariant_is_broken_and_which(validator: Validator) -> None:
    appointment = {
        "resourceType": "Appointment",
        "status": "booked",
        "start": "2026-11-17T09:30:00Z",
        "end": "2026-11-17T09:40:00Z",
        "participant": [{"status": "accepted"}],
    }
    with pytest.raises(Refusal) as caught:
        validator.check(validator.parse(encode(appointment)))
    (issue,) = caught.value.issues
    assert (caught.value.status, issue.expression) == (422, "Appointment.participant[0]")
    assert issue.words == "One of type, actor is needed (app-1)."


def test_a_contained_resource_has_no_version_of_its_own(validator: Validator) -> None:
    one = {"resourceType": "Organization", "id": "o", "name": "x", "meta": {"versionId": "1"}}
    patient = {
        "resourceType": "Patient",
        "contained": [one],
        "managingOrganization": {"reference": "#o"},
    }
    with pytest.raises(Refusal, match="dom-4"):
        validator.check(validator.parse(encode(patient)))
