"""Whoever is shown less than there is is told so, and learns nothing from it of what is hidden."""

from dataclasses import replace

import pytest

from tests.web_modules.fhir_store.conftest import Answer, Caller
from tests.web_modules.fhir_store.test_limits import (
    APP,
    GP,
    RECEPTIONIST,
    ask,
    labelled,
    observation,
    patient,
)
from web_modules.fhir_store.documents import encode


@pytest.fixture
def practice(fhir: Caller) -> Caller:
    report = {"resourceType": "DiagnosticReport", "id": "dr", "status": "final", "code": {"text": "Blood"}}
    listed = {"resourceType": "List", "id": "l", "status": "current", "mode": "working"}
    for record in (
        patient("mine"),
        patient("other"),
        observation("hiv", "other", **labelled("R")),
        observation("open", "other"),
        observation("own", "mine"),
        report | {"result": [{"reference": "Observation/hiv"}], "subject": {"reference": "Patient/other"}},
        listed | {"entry": [{"item": {"reference": "Observation/hiv"}}]},
    ):
        assert fhir("PUT", f"{record['resourceType']}/{record['id']}", record).status == 201
    return fhir


def is_told(answer: Answer) -> bool:
    assert answer.status == 200, answer.body
    return b'"suppressed"' in encode(answer.body)


CRITERIA = {
    "what it is": {"code": "c-hiv"},
    "what it is not": {"code": "flu"},
    "what it does not have": {"code__not": "c-hiv"},
    "when": {"date": "lt1950"},
    "a chain": {"subject__Patient_d_name": "nobody"},
    "who else": {"performer": "Practitioner/x"},
    "an id": {"_id": "open"},
    "a list": {"_list": "l"},
    "an empty list": {"_list": "none"},
    "only how many": {"_summary": "count", "code": "flu"},
}


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("who", ["receptionist", "gp"])
def test_the_notice_is_the_same_whatever_is_asked(practice: Caller, who: str, criterion: str) -> None:
    access = {"receptionist": RECEPTIONIST, "gp": GP}[who]
    query = CRITERIA[criterion]
    assert is_told(ask(practice, access, "GET", "Observation", **query))
    for name, value in (("patient", "other"), ("patient", "Patient/other"), ("subject", "Patient/other")):
        assert is_told(ask(practice, access, "GET", "Observation", **query, **{name: value}))
    assert is_told(ask(practice, access, "GET", "Patient/other/Observation", **query))
    assert not is_told(ask(practice, access, "GET", "Observation", **query, patient="mine"))
    assert not is_told(ask(practice, access, "GET", "Patient/mine/Observation", **query))
    assert not is_told(practice("GET", "Observation", query={"code": "c-hiv"}))


def test_everything_of_a_patient_says_so_for_whatever_time(practice: Caller) -> None:
    for query in ({}, {"start": "2200-01-01"}, {"end": "1900-01-01"}, {"_type": "Observation"}):
        assert is_told(ask(practice, RECEPTIONIST, "GET", "Patient/other/$everything", **query))
        assert not is_told(ask(practice, RECEPTIONIST, "GET", "Patient/mine/$everything", **query))


def test_what_would_have_come_along_is_told_of(practice: Caller) -> None:
    report = {"_id": "dr", "_include": "DiagnosticReport:result"}
    assert is_told(ask(practice, RECEPTIONIST, "GET", "DiagnosticReport", **report))
    assert not is_told(ask(practice, RECEPTIONIST, "GET", "DiagnosticReport", _id="dr"))
    assert not is_told(practice("GET", "DiagnosticReport", query=report))
    pointing = {"_revinclude": "Observation:subject"}
    assert is_told(ask(practice, RECEPTIONIST, "GET", "Patient", _id="other", **pointing))
    assert not is_told(ask(practice, RECEPTIONIST, "GET", "Patient", _id="mine", **pointing))


def test_a_history_that_leaves_something_out_says_so(practice: Caller) -> None:
    assert is_told(ask(practice, RECEPTIONIST, "GET", "Observation/_history"))
    assert is_told(ask(practice, RECEPTIONIST, "GET", "Observation/_history", _since="2200-01-01"))
    assert not is_told(ask(practice, RECEPTIONIST, "GET", "Patient/_history"))
    assert not is_told(ask(practice, RECEPTIONIST, "GET", "Observation/open/_history"))
    assert not is_told(practice("GET", "Observation/_history"))
    practice("PUT", "Observation/hiv", observation("hiv", "other"))
    told = ask(practice, RECEPTIONIST, "GET", "Observation/hiv/_history")
    assert is_told(told)
    assert [one["meta"]["versionId"] for one in told.resources] == ["2"]
    assert told.body["entry"][-1]["request"] == {"method": "GET", "url": "Observation/hiv/_history"}
    for counted in ({"_summary": "count"}, {"_count": "0"}):
        number = ask(practice, RECEPTIONIST, "GET", "Observation/hiv/_history", **counted)
        assert number.body["total"] == 1
        assert is_told(number)
        assert not is_told(ask(practice, RECEPTIONIST, "GET", "Observation/open/_history", **counted))


def test_nobody_is_told_of_what_another_scope_would_show(practice: Caller) -> None:
    cleared = replace(APP, clearance=frozenset({"R", "V"}))
    for access in (APP, cleared):
        assert not is_told(ask(practice, access, "GET", "Observation"))
        assert not is_told(ask(practice, access, "GET", "Observation/_history"))


def test_a_value_set_that_a_label_hides_is_not_searched_by(practice: Caller) -> None:
    written = {
        "resourceType": "ValueSet",
        "id": "hidden",
        "url": "http://valuesets.example/hidden",
        "status": "active",
        "compose": {"include": [{"system": "s", "concept": [{"code": "flu"}]}]},
    }
    assert practice("PUT", "ValueSet/hidden", written | labelled("V")).status == 201
    for name in ("ValueSet/hidden", written["url"]):
        refused = ask(practice, RECEPTIONIST, "GET", "Observation", code__in=str(name))
        absent = ask(practice, RECEPTIONIST, "GET", "Observation", code__in="http://valuesets.example/absent")
        assert (refused.status, refused.body) == (400, absent.body)
        assert practice("GET", "Observation", query={"code:in": str(name)}).status == 200
