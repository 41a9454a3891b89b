"""A practice with applications, for tests of its authorisation server."""

import base64
import contextlib
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.testclient import TestClient

from web_modules.app import Cloud, create_cloud
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.store import Standard, Store
from web_modules.settings import CloudSettings

ORIGIN = "http://127.0.0.1:8080"
PRACTICE = "Y99002"
BASE = f"{ORIGIN}/{PRACTICE}/fhir"
AUTH = f"/{PRACTICE}/auth"
ISSUER = f"{ORIGIN}{AUTH}"
TOKEN_URL = f"{ISSUER}/token"
SERVICE_TOKEN = "0123456789abcdef0123456789abcdef"
REDIRECT = "https://app.example/back"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")

EC_KEY = ECKey.generate_key("P-384", {"kid": "ec"})
RSA_KEY = RSAKey.generate_key(2048, {"kid": "rsa"})
OTHER_KEY = ECKey.generate_key("P-384", {"kid": "ec"})

CLIENTS = [
    {
        "id": "app",
        "name": "Growth charts",
        "redirect_uris": [REDIRECT, "https://app.example/other"],
        "launch_url": "https://app.example/launch",
        "part_origins": ["https://parts.example"],
        "scopes": "openid fhirUser profile launch launch/patient offline_access online_access messaging/ui "
        "patient/*.rs user/Patient.rs",
    },
    {"id": "rival", "redirect_uris": ["https://rival.example/back"], "scopes": "openid launch patient/*.rs"},
    {
        "id": "web",
        "redirect_uris": ["https://web.example/back"],
        "scopes": "launch/patient patient/*.rs offline_access",
        "jwks": {"keys": [EC_KEY.as_dict(private=False)]},
    },
    {
        "id": "everything",
        "scopes": "system/*.cruds system/AuditEvent.rs",
        "jwks": {"keys": [EC_KEY.as_dict(private=False)]},
    },
    {
        "id": "backend",
        "scopes": "system/Patient.rs system/Observation.rs",
        "jwks": {"keys": [EC_KEY.as_dict(private=False), RSA_KEY.as_dict(private=False)]},
    },
]


