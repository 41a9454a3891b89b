"""A label inside a record protects the whole record, just as one on the record itself."""

import logging
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.support.subscriber import subscriber
from tests.support.waiting import until
from tests.web_modules.fhir_store.conftest import Caller, fresh_practice
from tests.web_modules.fhir_store.database.test_migrating import set_step
from tests.web_modules.fhir_store.subscriptions.conftest import Followed, subscription
from tests.web_modules.fhir_store.test_limits import RECEPTIONIST, ask, found, labelled, observation
from web_modules.fhir.systems import CONFIDENTIALITY as SYSTEM
from web_modules.fhir_store.database.migrating import upgrade
from web_modules.fhir_store.documents import decode, encode
from web_modules.fhir_store.store import Standard, Store

CLEARED = replace(RECEPTIONIST, clearance=frozenset({"R", "V"}), relationships=None)
PROVENANCE = {
    "resourceType": "Provenance",
    "recorded": "2026-11-17T09:30:00Z",
    "agent": [{"who": {"display": "Dr Test"}}],
}


def holder(kind: str, label: str) -> dict[str, Any]:
    """A record `x` with something inside that has a label."""
    inner = observation("o", "mine", **(labelled(label) if label else {}))
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:x:o", "resource": inner}],
    }
    match kind:
        case "Bundle":
            return bundle | {"id": "x"}
        case "Bundle in a Bundle":
            entry = {"fullUrl": "urn:x:b", "resource": bundle}
            return {"resourceType": "Bundle", "id": "x", "type": "collection", "entry": [entry]}
        case "outcome in a Bundle":
            outcome = {
                "resourceType": "OperationOutcome",
                "issue": [{"severity": "error", "code": "invalid"}],
                **(labelled(label) if label else {}),
            }
            entry = {"response": {"status": "200", "outcome": outcome}}
            return {"resourceType": "Bundle", "id": "x", "type": "batch-response", "entry": [entry]}
        case "Parameters":
            part = {"name": "a", "part": [{"name": "b", "resource": inner}]}
            return {"resourceType": "Parameters", "id": "x", "parameter": [part]}
    return {
        "resourceType": "List",
        "id": "x",
        "status": "current",
        "mode": "working",
        "contained": [inner],
        "entry": [{"item": {"reference": "#o"}}],
    }


HOLDERS = ["Bundle", "Bundle in a Bundle", "outcome in a Bundle", "Parameters", "contained"]
OF_EACH_KIND = pytest.mark.parametrize("kind", HOLDERS)


@OF_EACH_KIND
def test_no_way_shows_what_holds_a_label_to_whoever_is_not_cleared(fhir: Caller, kind: str) -> None:
    record = holder(kind, "R")
    path = f"{record['resourceType']}/x"
    assert fhir("PUT", path, record).status == 201
    about = {**PROVENANCE, "id": "p", "target": [{"reference": path}]}
    assert fhir("PUT", "Provenance/p", about).status == 201
    for way in (path, f"{path}/_history/1", f"{path}/_history", f"{path}/$meta"):
        assert ask(fhir, RECEPTIONIST, "GET", way).status == 404, way
        assert ask(fhir, CLEARED, "GET", way).status == 200, way
    assert ask(fhir, RECEPTIONIST, "PUT", path, record).status in {403, 404}
    for access, seen in ((RECEPTIONIST, set()), (CLEARED, {"x"})):
        for way in (record["resourceType"], f"{record['resourceType']}/_history"):
            assert found(ask(fhir, access, "GET", way)) == seen, way
        count = ask(fhir, access, "GET", record["resourceType"], _summary="count")
        assert count.body["total"] == len(seen)
        included = ask(fhir, access, "GET", "Provenance", _include="Provenance:target")
        assert found(included) == {"p"} | seen
    suppressed = ask(fhir, RECEPTIONIST, "GET", record["resourceType"]).resources[-1]
    assert suppressed["issue"][0]["code"] == "suppressed"


@OF_EACH_KIND
def test_a_past_version_stays_hidden_by_the_label_inside_it(fhir: Caller, kind: str) -> None:
    record = holder(kind, "R")
    path = f"{record['resourceType']}/x"
    assert fhir("PUT", path, record).status == 201
    assert fhir("PUT", path, holder(kind, "")).status == 200
    assert ask(fhir, RECEPTIONIST, "GET", path).status == 200
    assert ask(fhir, RECEPTIONIST, "GET", f"{path}/_history/1").status == 404
    assert ask(fhir, RECEPTIONIST, "GET", f"{path}/_history/2").status == 200
    assert fhir("PUT", path, holder(kind, "V")).status == 200
    assert ask(fhir, RECEPTIONIST, "GET", path).status == 404
    assert ask(fhir, RECEPTIONIST, "GET", f"{path}/_history/2").status == 404


def test_open_labels_inside_hide_nothing(fhir: Caller) -> None:
    assert fhir("PUT", "Bundle/x", holder("Bundle", "N")).status == 201
    assert ask(fhir, RECEPTIONIST, "GET", "Bundle/x").status == 200


