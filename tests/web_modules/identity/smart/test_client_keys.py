"""Public keys of applications, at an address of theirs."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web_modules.identity.smart.practice import EC_KEY, OTHER_KEY, RSA_KEY
from web_modules.identity.scopes import parse_scopes
from web_modules.identity.smart import assertions as module
from web_modules.identity.smart.assertions import ClientKeys
from web_modules.identity.smart.clients import Client

GOOD = json.dumps({"keys": [EC_KEY.as_dict(private=False), RSA_KEY.as_dict(private=False)]}).encode()


class Keys(http.server.ThreadingHTTPServer):
    """Answers with what it is told to.

    Attributes:
        answer: status and body.
        asked: how often.
    """

    answer: tuple[int, bytes] = (200, GOOD)
    asked = 0


class Handler(http.server.BaseHTTPRequestHandler):
    server: Keys

    def do_GET(self) -> None:
        self.server.asked += 1
        status, body = self.server.answer
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Keys]:
    with Keys(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def client(server: Keys) -> Client:
    address = f"http://127.0.0.1:{server.server_port}/jwks"
    return Client(id="b", name="B", scopes=parse_scopes("system/*.rs"), jwks_url=address)


def test_keys_are_fetched_once_and_kept(server: Keys) -> None:
    keys = ClientKeys()
    for key in (EC_KEY, RSA_KEY, EC_KEY):
        found = keys.find(client(server), str(key.kid))
        assert found is not None
        assert found.as_dict(private=False)["kid"] == key.kid
    assert keys.find(client(server), "unknown") is None
    assert server.asked == 1


@pytest.mark.parametrize(
    "answer",
    [
        (404, b""),
        (302, GOOD),
        (500, GOOD),
        (200, b"no JSON"),
        (200, b"[]"),
        (200, b'{"keys": {}}'),
        (200, b'{"keys": [1, null, {"kid": "ec"}, {"kid": "ec", "kty": "oct", "k": "AAAA"}]}'),
        (200, b'{"keys": [{"kid": "ec", "kty": "EC", "crv": "P-384", "x": "!", "y": "!"}]}'),
        (
            200,
            json.dumps({"keys": [EC_KEY.as_dict(private=False), OTHER_KEY.as_dict(private=False)]}).encode(),
        ),
        (200, GOOD + b" " * 200_000),
    ],
)
def test_what_is_no_key_set_holds_no_key(server: Keys, answer: tuple[int, bytes]) -> None:
    server.answer = answer
    assert ClientKeys().find(client(server), "ec") is None


def test_a_set_that_could_not_be_had_is_asked_for_again_soon(
    server: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0)
    keys = ClientKeys()
    server.answer = (503, b"")
    assert keys.find(client(server), "ec") is None
    server.answer = (200, GOOD)
    assert keys.find(client(server), "ec") is not None


def test_nobody_at_the_address_is_no_key() -> None:
    nowhere = Client(id="b", name="B", scopes=parse_scopes("system/*.rs"), jwks_url="http://127.0.0.1:1/jwks")
    assert ClientKeys().find(nowhere, "ec") is None
