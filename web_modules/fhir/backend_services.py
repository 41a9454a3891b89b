"""SMART Backend Services: a program gets tokens for itself by its own private key, and keeps them fresh.

SMART App Launch 2.2, "Backend Services" and "Client Authentication: Asymmetric". The only module of this
package that needs `joserfc` (the extra `smart`), and nobody imports it but whoever wants it.

    key = load_key(Path("bridge-key.json"))
    credentials = BackendServices("https://cloud.example/Y99002/fhir", client_id="bridge", key=key)
    client = FhirClient(HttpTransport("https://cloud.example/Y99002/fhir", credentials=credentials))
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from web_modules.fhir.errors import FhirBroken, FhirBusy, FhirError, FhirForbidden, FhirKeyUnusable
from web_modules.fhir.outcomes import is_passing, retry_after_seconds
from web_modules.fhir.resource_json import parse
from web_modules.fhir.transport import FhirResponse, open_session, unavailable

ASSERTION_SECONDS = 120
"""How long a proof of who we are is good; SMART allows 300, clocks differ, and it is used at once."""

EARLY_SECONDS = 30.0
"""How long before its end a token is renewed, so that none ends on its way."""

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DISCOVERY = ".well-known/smart-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key with which SMART lets a client sign.

    Attributes:
        key: RSA, or EC on P-384.
        algorithm: RS384 or ES384.
    """

    key: RSAKey | ECKey
    algorithm: str


def load_key(file: Path) -> SigningKey:
    """Read our private key: a JSON Web Key (RFC 7517), or a set with one private key in it.

    Raises:
        FhirKeyUnusable: the file cannot be read, or holds no key that SMART takes.
    """
    try:
        found = parse(file.read_bytes())
        (entry,) = (one for one in found.get("keys", [found]) if "d" in one)
        key = import_key(entry)
    except OSError as error:
        raise FhirKeyUnusable(f"The key {file} cannot be read: check its name and rights.") from error
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FhirKeyUnusable(f"The file {file} must hold one private JSON Web Key: make it anew.") from error
    if isinstance(key, RSAKey):
        algorithm = "RS384"
    elif isinstance(key, ECKey) and key.curve_name == "P-384":
        algorithm = "ES384"
    else:
        raise FhirKeyUnusable(f"The key {file} must be RSA, or EC on the curve P-384: SMART takes no other.")
    if not entry.get("kid"):
        raise FhirKeyUnusable(f"The key {file} needs a `kid`, the same as at the server: write one into it.")
    return SigningKey(key=key, algorithm=algorithm)


class BackendServices:
    """Tokens of one client at one FHIR server; see `web_modules.fhir.transport.Credentials`.

    A token is kept until shortly before its end, and is asked for once however many threads want it.
    """

    def __init__(
        self,
        fhir_base: str,
        *,
        client_id: str,
        key: SigningKey,
        scope: str = "system/*.cruds",
        timeout_seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Be a client of a server.

        Args:
            fhir_base: its address; it says there where its tokens come from.
            client_id: our name at the server, which also has our public key.
            key: our private one.
            scope: what to ask for; the server grants what of it the client may have.
            timeout_seconds: longest wait for each answer.
            clock: seconds that never go back.
        """
        self._fhir_base = fhir_base.rstrip("/")
        self._client_id = client_id
        self._key = key
        self._scope = scope
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._asking = Lock()
        self._token = ""
        self._fresh_until = float("-inf")

    def token(self) -> str:
        """A token that is good now, the last one or a new one.

        Raises:
            FhirUnavailable: nobody answers.
            FhirBusy: the server asks to try again later.
            FhirForbidden: it does not know us, or gives us nothing.
            FhirBroken: it answers in another way than SMART says.
        """
        with self._asking:
            if self._clock() >= self._fresh_until:
                began = self._clock()
                self._token, seconds = self._asked()
                self._fresh_until = began + seconds - min(EARLY_SECONDS, seconds / 4)
            return self._token

    def forget(self, token: str) -> None:
        """Ask for another the next time, unless there is another already."""
        with self._asking:
            if token == self._token:
                self._fresh_until = float("-inf")

    def _asked(self) -> tuple[str, float]:
        with open_session() as session:
            endpoint = self._endpoint(session)
            form = {
                "grant_type": "client_credentials",
                "scope": self._scope,
                "client_assertion_type": _ASSERTION_TYPE,
                "client_assertion": self._assertion(endpoint),
            }
            told = self._answer(session, "POST", endpoint, form)
        token, seconds = told.get("access_token"), told.get("expires_in", 60)
        is_plain = isinstance(token, str) and token.isascii() and token.isprintable()
        if not is_plain or isinstance(seconds, bool) or not isinstance(seconds, int):
            raise FhirBroken(f"The token that {endpoint} gives cannot be used.")
        return str(token), float(seconds)

    def _endpoint(self, session: requests.Session) -> str:
        told = self._answer(session, "GET", f"{self._fhir_base}/{_DISCOVERY}")
        endpoint = str(told.get("token_endpoint", ""))
        base, asked = urlsplit(self._fhir_base), urlsplit(endpoint)
        if not asked.hostname or (asked.scheme != "https" and asked[:2] != base[:2]):
            raise FhirBroken(
                f"The FHIR server at {self._fhir_base} names no token endpoint that may be trusted: it needs "
                "https, or to be at the same place as the server."
            )
        known = told.get("token_endpoint_auth_signing_alg_values_supported", [self._key.algorithm])
        if self._key.algorithm not in known:
            raise FhirKeyUnusable(f"The FHIR server does not take {self._key.algorithm}: use another key.")
        return endpoint

    def _assertion(self, endpoint: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": endpoint,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": secrets.token_urlsafe(24),
        }
        key, algorithm = self._key.key, self._key.algorithm
        header = {"alg": algorithm, "typ": "JWT", "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=[algorithm])

    def _answer(
        self, session: requests.Session, method: str, url: str, form: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """What an address says, as one JSON object."""
        try:
            raw = session.request(
                method,
                url,
                data=form,
                headers={"accept": "application/json"},
                timeout=self._timeout_seconds,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            found = unavailable(error, f"{method} {url}")
            found.may_have_arrived = False  # the FHIR request, which waits for this token
            raise found from error
        answer = FhirResponse(
            status=raw.status_code,
            headers={name.lower(): value for name, value in raw.headers.items()},
            body=raw.content,
        )
        if answer.status != 200:
            raise self._refusal(answer, url)
        return _object(answer.body, url)

    def _refusal(self, answer: FhirResponse, url: str) -> FhirError:
        if is_passing(answer):
            return FhirBusy(
                f"{url} answered {answer.status}: try again later.",
                status=answer.status,
                retry_after_seconds=retry_after_seconds(answer),
            )
        if answer.status not in {400, 401, 403}:
            return FhirBroken(
                f"{url} answered {answer.status}: check the address of the base.", status=answer.status
            )
        told = _object(answer.body, url)
        said = ", ".join(str(told[name])[:200] for name in ("error", "error_description") if name in told)
        return FhirForbidden(
            f"{url} gives the client {self._client_id} no token ({said or answer.status}). Check that it has "
            "this client, the public part of this key and these scopes, and that the clocks agree.",
            status=answer.status,
        )


def _object(body: bytes, url: str) -> dict[str, Any]:
    try:
        found = parse(body)
    except ValueError as error:
        raise FhirBroken(f"What {url} answers is not JSON: check the address of the base.") from error
    if not isinstance(found, dict):
        raise FhirBroken(f"What {url} answers is not a JSON object: check the address of the base.")
    return found
