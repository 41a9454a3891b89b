"""A label inside a record protects the whole record, just as one on the record itself."""

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
from web_modules.fhir_store.database.migrating import upgrade
from web_modules.fhir_store.documents import decode
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
