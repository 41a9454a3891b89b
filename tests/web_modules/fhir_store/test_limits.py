"""What somebody may not see cannot be read, found, counted, included, followed or inferred by any way."""

from dataclasses import replace
from typing import Any

import pytest

from tests.web_modules.fhir_store.conftest import Answer, Caller
from web_modules.fhir.systems import CONFIDENTIALITY
from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import (
    ADDING_TO_AUDIT,
    ANY_TYPE,
    EVERYTHING,
    FULL_GRANTS,
    READING,
    READING_AUDIT,
    RESTRICTED_LABELS,
    Access,
    Agent,
    Grant,
)
from web_modules.fhir_store.documents import decode, encode

AGENT = Agent(id="somebody", name="Somebody")
RECEPTIONIST = Access(agent=AGENT, grants=FULL_GRANTS)
GP = Access(
    agent=AGENT, grants=FULL_GRANTS, clearance=frozenset({"R", "V"}), relationships=frozenset({"mine", "own"})
)
OF_MINE = Grant(resource_type=ANY_TYPE, interactions=EVERYTHING, patient="mine")
APP = Access(agent=AGENT, grants=(OF_MINE,), relationships=None)
LABORATORY = replace(
    RECEPTIONIST,
    grants=(Grant(resource_type="Observation", interactions=READING, query=(("category", "laboratory"),)),),
)


def labelled(code: str) -> dict[str, Any]:
    return {"meta": {"security": [{"system": CONFIDENTIALITY, "code": code}]}}


