"""What a server that does not do something says of it, in words that fit."""

import pytest

from tests.web_modules.fhir_store.bundles.test_bundles import bundle, entry
from tests.web_modules.fhir_store.conftest import Caller

PERSON = {"resourceType": "Patient", "id": "p"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path", ["$export", "Patient/$foo", "Patient/p/$foo", "Patient/$everything", "Observation/p/$everything"]
)
def test_an_operation_that_is_not_known_is_called_so(fhir: Caller, method: str, path: str) -> None:
    refused = fhir(method, path)
    assert (refused.status, refused.body["issue"][0]["code"]) == (404, "not-supported")
    assert refused.words == "This server does not know this operation here; see its CapabilityStatement."
    answer = fhir("POST", "", bundle(entry("GET", path), kind="batch")).body["entry"][0]["response"]
    assert answer["status"] == "404 Not Found"
    assert "does not know this operation" in answer["outcome"]["issue"][0]["details"]["text"]


def test_a_version_that_is_not_there_is_called_so(fhir: Caller) -> None:
    fhir("PUT", "Patient/p", PERSON)
    for path in ("Patient/p/_history/7", "Patient/p/_history/x", "Patient/q/_history/1"):
        refused = fhir("GET", path)
        assert (refused.status, refused.words) == (404, "There is no Patient with this id and version.")


@pytest.mark.parametrize("query", [{}, {"_format": "json"}])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_of_nothing_in_particular_is_a_bad_request(
    fhir: Caller, method: str, query: dict[str, str]
) -> None:
    body = {"PUT": {"resourceType": "Patient"}, "PATCH": [{"op": "remove", "path": "/x"}]}.get(method)
    refused = fhir(method, "Patient", body, query=query)
    assert refused.status == 400
    assert refused.words == "Say which one is meant: by its id in the address, or by a condition."


def test_an_entry_says_its_status_as_http_does(fhir: Caller) -> None:
    fhir("PUT", "Patient/p", PERSON)
    answer = fhir(
        "POST",
        "",
        bundle(
            entry("GET", "Patient/nobody"),
            entry("PUT", "Patient/p", PERSON, ifMatch='W/"9"'),
            entry("GET", "Patient/p", ifNoneMatch='W/"1"'),
            entry("GET", "Patient/p"),
            kind="batch",
        ),
    )
    assert [one["response"]["status"] for one in answer.body["entry"]] == [
        "404 Not Found",
        "412 Precondition Failed",
        "304 Not Modified",
        "200 OK",
    ]


def test_one_of_several_entity_tags_is_enough(fhir: Caller) -> None:
    fhir("PUT", "Patient/p", PERSON)
    assert fhir("PUT", "Patient/p", PERSON, if_match='W/"7", W/"1"').status == 200
    refused = fhir("PUT", "Patient/p", PERSON, if_match='W/"7", W/"1"')
    assert (refused.status, refused.words) == (412, "Patient/p is not at version 7 or 1 any more; it is 2.")


@pytest.mark.parametrize("path", ["_history", "Patient/_history", "Patient/p/_history"])
@pytest.mark.parametrize("name", ["_type", "_list"])
def test_a_history_never_shows_more_than_was_asked_for(fhir: Caller, path: str, name: str) -> None:
    fhir("PUT", "Patient/p", PERSON)
    refused = fhir("GET", path, query={name: "Patient"})
    assert (refused.status, refused.expression) == (400, f"http.{name}")


@pytest.mark.parametrize("name", ["_has", "_has:x", "_has:Observation", "_has:Observation:patient"])
def test_a_has_that_is_not_whole_is_refused(fhir: Caller, name: str) -> None:
    refused = fhir("GET", "Patient", query={name: "1"})
    assert (refused.status, refused.expression) == (400, f"http.{name}")


def test_a_deletion_says_what_it_did_to_who_prefers_words(fhir: Caller) -> None:
    fhir("PUT", "Patient/p", PERSON)
    for said in ("Patient/p is deleted.", "Patient/p is deleted."):  # again is no mistake
        answer = fhir("DELETE", "Patient/p", prefer="return=OperationOutcome")
        assert (answer.status, answer.words, answer.headers["etag"]) == (200, said, 'W/"2"')
    never = fhir("DELETE", "Patient/q", prefer="return=OperationOutcome")
    assert (never.status, never.words) == (200, "There was nothing to delete.")
    assert fhir("DELETE", "Patient/p", prefer="return=representation").status == 204


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_a_bundle_says_in_words_what_it_did_to_who_prefers_them(fhir: Caller, kind: str) -> None:
    sent = bundle(entry("PUT", "Patient/p", PERSON), entry("DELETE", "Patient/q"), kind=kind)
    answer = fhir("POST", "", sent, prefer="return=OperationOutcome")
    words = [one["response"]["outcome"]["issue"][0]["details"]["text"] for one in answer.body["entry"]]
    assert words == ["Patient/p is stored as version 1.", "There was nothing to delete."]
    assert not any("resource" in one for one in answer.body["entry"])
