"""Single resources: create, read, update, delete, under FHIR's conditions."""

import time
from typing import Any

import pytest

from tests.web_modules.fhir_store.conftest import Caller
from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.store import Store

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}],
    "name": [{"family": "Ñandú", "given": ["Ada"]}],
}


def test_what_is_created_is_read_back(fhir: Caller) -> None:
    created = fhir("POST", "Patient", PATIENT)
    assert created.status == 201
    assert created.headers["etag"] == 'W/"1"'
    patient_id = created.body["id"]
    assert created.headers["location"].endswith(f"/Y99002/fhir/Patient/{patient_id}/_history/1")
    read = fhir("GET", f"Patient/{patient_id}")
    assert read.status == 200
    assert read.body == created.body
    assert read.body["name"] == PATIENT["name"]
    assert read.body["meta"]["versionId"] == "1"
    assert len(read.body["meta"]["lastUpdated"]) == len("2026-11-17T09:30:00.123456Z")


def test_a_client_cannot_choose_the_id_of_a_create(fhir: Caller) -> None:
    assert fhir("POST", "Patient", PATIENT | {"id": "mine"}).body["id"] != "mine"


def test_decimals_keep_their_digits_through_the_store(fhir: Caller) -> None:
    body = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}'
    )
    assert fhir("PUT", "Observation/o", body.replace(b'"status"', b'"id":"o","status"')).status == 201
    for path in ("Observation/o", "Observation", "_history", "Observation/o/_history/1"):
        raw = fhir.service.send(FhirRequest(method="GET", path=path)).body
        assert b'"value":1.10' in raw, path


def test_an_update_makes_a_new_version_and_keeps_the_old(fhir: Caller) -> None:
    patient = fhir("POST", "Patient", PATIENT).body
    updated = fhir("PUT", f"Patient/{patient['id']}", patient | {"gender": "female"}, if_match='W/"1"')
    assert updated.status == 200
    assert updated.body["meta"]["versionId"] == "2"
    assert updated.body["meta"]["lastUpdated"] > patient["meta"]["lastUpdated"]
    assert fhir("GET", f"Patient/{patient['id']}/_history/1").body == patient
    assert fhir("GET", f"Patient/{patient['id']}/_history/2").body == updated.body
    assert fhir("GET", f"Patient/{patient['id']}/_history/3").status == 404


def test_an_update_of_an_outdated_version_is_refused_and_changes_nothing(fhir: Caller) -> None:
    patient = fhir("POST", "Patient", PATIENT).body
    fhir("PUT", f"Patient/{patient['id']}", patient | {"gender": "female"})
    refused = fhir("PUT", f"Patient/{patient['id']}", patient | {"gender": "male"}, if_match='W/"1"')
    assert refused.status == 412
    assert "not at version 1 any more; it is 2" in refused.words
    assert fhir("GET", f"Patient/{patient['id']}").body["gender"] == "female"


def test_an_update_under_a_new_id_creates(fhir: Caller) -> None:
    created = fhir("PUT", "Patient/mine", PATIENT | {"id": "mine"})
    assert created.status == 201
    assert fhir("GET", "Patient/mine").body["meta"]["versionId"] == "1"


def test_an_update_that_must_create_is_refused_when_the_resource_exists(fhir: Caller) -> None:
    assert fhir("PUT", "Patient/mine", PATIENT | {"id": "mine"}, if_none_match="*").status == 201
    assert fhir("PUT", "Patient/mine", PATIENT | {"id": "mine"}, if_none_match="*").status == 412


def test_if_match_on_what_does_not_exist_is_refused(fhir: Caller) -> None:
    refused = fhir("PUT", "Patient/mine", PATIENT | {"id": "mine"}, if_match='W/"1"')
    assert refused.status == 412
    assert "does not exist" in refused.words


def test_if_match_where_a_search_finds_nothing_creates_nothing(fhir: Caller) -> None:
    query = {"identifier": "http://x.example|zz"}
    assert fhir("PUT", "Patient", PATIENT, query=query, if_match='W/"1"').status == 412
    assert fhir("GET", "Patient").body["total"] == 0


@pytest.mark.parametrize("body_id", [None, "other"])
def test_the_id_in_the_body_must_be_that_of_the_address(fhir: Caller, body_id: str | None) -> None:
    body = PATIENT if body_id is None else PATIENT | {"id": body_id}
    refused = fhir("PUT", "Patient/mine", body)
    assert (refused.status, refused.expression) == (400, "Patient.id")


