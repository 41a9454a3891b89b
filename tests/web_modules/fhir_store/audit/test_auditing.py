"""Every read, write and refusal is in the audit, under whoever asked."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from tests.web_modules.fhir_store.conftest import PRACTICE, Caller
from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import OURSELVES, Agent
from web_modules.fhir_store.database.adding import Adding
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.database.transactions import DatabaseSilent
from web_modules.fhir_store.documents import decode, encode
from web_modules.fhir_store.store import Store

PRIYA = replace(OURSELVES, agent=Agent(id="priya.nair", name="Dr Priya Nair", role="gp"))
PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"family": "Shah"}]}


def asked(fhir: Caller, method: str, path: str, body: Any = None, **query: str) -> int:
    request = FhirRequest(
        method=method, path=path, query=tuple(query.items()), body=b"" if body is None else encode(body)
    )
    status = fhir.service.send(request, PRIYA).status
    fhir.service.trail.flush()
    return status


def audit(fhir: Caller, **query: str) -> list[dict[str, Any]]:
    answer = fhir("GET", "AuditEvent", query=query)
    assert answer.status == 200, answer.body
    return answer.resources


def newest(fhir: Caller) -> dict[str, Any]:
    return audit(fhir)[0]


def test_a_write_is_noted_with_its_version_and_whoever_wrote(fhir: Caller) -> None:
    asked(fhir, "PUT", "Patient/p", PATIENT)
    event = newest(fhir)
    assert event["subtype"][0]["code"] == "update"
    assert (event["action"], event["outcome"]) == ("U", "0")
    assert event["agent"][0]["who"] == {"identifier": {"value": "priya.nair"}, "display": "Dr Priya Nair"}
    assert event["entity"][0]["what"]["reference"] == "Patient/p/_history/1"


def test_what_is_kept_are_valid_audit_events(fhir: Caller, store: Store) -> None:
    asked(fhir, "PUT", "Patient/p", PATIENT)
    asked(fhir, "GET", "Patient", family="shah")
    asked(fhir, "GET", "Patient/unknown")
    for event in audit(fhir):
        store.validator.check(event)


@pytest.mark.parametrize(
    ("path", "code", "action"),
    [
        ("Patient/p", "read", "R"),
        ("Patient/p/_history/1", "vread", "R"),
        ("Patient/p/_history", "history-instance", "R"),
        ("Patient/_history", "history-type", "R"),
        ("_history", "history-system", "R"),
        ("Patient", "search-type", "E"),
    ],
)
def test_every_way_of_reading_is_noted(fhir: Caller, path: str, code: str, action: str) -> None:
    asked(fhir, "PUT", "Patient/p", PATIENT)
    assert asked(fhir, "GET", path) == 200
    event = newest(fhir)
    assert (event["subtype"][0]["code"], event["action"], event["outcome"]) == (code, action, "0")


def test_a_search_is_noted_with_its_words_and_its_patient(fhir: Caller) -> None:
    asked(fhir, "GET", "Observation", patient="p", code="1")
    event = audit(fhir, patient="p")[0]
    query = next(one["query"] for one in event["entity"] if "query" in one)
    assert base64.b64decode(query) == b"Observation?patient=p&code=1"


@pytest.mark.parametrize(
    ("method", "path", "body", "outcome"),
    [
        ("GET", "Patient/unknown", None, "4"),
        ("PUT", "Patient/p", {"resourceType": "Patient", "id": "p", "gender": "x"}, "4"),
        ("DELETE", "Zork/1", None, "4"),
        ("POST", "", {"resourceType": "Bundle", "type": "history"}, "4"),
    ],
)
def test_every_refusal_is_noted_with_its_reason(
    fhir: Caller, method: str, path: str, body: Any, outcome: str
) -> None:
    assert asked(fhir, method, path, body) >= 400
    event = newest(fhir)
    assert event["outcome"] == outcome
    assert event["outcomeDesc"]


def test_a_transaction_is_one_event_about_all_that_it_wrote(fhir: Caller) -> None:
    entries = [
        {
            "resource": {"resourceType": "Patient", "id": name},
            "request": {"method": "PUT", "url": f"Patient/{name}"},
        }
        for name in ("a", "b")
    ]
    asked(fhir, "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    [event] = audit(fhir, entity="Patient/a")
    assert [one["what"]["reference"] for one in event["entity"]] == [
        "Patient/a/_history/1",
        "Patient/b/_history/1",
    ]


def test_a_batch_notes_only_what_it_kept(fhir: Caller) -> None:
    entries = [
        {
            "resource": {"resourceType": "Patient", "id": "a"},
            "request": {"method": "PUT", "url": "Patient/a"},
        },
        {
            "resource": {"resourceType": "Patient", "gender": "x"},
            "request": {"method": "POST", "url": "Patient"},
        },
    ]
    asked(fhir, "POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    [event] = audit(fhir, entity="Patient/a")
    assert len(event["entity"]) == 1


def test_the_audit_is_found_by_day_by_agent_and_page_by_page(fhir: Caller) -> None:
    for number in range(5):
        asked(fhir, "GET", f"Patient/{number}")
    assert len(audit(fhir, agent="priya.nair")) == 5
    assert audit(fhir, agent="somebody.else") == []
    assert audit(fhir, date="lt2000") == []
    assert len(audit(fhir, date="ge2000", agent="priya.nair")) == 5
    page = fhir("GET", "AuditEvent", query={"_count": "2", "agent": "priya.nair"})
    ids = [one["id"] for one in page.resources]
    following = page.body["link"][0]["url"].partition("?")[2]
    pairs = [tuple(pair.split("=")) for pair in following.split("&")]
    assert len(pairs) == 3
    after = fhir("GET", "AuditEvent", query=[(name, value) for name, value in pairs])
    assert [int(one["id"]) for one in after.resources] == [int(ids[0]) - 2, int(ids[0]) - 3]
    assert fhir("GET", f"AuditEvent/{ids[0]}").body["id"] == ids[0]


@pytest.mark.parametrize("query", [{"date": "yesterday"}, {"zork": "1"}])
def test_a_search_of_the_audit_that_is_not_understood_is_refused(fhir: Caller, query: dict[str, str]) -> None:
    assert fhir("GET", "AuditEvent", query=query).status == 400


def test_a_module_may_add_to_the_audit_and_nobody_may_change_it(fhir: Caller) -> None:
    asked(fhir, "PUT", "Patient/p", PATIENT)
    mine = newest(fhir) | {"entity": [{"what": {"reference": "Patient/p"}, "description": "override"}]}
    created = fhir("POST", "AuditEvent", mine)
    assert created.status == 201
    assert created.body["entity"][0]["description"] == "override"
    number = created.body["id"]
    for method, path in [
        ("PUT", f"AuditEvent/{number}"),
        ("DELETE", f"AuditEvent/{number}"),
        ("DELETE", "AuditEvent"),
    ]:
        assert fhir(method, path, mine | {"id": number}).status == 405
    assert fhir("GET", "AuditEvent/none").status == 404


def faults(store: Store) -> list[str]:
    with store.database.viewing() as session:
        return store.book(session, PRACTICE).faults()


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE audit SET content = ? WHERE practice = ? AND number = 2",
        "DELETE FROM audit WHERE content <> ? AND practice = ? AND number = 2",
        "DELETE FROM audit WHERE content <> ? AND practice = ? AND number = 3",
        "UPDATE practice SET audited = 2, audit_seal = ? WHERE practice = ?",
    ],
)
def test_a_forged_audit_is_found(fhir: Caller, store: Store, forgery: str) -> None:
    for _ in range(3):
        asked(fhir, "PUT", "Patient/p", PATIENT)
    assert faults(store) == []
    store.database.write(lambda session: session.change(forgery, (b"{}", PRACTICE)))
    assert len(faults(store)) == 1


def test_the_chains_of_two_practices_are_apart(fhir: Caller, other_fhir: Caller, store: Store) -> None:
    asked(fhir, "PUT", "Patient/p", PATIENT)
    asked(other_fhir, "PUT", "Patient/q", PATIENT | {"id": "q"})
    asked(fhir, "GET", "Patient/p")
    assert faults(store) == []
    assert len(audit(other_fhir)) == 1


def test_nothing_is_read_any_more_when_the_audit_cannot_be_written(
    fhir: Caller, monkeypatch: pytest.MonkeyPatch, expected_logs: list[str]
) -> None:
    expected_logs.append("the database does not answer")
    fhir("PUT", "Patient/p", PATIENT)
    fhir.service.trail.flush()

    def silent(_self: Session, _adding: Adding, _rows: Any) -> None:
        raise DatabaseSilent("the disk is full")

    monkeypatch.setattr("web_modules.fhir_store.audit.trail.MOST_WAITING", 3)
    monkeypatch.setattr(Session, "add", silent)
    statuses = [fhir("GET", "Patient/p").status for _ in range(5)]
    assert statuses == [200, 200, 200, 503, 503]
    monkeypatch.undo()
    fhir.service.trail.flush()
    assert len([one for one in audit(fhir) if one["action"] == "R"]) == 3


def test_a_write_whose_note_cannot_be_kept_is_not_done(
    fhir: Caller, monkeypatch: pytest.MonkeyPatch, expected_logs: list[str]
) -> None:
    expected_logs.append("the database does not answer")
    fhir("PUT", "Patient/p", PATIENT)

    def silent(*_parts: Any) -> None:
        raise DatabaseSilent("the disk is full")

    monkeypatch.setattr("web_modules.fhir_store.audit.book.AuditBook.append", silent)
    assert fhir("PUT", "Patient/p", PATIENT | {"active": True}).status == 503
    monkeypatch.undo()
    assert "active" not in fhir("GET", "Patient/p").body


def test_the_audit_never_repeats_what_a_record_says(fhir: Caller) -> None:
    asked(fhir, "PUT", "Patient/p", PATIENT)
    asked(fhir, "GET", "Patient/p")
    assert b"Shah" not in b"".join(encode(event) for event in audit(fhir))
    assert decode(encode(newest(fhir)))["source"]["observer"]["display"] == "Banyan"