def patient(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": name, "name": [{"family": name.title()}], **more}


def observation(name: str, of: str, category: str = "laboratory", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "category": [{"coding": [{"system": "http://c", "code": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": f"c-{name}"}]},
        "subject": {"reference": f"Patient/{of}"},
        **more,
    }


RECORDS = [
    patient("mine"),
    patient("own", **labelled("R")),
    patient("other"),
    patient("secret", **labelled("V")),
    observation("open", "mine"),
    observation("vital", "mine", "vital-signs"),
    observation("mine-r", "mine", **labelled("R")),
    observation("other-o", "other"),
    observation("other-r", "other", **labelled("R")),
    observation("secret-v", "secret", **labelled("V")),
    observation("normal", "mine", **labelled("N")),
]


@pytest.fixture
def practice(fhir: Caller) -> Caller:
    for record in RECORDS:
        assert fhir("PUT", f"{record['resourceType']}/{record['id']}", record).status == 201
    return fhir


def ask(fhir: Caller, who: Access, method: str, path: str, body: Any = None, **query: str) -> Answer:
    pairs = tuple((name.replace("__", ":").replace("_d_", "."), value) for name, value in query.items())
    request = FhirRequest(method=method, path=path, query=pairs, body=b"" if body is None else encode(body))
    answer = fhir.service.send(request, who)
    return Answer(
        status=answer.status, headers=dict(answer.headers), body=decode(answer.body) if answer.body else None
    )


def found(answer: Answer) -> set[str]:
    assert answer.status == 200, answer.body
    return {one["id"] for one in answer.resources if one["resourceType"] != "OperationOutcome"}


SEEN = {
    "receptionist": (RECEPTIONIST, {"mine", "other", "open", "vital", "other-o", "normal"}),
    "gp": (GP, {"mine", "own", "other", "open", "vital", "mine-r", "other-o", "normal"}),
    "app": (APP, {"mine", "open", "vital", "normal"}),
    "laboratory": (LABORATORY, {"open", "other-o", "normal"}),
}
EVERYBODY = pytest.mark.parametrize("who", SEEN)


@EVERYBODY
def test_each_way_to_one_record_agrees(practice: Caller, who: str) -> None:
    access, seen = SEEN[who]
    for record in RECORDS:
        path = f"{record['resourceType']}/{record['id']}"
        is_granted = access.may("r", record["resourceType"])
        wanted = 200 if record["id"] in seen else 404 if is_granted else 403
        for way in (path, f"{path}/_history/1", f"{path}/_history"):
            assert ask(practice, access, "GET", way).status == wanted, way


@EVERYBODY
@pytest.mark.parametrize("kind", ["Patient", "Observation"])
def test_searches_counts_and_histories_show_the_same(practice: Caller, who: str, kind: str) -> None:
    access, seen = SEEN[who]
    wanted = {one["id"] for one in RECORDS if one["resourceType"] == kind} & seen
    if not access.may("s", kind):
        assert ask(practice, access, "GET", kind).status == 403
        return
    assert found(ask(practice, access, "GET", kind)) == wanted
    assert ask(practice, access, "GET", kind, _summary="count").body["total"] == len(wanted)
    assert found(ask(practice, access, "GET", f"{kind}/_history")) == wanted
    assert found(ask(practice, access, "GET", kind, _id=",".join(one["id"] for one in RECORDS))) == wanted
    assert found(ask(practice, access, "GET", kind, _sort="-_lastUpdated", _count="1000")) == wanted


@EVERYBODY
def test_nothing_hidden_comes_along(practice: Caller, who: str) -> None:
    access, seen = SEEN[who]
    everything = ask(practice, access, "GET", "Observation", _include="Observation:subject", _count="1000")
    assert found(everything) <= seen
    if access.may("s", "Patient"):
        assert found(ask(practice, access, "GET", "Patient", _revinclude="Observation:subject")) <= seen


def test_a_chain_tells_nothing_of_what_is_hidden(practice: Caller) -> None:
    assert (
        found(ask(practice, RECEPTIONIST, "GET", "Patient", _has__Observation__subject__code="c-mine-r"))
        == set()
    )
    assert found(
        ask(practice, RECEPTIONIST, "GET", "Patient", _has__Observation__subject__code="c-open")
    ) == {"mine"}
    assert found(ask(practice, RECEPTIONIST, "GET", "Observation", subject__Patient_d_name="Secret")) == set()
    assert found(ask(practice, LABORATORY, "GET", "Observation", subject__Patient_d_name="Mine")) == set()


def test_a_page_that_leaves_something_out_says_so(practice: Caller) -> None:
    told = ask(practice, RECEPTIONIST, "GET", "Observation", subject="Patient/mine")
    outcome = told.resources[-1]
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["code"] == "suppressed"
    assert told.body["entry"][-1]["search"] == {"mode": "outcome"}


def test_a_page_that_leaves_nothing_out_says_nothing(practice: Caller) -> None:
    for access in (GP, APP):
        told = ask(practice, access, "GET", "Patient", _id="mine")
        assert [one["resourceType"] for one in told.resources] == ["Patient"]
    hidden_from_all_but_us = ask(
        practice, replace(APP, clearance=frozenset({"R", "V"})), "GET", "Observation"
    )
    assert all(one["resourceType"] == "Observation" for one in hidden_from_all_but_us.resources)


def test_an_earlier_version_is_hidden_with_the_label_it_had_or_has(practice: Caller) -> None:
    ask(practice, GP, "PUT", "Observation/open", observation("open", "mine", **labelled("R")))
    assert ask(practice, RECEPTIONIST, "GET", "Observation/open/_history/1").status == 404
    assert ask(practice, RECEPTIONIST, "GET", "Observation/open/_history").status == 404
    practice("PUT", "Observation/mine-r", observation("mine-r", "mine"))
    assert ask(practice, RECEPTIONIST, "GET", "Observation/mine-r").status == 200
    assert ask(practice, RECEPTIONIST, "GET", "Observation/mine-r/_history/1").status == 404
    history = ask(practice, RECEPTIONIST, "GET", "Observation/mine-r/_history")
    assert [one["meta"]["versionId"] for one in history.resources] == ["2"]


def test_the_history_of_everything_is_for_whoever_sees_everything(practice: Caller) -> None:
    for access in (RECEPTIONIST, GP, APP):
        assert ask(practice, access, "GET", "_history").status == 403


@pytest.mark.parametrize("name", ["mine-r", "never-was"])
def test_a_write_to_what_is_hidden_is_answered_as_if_it_were_not_there(practice: Caller, name: str) -> None:
    path, body = f"Observation/{name}", observation(name, "mine")
    assert ask(practice, RECEPTIONIST, "PUT", path, body).status == 404
    answers = [ask(practice, RECEPTIONIST, "PUT", path, body).words for _ in range(2)]
    assert (
        answers
        == ["There is no Observation with this id that you may change. Create a new one with POST."] * 2
    )
    assert practice("GET", "Observation/mine-r").body["meta"]["versionId"] == "1"


def test_nobody_writes_beyond_the_grant(practice: Caller) -> None:
    assert ask(practice, APP, "POST", "Observation", observation("x", "mine")).status == 201
    assert ask(practice, APP, "POST", "Observation", observation("x", "other")).status == 403
    assert ask(practice, APP, "PUT", "Observation/open", observation("open", "other")).status == 403
    assert ask(practice, APP, "DELETE", "Observation/other-o").status in {404, 204}
    assert practice("GET", "Observation/other-o").status == 200
    assert practice("GET", "Observation/open").body["subject"]["reference"] == "Patient/mine"
    assert ask(practice, LABORATORY, "DELETE", "Observation/open").status == 403
    assert ask(practice, LABORATORY, "POST", "Observation", observation("x", "mine")).status == 403


def test_who_writes_for_one_patient_writes_of_that_patient_alone(practice: Caller) -> None:
    by_mine: dict[str, Any] = {"performer": [{"reference": "Patient/mine"}]}
    by_other: dict[str, Any] = {"performer": [{"reference": "Patient/other"}]}
    of_nobody = observation("x", "mine", **by_mine)
    del of_nobody["subject"]
    for refused in (observation("x", "other", **by_mine), of_nobody):
        assert ask(practice, APP, "POST", "Observation", refused).status == 403
    assert ask(practice, APP, "POST", "Observation", observation("x", "mine", **by_other)).status == 201
    assert practice("PUT", "Observation/other-o", observation("other-o", "other", **by_mine)).status == 200
    assert ask(practice, APP, "GET", "Observation/other-o").status == 200  # HL7's compartment has performers
    taken = observation("other-o", "mine", **by_mine)
    assert ask(practice, APP, "PUT", "Observation/other-o", taken).status == 403
    assert ask(practice, APP, "DELETE", "Observation/other-o").status == 403
    assert practice("GET", "Observation/other-o").body["meta"]["versionId"] == "2"


def test_who_writes_for_one_patient_books_nobody_else(practice: Caller) -> None:
    def appointment(*names: str) -> dict[str, Any]:
        people = [{"actor": {"reference": f"Patient/{name}"}, "status": "accepted"} for name in names]
        return {"resourceType": "Appointment", "status": "proposed", "participant": people}

    assert ask(practice, APP, "POST", "Appointment", appointment("mine")).status == 201
    assert ask(practice, APP, "POST", "Appointment", appointment("mine", "other")).status == 403
    assert ask(practice, RECEPTIONIST, "POST", "Appointment", appointment("mine", "other")).status == 201


def test_who_writes_for_one_patient_puts_nothing_of_another_inside(practice: Caller) -> None:
    def holding(name: str) -> dict[str, Any]:
        return {
            "resourceType": "List",
            "status": "current",
            "mode": "working",
            "subject": {"reference": "Patient/mine"},
            "contained": [observation("inner", name)],
            "entry": [{"item": {"reference": "#inner"}}],
        }

    written = ask(practice, APP, "POST", "List", holding("mine"))
    assert written.status == 201
    assert ask(practice, APP, "POST", "List", holding("other")).status == 403
    path = f"List/{written.body['id']}"
    changed = ask(practice, APP, "PUT", path, holding("other") | {"id": written.body["id"]})
    assert changed.status == 403
    assert ask(practice, RECEPTIONIST, "POST", "List", holding("other")).status == 201


def test_a_condition_is_blind_to_what_is_hidden(practice: Caller) -> None:
    body = observation("x", "mine") | {"identifier": [{"value": "same"}]}
    body.pop("id")
    hidden = observation("mine-r", "mine", **labelled("R")) | {"identifier": [{"value": "same"}]}
    practice("PUT", "Observation/mine-r", hidden)
    request = FhirRequest(
        method="POST", path="Observation", headers={"if-none-exist": "identifier=same"}, body=encode(body)
    )
    assert practice.service.send(request, RECEPTIONIST).status == 201


def test_a_bundle_is_no_way_around(practice: Caller) -> None:
    entries = [
        {"request": {"method": "GET", "url": url}}
        for url in ("Observation/mine-r", "Observation?code=c-mine-r")
    ]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answer = ask(practice, RECEPTIONIST, "POST", "", bundle)
    assert "c-mine-r" not in encode(answer.body["entry"][0]).decode()
    assert answer.body["entry"][0]["response"]["status"].startswith("404")
    [told] = answer.body["entry"][1]["resource"]["entry"]
    assert told["resource"]["resourceType"] == "OperationOutcome"


def test_the_audit_is_for_whoever_may_see_the_whole_of_it(practice: Caller) -> None:
    named = replace(RECEPTIONIST, grants=(READING_AUDIT,), relationships=None)
    officer = replace(named, clearance=RESTRICTED_LABELS)
    cleared = replace(RECEPTIONIST, clearance=RESTRICTED_LABELS, relationships=None)
    of_few = replace(officer, relationships=frozenset({"mine"}))
    confined = replace(officer, grants=(replace(READING_AUDIT, patient="mine"),))
    for who in (APP, LABORATORY, RECEPTIONIST, GP, named, cleared, of_few, confined):
        for path in ("AuditEvent", "AuditEvent/1"):
            refused = ask(practice, who, "GET", path, entity="Observation/secret-v")
            assert refused.status == 403
            assert "entry" not in refused.body
    assert ask(practice, officer, "GET", "AuditEvent", entity="Observation/secret-v").resources
    assert ask(practice, officer, "GET", "AuditEvent/1").status == 200
    assert ask(practice, officer, "GET", "Observation").status == 403


def test_only_who_is_told_so_by_name_adds_to_the_audit(practice: Caller) -> None:
    event = {
        "resourceType": "AuditEvent",
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
        "recorded": "2026-11-17T09:00:00Z",
        "agent": [{"requestor": True}],
        "source": {"observer": {"display": "A laboratory"}},
    }
    adding = replace(RECEPTIONIST, grants=(*FULL_GRANTS, ADDING_TO_AUDIT))
    assert ask(practice, RECEPTIONIST, "POST", "AuditEvent", event).status == 403
    assert ask(practice, adding, "POST", "AuditEvent", event).status == 201
    assert ask(practice, adding, "GET", "AuditEvent").status == 403


def test_a_label_that_the_system_does_not_have_is_refused(practice: Caller) -> None:
    assert practice("PUT", "Patient/x", patient("x", **labelled("X"))).status == 422


@pytest.mark.parametrize(
    "label",
    [
        {"code": "R"},
        {"display": "restricted"},
        {"system": "", "code": "R"},
        {"system": f"{CONFIDENTIALITY}/", "code": "R"},
        {"system": f"{CONFIDENTIALITY}|2.1.0", "code": "R"},
        {"system": CONFIDENTIALITY.replace("http:", "https:"), "code": "V"},
        {"system": "http://hl7.org/fhir/v3/Confidentiality", "code": "R"},
        {"system": "http://terminology.hl7.org/ValueSet/v3-ConfidentialityClassification", "code": "V"},
        {"system": "urn:oid:2.16.840.1.113883.5.25", "code": "R"},
        {"system": CONFIDENTIALITY, "code": "r"},
        {"system": CONFIDENTIALITY, "display": "restricted"},
    ],
    ids=str,
)
def test_a_label_that_might_mean_confidential_and_would_not_be_heeded_is_refused(
    practice: Caller, label: dict[str, Any]
) -> None:
    meta = {"meta": {"security": [*labelled("N")["meta"]["security"], label]}}
    for record in (patient("x", **meta), patient("x", contained=[patient("inside", **meta)])):
        refused = practice("PUT", "Patient/x", record)
        assert refused.status in {400, 422}, refused.body
        assert ask(practice, RECEPTIONIST, "GET", "Patient/x").status == 404


def test_labels_of_other_systems_are_kept(practice: Caller) -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
    assert practice("PUT", "Patient/x", patient("x", meta={"security": [label]})).status == 201
    assert practice("GET", "Patient/x").body["meta"]["security"] == [label]


def test_a_term_that_is_not_understood_permits_nothing(practice: Caller) -> None:
    strange = Grant(resource_type="Observation", interactions=READING, query=(("zork", "1"),))
    assert found(ask(practice, replace(RECEPTIONIST, grants=(strange,)), "GET", "Observation")) == set()


def test_however_many_patients_a_clinician_has_everything_can_be_asked(practice: Caller) -> None:
    many = replace(GP, relationships=frozenset({"mine", *(f"patient-{n}" for n in range(5000))}))
    assert found(ask(practice, many, "GET", "Patient/mine/$everything")) == {
        "mine",
        "open",
        "vital",
        "mine-r",
        "normal",
    }
    assert found(ask(practice, RECEPTIONIST, "GET", "Patient/mine/$everything")) == {
        "mine",
        "open",
        "vital",
        "normal",
    }
    assert ask(practice, RECEPTIONIST, "GET", "Patient/secret/$everything").status == 404
    assert ask(practice, RECEPTIONIST, "GET", "Observation/mine-r/$meta").status == 404
    assert ask(practice, RECEPTIONIST, "GET", "Observation/mine-r/$validate").status == 404