def test_a_deleted_resource_is_gone_until_it_is_written_again(fhir: Caller) -> None:
    patient = fhir("POST", "Patient", PATIENT).body
    path = f"Patient/{patient['id']}"
    deleted = fhir("DELETE", path)
    assert (deleted.status, deleted.headers["etag"]) == (204, 'W/"2"')
    gone = fhir("GET", path)
    assert (gone.status, gone.headers["etag"]) == (410, 'W/"2"')
    assert fhir("GET", f"{path}/_history/2").status == 410
    assert fhir("GET", f"{path}/_history/1").status == 200
    assert fhir.ids("Patient") == []
    assert fhir("DELETE", path).status == 204
    revived = fhir("PUT", path, patient)
    assert (revived.status, revived.body["meta"]["versionId"]) == (201, "3")
    assert fhir.ids("Patient", family="nandu") == [patient["id"]]


def test_deleting_what_never_was_succeeds(fhir: Caller) -> None:
    assert fhir("DELETE", "Patient/nobody").status == 204
    assert fhir("GET", "Patient/nobody").status == 404


def test_a_conditional_create_answers_what_exists(fhir: Caller) -> None:
    condition = "identifier=https://fhir.nhs.uk/Id/nhs-number|9990000018"
    first = fhir("POST", "Patient", PATIENT, if_none_exist=condition)
    again = fhir("POST", "Patient", PATIENT, if_none_exist=condition)
    assert (first.status, again.status) == (201, 200)
    assert again.body == first.body
    assert len(fhir.ids("Patient")) == 1


@pytest.mark.parametrize("condition", ["nonsense=1", "_count=1", "identifier="])
def test_a_condition_that_is_not_understood_creates_nothing(fhir: Caller, condition: str) -> None:
    assert fhir("POST", "Patient", PATIENT, if_none_exist=condition).status in {400, 412}
    assert fhir.ids("Patient") == []


@pytest.mark.parametrize(
    "shaping",
    [
        "_summary=count",
        "_count=0",
        "_count=1",
        "_sort=family",
        "_elements=name",
        "_cursor=WzFd",
        "_total=none",
    ],
)
def test_a_condition_that_shapes_a_page_is_refused_and_makes_no_second_record(
    fhir: Caller, shaping: str
) -> None:
    first = fhir("POST", "Patient", PATIENT).body["id"]
    condition = f"identifier=https://fhir.nhs.uk/Id/nhs-number|9990000018&{shaping}"
    pairs = [(name, value) for name, _, value in (one.partition("=") for one in condition.split("&"))]
    for answer in (
        fhir("POST", "Patient", PATIENT, if_none_exist=condition),
        fhir("PUT", "Patient", PATIENT, query=pairs),
        fhir("DELETE", "Patient", query=pairs),
    ):
        assert answer.status == 400
        assert shaping.partition("=")[0] in answer.words
    assert fhir.ids("Patient") == [first]


def test_a_condition_that_fits_several_is_refused(fhir: Caller) -> None:
    for _ in range(2):
        fhir("POST", "Patient", PATIENT)
    refused = fhir("POST", "Patient", PATIENT, if_none_exist="family=nandu")
    assert refused.status == 412
    assert refused.body["issue"][0]["code"] == "multiple-matches"


def test_a_conditional_update_creates_updates_or_refuses(fhir: Caller) -> None:
    query = {"identifier": "https://fhir.nhs.uk/Id/nhs-number|9990000018"}
    created = fhir("PUT", "Patient", PATIENT, query=query)
    updated = fhir("PUT", "Patient", PATIENT | {"gender": "other"}, query=query)
    assert (created.status, updated.status) == (201, 200)
    assert updated.body["id"] == created.body["id"]
    assert updated.body["gender"] == "other"
    assert fhir("PUT", "Patient", PATIENT | {"id": "x"}, query=query).status == 400
    assert fhir("DELETE", "Patient", query=query).status == 204
    assert fhir("GET", f"Patient/{created.body['id']}").status == 410
    assert fhir("DELETE", "Patient").status == 400


def test_what_the_client_has_already_is_not_sent_again(fhir: Caller) -> None:
    patient = fhir("POST", "Patient", PATIENT).body
    same = fhir("GET", f"Patient/{patient['id']}", if_none_match='W/"1"')
    assert (same.status, same.body) == (304, None)
    assert fhir("GET", f"Patient/{patient['id']}", if_none_match='W/"2"').status == 200


