"""How an application proves who it is: a short-lived JWT signed by its own key, good once.

SMART App Launch 2.2, "Client Authentication: Asymmetric"; RFC 7523.
"""

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

import requests
from authlib.oauth2.rfc6749 import InvalidClientError
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from web_modules.identity.database.tickets import TicketKind, Tickets
from web_modules.identity.smart.clients import Client, Clients

ALGORITHMS = ("RS384", "ES384")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_SECONDS = 300
"""SMART: the expiry is at most five minutes away."""

LEEWAY_SECONDS = 30
"""Clocks differ; half a minute is more than NTP leaves."""

KEYS_KEPT_SECONDS = 300
RETRY_SECONDS = 10
FETCH_TIMEOUT_SECONDS = 5
_LARGEST_KEY_SET_BYTES = 100_000


class AssertionRefused(InvalidClientError):
    """One answer for every reason: it does not tell which clients there are.

    Attributes:
        reason: for the audit.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(description="The client assertion is not accepted.", status_code=401)
        self.reason = reason


class ClientKeys:
    """The public keys of clients, by value, or fetched and kept. Blocks; safe from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fetched: dict[str, tuple[float, Mapping[str, Any]]] = {}

    def find(self, client: Client, key_id: str) -> RSAKey | ECKey | None:
        """A client's key of this id, or None."""
        source = client.jwks if client.jwks is not None else self._at(client.jwks_url)
        entries = source.get("keys", []) if isinstance(source.get("keys"), list) else []
        named = [one for one in entries if isinstance(one, dict) and one.get("kid") == key_id]
        wanted = [one for one in named if one.get("kty") in {"RSA", "EC"}]
        if len(wanted) != 1:
            return None
        try:
            (key,) = KeySet.import_key_set({"keys": wanted}).keys
        except (JoseError, ValueError, TypeError, KeyError):
            return None
        return key if isinstance(key, RSAKey | ECKey) else None

    def _at(self, address: str) -> Mapping[str, Any]:
        now = time.monotonic()
        with self._lock:
            kept = self._fetched.get(address)
        if kept is not None and now < kept[0]:
            return kept[1]
        found = _fetch(address)
        with self._lock:
            self._fetched[address] = (now + (KEYS_KEPT_SECONDS if found else RETRY_SECONDS), found)
        return found


class ClientAssertions:
    """Reads the assertions of one practice's token endpoint."""

    def __init__(self, keys: ClientKeys, tickets: Tickets, audience: str) -> None:
        """Take only what is meant for one address.

        Args:
            keys: of the clients.
            tickets: remember which assertions were used.
            audience: the token endpoint's address.
        """
        self._keys = keys
        self._tickets = tickets
        self._audience = audience

    def client_of(self, assertion: str, clients: Clients) -> Client:
        """Who signed an assertion.

        Raises:
            InvalidClientError: nobody whom we know, for somebody else, too late, or a second time.
        """
        header, claimed = _unverified(assertion)
        client = clients.get(str(claimed.get("sub")))
        key_id, algorithm = header.get("kid"), header.get("alg")
        if client is None or client.is_public or not isinstance(key_id, str) or algorithm not in ALGORITHMS:
            raise AssertionRefused("no such client, or not signed as SMART says")
        key = self._keys.find(client, key_id)
        if key is None:
            raise AssertionRefused("the client has no such key")
        try:
            claims = jwt.decode(assertion, key, algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError, TypeError) as error:
            raise AssertionRefused("the signature is not the client's") from error
        self._check(claims, client)
        return client

    def _check(self, claims: Mapping[str, Any], client: Client) -> None:
        now = time.time()
        until, name = claims.get("exp"), claims.get("jti")
        is_meant = claims.get("aud") in (self._audience, [self._audience])
        is_own = claims.get("iss") == client.id and claims.get("sub") == client.id
        if not is_meant or not is_own or not isinstance(name, str) or not 0 < len(name) <= 256:
            raise AssertionRefused("the assertion is meant for others, or of another client")
        if isinstance(until, bool) or not isinstance(until, int | float):
            raise AssertionRefused("the assertion has no end")
        if not now - LEEWAY_SECONDS < until <= now + LONGEST_SECONDS + LEEWAY_SECONDS:
            raise AssertionRefused("the assertion is over, or too long")
        begins = [claims.get("iat", 0), claims.get("nbf", 0)]
        if not all(type(one) in {int, float} and one <= now + LEEWAY_SECONDS for one in begins):
            raise AssertionRefused("the assertion begins later")
        seconds = LONGEST_SECONDS + 2 * LEEWAY_SECONDS
        if not self._tickets.spend(TicketKind.ASSERTION, f"{client.id} {name}", seconds=seconds):
            raise AssertionRefused("the assertion was used before")


def claimed_client(assertion: str) -> str:
    """Who an assertion says it is of, not looking at its signature; empty when it does not say."""
    try:
        _, claims = _unverified(assertion)
    except AssertionRefused:
        return ""
    return str(claims.get("sub", ""))


def _unverified(assertion: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        found = jws.extract_compact(assertion.encode("ascii"))
        claims = json.loads(found.payload)
    except (JoseError, ValueError, TypeError) as error:
        raise AssertionRefused("the assertion cannot be read") from error
    if not isinstance(claims, dict):
        raise AssertionRefused("the assertion cannot be read")
    return found.headers(), claims


def _fetch(address: str) -> Mapping[str, Any]:
    """A key set at its address; an empty one when it is not to be had."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.get(
                address, timeout=FETCH_TIMEOUT_SECONDS, allow_redirects=False, stream=True
            ) as answer:
                if answer.status_code != 200:
                    return {}
                body = answer.raw.read(_LARGEST_KEY_SET_BYTES + 1, decode_content=True)
        found = json.loads(body) if len(body) <= _LARGEST_KEY_SET_BYTES else {}
    except (requests.RequestException, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
