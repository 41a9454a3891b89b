"""The published FHIR client, against a server that answers over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.web_modules.fhir.scripted_server import PATIENT, ScriptedServer
from web_modules.fhir import errors
from web_modules.fhir.client import FhirClient, TransactionEntry
from web_modules.fhir.searchset import Told, matches, withholds
from web_modules.fhir.transport import HttpTransport


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[FhirClient]:
    transport = HttpTransport(server.url, token="t0ken")
    yield FhirClient(transport)
    transport.close()


def test_update_names_the_version_that_must_still_be_current(
    server: ScriptedServer, client: FhirClient
) -> None:
    server.answers.append((200, {}, PATIENT))
    assert client.update(PATIENT, if_match="2") == PATIENT
    method, path, headers, _ = server.asked[0]
    assert (method, path) == ("PUT", "/Y99002/fhir/Patient/1")
    assert headers["if-match"] == 'W/"2"'
    assert headers["authorization"] == "Bearer t0ken"


def test_minimal_answer_to_a_create_is_read_again(server: ScriptedServer, client: FhirClient) -> None:
    server.answers += [(201, {"Location": f"{server.url}/Patient/1/_history/2"}, b""), (200, {}, PATIENT)]
    assert client.create({"resourceType": "Patient"}, if_none_exist="identifier=a|b") == PATIENT
    assert server.asked[0][2]["if-none-exist"] == "identifier=a|b"
    assert server.asked[1][1] == "/Y99002/fhir/Patient/1"


def test_search_reads_every_page_and_leaves_included_resources_out(
    server: ScriptedServer, client: FhirClient
) -> None:
    following = f"{server.url}/Patient?name=a%20b&_page=2"
    included = {"resource": {"resourceType": "Organization"}, "search": {"mode": "include"}}
    server.answers += [
        (200, {}, {"resourceType": "Bundle", "link": [{"relation": "next", "url": following}],
                   "entry": [{"resource": PATIENT, "search": {"mode": "match"}}, included]}),
        (200, {}, {"resourceType": "Bundle", "entry": [{"resource": PATIENT}]}),
    ]  # fmt: skip
    assert client.search("Patient", {"name": ["a", "b"]}) == [PATIENT, PATIENT]
    assert server.asked[0][1].endswith("/Patient?name=a&name=b")
    assert server.asked[1][1].endswith("/Patient?name=a+b&_page=2")


def test_history_is_told_oldest_first_with_deletions(server: ScriptedServer, client: FhirClient) -> None:
    older, newer = "2026-11-17T10:00:00.000001Z", "2026-11-17T10:00:00.000002Z"
    changed = PATIENT | {"meta": {"versionId": "3", "lastUpdated": newer}}
    deletion = {
        "request": {"method": "DELETE", "url": "Slot/9"},
        "response": {"status": "204", "etag": 'W/"5"', "lastModified": older},
    }
    server.answers.append(
        (200, {}, {"resourceType": "Bundle",
                   "entry": [{"resource": changed, "request": {"method": "PUT"}}, deletion]})
    )  # fmt: skip
    first, second = client.history_since(datetime(2026, 11, 17, 10, tzinfo=UTC))
    assert (first.resource_type, first.resource_id, first.version_id, first.resource) == (
        "Slot",
        "9",
        "5",
        None,
    )
    assert second.resource == changed
    assert "_since=2026-11-17T10%3A00%3A00.000000Z" in server.asked[0][1]


def test_transaction_answers_with_every_resource_as_stored(
    server: ScriptedServer, client: FhirClient
) -> None:
    server.answers += [
        (200, {}, {"resourceType": "Bundle", "type": "transaction-response",
                   "entry": [{"response": {"status": "201", "location": "Patient/1/_history/2"}}]}),
        (200, {}, PATIENT),
    ]  # fmt: skip
    entries = [TransactionEntry(method="POST", url="Patient", resource={"resourceType": "Patient"})]
    assert client.transaction(entries) == [PATIENT]


def test_transaction_does_not_look_for_what_it_deleted(server: ScriptedServer, client: FhirClient) -> None:
    server.answers.append(
        (200, {}, {"resourceType": "Bundle", "type": "transaction-response",
                   "entry": [{"response": {"status": "204", "location": "Patient/1/_history/3"}}]})
    )  # fmt: skip
    assert client.transaction([TransactionEntry(method="DELETE", url="Patient/1")]) == [{}]
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.FhirRefused),
        (401, errors.FhirForbidden),
        (404, errors.FhirNotFound),
        (410, errors.FhirGone),
        (412, errors.FhirConflict),
        (422, errors.FhirRefused),
        (500, errors.FhirBroken),
    ],
)
def test_refusal_is_told_by_its_kind_in_the_server_s_words(
    server: ScriptedServer, client: FhirClient, status: int, kind: type[errors.FhirError]
) -> None:
    server.answers.append(
        (status, {}, {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "No such day."}]})
    )
    with pytest.raises(kind, match="No such day") as caught:
        client.read("Patient", "1")
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        (f"Wed, 21 Oct {'9' * 20} 07:28:00 GMT", None),
    ],
)
def test_busy_server_says_when_to_come_back(
    server: ScriptedServer, client: FhirClient, header: str, seconds: float | None
) -> None:
    server.answers.append((503, {"Retry-After": header}, b"busy"))
    with pytest.raises(errors.FhirBusy) as caught:
        client.read("Patient", "1")
    assert caught.value.retry_after_seconds == seconds


def test_server_that_is_gone_is_unavailable() -> None:
    made = ScriptedServer()
    made.close()
    transport = HttpTransport(made.url, timeout_seconds=2)
    with pytest.raises(errors.FhirUnavailable, match="Patient/1"):
        FhirClient(transport).read("Patient", "1")
    transport.close()


def test_answer_that_is_not_fhir_is_the_server_s_fault(server: ScriptedServer, client: FhirClient) -> None:
    server.answers.append((200, {}, b"<html>"))
    with pytest.raises(errors.FhirBroken):
        client.read("Patient", "1")


def test_what_is_said_of_a_search_is_handed_on_and_is_no_match(server: ScriptedServer) -> None:
    issue = {"severity": "information", "code": "suppressed", "details": {"text": "Something was left out."}}
    entries = [
        {"resource": PATIENT, "search": {"mode": "match"}},
        {"resource": {"resourceType": "Practitioner", "id": "2"}, "search": {"mode": "include"}},
        {
            "resource": {"resourceType": "OperationOutcome", "issue": [issue]},
            "search": {"mode": "outcome"},
        },
    ]
    page = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    server.answers += [(200, {}, page), (200, {}, page)]
    told: list[Told] = []
    client = FhirClient(HttpTransport(server.url), told.append)
    assert client.search("Patient", {}) == [PATIENT]
    assert told == [Told(code="suppressed", words="Something was left out.")]
    found = client.search_page("Patient", {})
    assert matches(found) == [PATIENT]
    assert withholds(found)
    assert len(told) == 2


BUSY = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "lock-error"}]}
EDITED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "conflict"}]}


@pytest.mark.parametrize(
    ("headers", "body", "kind"),
    [({}, BUSY, errors.FhirBusy), ({"Retry-After": "1"}, EDITED, errors.FhirBusy),
     ({}, EDITED, errors.FhirConflict), ({}, b"", errors.FhirConflict)],
)  # fmt: skip
def test_409_is_told_apart_into_a_lock_and_a_conflict(
    server: ScriptedServer, client: FhirClient, headers: dict[str, str], body: object, kind: type[Exception]
) -> None:
    server.answers.append((409, headers, body))
    with pytest.raises(kind):
        client.update(PATIENT)


@pytest.mark.parametrize(
    "body", [b"[]", b'{"issue": 1}', b'{"issue": [1, {"details": 2}]}', b'{"issue": {"a": 1}}', b"\xff"]
)
def test_refusal_in_no_known_form_is_still_a_refusal(
    server: ScriptedServer, client: FhirClient, body: bytes
) -> None:
    server.answers.append((400, {}, body))
    with pytest.raises(errors.FhirRefused, match="answered 400"):
        client.read("Patient", "1")


def test_redirect_is_not_followed_and_credentials_stay_here(
    server: ScriptedServer, client: FhirClient
) -> None:
    other = ScriptedServer()
    server.answers.append((307, {"Location": f"{other.url}/Patient/1"}, b""))
    with pytest.raises(errors.FhirBroken, match="points elsewhere"):
        client.read("Patient", "1")
    assert other.asked == []
    other.close()


def test_cookie_of_the_server_is_not_kept(server: ScriptedServer, client: FhirClient) -> None:
    server.answers += [(200, {"Set-Cookie": "a=b; Path=/"}, PATIENT), (200, {}, PATIENT)]
    client.read("Patient", "1")
    client.read("Patient", "1")
    assert "cookie" not in server.asked[1][2]
