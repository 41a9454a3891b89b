"""The way to an OpenID provider and back: code flow with state, PKCE and nonce."""

import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from web_modules.errors import SettingsError
from web_modules.identity.database.connection import digest_of
from web_modules.identity.database.tickets import TicketKind, Tickets
from web_modules.settings import LOOPBACK

SCOPE = "openid profile nationalrbacaccess"
"""The last is NHS CIS2's for roles; other providers leave it out."""

SIGN_IN_SECONDS = 600
KNOWN_SECONDS = 3600
"""Providers change keys rarely; one that is not known is asked for at once."""

TIMEOUT_SECONDS = 10
LEEWAY_SECONDS = 30
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")


class ProviderRefused(Exception):
    """Somebody could not be signed in; the message is for the log and has no secret in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """How we are known at a provider.

    Attributes:
        issuer: as in its tokens.
        client_id: our name.
        secret: ours, or empty.
        key: ours, instead of a secret.
        redirect_uri: where it sends people back.
    """

    issuer: str
    client_id: str
    secret: str
    key: RSAKey | ECKey | None
    redirect_uri: str

    @property
    def is_loopback(self) -> bool:
        """Whether the provider runs on this machine, as in tests."""
        return urlsplit(self.issuer).hostname in LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A sign-in that is under way.

    Attributes:
        url: where the browser goes.
        browser: what the browser keeps, so that nobody else comes back in its place.
    """

    url: str
    browser: str


