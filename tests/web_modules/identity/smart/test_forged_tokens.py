"""A token that names its own key, another algorithm or another place opens nothing, and each use is noted."""

import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.web_modules.identity.smart.practice import AUTH, BASE, ISSUER, PRACTICE, SmartPractice, part

OWN = ECKey.generate_key("P-256", {"kid": "own"})
RSA = RSAKey.generate_key(2048, {"kid": "own"})


def claims(practice: SmartPractice) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": BASE,
        "sub": "priya.nair",
        "client_id": "app",
        "scope": "user/*.cruds patient/*.cruds",
        "patient": practice.patients[0],
        "iat": now,
        "exp": now + 300,
        "jti": "x",
    }


HEADERS: list[dict[str, Any]] = [
    {"jwk": OWN.as_dict(private=False)},
    {"jku": "http://127.0.0.1:1/keys"},
    {"x5u": "http://127.0.0.1:1/cert"},
    {"x5c": ["AAAA"]},
    {"kid": "../../../../dev/null"},
    {"kid": "' OR '1'='1"},
    {"kid": "\0"},
    {"kid": ""},
    {"kid": ["own"]},
    {"kid": {"own": 1}},
    {"kid": "x" * 50_000},
    {"crit": ["exp"]},
    {"b64": False, "crit": ["b64"]},
    {"zip": "DEF"},
    {"typ": "JWT"},
    {"typ": ["at+jwt"]},
    {"alg": "ES256K"},
    {"alg": "none"},
    {"alg": "None"},
    {"alg": ["ES256"]},
    {"alg": 5},
    {},
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: json.dumps(header)[:30])
def test_no_header_of_a_token_brings_its_own_key(practice: SmartPractice, header: dict[str, Any]) -> None:
    public = practice.program.get(f"{AUTH}/jwks").json()["keys"][0]
    said = {"alg": "ES256", "typ": "at+jwt", "kid": public["kid"]}
    signed = jwt.encode({**said}, claims(practice), OWN, algorithms=["ES256"])
    _head, body, signature = signed.split(".")
    path = f"Patient/{practice.patients[0]}"
    nobody = practice.program.get(f"/{PRACTICE}/fhir/{path}")
    for one in (f"{part(said | header)}.{body}.{signature}", f"{part(said | header)}.{body}."):
        refused = practice.read(path, one)
        assert (refused.status_code, refused.content) == (401, nobody.content)


def test_no_other_algorithm_or_form_is_taken(practice: SmartPractice) -> None:
    path, said = f"Patient/{practice.patients[0]}", claims(practice)
    secret = OctKey.import_key("0123456789abcdef0123456789abcdef")
    tokens = [
        jwt.encode({"alg": "HS256", "typ": "at+jwt"}, said, secret, algorithms=["HS256"]),
        jwt.encode({"alg": "RS256", "typ": "at+jwt"}, said, RSA, algorithms=["RS256"]),
        f"{part({'alg': 'dir', 'enc': 'A256GCM'})}....",
        "e30.e30.e30",
        "..",
        ".",
        "a.b.c.d.e",
        f"{part({})}.{part(said)}.AAAA",
        "A" * 60_000,
        json.dumps({"payload": part(said), "signature": "AAAA"}),
        "é",
        "\x7f",
    ]
    for token in tokens:
        sent = {b"authorization": b"Bearer " + token.encode("latin-1")}
        assert practice.program.get(f"/{PRACTICE}/fhir/{path}", headers=sent).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge_method": "s256"},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": ""},
        {"code_challenge": "short"},
    ],
)
def test_a_launch_without_a_hashed_challenge_gives_no_code(
    practice: SmartPractice, changed: dict[str, str | None]
) -> None:
    answer = practice.authorize(launch=practice.launch(), **changed)
    assert "code=" not in answer.headers.get("location", "") + answer.text


@pytest.mark.parametrize("verifier", [None, "", "w" * 64, "v" * 63, "v" * 65, "V" * 64, "v" * 10_000])
def test_a_code_is_worth_nothing_without_its_verifier(practice: SmartPractice, verifier: str | None) -> None:
    code = practice.code()
    refused = practice.exchange(code, code_verifier=verifier)
    assert refused.status_code == 400
    assert "access_token" not in refused.json()