@pytest.mark.parametrize(
    ("prefer", "kind"),
    [
        ("return=minimal", None),
        ("return=representation", "Patient"),
        ("return=OperationOutcome", "OperationOutcome"),
        ('respond-async, Return="minimal"; x=y', None),
        ("return=representation, return=minimal", "Patient"),
        ("handling=lenient,return = operationoutcome", "OperationOutcome"),
        ("return=minimalist", "Patient"),
    ],
)
def test_a_write_answers_with_what_the_client_prefers(fhir: Caller, prefer: str, kind: str | None) -> None:
    answer = fhir("POST", "Patient", PATIENT, prefer=prefer)
    assert answer.status == 201
    assert (answer.body and answer.body["resourceType"]) == kind


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "Patient", b"{", 400),
        ("POST", "Patient", b"", 400),
        ("POST", "Patient", {"resourceType": "Observation"}, 400),
        ("POST", "Patient", {"resourceType": "Patient", "gender": "m"}, 422),
        ("POST", "Zork", {"resourceType": "Zork"}, 404),
        ("POST", "", {"resourceType": "Patient"}, 400),
        ("GET", "Zork", None, 404),
        ("GET", "Zork/1", None, 404),
        ("GET", "Patient/no spaces", None, 400),
        ("GET", "Patient/1/2/3/4", None, 404),
        ("GET", "Patient/1/_history/x", None, 404),
        ("GET", "", None, 400),
        ("PATCH", "Patient/1", None, 400),
        ("PATCH", "Patient/1/2", [], 405),
        ("PATCH", "Zork/1", [], 404),
        ("POST", "Patient/1", {"resourceType": "Patient"}, 405),
        ("DELETE", "Zork/1", None, 404),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_plain_words(
    fhir: Caller, method: str, path: str, body: Any, status: int
) -> None:
    refused = fhir(method, path, body)
    assert refused.status == status
    assert refused.body["resourceType"] == "OperationOutcome"
    assert refused.words.endswith(".")


@pytest.mark.hazard("H01")
def test_a_write_whose_time_ran_out_is_rolled_back(fhir: Caller) -> None:
    patient = fhir("POST", "Patient", PATIENT).body
    path = f"Patient/{patient['id']}"
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": patient, "request": {"method": "PUT", "url": path}}],
    }
    for late in (str(int(time.time() * 1000) - 1), "soon"):
        assert fhir("PUT", path, patient | {"gender": "male"}, x_banyan_deadline=late).status == 408
        assert fhir("POST", "", bundle, x_banyan_deadline=late).status == 408
    assert fhir("GET", path).body == patient
    in_time = str(int(time.time() * 1000) + 60_000)
    assert fhir("PUT", path, patient | {"gender": "male"}, x_banyan_deadline=in_time).status == 200


def test_if_match_of_anything_asks_only_that_the_record_exists(fhir: Caller) -> None:
    refused = fhir("PUT", "Patient/mine", PATIENT | {"id": "mine"}, if_match="*")
    assert refused.status == 412
    fhir("PUT", "Patient/mine", PATIENT | {"id": "mine"})
    changed = fhir("PUT", "Patient/mine", PATIENT | {"id": "mine", "active": False}, if_match="*")
    assert (changed.status, changed.headers["etag"]) == (200, 'W/"2"')
    fhir("DELETE", "Patient/mine")
    assert fhir("PUT", "Patient/mine", PATIENT | {"id": "mine"}, if_match="*").status == 412


@pytest.mark.parametrize("known", ['"1"', 'W/"1"', '"7", "1"'])
def test_what_is_known_already_is_not_sent_again(fhir: Caller, known: str) -> None:
    fhir("PUT", "Patient/mine", PATIENT | {"id": "mine"})
    assert fhir("GET", "Patient/mine", if_none_match=known).status == 304
    assert fhir("GET", "Patient/mine", if_none_match='"2"').status == 200
    position = fhir("GET", "_history").headers["etag"].removeprefix("W/")
    assert fhir("GET", "_history", if_none_match=position).status == 304


@pytest.mark.parametrize("empty", ["", " "])
def test_a_condition_that_names_no_search_creates_nothing(fhir: Caller, empty: str) -> None:
    assert fhir("POST", "Patient", PATIENT, if_none_exist=empty).status == 400
    entry = {"request": {"method": "POST", "url": "Patient", "ifNoneExist": empty}, "resource": PATIENT}
    answer = fhir("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})
    assert answer.body["entry"][0]["response"]["status"] == "400 Bad Request"
    assert fhir.ids("Patient") == []


@pytest.mark.parametrize(
    ("path", "query", "is_instant"),
    [
        ("Patient/a", (), True),
        ("Patient", (("identifier", "https://fhir.nhs.uk/Id/nhs-number|9990000018"),), True),
        ("Patient", (("identifier", "https://fhir.nhs.uk/Id/nhs-number|"),), False),
        ("Patient", (("identifier", "9990000018"),), False),
        ("Patient", (("identifier", "a|1,a|2"),), False),
        ("Patient", (("identifier", "a|1"), ("_include", "*")), False),
        ("Binary", (("identifier", "a|1"),), False),  # which has none: all of them would be found
        ("Nothing", (("identifier", "a|1"),), False),
        ("Patient", (("family", "a|1"),), False),
        ("Patient", (), False),
        ("Patient/a/_history", (), False),
    ],
)
def test_only_one_record_by_id_or_identifier_is_read_out_of_a_file_where_others_wait(
    fhir: Caller, store: Store, path: str, query: tuple[tuple[str, str], ...], *, is_instant: bool
) -> None:
    asked = FhirRequest(method="GET", path=path, query=query)
    assert fhir.service.is_instant(asked) is (is_instant and store.database.is_embedded)
