"""`$validate`, `$everything`, `$meta`, and searches that stay with one patient."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.web_modules.fhir_store.conftest import Answer, Caller

PATIENT = {"resourceType": "Patient", "id": "ada", "gender": "female"}


def _observation(name: str, patient: str, date: str = "2026-11-17") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient}"},
        "performer": [{"reference": "Practitioner/nair"}],
        "effectiveDateTime": date,
    }


@pytest.fixture
def practice(fhir: Caller) -> Caller:
    """Two patients, with something of each."""
    records: list[dict[str, Any]] = [
        PATIENT,
        {"resourceType": "Patient", "id": "bo"},
        {"resourceType": "Practitioner", "id": "nair"},
        {"resourceType": "Practitioner", "id": "other"},
        _observation("o1", "ada", "2026-01-01"),
        _observation("o2", "ada"),
        _observation("o3", "bo"),
        {
            "resourceType": "Appointment",
            "id": "a1",
            "status": "proposed",
            "participant": [{"actor": {"reference": "Patient/ada"}, "status": "accepted"}],
        },
    ]
    for one in records:
        assert fhir("PUT", f"{one['resourceType']}/{one['id']}", one).status == 201
    return fhir


def _ids(answer: Answer) -> set[str]:
    assert answer.status == 200, answer.body
    return {one["id"] for one in answer.resources}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, "ada o1 o2 a1 nair"),
        ({"_type": "Observation"}, "o1 o2"),
        ({"_type": "Observation,Practitioner"}, "o1 o2 nair"),
        ({"_type": "Appointment,Patient"}, "ada a1"),
        ({"start": "2026-06-01"}, "ada o2 a1 nair"),
        ({"start": "2026-01-01", "end": "2026-06"}, "ada o1 a1 nair"),
        ({"_since": "2100-01-01"}, ""),
    ],
)
def test_everything_of_a_patient_comes_with_what_it_refers_to(
    practice: Caller, query: dict[str, str], ids: str
) -> None:
    found = practice("GET", "Patient/ada/$everything", query=query, prefer="handling=strict")
    assert _ids(found) == set(ids.split())


def test_everything_comes_in_pages(practice: Caller) -> None:
    seen: list[str] = []
    answer = practice("GET", "Patient/ada/$everything", query={"_count": "2", "_type": "Patient,Observation"})
    for _page in range(9):
        matches = [one for one in answer.body["entry"] if one["search"]["mode"] == "match"]
        seen += [one["resource"]["id"] for one in matches]
        following = [link["url"] for link in answer.body["link"] if link["relation"] == "next"]
        if not following:
            break
        parts = urlsplit(following[0])
        assert parts.path.endswith("/Patient/ada/$everything")
        answer = practice("GET", "Patient/ada/$everything", query=parse_qsl(parts.query))
    assert seen == ["ada", "o1", "o2"]


@pytest.mark.parametrize(
    "query", [{"_type": "ValueSet"}, {"_type": "Zork"}, {"gender": "male"}, {"start": "soon"}, {"_sort": "x"}]
)
def test_everything_takes_no_search(practice: Caller, query: dict[str, str]) -> None:
    assert practice("GET", "Patient/ada/$everything", query=query).status == 400


def test_a_time_that_ends_before_it_begins_is_refused_and_not_answered_with_nothing(practice: Caller) -> None:
    query = {"start": "2026-03-01", "end": "2026-02-01"}
    answer = practice("GET", "Patient/ada/$everything", query=query)
    assert (answer.status, answer.expression) == (400, "http.start")
    for same in ("2026-03", "2026-03-01"):
        query = {"start": "2026-03-01", "end": same}
        assert practice("GET", "Patient/ada/$everything", query=query).status == 200


def test_everything_of_nobody_is_not_found(practice: Caller) -> None:
    assert practice("GET", "Patient/nobody/$everything").status == 404
    practice("DELETE", "Patient/ada")
    assert practice("GET", "Patient/ada/$everything").status == 410


def test_a_search_may_stay_with_one_patient(practice: Caller) -> None:
    assert _ids(practice("GET", "Patient/ada/Observation")) == {"o1", "o2"}
    found = practice("GET", "Patient/ada/Observation", query={"date": "ge2026-06", "_count": "1"})
    assert _ids(found) == {"o2"}
    assert found.body["link"][0]["url"].startswith(
        "http://cloud.example/Y99002/fhir/Patient/ada/Observation?"
    )
    assert _ids(practice("GET", "Patient/bo/Appointment")) == set()
    assert practice("GET", "Patient/ada/ValueSet").status == 400


def test_what_is_validated_is_not_stored(practice: Caller) -> None:
    good = practice("POST", "Patient/$validate", {"resourceType": "Patient", "gender": "male"})
    assert (good.status, good.body["issue"][0]["severity"]) == (200, "information")
    bad = practice("POST", "Patient/$validate", {"resourceType": "Patient", "gender": "m"})
    assert (bad.status, bad.body["issue"][0]["severity"]) == (200, "error")
    assert bad.expression == "Patient.gender"
    assert len(practice.ids("Patient")) == 2


def _parameters(**given: Any) -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": name, ("resource" if name == "resource" else "valueCode"): value}
            for name, value in given.items()
        ],
    }


@pytest.mark.parametrize(
    ("path", "body", "severity"),
    [
        ("Patient/$validate", _parameters(resource=PATIENT, mode="create"), "information"),
        ("Patient/ada/$validate", _parameters(resource=PATIENT, mode="update"), "information"),
        ("Patient/ada/$validate", _parameters(resource=PATIENT | {"id": "bo"}, mode="update"), "error"),
        ("Patient/ada/$validate", _parameters(mode="delete"), "information"),
        ("Patient/ada/$validate", None, "information"),
        ("Patient/ada/$validate", PATIENT, "information"),
        ("Patient/$validate", _parameters(resource=PATIENT, profile="http://p.example"), "error"),
        ("Patient/$validate", {"resourceType": "Basic", "code": {"text": "x"}}, "error"),
        ("Parameters/$validate", _parameters(x="y"), "information"),
    ],
)
def test_a_resource_is_validated_in_the_way_asked_for(
    practice: Caller, path: str, body: Any, severity: str
) -> None:
    answer = practice("POST", path, body)
    assert answer.status == 200, answer.body
    assert {issue["severity"] for issue in answer.body["issue"]} == {severity}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("Patient/$validate", None, 400),
        ("Patient/$validate", b"{", 400),
        ("Patient/$validate", _parameters(mode="create"), 400),
        ("Patient/$validate", _parameters(resource=PATIENT, mode="delete"), 400),
        ("Patient/ada/$validate", _parameters(resource=PATIENT, mode="zork"), 400),
        ("Patient/nobody/$validate", _parameters(mode="delete"), 404),
        ("Zork/$validate", PATIENT, 404),
        ("Patient/$validate", {"resourceType": "Parameters", "parameter": "x"}, 400),
    ],
)
def test_what_cannot_be_validated_is_refused(practice: Caller, path: str, body: Any, status: int) -> None:
    assert practice("POST", path, body).status == status


def test_the_meta_of_a_resource_can_be_read_alone(practice: Caller) -> None:
    whole = practice("GET", "Patient/ada").body
    answer = practice("GET", "Patient/ada/$meta").body
    assert answer == {
        "resourceType": "Parameters",
        "parameter": [{"name": "return", "valueMeta": whole["meta"]}],
    }
    assert practice("GET", "Patient/nobody/$meta").status == 404


def _asked_with(*given: tuple[str, str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, f"value{kind}": value} for name, kind, value in given],
    }


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ([], "ada o1 o2 a1 nair"),
        ([("_type", "Code", "Observation")], "o1 o2"),
        ([("_type", "Code", "Observation"), ("_type", "Code", "Practitioner")], "o1 o2 nair"),
        ([("start", "Date", "2026-06-01"), ("_count", "Integer", 50)], "ada o2 a1 nair"),
    ],
)
def test_an_operation_may_be_posted(practice: Caller, given: list[tuple[str, str, Any]], ids: str) -> None:
    body = _asked_with(*given) if given else None
    found = practice("POST", "Patient/ada/$everything", body, prefer="handling=strict")
    assert _ids(found) == set(ids.split())


def test_every_type_that_is_asked_for_comes(practice: Caller) -> None:
    query = [("_type", "Observation"), ("_type", "Practitioner")]
    assert _ids(practice("GET", "Patient/ada/$everything", query=query)) == {"o1", "o2", "nair"}


@pytest.mark.parametrize("body", [PATIENT, _asked_with(("start", "Boolean", True))])
def test_an_operation_that_is_asked_with_something_else_is_refused(
    practice: Caller, body: dict[str, Any]
) -> None:
    assert practice("POST", "Patient/ada/$everything", body).status == 400


def test_the_meta_of_a_record_may_be_asked_for_by_post(practice: Caller) -> None:
    assert practice("POST", "Patient/ada/$meta").body == practice("GET", "Patient/ada/$meta").body


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_a_bundle_may_ask_for_operations(practice: Caller, kind: str) -> None:
    asked: list[tuple[str, dict[str, Any] | None]] = [
        ("Patient/$validate", {"resourceType": "Patient", "gender": "male"}),
        ("Patient/ada/$validate", None),
        ("Patient/ada/$everything", _asked_with(("_type", "Code", "Observation"))),
        ("Patient/nobody/$meta", None),
    ]
    entries = [
        {"request": {"method": "POST", "url": url}} | ({"resource": resource} if resource else {})
        for url, resource in asked
    ]
    answer = practice("POST", "", {"resourceType": "Bundle", "type": kind, "entry": entries})
    checked, stored, everything, nobody = answer.body["entry"]
    assert checked["resource"]["issue"][0]["severity"] == "information"
    assert stored["resource"]["issue"][0]["severity"] == "information"
    assert {one["resource"]["id"] for one in everything["resource"]["entry"]} == {"o1", "o2"}
    assert nobody["response"]["status"].startswith("404")


def test_a_batch_says_what_is_wrong_with_a_resource_without_refusing_to_look(practice: Caller) -> None:
    wrong = {"resourceType": "Patient", "gender": "m"}
    entry = {"request": {"method": "POST", "url": "Patient/$validate"}, "resource": wrong}
    (told,) = practice("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]}).body[
        "entry"
    ]
    assert told["response"]["status"].startswith("200")
    assert told["resource"]["issue"][0]["expression"] == ["Patient.gender"]
