"""What is taken as a Subscription, what is refused and why, and who owns it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.web_modules.fhir_store.subscriptions.conftest import Followed, subscription
from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import (
    EVERYTHING,
    FULL_GRANTS,
    OURSELVES,
    READING,
    Access,
    Agent,
    AgentKind,
    Grant,
)
from web_modules.fhir_store.documents import decode, encode
from web_modules.fhir_store.refusals import Refusal
from web_modules.fhir_store.subscriptions.ledger import MOST
from web_modules.fhir_store.subscriptions.owners import read_access, write_access
from web_modules.fhir_store.subscriptions.wanted import EndpointRule, own_addresses

HOOK = "http://127.0.0.1:9/hook"


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        (subscription("Patient?nonsense=1", HOOK), "criteria"),
        (subscription("Patient?birthdate=soon", HOOK), "criteria"),
        (subscription("Nonsense?code=1", HOOK), "criteria"),
        (subscription("http://elsewhere.example/Patient", HOOK), "criteria"),
        (subscription("?_type=Patient,Condition&_id=1", HOOK), "criteria"),
        (subscription("Patient?_include=Patient:organization", HOOK), "criteria"),
        (subscription("Patient?_count=1", HOOK), "criteria"),
        (subscription("Subscription", HOOK), "criteria"),
        (subscription("AuditEvent", HOOK), "criteria"),
        (subscription("Patient", HOOK, type="email"), "channel.type"),
        (subscription("Patient", HOOK, type="message"), "channel.type"),
        (subscription("Patient", HOOK, payload="application/fhir+xml"), "channel.payload"),
        (subscription("Patient", payload="application/fhir+json"), "channel.payload"),
        (subscription("Patient", "ftp://127.0.0.1/hook"), "channel.endpoint"),
        (subscription("Patient", "http://127.0.0.1@elsewhere.example/"), "channel.endpoint"),
        (subscription("Patient", "http://127.0.0.1\\@elsewhere.example/"), "channel.endpoint"),
        (subscription("Patient", "http://127.0.0.1#@elsewhere.example/"), "channel.endpoint"),
        (subscription("Patient", "http://169.254.169.254/latest/meta-data"), "channel.endpoint"),
        (subscription("Patient", "http://2130706433/"), "channel.endpoint"),
        (subscription("Patient", "http://127.0.0.1:99999/"), "channel.endpoint"),
        (subscription("Patient", "http://127.0.0.1:0/"), "channel.endpoint"),
        (subscription("Patient", type="rest-hook"), "channel.endpoint"),
        (subscription("Patient", HOOK + "?a=1", payload="application/fhir+json"), "channel.endpoint"),
        (subscription("Patient", HOOK, header=["Host: elsewhere.example"]), "channel.header[0]"),
        (subscription("Patient", HOOK, header=["A: 1", "no colon"]), "channel.header[1]"),
    ],
)
def test_what_this_server_does_not_do_is_refused_where_it_stands(
    followed: Followed, asked: dict[str, Any], where: str
) -> None:
    answer = followed.fhir("POST", "Subscription", asked)
    assert (answer.status, answer.expression) == (422, f"Subscription.{where}"), answer.body
    assert followed.fhir("GET", "Subscription").body["total"] == 0


def test_the_server_alone_says_that_a_subscription_is_active(followed: Followed) -> None:
    asked = subscription("Patient", HOOK) | {"status": "active", "error": "made up"}
    made = followed.fhir("POST", "Subscription", asked).body
    assert made["status"] == "requested"
    assert "error" not in made
    changed = followed.fhir("PUT", f"Subscription/{made['id']}", made | {"status": "active"}).body
    assert changed["status"] == "requested"
    patch = [{"op": "replace", "path": "/status", "value": "active"}]
    answer = followed.fhir("PATCH", f"Subscription/{made['id']}", patch)
    assert answer.body["status"] == "requested"


def test_a_client_may_turn_a_subscription_off_and_on_again(followed: Followed) -> None:
    name = followed.subscribe(subscription("Patient", HOOK))
    with followed.delivering():
        followed.until_status(name, "active")
        off = followed.fhir("GET", f"Subscription/{name}").body | {"status": "off"}
        assert followed.fhir("PUT", f"Subscription/{name}", off).body["status"] == "off"
        followed.fhir("PUT", f"Subscription/{name}", off | {"status": "requested"})
        followed.until_status(name, "active")


def test_an_entry_of_a_batch_is_refused_for_itself(followed: Followed) -> None:
    asked = [subscription("Patient", HOOK), subscription("Nonsense", HOOK)]
    entries = [{"resource": one, "request": {"method": "POST", "url": "Subscription"}} for one in asked]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answers = followed.fhir("POST", "", bundle).body["entry"]
    assert [one["response"]["status"][:3] for one in answers] == ["201", "422"]
    followed.fhir("POST", "", bundle | {"type": "transaction"})
    assert followed.fhir("GET", "Subscription").body["total"] == 1


def test_nobody_follows_what_they_may_not_search(followed: Followed) -> None:
    grants = (
        Grant(resource_type="Subscription", interactions=EVERYTHING),
        Grant(resource_type="Location", interactions=READING),
    )
    access = Access(agent=Agent(id="sam", name="Sam"), grants=grants)
    for kind, status in (("Patient", 403), ("Location", 201)):
        body = encode(subscription(kind, HOOK))
        request = FhirRequest(method="POST", path="Subscription", body=body)
        answer = followed.fhir.service.send(request, access)
        assert answer.status == status, decode(answer.body)


def test_there_is_an_end_to_how_many_are_on(followed: Followed) -> None:
    entry = {
        "resource": subscription("Patient", HOOK),
        "request": {"method": "POST", "url": "Subscription"},
    }
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * MOST}
    assert followed.fhir("POST", "", bundle).status == 200
    answer = followed.fhir("POST", "Subscription", subscription("Patient", HOOK))
    assert (answer.status, answer.expression) == (422, "Subscription")
    off = subscription("Patient", HOOK) | {"status": "off"}
    assert followed.fhir("POST", "Subscription", off).status == 201


def test_a_live_practice_sends_to_allowed_hosts_over_tls_only() -> None:
    rule = EndpointRule(hosts=frozenset({"lab.example"}), is_live=True)
    assert rule.read("https://Lab.example/hook/").path == "/hook"
    for address in ("http://lab.example/", "https://127.0.0.1/", "https://lab.example.evil.example/"):
        with pytest.raises(Refusal):
            rule.read(address)


@pytest.mark.parametrize(
    "address",
    ["https://records.example/fhir", "https://Records.example:443/Y99002/fhir", "http://localhost:8080/fhir"],
)
def test_a_server_tells_nothing_to_itself_which_would_tell_it_again_without_end(address: str) -> None:
    own = own_addresses("https://records.example", port=8080)
    rule = EndpointRule(hosts=frozenset({"records.example"}), own=own)
    with pytest.raises(Refusal, match="itself"):
        rule.read(address)
    assert rule.read("https://records.example:8443/fhir").port == 8443
    assert rule.read("http://127.0.0.1:8081/fhir").port == 8081


def test_what_an_owner_may_do_outlives_their_request() -> None:
    access = Access(
        agent=Agent(
            id="a", name="Ä", role="gp", client="c", kind=AgentKind.APPLICATION, registration="https://gmc|1"
        ),
        grants=(
            *FULL_GRANTS,
            Grant(
                resource_type="Observation",
                interactions=READING,
                query=(("category", "laboratory"),),
                patient="p",
            ),
        ),
        clearance=frozenset({"R"}),
        relationships=frozenset({"p", "q"}),
    )
    for one in (access, OURSELVES, replace(access, relationships=frozenset())):
        assert read_access(write_access(one)) == one
