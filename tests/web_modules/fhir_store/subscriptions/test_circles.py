"""Two servers that subscribe to each other do not tell each other the same for ever."""

import pytest

from tests.support.subscriber import Subscriber
from tests.support.waiting import until
from tests.web_modules.fhir_store.subscriptions.conftest import Followed, patient, subscription
from web_modules.fhir_store.subscriptions.circles import told_by, via

FHIR = "application/fhir+json"


@pytest.mark.parametrize(
    ("base", "endpoint"),
    [
        ("https://records.example/Y99001/fhir", "https://Records.example:443/Y99001/fhir"),
        ("http://127.0.0.1:8000/Y99001/fhir", "http://localhost:8000/fhir"),
        ("http://[::1]:8000/fhir", "http://127.0.0.1:8000/fhir"),
    ],
)
def test_a_server_is_known_by_all_its_names(base: str, endpoint: str) -> None:
    assert told_by(f"1.0 proxy, {via(base)}") == told_by(via(endpoint)) != frozenset()


@pytest.mark.parametrize("header", ["", "1.1 proxy", "HTTP/1.1 gateway:80 (squid)", "(Banyan)"])
def test_a_proxy_is_none_of_our_servers(header: str) -> None:
    assert told_by(header) == frozenset()


def test_what_is_told_names_the_server_that_tells(delivered: Followed, hook: Subscriber) -> None:
    delivered.until_status(delivered.subscribe(subscription("Patient", hook.address, payload=FHIR)), "active")
    delivered.add("Smith")
    until(lambda: hook.told, "it came")
    assert told_by(hook.told[0].headers["via"]) == told_by(via(delivered.fhir.service.served.base_url))


def test_a_change_from_whom_we_tell_of_such_changes_is_refused(followed: Followed, hook: Subscriber) -> None:
    name = followed.subscribe(subscription("Patient", hook.address, payload=FHIR))
    there = via(hook.address)
    answer = followed.fhir("PUT", "Patient/p", patient("Smith", id="p"), via=there)
    assert answer.status == 409
    assert f"Subscription/{name} tells the sender" in answer.words
    assert followed.fhir("GET", "Patient/p").status == 404


def test_a_change_that_goes_round_in_no_circle_is_taken(followed: Followed, hook: Subscriber) -> None:
    there = via(hook.address)
    followed.subscribe(subscription("Observation", hook.address, payload=FHIR))
    followed.subscribe(subscription("Patient", hook.address))  # only that there is news
    ended = followed.subscribe(subscription("Patient", hook.address, payload=FHIR))
    assert followed.fhir("DELETE", f"Subscription/{ended}").status in {200, 204}
    assert followed.fhir("PUT", "Patient/p", patient("A", id="p"), via=there).status == 201
    followed.subscribe(subscription("Patient", hook.address, payload=FHIR))
    elsewhere = via("https://elsewhere.example/fhir")
    assert followed.fhir("PUT", "Patient/p", patient("B", id="p"), via=elsewhere).status == 200
    assert followed.fhir("PUT", "Patient/p", patient("C", id="p")).status == 200