class OpenIdProvider:
    """One provider. Blocks; safe from every thread and process."""

    def __init__(self, settings: ProviderSettings, tickets: Tickets) -> None:
        self._settings = settings
        self._tickets = tickets
        self._lock = threading.Lock()
        self._known: tuple[float, dict[str, Any], dict[str, Any]] | None = None

    def begin(self, following: str, *, is_asked_anew: bool = False) -> Begun:
        """Send somebody to the provider.

        Args:
            following: our address to go on to.
            is_asked_anew: whether the provider is to ask who they are although it knows this browser.

        Raises:
            ProviderRefused: the provider does not answer as it should.
        """
        described, _ = self._described()
        browser, verifier, nonce = (secrets.token_urlsafe(48) for _ in range(3))
        kept = {"browser": digest_of(browser), "verifier": verifier, "nonce": nonce, "next": following}
        state = self._tickets.issue(TicketKind.SIGN_IN, kept, seconds=SIGN_IN_SECONDS)
        more = {"prompt": "login"} if is_asked_anew else {}
        with provider_session(self._settings) as session:
            url, _ = session.create_authorization_url(
                described["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce, **more
            )
        return Begun(url=url, browser=browser)

    def finish(self, told: Mapping[str, str], browser: str) -> tuple[dict[str, Any], str]:
        """Take somebody back from the provider.

        Args:
            told: the parameters with which the browser came.
            browser: what it kept.

        Returns:
            the claims, and our address to go on to.

        Raises:
            ProviderRefused: it is not the browser that began, or what the provider says is not right.
        """
        ticket = self._tickets.take(TicketKind.SIGN_IN, told.get("state", ""))
        if ticket is None or not ticket.is_first:
            raise ProviderRefused("the state is not one of ours, or was used")
        kept = ticket.content
        if not secrets.compare_digest(digest_of(browser), kept["browser"]):
            raise ProviderRefused("another browser came back")
        described, _ = self._described()
        must_name = described.get("authorization_response_iss_parameter_supported") is True
        if told.get("iss", None if must_name else self._settings.issuer) != self._settings.issuer:
            raise ProviderRefused("another issuer answered")
        if "code" not in told:
            raise ProviderRefused("the provider let nobody in")
        try:
            claims = self._claims(described, told["code"], kept)
        except (
            requests.RequestException,
            AuthlibBaseError,
            JoseError,
            ValueError,
            KeyError,
            TypeError,
        ) as error:
            raise ProviderRefused(f"the provider's answer is not right: {type(error).__name__}") from error
        return claims, str(kept["next"])

    def _claims(self, described: dict[str, Any], code: str, kept: dict[str, Any]) -> dict[str, Any]:
        with provider_session(self._settings) as session:
            token = session.fetch_token(
                described["token_endpoint"],
                code=code,
                code_verifier=kept["verifier"],
                grant_type="authorization_code",
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        identity = self._identity(token["id_token"], token["access_token"], kept["nonce"])
        address = described.get("userinfo_endpoint")
        if not address:
            return identity
        with _plain_session() as session:
            answer = session.get(
                address,
                headers={"Authorization": f"Bearer {token['access_token']}"},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        answer.raise_for_status()
        told = answer.json()
        if told["sub"] != identity["sub"]:
            raise ValueError("the userinfo is about somebody else")
        return {**told, **identity}

    def _identity(self, id_token: str, access_token: str, nonce: str) -> dict[str, Any]:
        described, keys = self._described()
        offered = described.get("id_token_signing_alg_values_supported", ["RS256"])
        algorithms = [one for one in _ALGORITHMS if one in offered]
        try:
            found = jwt.decode(id_token, KeySet.import_key_set(_public(keys)), algorithms=algorithms)
        except (JoseError, ValueError):  # perhaps by a key that came since
            _, keys = self._described(is_fresh=True)
            found = jwt.decode(id_token, KeySet.import_key_set(_public(keys)), algorithms=algorithms)
        own = self._settings.client_id
        claims = CodeIDToken(
            found.claims,
            found.header,
            options={"iss": {"values": [self._settings.issuer]}, "aud": {"values": [own]}},
            params={"nonce": nonce, "client_id": own, "access_token": access_token},
        )
        claims.validate(now=int(time.time()), leeway=LEEWAY_SECONDS)
        return dict(found.claims)

    def _described(self, *, is_fresh: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
        with self._lock:
            if not is_fresh and self._known is not None and time.monotonic() < self._known[0]:
                return self._known[1], self._known[2]
            try:
                described = self._fetch(f"{self._settings.issuer}/.well-known/openid-configuration")
                if described["issuer"] != self._settings.issuer:
                    raise ProviderRefused("the provider calls itself otherwise than the settings do")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    self._check_address(described[name])
                if "userinfo_endpoint" in described:
                    self._check_address(described["userinfo_endpoint"])
                keys = self._fetch(described["jwks_uri"])
            except (requests.RequestException, ValueError, KeyError, TypeError) as error:
                raise ProviderRefused(f"the provider cannot be asked: {type(error).__name__}") from error
            self._known = (time.monotonic() + KNOWN_SECONDS, described, keys)
            return described, keys

    def _check_address(self, address: str) -> None:
        if urlsplit(address).scheme != "https" and not self._settings.is_loopback:
            raise ProviderRefused("the provider has an address that is not https")

    def _fetch(self, address: str) -> dict[str, Any]:
        with _plain_session() as session:
            answer = session.get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict):
            raise TypeError("no object")
        return found


def provider_session(ours: ProviderSettings) -> Any:
    """An OAuth client's session at a provider; close it."""
    method = "private_key_jwt" if ours.key is not None else "client_secret_basic"
    session: Any = OAuth2Session(
        ours.client_id,
        ours.key if ours.key is not None else ours.secret,
        token_endpoint_auth_method=method if ours.key is not None or ours.secret else "none",
        scope=SCOPE,
        redirect_uri=ours.redirect_uri,
        code_challenge_method="S256",
    )
    session.trust_env = False
    if ours.key is not None:
        session.register_client_auth_method(PrivateKeyJWT(alg=_algorithm(ours.key)))
    return session


def load_client_key(file: Path) -> RSAKey | ECKey:
    """Read our private key at a provider.

    Raises:
        SettingsError: it cannot be read, or is none.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        kind: type[RSAKey] | type[ECKey] = RSAKey if found["kty"] == "RSA" else ECKey
        key = kind.import_key(found)
        if key.is_private:
            return key
    except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
        raise SettingsError(f"The key {file} cannot be used: it must be a private JSON Web Key.") from error
    raise SettingsError(f"The key {file} is a public one: it must be a private JSON Web Key.")


def _algorithm(key: RSAKey | ECKey) -> str:
    named = key.as_dict(private=False).get("alg")
    if isinstance(named, str):
        return named
    if isinstance(key, RSAKey):
        return "RS256"
    return {"P-256": "ES256", "P-384": "ES384"}.get(key.curve_name, "ES512")


def _public(keys: dict[str, Any]) -> Any:
    """Only keys that sign with a public half: no secret is taken for one."""
    return {"keys": [one for one in keys.get("keys", []) if one.get("kty") in {"RSA", "EC"}]}


def _plain_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session
