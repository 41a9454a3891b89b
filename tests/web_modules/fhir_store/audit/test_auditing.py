"""Every read, write and refusal is in the audit, under whoever asked."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from tests.web_modules.fhir_store.conftest import PRACTICE, Caller
from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import OURSELVES, Agent
from web_modules.fhir_store.audit.events import Note
from web_modules.fhir_store.database.adding import Adding
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.database.transactions import DatabaseSilent
from web_modules.fhir_store.documents import decode, encode
from web_modules.fhir_store.store import Store

PRIYA = replace(OURSELVES, agent=Agent(id="priya.nair", name="Dr Priya Nair", role="gp"))
PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"family": "Shah"}]}
SENT: dict[str, Any] = {
    "resourceType": "AuditEvent",
    "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
    "recorded": "2026-11-17T09:00:00Z",
    "agent": [{"requestor": True}],
    "source": {"observer": {"display": "A laboratory"}},
    "entity": [{"what": {"reference": "Patient/p/_history/1"}}],
}


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
    (following,) = (one["url"].partition("?")[2] for one in page.body["link"] if one["relation"] == "next")
    pairs = [tuple(pair.split("=")) for pair in following.split("&")]
    assert len(pairs) == 3
    after = fhir("GET", "AuditEvent", query=[(name, value) for name, value in pairs])
    assert [int(one["id"]) for one in after.resources] == [int(ids[0]) - 2, int(ids[0]) - 3]
    assert fhir("GET", f"AuditEvent/{ids[0]}").body["id"] == ids[0]


@pytest.mark.parametrize(
    "query",
    [
        {"date": "yesterday"},
        {"zork": "1"},
        {"_cursor": "nonsense"},
        {"agent": "a\0"},
        {"entity": "Patient/\0"},
        {"patient": "\0"},
    ],
)
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


def test_what_somebody_sends_says_by_itself_who_sent_it_and_when(fhir: Caller) -> None:
    said = {"who": {"identifier": {"value": "somebody.else"}}, "requestor": True}
    forged = SENT | {
        "recorded": "2020-01-01T00:00:00Z",
        "meta": {"lastUpdated": "2020-01-01T00:00:00Z", "tag": [{"code": "kept"}]},
        "agent": [said],
    }
    assert asked(fhir, "POST", "AuditEvent", forged) == 201
    [event] = audit(fhir, agent="priya.nair")
    assert event["agent"][0] == said
    sender = event["agent"][-1]
    assert sender["who"] == {"identifier": {"value": "priya.nair"}, "display": "Dr Priya Nair"}
    assert (sender["requestor"], sender["type"]["coding"][0]["code"]) == (False, "AUT")
    assert event["recorded"] == "2020-01-01T00:00:00Z"
    assert event["meta"]["lastUpdated"] > "2026"
    assert event["meta"]["tag"] == [{"code": "kept"}]
    assert audit(fhir, agent="somebody.else") == audit(fhir, date="2020-01-01") == []
    assert len(audit(fhir, entity="Patient/p")) == 1


def test_the_address_of_what_was_sent_is_there(fhir: Caller) -> None:
    created = fhir("POST", "AuditEvent", SENT)
    path = created.headers["location"].partition("/fhir/")[2]
    assert path.endswith("/_history/1")
    assert fhir("GET", path).body == created.body
    for absent in (f"{path}2", path.removesuffix("/1"), f"{path}/1", "AuditEvent/99/_history/1"):
        assert fhir("GET", absent).status == 404


def test_who_sent_it_is_sealed(fhir: Caller, store: Store) -> None:
    asked(fhir, "POST", "AuditEvent", SENT)
    with store.database.viewing() as session:
        [entry] = store.book(session, PRACTICE).entries()
    kept = decode(entry.content)
    assert kept["agent"][-1]["who"]["identifier"]["value"] == "priya.nair"
    assert kept["meta"]["lastUpdated"] > "2026"
    assert faults(store) == []


@pytest.mark.parametrize(
    "source",
    [
        {"observer": {"display": "Banyan"}},
        {"observer": {"display": " \uff22ANYAN "}},
        {"observer": {"identifier": {"value": "banyan"}}},
        {"observer": {"display": "x"}, "site": "Banyan"},
    ],
)
def test_nobody_else_sends_what_looks_like_our_own(fhir: Caller, source: dict[str, Any]) -> None:
    assert asked(fhir, "POST", "AuditEvent", SENT | {"source": source}) == 422


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


def test_what_was_cut_off_is_found_also_after_the_next_entries(fhir: Caller, store: Store) -> None:
    for _ in range(3):
        asked(fhir, "PUT", "Patient/p", PATIENT)
    store.trail(PRACTICE).flush()

    def cut(session: Session) -> None:
        where = "WHERE practice = ? AND number"
        ((link,),) = session.rows(f"SELECT link FROM audit {where} = 1", (PRACTICE,))  # noqa: S608
        session.change(f"DELETE FROM audit_subject {where} > 1", (PRACTICE,))  # noqa: S608
        session.change(f"DELETE FROM audit {where} > 1", (PRACTICE,))  # noqa: S608
        moved = "UPDATE practice SET audited = 1, audit_link = ? WHERE practice = ?"
        session.change(moved, (link, PRACTICE))

    store.database.write(cut)
    asked(fhir, "PUT", "Patient/q", PATIENT | {"id": "q"})
    assert len(faults(store)) == 1


@pytest.mark.parametrize(
    ("forgery", "said"),
    [
        ("DELETE FROM audit_subject WHERE practice = ? AND number = 2", "entry 2 is not found by"),
        ("UPDATE audit_subject SET number = 5 WHERE practice = ? AND number = 2", "entry 2 is not found by"),
        ("UPDATE audit_subject SET reference = 'Patient/x' WHERE practice = ? AND number = 4", "entry 4"),
        ("INSERT INTO audit_subject (practice, reference, number) VALUES (?, 'Patient/x', 3)", "1 entries"),
        ("INSERT INTO audit_subject (practice, reference, number) VALUES (?, 'Patient/x', 99)", "1 entries"),
        ("INSERT INTO audit_subject (practice, reference, number) VALUES (?, 'Patient/p', 5)", "entry 5"),
        ("UPDATE audit SET agent = 'x' WHERE practice = ? AND number = 3", "entry 3 is found under another"),
        ("UPDATE audit SET agent = 'x' WHERE practice = ? AND number = 4", "entry 4 is found under another"),
        ("UPDATE audit SET moment = moment - 1 WHERE practice = ? AND number = 1", "entry 1 is found"),
        ("UPDATE audit SET moment = moment + 1 WHERE practice = ? AND number = 4", "entry 4 is found"),
    ],
)
def test_what_the_audit_is_searched_by_is_verified_too(
    fhir: Caller, store: Store, forgery: str, said: str
) -> None:
    asked(fhir, "PUT", "Patient/p", PATIENT)
    asked(fhir, "GET", "Observation", patient="p,p,q", subject="Patient/p")
    asked(fhir, "GET", "Patient/p")
    asked(fhir, "POST", "AuditEvent", SENT)
    asked(fhir, "GET", "Patient")
    assert faults(store) == []
    store.database.write(lambda session: session.change(forgery, (PRACTICE,)))
    [fault] = faults(store)
    assert fault.startswith(said)


def test_an_event_sent_before_its_sender_was_told_is_no_fault(fhir: Caller, store: Store) -> None:
    claim = SENT | {"source": {"observer": {"display": "Banyan"}}}
    for event in (SENT, claim):
        subject = ("Patient/p/_history/1",)
        store.append(PRACTICE, [Note(moment=7, agent="any", references=subject, content=encode(event))])
    assert faults(store) == []


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


def test_the_audit_is_counted_and_shown_in_parts_as_records_are(fhir: Caller) -> None:
    for family in ("A", "B", "C"):
        body = {"resourceType": "Patient", "id": "x", "name": [{"family": family}]}
        assert fhir("PUT", "Patient/x", body).status in {200, 201}
    query = {"entity": "Patient/x"}
    whole = fhir("GET", "AuditEvent", query=query)
    assert (whole.body["total"], len(whole.resources)) == (3, 3)
    assert [one["relation"] for one in whole.body["link"]] == ["self"]
    for few in ({"_summary": "count"}, {"_count": "0"}):
        answer = fhir("GET", "AuditEvent", query=query | few)
        assert (answer.body["total"], answer.resources) == (3, [])
    for total in ("accurate", "estimate"):
        paged = fhir("GET", "AuditEvent", query=query | {"_count": "1", "_total": total})
        assert (paged.body["total"], len(paged.resources)) == (3, 1)
    assert {one["relation"] for one in paged.body["link"]} == {"self", "next"}
    assert "total" not in fhir("GET", "AuditEvent", query=query | {"_count": "1", "_total": "none"}).body
    event = fhir("GET", "AuditEvent", query=query | {"_elements": "outcome"}).resources[0]
    assert "outcome" in event
    assert "entity" not in event
    assert event["meta"]["tag"][0]["code"] == "SUBSETTED"
    summary = fhir("GET", f"AuditEvent/{event['id']}", query={"_summary": "true"}).body
    assert "entity" not in summary
    assert summary["meta"]["tag"][0]["code"] == "SUBSETTED"
    for parameter in ("_summary", "_total"):
        refused = fhir("GET", "AuditEvent", query={parameter: "x"})
        assert (refused.status, refused.expression) == (400, f"http.{parameter}")


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_what_a_bundle_reads_is_noted(fhir: Caller, kind: str) -> None:
    urls = ["Patient/a", "Observation?patient=b", "metadata"]
    entries: list[dict[str, Any]] = [{"request": {"method": "GET", "url": url}} for url in urls]
    asked(fhir, "POST", "", {"resourceType": "Bundle", "type": kind, "entry": entries})
    [event] = audit(fhir, entity="Patient/a")
    assert [one["what"]["reference"] for one in event["entity"] if "what" in one] == [
        "Patient/a",
        "Patient/b",
    ]
    [query] = [base64.b64decode(one["query"]) for one in event["entity"] if "query" in one]
    assert query == b"Observation?patient=b"
    assert audit(fhir, entity="Patient/b") == [event]
