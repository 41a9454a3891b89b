"""A practice whose subscribers are told of changes, and a subscriber."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.support.subscriber import Subscriber, subscriber
from tests.support.waiting import until
from tests.web_modules.fhir_store.conftest import Caller
from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import OURSELVES, Access
from web_modules.fhir_store.documents import decode, encode
from web_modules.fhir_store.store import Store
from web_modules.fhir_store.subscriptions.courier import Patience
from web_modules.fhir_store.subscriptions.desk import Desk
from web_modules.fhir_store.subscriptions.dispatcher import Dispatcher

QUICK = Patience(first_pause_seconds=0.05, longest_pause_seconds=0.1, failures=3)


def subscription(criteria: str, address: str = "", **channel: Any) -> dict[str, Any]:
    """A Subscription as a client sends it."""
    asked: dict[str, Any] = {"type": "rest-hook", "endpoint": address} if address else {"type": "websocket"}
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "to know",
        "criteria": criteria,
        "channel": asked | channel,
    }


def patient(family: str, **more: Any) -> dict[str, Any]:
    """Somebody."""
    return {"resourceType": "Patient", "name": [{"family": family}]} | more


def _as_it_was(access: Access) -> Access:
    return access


class Followed:
    """One practice, its records, and who delivers them."""

    def __init__(self, fhir: Caller, store: Store) -> None:
        self.fhir = fhir
        self.store = store
        self.practice = fhir.service.served.practice

    @contextmanager
    def delivering(self, renewed: Callable[[Access], Access | None] = _as_it_was) -> Iterator[None]:
        """While this lasts, subscribers are told."""
        served = self.fhir.service.served
        desk = Desk(self.store, self.practice, served.base_url)
        dispatcher = Dispatcher(desk, self.store, rule=served.endpoints, renewed=renewed, patience=QUICK)
        dispatcher.start()
        try:
            yield
        finally:
            dispatcher.close()

    def subscribe(self, asked: dict[str, Any], access: Access = OURSELVES) -> str:
        """The id of a new Subscription."""
        request = FhirRequest(method="POST", path="Subscription", body=encode(asked))
        answer = self.fhir.service.send(request, access)
        assert answer.status == 201, answer.body
        return str(decode(answer.body)["id"])

    def status(self, subscription_id: str) -> str:
        """What a Subscription's status is."""
        return str(self.fhir("GET", f"Subscription/{subscription_id}").body["status"])

    def until_status(self, subscription_id: str, status: str) -> None:
        """Wait for a status."""
        until(lambda: self.status(subscription_id) == status, f"the subscription is {status}")

    def add(self, family: str, **more: Any) -> str:
        """The id of a new Patient."""
        return str(self.fhir("POST", "Patient", patient(family, **more)).body["id"])


@pytest.fixture
def followed(fhir: Caller, store: Store) -> Followed:
    """The practice under test; nobody delivers yet."""
    return Followed(fhir, store)


@pytest.fixture
def hook() -> Iterator[Subscriber]:
    """A subscriber."""
    with subscriber() as one:
        yield one


@pytest.fixture
def delivered(followed: Followed) -> Iterator[Followed]:
    """The practice under test while subscribers are told."""
    with ExitStack() as stack:
        stack.enter_context(followed.delivering())
        yield followed