def assertion(
    client: str = "backend", *, key: Any = EC_KEY, alg: str = "ES384", header: Any = None, **claims: Any
) -> str:
    """What a client signs; a claim that is None is left out."""
    now = int(time.time())
    said = {"iss": client, "sub": client, "aud": TOKEN_URL, "exp": now + 120, "jti": f"{time.time_ns()}"}
    said |= claims
    made = {name: value for name, value in said.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": key.kid, **(header or {})}, made, key, algorithms=[alg])


def part(said: Mapping[str, Any]) -> str:
    """A part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def by_public_key(header: Mapping[str, Any], claims: str, key: ECKey | RSAKey) -> str:
    """A token signed by a public key as if that were a secret."""
    signed = f"{part(header)}.{claims}"
    signature = hmac.digest(key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartPractice:
    """A practice, and a browser in which Dr Priya Nair is signed in.

    Attributes:
        cloud: the practice's.
        browser: a person's.
        program: knows no cookies.
        patients: ids of two patients, the first of whom has Dr Nair as the usual GP.
    """

    cloud: Cloud
    browser: TestClient
    program: TestClient
    patients: tuple[str, str]

    def parameters(self, **changed: str | None) -> dict[str, str]:
        """Of an authorisation request as it should be; None leaves one out."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": "app",
            "redirect_uri": REDIRECT,
            "scope": "openid fhirUser launch patient/*.rs offline_access",
            "state": "st&te",
            "aud": BASE,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "nonce": "n-1",
        }
        return {name: value for name, value in (asked | changed).items() if value is not None}

    def launch(self, *, patient: str | None = None, client: str = "") -> str:
        """What our page makes to open an application."""
        form = {"patient": patient or self.patients[0], "client": client}
        return str(self.browser.post(f"{AUTH}/launch", data=form).json()["launch"])

    def authorize(self, **changed: str | None) -> httpx2.Response:
        """What the browser gets when an application sends it here."""
        return self.browser.get(f"{AUTH}/authorize", params=self.parameters(**changed))

    def allow(self, patient: str | None = None, **changed: str | None) -> httpx2.Response:
        """What the browser gets when the person says yes."""
        query = urlencode(self.parameters(**changed))
        form = {"decision": "allow"} | ({} if patient is None else {"patient": patient})
        return self.browser.post(f"{AUTH}/authorize?{query}", data=form)

    def code(self, **changed: str | None) -> str:
        """A code of an EHR launch."""
        answer = self.authorize(**({"launch": self.launch()} | changed))
        return answered(answer)["code"]

    def exchange(self, code: str, **changed: str | None) -> httpx2.Response:
        """What an application gets for a code."""
        asked: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "client_id": "app",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        }
        return self.token(asked | changed)

    def refresh(self, token: str, **changed: str | None) -> httpx2.Response:
        """What an application gets for a refresh token."""
        return self.token(
            {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token} | changed
        )

    def backend(self, signed: str, scope: str | None = "system/Patient.rs") -> httpx2.Response:
        """What a program gets for its assertion."""
        asked = {"grant_type": "client_credentials", "scope": scope, "client_assertion": signed}
        return self.token(asked | {"client_assertion_type": ASSERTION_TYPE})

    def token(self, form: Mapping[str, str | None]) -> httpx2.Response:
        """Ask the token endpoint."""
        given = {name: value for name, value in form.items() if value is not None}
        return self.program.post(f"{AUTH}/token", data=given)

    def tokens(self, **changed: str | None) -> dict[str, Any]:
        """The tokens of an EHR launch."""
        told: dict[str, Any] = self.exchange(self.code(**changed)).json()
        return told

    def read(self, path: str, token: str) -> httpx2.Response:
        """Ask for a record with a token."""
        return self.program.get(f"/{PRACTICE}/fhir/{path}", headers={"Authorization": f"Bearer {token}"})


def answered(answer: httpx2.Response) -> dict[str, str]:
    """The parameters with which the browser is sent back, by redirection or by our own page."""
    if answer.status_code == 302:
        address = answer.headers["location"]
    else:
        found = re.search(r'content="0;url=([^"]+)"', answer.text)
        assert found is not None, answer.text
        address = unescape(found[1])
    told = {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}
    return {"to": address.partition("?")[0], **told}


@contextlib.contextmanager
def open_practice(folder: Path, standard: Standard, **settings: Any) -> Iterator[Cloud]:
    """A cloud with the clients above."""
    file = folder / "clients.json"
    file.write_text(json.dumps({"clients": CLIENTS}))
    known: dict[str, Any] = {
        "database": f"sqlite:///{folder / 'cloud.sqlite'}",
        "service_token": SERVICE_TOKEN,
        "clients": file,
        "practice": PRACTICE,
        "audit_key": folder / "audit.key",
    }
    made = CloudSettings(**(known | settings))
    origin = made.public_url or ORIGIN
    with contextlib.closing(Store(made.database, standard)) as store:
        yield create_cloud(made, store, bytes(32), origin)


def fill(fhir: FhirClient) -> tuple[str, str]:
    """Two patients; the first one's usual GP is Dr Nair."""
    doctor = fhir.create(
        {
            "resourceType": "Practitioner",
            "identifier": [{"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7076397"}],
            "name": [{"family": "Nair", "given": ["Priya"]}],
        }
    )
    own = [{"reference": f"Practitioner/{doctor['id']}"}]
    one = fhir.create({"resourceType": "Patient", "name": [{"family": "Ash"}], "generalPractitioner": own})
    two = fhir.create({"resourceType": "Patient", "name": [{"family": "Birch"}]})
    return one["id"], two["id"]
