"""Subscribers are told of what was committed: each version, in order, as far as the owner may see it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.subscriber import Subscriber, subscriber
from tests.support.waiting import until
from tests.web_modules.fhir_store.conftest import Caller
from tests.web_modules.fhir_store.subscriptions.conftest import Followed, patient, subscription
from web_modules.fhir.errors import FhirUnavailable
from web_modules.fhir.systems import CONFIDENTIALITY
from web_modules.fhir_store.access import FULL_GRANTS, OURSELVES, Access, Agent, Grant, Interaction
from web_modules.fhir_store.store import Store

FHIR = "application/fhir+json"
RESTRICTED = {"security": [{"system": CONFIDENTIALITY, "code": "R"}]}
UNCLEARED = Access(agent=Agent(id="app", name="App"), grants=FULL_GRANTS, relationships=None)


def _families(hook: Subscriber, *families: str) -> None:
    until(lambda: len(hook.told) >= len(families), f"{families} came")
    assert hook.families() == list(families)


def test_what_matches_is_put_to_the_endpoint_with_the_headers(delivered: Followed, hook: Subscriber) -> None:
    asked = subscription(
        "Patient?family=smith", hook.address, payload=FHIR, header=["Authorization: Bearer secret"]
    )
    delivered.until_status(delivered.subscribe(asked), "active")
    delivered.add("Jones")
    smith = delivered.add("Smith")
    _families(hook, "Smith")
    told = hook.told[0]
    assert (told.method, told.path) == ("PUT", f"/hook/Patient/{smith}")
    assert told.headers["content-type"] == FHIR
    assert told.headers["authorization"] == "Bearer secret"
    assert told.resource == delivered.fhir("GET", f"Patient/{smith}").body


def test_without_a_payload_an_empty_post_says_that_there_is_news(
    delivered: Followed, hook: Subscriber
) -> None:
    delivered.until_status(delivered.subscribe(subscription("Patient", hook.address)), "active")
    delivered.add("Smith")
    until(lambda: hook.told, "a ping")
    assert (hook.told[0].method, hook.told[0].path, hook.told[0].body) == ("POST", "/hook", b"")


def test_nothing_committed_while_nobody_delivered_is_lost(followed: Followed, hook: Subscriber) -> None:
    with followed.delivering():
        name = followed.subscribe(subscription("Patient", hook.address, payload=FHIR))
        followed.until_status(name, "active")
    for family in ("A", "B", "C"):
        followed.add(family)
    with followed.delivering():
        _families(hook, "A", "B", "C")


def test_each_version_is_told_of_though_it_matches_no_more(followed: Followed, hook: Subscriber) -> None:
    followed.subscribe(subscription("Patient?family=first,third", hook.address, payload=FHIR))
    for family in ("First", "Second", "Third", "Fourth"):
        followed.fhir("PUT", "Patient/p", patient(family, id="p"))
    with followed.delivering():
        _families(hook, "First", "Third")
    assert followed.fhir("GET", "Patient", query={"family": "fourth"}).body["total"] == 1
    assert followed.fhir("GET", "Patient", query={"family": "first,third"}).body["total"] == 0


def test_what_was_deleted_since_is_not_told_of(followed: Followed, hook: Subscriber) -> None:
    followed.subscribe(subscription("Patient", hook.address, payload=FHIR))
    gone = followed.add("Gone")
    followed.fhir("DELETE", f"Patient/{gone}")
    followed.add("Here")
    with followed.delivering():
        _families(hook, "Here")


def test_what_the_owner_may_not_see_is_neither_sent_nor_pinged(followed: Followed, hook: Subscriber) -> None:
    limited = replace(UNCLEARED, clearance=frozenset())
    followed.subscribe(subscription("Patient", hook.address, payload=FHIR), limited)
    with subscriber() as pinged, followed.delivering():
        followed.subscribe(subscription("Patient", pinged.address), limited)
        followed.add("Hidden", meta=RESTRICTED)
        followed.add("Open")
        _families(hook, "Open")
        assert len(pinged.told) <= 1


def test_an_earlier_open_version_of_what_is_restricted_now_stays_hidden(
    followed: Followed, hook: Subscriber
) -> None:
    followed.subscribe(subscription("Patient?family=a", hook.address, payload=FHIR), UNCLEARED)
    followed.fhir("PUT", "Patient/p", patient("A", id="p"))
    followed.fhir("PUT", "Patient/p", patient("A", id="p", meta=RESTRICTED))
    followed.fhir("PUT", "Patient/q", patient("A", id="q", meta=RESTRICTED))
    followed.fhir("PUT", "Patient/q", patient("A", id="q", active=True))
    with followed.delivering():
        until(lambda: hook.told, "the open version")
        assert [one.path for one in hook.told] == ["/hook/Patient/q"]
        assert hook.told[0].resource["active"] is True


def test_a_scope_for_one_patient_shows_no_other(followed: Followed, hook: Subscriber) -> None:
    followed.fhir("PUT", "Patient/p", patient("P", id="p"))
    followed.fhir("PUT", "Patient/q", patient("Q", id="q"))
    own = Grant(
        resource_type="Condition", interactions=frozenset({Interaction.READ, Interaction.SEARCH}), patient="p"
    )
    writing = Grant(resource_type="Subscription", interactions=frozenset({Interaction.CREATE}))
    access = replace(UNCLEARED, grants=(own, writing))
    followed.subscribe(subscription("Condition", hook.address, payload=FHIR), access)
    for one in ("q", "p"):
        body = {"resourceType": "Condition", "subject": {"reference": f"Patient/{one}"}}
        assert followed.fhir("POST", "Condition", body).status == 201
    with followed.delivering():
        until(lambda: hook.told, "the patient's own")
        assert [one.resource["subject"]["reference"] for one in hook.told] == ["Patient/p"]


READING_TASKS = Grant(resource_type="Task", interactions=frozenset({Interaction.READ, Interaction.SEARCH}))


@pytest.mark.parametrize("left", [None, replace(OURSELVES, grants=(READING_TASKS,))], ids=["gone", "demoted"])
@pytest.mark.parametrize("channel", ["rest-hook", "websocket"])
def test_the_subscription_of_an_owner_who_left_is_turned_off_and_says_why(
    followed: Followed, hook: Subscriber, left: Access | None, channel: str
) -> None:
    asked = {"address": hook.address, "payload": FHIR} if channel == "rest-hook" else {}
    name = followed.subscribe(subscription("Patient", **asked))
    followed.add("Smith")
    with followed.delivering(lambda _access: left):
        followed.until_status(name, "off")
        told = followed.fhir("GET", f"Subscription/{name}").body
        assert told["error"].startswith("Whoever asked for this may not know of it any more")
    with followed.delivering():
        other = followed.subscribe(subscription("Patient", hook.address, payload=FHIR))
        followed.until_status(other, "active")
        followed.add("Jones")
        until(lambda: hook.told, "the other one's")
    assert hook.families() == ["Jones"]
    assert followed.status(name) == "off"


def test_an_owner_whose_relationships_cannot_be_looked_up_is_not_taken_to_have_left(
    followed: Followed, hook: Subscriber, expected_logs: list[str]
) -> None:
    expected_logs.append("waits: FhirUnavailable")
    name = followed.subscribe(subscription("Patient", hook.address, payload=FHIR))
    followed.add("Smith")
    asked: list[Access] = []

    def silent(access: Access) -> Access:
        asked.append(access)
        raise FhirUnavailable("The records cannot be reached.")

    with followed.delivering(silent):
        until(lambda: len(asked) > 2, "it was tried")
    assert followed.status(name) in {"requested", "active"}
    with followed.delivering():
        until(lambda: hook.families() == ["Smith"], "it comes after all")


def test_another_practices_changes_are_not_told_of(
    delivered: Followed, other_fhir: Caller, hook: Subscriber
) -> None:
    delivered.subscribe(subscription("Patient", hook.address, payload=FHIR))
    other_fhir("POST", "Patient", patient("Other"))
    delivered.add("Own")
    _families(hook, "Own")


def test_a_hung_subscriber_holds_up_neither_another_one_nor_a_writer(
    delivered: Followed, hook: Subscriber
) -> None:
    with subscriber() as hung:
        hung.going.clear()
        for asked in (hung, hook):
            name = delivered.subscribe(subscription("Patient", asked.address, payload=FHIR))
            delivered.until_status(name, "active")
        delivered.add("First")
        until(lambda: hung.told, "it hangs")
        delivered.add("Second")
        _families(hook, "First", "Second")
        hung.going.set()
        _families(hung, "First", "Second")


def test_a_failing_subscriber_gets_everything_in_order_once_it_is_well(
    delivered: Followed, hook: Subscriber
) -> None:
    name = delivered.subscribe(subscription("Patient", hook.address, payload=FHIR))
    delivered.until_status(name, "active")
    hook.status = 503
    delivered.add("First")
    delivered.until_status(name, "error")
    told = delivered.fhir("GET", f"Subscription/{name}").body["error"]
    assert told == "The endpoint answered with HTTP status 503."
    delivered.add("Second")
    before = len(hook.told)
    hook.status = 200
    delivered.until_status(name, "active")
    until(lambda: hook.families()[-1] == "Second", "the second")
    assert [one for one in hook.families()[before:] if one == "Second"] == ["Second"]
    assert "error" not in delivered.fhir("GET", f"Subscription/{name}").body


def test_a_redirect_is_a_failure_and_not_followed(delivered: Followed, hook: Subscriber) -> None:
    with subscriber() as elsewhere:
        hook.status, hook.location = 307, elsewhere.address
        name = delivered.subscribe(subscription("Patient", hook.address, payload=FHIR))
        delivered.add("Smith")
        delivered.until_status(name, "error")
        assert elsewhere.told == []


def test_a_subscription_goes_off_at_its_end(delivered: Followed, hook: Subscriber) -> None:
    asked = subscription("Patient", hook.address, payload=FHIR) | {"end": "2020-01-01T00:00:00Z"}
    name = delivered.subscribe(asked)
    delivered.until_status(name, "off")
    lasting = delivered.subscribe(subscription("Patient?family=smith", hook.address, payload=FHIR))
    delivered.until_status(lasting, "active")
    delivered.add("Smith")
    _families(hook, "Smith")


def test_a_deleted_subscription_hears_nothing(delivered: Followed, hook: Subscriber) -> None:
    with subscriber() as gone:
        name = delivered.subscribe(subscription("Patient", gone.address, payload=FHIR))
        delivered.until_status(name, "active")
        assert delivered.fhir("DELETE", f"Subscription/{name}").status == 204
        delivered.subscribe(subscription("Patient", hook.address, payload=FHIR))
        delivered.add("Smith")
        _families(hook, "Smith")
        assert gone.told == []


def test_two_processes_deliver_each_version_once(followed: Followed, hook: Subscriber) -> None:
    followed.subscribe(subscription("Patient", hook.address, payload=FHIR))
    with followed.delivering(), followed.delivering():
        families = [f"F{number}" for number in range(30)]
        for family in families:
            followed.add(family)
        _families(hook, *families)


def test_a_delivery_stands_in_the_audit_as_a_read_by_the_owner(delivered: Followed, hook: Subscriber) -> None:
    owner = replace(OURSELVES, agent=Agent(id="dr.owner", name="Dr Owner"))
    delivered.subscribe(subscription("Patient", hook.address, payload=FHIR), owner)
    smith = delivered.add("Smith")
    _families(hook, "Smith")

    def events() -> list[dict[str, Any]]:
        query = {"agent": "dr.owner", "entity": f"Patient/{smith}"}
        return delivered.fhir("GET", "AuditEvent", query=query).resources

    until(events, "the audit says so")
    (event,) = events()
    assert (event["action"], event["subtype"][0]["code"]) == ("R", "vread")


def test_headers_stand_in_no_log(
    delivered: Followed, hook: Subscriber, caplog: pytest.LogCaptureFixture
) -> None:
    hook.status = 500
    asked = subscription("Patient", hook.address, payload=FHIR, header=["Authorization: Bearer hush-hush"])
    name = delivered.subscribe(asked)
    delivered.add("Smith")
    delivered.until_status(name, "error")
    assert "hush-hush" not in caplog.text
    kept = delivered.fhir("GET", f"Subscription/{name}").body["channel"]
    assert kept == asked["channel"] | {"header": ["Authorization: (hidden)"]}


def test_what_a_killed_process_was_delivering_is_taken_over(
    followed: Followed, store: Store, hook: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web_modules.fhir_store.subscriptions.courier.LEASE_SECONDS", 0.3)
    name = followed.subscribe(subscription("Patient", hook.address, payload=FHIR))
    with followed.delivering():
        followed.until_status(name, "active")
    followed.add("Smith")
    store.database.write(
        lambda session: session.change(
            "UPDATE subscription SET holder = 'gone', held_until = ? WHERE practice = ? AND id = ?",
            (followed.fhir.service.changes.position + 500_000, followed.practice, name),
        )
    )
    with followed.delivering():
        _families(hook, "Smith")
