"""Each of SMART's letters permits what it says, without the others, and nothing besides."""

from dataclasses import replace
from typing import Any

import pytest

from tests.web_modules.fhir_store.conftest import Answer, Caller
from tests.web_modules.fhir_store.test_limits import RECEPTIONIST, labelled, patient
from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import RESTRICTED_LABELS, Access, Grant, Interaction
from web_modules.fhir_store.documents import decode, encode

KNOWN = {"identifier": [{"system": "urn:d", "value": "1"}]}
CONDITION = "identifier=urn:d|1"


def with_letters(letters: str) -> Access:
    interactions = frozenset(Interaction(letter) for letter in letters)
    grants = (Grant(resource_type="Patient", interactions=interactions),)
    return replace(RECEPTIONIST, grants=grants, relationships=None)


def ask(fhir: Caller, who: Access, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    address, _, query = path.partition("?")
    pairs = tuple((name, value) for name, _, value in (one.partition("=") for one in query.split("&") if one))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = FhirRequest(
        method=method,
        path=address,
        query=pairs,
        headers=named,
        body=b"" if body is None else encode(body),
    )
    answer = fhir.service.send(request, who)
    told = decode(answer.body) if answer.body else None
    return Answer(status=answer.status, headers=dict(answer.headers), body=told)


@pytest.fixture
def practice(fhir: Caller) -> Caller:
    assert fhir("PUT", "Patient/there", patient("there", **KNOWN)).status == 201
    assert fhir("PUT", "Patient/secret", patient("secret", **labelled("R"))).status == 201
    return fhir


def of_bundle(kind: str, **request: str) -> dict[str, Any]:
    entry = {"request": request, "resource": {"resourceType": "Patient", **KNOWN}}
    return {"resourceType": "Bundle", "type": kind, "entry": [entry]}


@pytest.mark.parametrize("letters", ["c", "cr", "cud", "crud"])
def test_a_condition_is_refused_to_who_may_not_search(practice: Caller, letters: str) -> None:
    who, body = with_letters(letters), {"resourceType": "Patient", **KNOWN}
    assert ask(practice, who, "POST", "Patient", body, if_none_exist=CONDITION).status == 403
    for method in ("PUT", "DELETE"):
        assert ask(practice, who, method, f"Patient?{CONDITION}", body).status == 403
    create = {"method": "POST", "url": "Patient", "ifNoneExist": CONDITION}
    assert ask(practice, who, "POST", "", of_bundle("transaction", **create)).status == 403
    in_batch = ask(practice, who, "POST", "", of_bundle("batch", **create))
    assert in_batch.body["entry"][0]["response"]["status"].startswith("403")
    assert practice.ids("Patient", identifier="urn:d|1") == ["there"]


def test_a_conditional_create_needs_create_and_search_alone(practice: Caller) -> None:
    body = {"resourceType": "Patient", **KNOWN}
    found = ask(practice, with_letters("cs"), "POST", "Patient", body, if_none_exist=CONDITION)
    assert found.status == 200
    assert practice.ids("Patient", identifier="urn:d|1") == ["there"]


def test_a_reference_by_a_search_is_refused_to_who_may_not_search(practice: Caller) -> None:
    observation = Grant(resource_type="Observation", interactions=frozenset({Interaction.CREATE}))
    who = replace(with_letters("r"), grants=(observation, *with_letters("r").grants))
    entry = {
        "request": {"method": "POST", "url": "Observation"},
        "resource": {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "x"},
            "subject": {"reference": f"Patient?{CONDITION}"},
        },
    }
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert ask(practice, who, "POST", "", bundle).status == 403


@pytest.mark.parametrize("letters", ["u", "cu", "us"])
def test_who_may_update_needs_not_read(practice: Caller, letters: str) -> None:
    who = with_letters(letters)
    assert ask(practice, who, "PUT", "Patient/there", patient("there", gender="female")).status == 200
    assert practice("GET", "Patient/there").body["gender"] == "female"
    assert ask(practice, who, "GET", "Patient/there").status == 403
    stale = ask(practice, who, "PUT", "Patient/there", patient("there"), if_match='W/"1"')
    assert stale.status == 412
    assert ask(practice, who, "DELETE", "Patient/there").status in {403, 404}


def test_who_may_delete_needs_not_read(practice: Caller) -> None:
    assert ask(practice, with_letters("d"), "DELETE", "Patient/there").status == 204
    assert practice("GET", "Patient/there").status == 410


@pytest.mark.parametrize("letters", ["u", "d", "ud"])
@pytest.mark.parametrize("name", ["secret", "never-was"])
def test_what_is_hidden_stays_so_for_who_may_only_change(practice: Caller, letters: str, name: str) -> None:
    who = with_letters(letters)
    for method, body in (("PUT", patient(name)), ("DELETE", None)):
        told = ask(practice, who, method, f"Patient/{name}", body)
        assert (told.status, told.words) == (
            404,
            "There is no Patient with this id that you may change. Create a new one with POST.",
        )
    assert practice("GET", "Patient/secret").body["meta"]["versionId"] == "1"


def test_a_patch_tells_what_is_there_and_so_needs_reading_too(practice: Caller) -> None:
    guess = [{"op": "test", "path": "/id", "value": "there"}]
    guess += [{"op": "add", "path": "/gender", "value": "male"}]
    for path in ("Patient/there", "Patient/secret", "Patient/never-was"):
        assert ask(practice, with_letters("u"), "PATCH", path, guess).status == 403
    assert ask(practice, with_letters("us"), "PATCH", f"Patient?{CONDITION}", guess).status == 403
    assert ask(practice, with_letters("ru"), "PATCH", "Patient/there", guess).status == 200


def test_what_is_cleared_can_be_changed_unread(practice: Caller) -> None:
    cleared = replace(with_letters("ud"), clearance=RESTRICTED_LABELS)
    assert ask(practice, cleared, "PUT", "Patient/secret", patient("secret", **labelled("R"))).status == 200
    assert ask(practice, cleared, "DELETE", "Patient/secret").status == 204


@pytest.mark.parametrize(("letters", "comes"), [("r", False), ("s", True), ("rs", True), ("cud", False)])
@pytest.mark.parametrize(
    ("search", "brought"),
    [
        ("Observation?_include=Observation:subject", "Patient"),
        ("Patient?_id=there&_revinclude=Observation:subject", "Observation"),
    ],
)
def test_what_comes_along_must_be_one_that_may_be_searched_for(
    practice: Caller, letters: str, comes: bool, search: str, brought: str
) -> None:
    about = {"status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/there"}}
    assert practice("POST", "Observation", {"resourceType": "Observation", **about}).status == 201
    searched = search.partition("?")[0]
    grants = (
        Grant(resource_type=searched, interactions=frozenset({Interaction.READ, Interaction.SEARCH})),
        Grant(resource_type=brought, interactions=frozenset(map(Interaction, letters))),
    )
    answer = ask(practice, replace(with_letters("r"), grants=grants), "GET", search)
    kinds = {one["resourceType"] for one in answer.resources} - {"OperationOutcome"}
    assert kinds == {searched} | ({brought} if comes else set())
