"""Changing parts of a resource by JSON Patch."""

import base64
import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web_modules.fhir_store.conftest import Caller
from web_modules.fhir.errors import FhirConflict
from web_modules.fhir_store.documents import encode
from web_modules.fhir_store.interactions.patching import read_patch
from web_modules.fhir_store.refusals import Refusal

PATIENT = {
    "resourceType": "Patient",
    "id": "ada",
    "active": True,
    "name": [{"family": "Ferrar", "given": ["Ada"]}],
    "identifier": [{"system": "nhs", "value": "1"}],
}


def _one(op: str, path: str, **more: Any) -> list[dict[str, Any]]:
    return [{"op": op, "path": path, **more}]


@pytest.fixture
def patients(fhir: Caller) -> Caller:
    """A practice with one patient."""
    assert fhir("PUT", "Patient/ada", PATIENT).status == 201
    return fhir


def test_a_patch_without_operations_stores_what_was_there_as_a_further_version(patients: Caller) -> None:
    before = patients("GET", "Patient/ada").body
    answer = patients("PATCH", "Patient/ada", [], if_match='W/"1"')
    assert answer.status == 200
    assert answer.headers["etag"] == 'W/"2"'
    assert {**answer.body, "meta": None} == {**before, "meta": None}
    assert patients("PATCH", "Patient/ada", [], if_match='W/"1"').status == 412


def test_a_patch_changes_what_it_names_and_nothing_else(patients: Caller) -> None:
    operations = [
        *_one("test", "/name/0/family", value="Ferrar"),
        *_one("replace", "/name/0/family", value="Osei"),
        *_one("add", "/name/0/given/-", value="Jo"),
        *_one("remove", "/active"),
        *_one("add", "/extension", value=[{"url": "http://x.example", "valueDecimal": Decimal("1.10")}]),
    ]
    patched = patients("PATCH", "Patient/ada", operations)
    assert (patched.status, patched.headers["etag"]) == (200, 'W/"2"')
    assert patched.body["name"] == [{"family": "Osei", "given": ["Ada", "Jo"]}]
    assert "active" not in patched.body
    assert str(patched.body["extension"][0]["valueDecimal"]) == "1.10"
    assert patients.ids("Patient", family="osei") == ["ada"]
    assert patients.ids("Patient", family="ferrar") == []
    happened = patients("GET", "Patient/ada/_history").body["entry"][0]
    assert happened["request"] == {"method": "PATCH", "url": "Patient/ada"}


def test_a_patch_under_a_version_that_is_gone_changes_nothing(patients: Caller) -> None:
    operations = _one("replace", "/active", value=False)
    assert patients("PATCH", "Patient/ada", operations, if_match='W/"9"').status == 412
    assert patients("PATCH", "Patient/ada", operations, if_match='W/"1"').status == 200
    assert patients("PATCH", "Patient/nobody", operations).status == 404
    patients("DELETE", "Patient/ada")
    assert patients("PATCH", "Patient/ada", operations).status == 410


def test_a_patch_may_name_its_resource_by_a_condition(patients: Caller) -> None:
    operations = _one("replace", "/active", value=False)
    query = {"identifier": "nhs|1"}
    assert patients("PATCH", "Patient", operations, query=query).body["active"] is False
    assert patients("PATCH", "Patient", operations, query={"identifier": "nhs|2"}).status == 404
    assert patients("PATCH", "Patient", operations).status == 400
    patients("POST", "Patient", {key: value for key, value in PATIENT.items() if key != "id"})
    assert patients("PATCH", "Patient", operations, query=query).status == 412


@pytest.mark.parametrize(
    ("operations", "status"),
    [
        (_one("replace", "/name/0/nickname", value="A"), 422),
        (_one("add", "/nickname", value="A"), 422),
        (_one("add", "/gender", value="none of them"), 422),
        (_one("replace", "/id", value="other"), 422),
        (_one("replace", "/resourceType", value="Person"), 422),
        (_one("replace", "", value=[]), 422),
        (_one("remove", ""), 422),
        (_one("test", "/active", value=False), 422),
        (_one("remove", "/name/7"), 422),
        (_one("add", "/active/x", value=1), 422),
        (_one("move", "/name/0/given", **{"from": "/name"}), 422),
        (_one("replace", "name", value="x"), 422),
        (_one("zork", "/name"), 400),
        (_one("add", "/name"), 400),
        (_one("copy", "/name"), 400),
        ({"op": "remove", "path": "/name"}, 400),
        ([1], 400),
        (_one("remove", "/name") * 1001, 413),
    ],
)
def test_a_patch_that_does_not_fit_changes_nothing(patients: Caller, operations: Any, status: int) -> None:
    refused = patients("PATCH", "Patient/ada", operations)
    assert refused.status == status
    assert refused.body["resourceType"] == "OperationOutcome"
    assert patients("GET", "Patient/ada").body["meta"]["versionId"] == "1"