def test_a_label_inside_is_not_found_as_one_of_the_record(fhir: Caller) -> None:
    assert fhir("PUT", "Bundle/x", holder("Bundle", "R")).status == 201
    assert fhir.ids("Bundle", _security="R") == []


def test_subscribers_are_told_nothing_of_what_holds_a_label(fhir: Caller, store: Store) -> None:
    followed = Followed(fhir, store)
    with subscriber() as hook, followed.delivering():
        asked = subscription("List", hook.address, payload="application/fhir+json")
        followed.until_status(followed.subscribe(asked, RECEPTIONIST), "active")
        assert fhir("PUT", "List/x", holder("contained", "R")).status == 201
        assert fhir("PUT", "List/y", holder("contained", "") | {"id": "y"}).status == 201
        until(lambda: hook.told, "the open one")
        assert [decode(one.body)["id"] for one in hook.told] == ["y"]


def test_labels_inside_what_is_there_already_protect_after_an_upgrade(
    database_url: str, standard: Standard
) -> None:
    records = [holder(kind, "R") | {"id": f"x{n}"} for n, kind in enumerate(HOLDERS)]
    with fresh_practice(database_url, standard) as fhir:
        for record in records:
            assert fhir("PUT", f"{record['resourceType']}/{record['id']}", record).status == 201
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert connection.execute(text("DELETE FROM search_token WHERE code = 'R'")).rowcount == len(records)
    engine.dispose()
    set_step(database_url, "0005")
    assert upgrade(database_url) == "0005"
    with fresh_practice(database_url, standard) as fhir:
        for record in records:
            way = f"{record['resourceType']}/{record['id']}"
            assert ask(fhir, RECEPTIONIST, "GET", way).status == 404, way


UNREADABLE = [
    {"system": SYSTEM, "code": "r"},
    {"system": SYSTEM, "code": "RESTRICTED"},
    {"system": SYSTEM.replace("terminology.hl7.org/CodeSystem", "hl7.org/fhir"), "code": "R"},
    {"system": "urn:oid:2.16.840.1.113883.5.25", "code": "V"},
    {"code": "R"},
]


@pytest.fixture
def earlier(database_url: str, standard: Standard) -> list[str]:
    """A database with labels that are refused today: one on a record each, one inside another."""
    engine = create_engine(database_url)
    ways = [f"Basic/x{n}" for n in range(len(UNREADABLE))] + ["List/x", "Basic/open"]
    with fresh_practice(database_url, standard) as fhir:
        for way in ways:
            kind, _, name = way.partition("/")
            record = holder("contained", "N") if kind == "List" else {"resourceType": "Basic", "code": {}}
            known = record | {"id": name, "meta": {"security": [{"system": SYSTEM, "code": "N"}]}}
            known |= {"code": {"text": "x"}} if kind == "Basic" else {}
            assert fhir("PUT", way, known).status == 201
    labels = {f"x{n}": label for n, label in enumerate(UNREADABLE)} | {"x": UNREADABLE[0]}
    with engine.begin() as connection:
        for updated, name, content in connection.execute(
            text("SELECT updated, id, content FROM version")
        ).all():
            if name in labels:
                old = encode({"system": SYSTEM, "code": "N"})
                assert old in bytes(content)
                spoilt = bytes(content).replace(old, encode(labels[name]))
                spoil = text("UPDATE version SET content = :spoilt WHERE updated = :updated")
                connection.execute(spoil, {"spoilt": spoilt, "updated": updated})
        connection.execute(text("DELETE FROM search_token WHERE code = 'N'"))
    engine.dispose()
    set_step(database_url, "0007")
    assert upgrade(database_url) == "0007"
    return ways


def test_labels_that_nobody_can_read_hide_what_an_earlier_banyan_stored_until_corrected(
    earlier: list[str],
    database_url: str,
    standard: Standard,
    caplog: pytest.LogCaptureFixture,
    expected_logs: list[str],
) -> None:
    expected_logs.append("confidentiality label that nobody can read")
    *hidden, shown = earlier
    with fresh_practice(database_url, standard) as fhir:
        [told] = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
        assert told.startswith("6 records have a confidentiality label that nobody can read")
        assert told.endswith(f"The first: {', '.join(hidden)}")
        for way in hidden:
            for path in (way, f"{way}/_history/1"):
                assert ask(fhir, RECEPTIONIST, "GET", path).status == 404, path
                assert ask(fhir, CLEARED, "GET", path).status == 200, path
        assert found(ask(fhir, RECEPTIONIST, "GET", "Basic")) == {"open"}
        assert ask(fhir, RECEPTIONIST, "GET", shown).status == 200
        for way in hidden:
            record = fhir("GET", way).body
            record["meta"]["security"] = [{"system": SYSTEM, "code": "N"}]
            for inner in record.get("contained", ()):
                inner["meta"]["security"] = [{"system": SYSTEM, "code": "N"}]
            assert fhir("PUT", way, record).status == 200
            assert ask(fhir, RECEPTIONIST, "GET", way).status == 200, way
            assert ask(fhir, RECEPTIONIST, "GET", f"{way}/_history/1").status == 404, way
    told_once = len(caplog.records)
    with fresh_practice(database_url, standard):
        assert len(caplog.records) == told_once
