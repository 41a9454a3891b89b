"""Whoever is bound over a websocket is pinged at each change, as far as they may see it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from tests.web_modules.fhir_store.subscriptions.conftest import patient, subscription
from web_modules.app import Cloud, create_cloud
from web_modules.fhir.client import FhirClient
from web_modules.fhir.systems import CONFIDENTIALITY
from web_modules.fhir_store.store import Standard, Store
from web_modules.settings import CloudSettings

ORIGIN = "http://127.0.0.1:8080"
SOCKET = f"{ORIGIN.replace('http', 'ws')}/Y99002/fhir/websocket"
TOKEN = "0123456789abcdef0123456789abcdef"
SERVICE = {"authorization": f"Bearer {TOKEN}"}
RESTRICTED = {"security": [{"system": CONFIDENTIALITY, "code": "R"}]}


@pytest.fixture
def cloud(database_url: str, standard: Standard) -> Iterator[Cloud]:
    """A cloud of the reference environment."""
    settings = CloudSettings(database=database_url, service_token=TOKEN, audit_key=Path("audit.key"))
    with closing(Store(database_url, standard)) as store:
        yield create_cloud(settings, store, bytes(32), ORIGIN)


@pytest.fixture
def web(cloud: Cloud) -> Iterator[TestClient]:
    """Somebody who is not signed in."""
    with TestClient(cloud.app, base_url=ORIGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def fhir(cloud: Cloud) -> FhirClient:
    """The practice's records."""
    return FhirClient(cloud.services.fhir)


def _subscribed(web: TestClient, criteria: str = "Patient", **headers: str) -> str:
    made = web.post("/Y99002/fhir/Subscription", json=subscription(criteria), headers=headers or SERVICE)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def _signed_in(web: TestClient, person: str) -> str:
    answer = web.post("/sign-in", data={"person": person}, headers={"accept": "application/json"})
    web.cookies.clear()
    return str(answer.json()["session"])


def _refusal(web: TestClient, address: str = SOCKET, **headers: str) -> int:
    denied: Any
    refused = pytest.raises((WebSocketDenialResponse, WebSocketDisconnect))
    with refused as denied, web.websocket_connect(address, headers=headers):
        pass
    return int(getattr(denied.value, "status_code", None) or denied.value.code)


def test_each_change_is_pinged_to_whoever_is_bound(web: TestClient, fhir: FhirClient) -> None:
    name = _subscribed(web, "Patient?family=smith")
    with web.websocket_connect(SOCKET, headers=SERVICE) as socket:
        socket.send_text(f"bind {name}")
        assert socket.receive_text() == f"bound {name}"
        fhir.create(patient("Jones"))
        for _time in range(2):
            fhir.create(patient("Smith"))
            assert socket.receive_text() == f"ping {name}"


def test_what_changed_while_nobody_was_bound_is_pinged_first(web: TestClient, fhir: FhirClient) -> None:
    name = _subscribed(web)
    fhir.create(patient("Smith"))
    with web.websocket_connect(SOCKET, headers=SERVICE) as socket:
        socket.send_text(f"bind {name}")
        assert [socket.receive_text(), socket.receive_text()] == [f"bound {name}", f"ping {name}"]


def test_a_page_of_another_site_cannot_use_the_browsers_session(web: TestClient) -> None:
    session = _signed_in(web, "priya.nair")
    cookie = f"banyan_session={session}"
    assert _refusal(web, cookie=cookie, origin="https://evil.example") in {403, 1008}
    assert _refusal(web, cookie=cookie, **{"sec-fetch-site": "cross-site"}) in {403, 1008}
    assert _refusal(web, cookie=cookie, origin="null") in {403, 1008}
    with web.websocket_connect(SOCKET, headers={"cookie": cookie, "origin": ORIGIN}):
        pass


def test_another_name_for_this_machine_opens_no_socket(web: TestClient) -> None:
    evil = {"host": "evil.example:8080", "origin": "http://evil.example:8080"}
    assert _refusal(web, **SERVICE, **evil) in {403, 1008}


def test_who_is_not_known_opens_no_socket(web: TestClient) -> None:
    assert _refusal(web) in {403, 1008}
    assert _refusal(web, authorization="Bearer made-up") in {403, 1008}
    assert _refusal(web, f"{SOCKET}?access_token=made-up") in {403, 1008}


def test_a_token_may_stand_in_the_address(web: TestClient) -> None:
    name = _subscribed(web)
    with web.websocket_connect(
        f"{SOCKET}?access_token={TOKEN}", headers={"origin": "https://a.example"}
    ) as socket:
        socket.send_text(f"bind {name}")
        assert socket.receive_text() == f"bound {name}"


@pytest.mark.parametrize("asked", ["bind nothing-of-that-name", "hello", "bind " + "x" * 100, "bind a/b"])
def test_what_is_not_there_cannot_be_bound_to(web: TestClient, asked: str) -> None:
    with web.websocket_connect(SOCKET, headers=SERVICE) as socket:
        socket.send_text(asked)
        with pytest.raises(WebSocketDisconnect) as caught:
            socket.receive_text()
    assert caught.value.code == 1008


def test_a_rest_hook_cannot_be_bound_to(web: TestClient) -> None:
    asked = subscription("Patient", "http://127.0.0.1:9/hook")
    name = web.post("/Y99002/fhir/Subscription", json=asked, headers=SERVICE).json()["id"]
    with web.websocket_connect(SOCKET, headers=SERVICE) as socket:
        socket.send_text(f"bind {name}")
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()


def test_what_is_restricted_is_not_pinged_to_whoever_may_not_see_it(
    web: TestClient, fhir: FhirClient
) -> None:
    name = _subscribed(web)
    manager = {"authorization": f"Bearer {_signed_in(web, 'marion.webb')}"}
    with web.websocket_connect(SOCKET, headers=manager) as socket:
        socket.send_text(f"bind {name}")
        assert socket.receive_text() == f"bound {name}"
        with web.websocket_connect(SOCKET, headers=SERVICE) as cleared:
            cleared.send_text(f"bind {name}")
            assert cleared.receive_text() == f"bound {name}"
            fhir.create(patient("Hidden", meta=RESTRICTED))
            assert cleared.receive_text() == f"ping {name}"
        fhir.delete("Subscription", name)
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()


def test_a_session_that_ended_hears_nothing_more(web: TestClient, fhir: FhirClient) -> None:
    name = _subscribed(web)
    token = _signed_in(web, "priya.nair")
    with web.websocket_connect(SOCKET, headers={"authorization": f"Bearer {token}"}) as socket:
        socket.send_text(f"bind {name}")
        assert socket.receive_text() == f"bound {name}"
        web.post("/sign-out", headers={"cookie": f"banyan_session={token}", "origin": ORIGIN})
        fhir.create(patient("Smith"))
        with pytest.raises(WebSocketDisconnect) as caught:
            socket.receive_text()
    assert caught.value.code == 1008


def test_the_capability_statement_says_where_sockets_are(web: TestClient) -> None:
    rest = web.get("/Y99002/fhir/metadata").json()["rest"][0]
    url = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-websocket"
    assert rest["extension"] == [{"url": url, "valueUri": SOCKET}]
    (kind,) = [one for one in rest["resource"] if one["type"] == "Subscription"]
    assert "rest-hook" in kind["documentation"]