@pytest.mark.parametrize(
    ("operation", "expression"),
    [
        (_one("remove", "/name/7/given"), "Patient.name[7].given"),
        (_one("test", "/active", value=False), "Patient.active"),
        (_one("replace", "/name/0/a b", value="x"), "Patient.name[0]"),
    ],
)
def test_a_refused_operation_says_where_it_was_to_be(
    patients: Caller, operation: Any, expression: str
) -> None:
    assert patients("PATCH", "Patient/ada", operation).expression == expression


def test_a_patch_that_says_one_thing_twice_is_refused(patients: Caller) -> None:
    refused = patients("PATCH", "Patient/ada", b'[{"op":"add","path":"/active","value":true,"value":false}]')
    assert refused.status == 400
    assert "`value` is there twice" in refused.words


def test_a_patch_that_copies_itself_again_and_again_is_stopped(patients: Caller) -> None:
    operations = [
        *_one("add", "/x", value=["y" * 1000]),
        *_one("copy", "/x/-", **{"from": "/x"}) * 60,
    ]
    assert patients("PATCH", "Patient/ada", operations).status == 413


def test_a_patch_that_nests_deeper_and_deeper_is_refused(patients: Caller) -> None:
    doubled = [one for n in range(11) for one in _one("copy", "/x" * 2**n + "/x", **{"from": "/x"})]
    by_steps = [_one("add", "/x" * (200 * n + 1), value=_nested(200))[0] for n in range(10)]
    at_once = b'[{"op":"add","path":"/x","value":' + b"[" * 900 + b"]" * 900 + b"}]"
    beyond = b'[{"op":"add","path":"/x","value":' + b"[" * 10_000 + b"]" * 10_000 + b"}]"
    for operations in ([*_one("add", "/x", value={}), *doubled], by_steps, at_once):
        assert patients("PATCH", "Patient/ada", operations).status == 422
    assert patients("PATCH", "Patient/ada", beyond).status == 400


def _nested(depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for _ in range(depth):
        made = {"x": made}
    return made


def _entry(operations: Any, **request: Any) -> dict[str, Any]:
    data = base64.b64encode(encode(operations)).decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
    return {"resource": binary, "request": {"method": "PATCH", **request}}


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_a_bundle_may_bring_patches(patients: Caller, kind: str) -> None:
    operations = _one("replace", "/active", value=False)
    entries = [_entry(operations, url="Patient/ada", ifMatch='W/"1"')]
    bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
    answer = patients("POST", "", bundle)
    assert answer.body["entry"][0]["response"]["status"] == "200 OK"
    assert patients("GET", "Patient/ada").body["active"] is False
    entries[0]["resource"]["contentType"] = "text/plain"
    refused = patients("POST", "", bundle)
    if kind == "transaction":
        assert (refused.status, refused.expression) == (400, "Bundle.entry[0].resource")
    else:
        assert refused.body["entry"][0]["response"]["status"] == "400 Bad Request"
    entries[0] = _entry(operations, url="Patient?identifier=nhs|1")
    assert patients("POST", "", bundle).body["entry"][0]["response"]["etag"] == 'W/"3"'


PATHS = st.sampled_from(
    ["", "/", "/name", "/name/0", "/name/-", "/name/x", "/a~2", "/active/0", "/~", "//", "x"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": PATHS | VALUES},
    optional={"value": VALUES, "from": PATHS | VALUES},
)


@settings(max_examples=500, deadline=None)
@given(st.lists(OPERATIONS, max_size=4) | VALUES)
def test_any_patch_is_done_or_refused(operations: Any) -> None:
    with suppress(Refusal):
        read_patch(json.dumps(operations).encode()).applied(dict(PATIENT))


def test_the_client_patches(patients: Caller) -> None:
    patched = patients.client.patch("Patient", "ada", _one("remove", "/active"), if_match="1")
    assert "active" not in patched
    with pytest.raises(FhirConflict):
        patients.client.patch("Patient", "ada", _one("remove", "/name"), if_match="1")
