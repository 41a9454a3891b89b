"""Programs that act for themselves (SMART Backend Services), and how they prove who they are."""

import base64
import json
import time
from collections.abc import Callable

import pytest

from tests.web_modules.identity.smart.practice import (
    ASSERTION_TYPE,
    EC_KEY,
    ISSUER,
    OTHER_KEY,
    REDIRECT,
    RSA_KEY,
    TOKEN_URL,
    VERIFIER,
    SmartPractice,
    answered,
    assertion,
    by_public_key,
    part,
)


def test_a_program_gets_a_short_token_for_system_scopes(practice: SmartPractice) -> None:
    told = practice.backend(assertion()).json()
    assert told["scope"] == "system/Patient.rs"
    assert told["expires_in"] <= 300
    assert "refresh_token" not in told


def test_both_algorithms_of_smart_are_taken(practice: SmartPractice) -> None:
    assert practice.backend(assertion(key=RSA_KEY, alg="RS384")).status_code == 200
    assert practice.backend(assertion(aud=[TOKEN_URL])).status_code == 200


def test_a_program_is_granted_what_it_may_have_of_what_it_asks_for(practice: SmartPractice) -> None:
    assert practice.backend(assertion(), "system/*.cruds").json()["scope"] == (
        "system/Patient.rs system/Observation.rs"
    )
    for nothing in ("user/Patient.rs", "system/Condition.rs", "nonsense", "", None):
        assert practice.backend(assertion(), nothing).json()["error"] == "invalid_scope"


def test_a_type_that_fhir_does_not_have_is_no_scope(practice: SmartPractice) -> None:
    proof = assertion("everything")
    told = practice.backend(proof, "system/Foo.rs system/Patient.rs system/AuditEvent.rs").json()
    assert told["scope"] == "system/Patient.rs system/AuditEvent.rs"
    refused = practice.backend(assertion("everything"), "system/Foo.rs")
    assert refused.json()["error"] == "invalid_scope"
    assert practice.tokens(scope="launch patient/Foo.rs patient/Patient.rs")["scope"] == (
        "launch patient/Patient.rs"
    )


def _unsigned(alg: str) -> str:
    claims = {"iss": "backend", "sub": "backend", "aud": TOKEN_URL, "exp": int(time.time()) + 60, "jti": "1"}
    return f"{part({'alg': alg, 'kid': 'ec'})}.{part(claims)}."


def _unnamed() -> str:
    head, claims, _ = assertion().split(".")
    said = json.loads(base64.urlsafe_b64decode(head + "=="))
    del said["kid"]
    return f"{part(said)}.{claims}.{_}"


def _by_public_key() -> str:
    claims = assertion().split(".")[1]
    return by_public_key({"alg": "HS256", "kid": "rsa"}, claims, RSA_KEY)


@pytest.mark.parametrize(
    "signed",
    [
        pytest.param(lambda: assertion(key=OTHER_KEY), id="signed by another key of the same name"),
        pytest.param(lambda: assertion(header={"kid": "unknown"}), id="a key that is not the client's"),
        pytest.param(_unnamed, id="no key named"),
        pytest.param(lambda: assertion(exp=int(time.time()) - 120), id="over"),
        pytest.param(lambda: assertion(exp=int(time.time()) + 3600), id="good for an hour"),
        pytest.param(lambda: assertion(exp=None), id="good for ever"),
        pytest.param(lambda: assertion(exp="soon"), id="good until soon"),
        pytest.param(lambda: assertion(exp=True), id="good until True"),
        pytest.param(lambda: assertion(nbf=int(time.time()) + 600), id="not good yet"),
        pytest.param(lambda: assertion(jti=None), id="without an id"),
        pytest.param(lambda: assertion(jti=""), id="with an empty id"),
        pytest.param(lambda: assertion(jti=1), id="with a number for an id"),
        pytest.param(lambda: assertion(aud=ISSUER), id="for the issuer"),
        pytest.param(lambda: assertion(aud=f"{TOKEN_URL}/"), id="for nearly this address"),
        pytest.param(lambda: assertion(aud="https://other.example/token"), id="for another server"),
        pytest.param(lambda: assertion(aud=[TOKEN_URL, "https://other.example"]), id="for others as well"),
        pytest.param(lambda: assertion(aud=None), id="for nobody"),
        pytest.param(lambda: assertion(iss="app"), id="issued by another"),
        pytest.param(lambda: assertion(iss=None), id="issued by nobody"),
        pytest.param(lambda: assertion("nobody"), id="of a client that is not there"),
        pytest.param(lambda: assertion("app"), id="of a public client"),
        pytest.param(lambda: assertion(sub=["backend"]), id="of a list of clients"),
        pytest.param(lambda: _unsigned("none"), id="not signed"),
        pytest.param(lambda: _unsigned("NONE"), id="not signed, loudly"),
        pytest.param(lambda: _unsigned('"\\'), id="signed by nonsense"),
        pytest.param(_by_public_key, id="signed by the public key as a secret"),
        pytest.param(lambda: assertion(key=RSA_KEY, alg="RS256"), id="by an algorithm that is not SMART's"),
        pytest.param(lambda: "", id="empty"),
        pytest.param(lambda: "a.b.c", id="nonsense"),
        pytest.param(lambda: "é.é.é", id="no ASCII"),
        pytest.param(lambda: ".".join(["e30"] * 3), id="empty objects"),
        pytest.param(lambda: ".".join(["W10"] * 3), id="lists"),
    ],
)
def test_a_proof_that_is_not_one_is_refused_without_a_reason(
    practice: SmartPractice, signed: Callable[[], str]
) -> None:
    refused = practice.backend(signed())
    assert refused.status_code == 401
    told = refused.json()
    assert told["error"] == "invalid_client"
    assert told.get("error_description", "") in {
        "The client assertion is not accepted.",
        "The client cannot authenticate with methods: ['private_key_jwt']",
    }


def test_a_proof_is_good_once(practice: SmartPractice) -> None:
    signed = assertion()
    assert practice.backend(signed).status_code == 200
    assert practice.backend(signed).json()["error"] == "invalid_client"
    claimed = assertion(jti="the same", exp=int(time.time()) + 60)
    assert practice.backend(claimed).status_code == 200
    assert practice.backend(assertion(jti="the same")).json()["error"] == "invalid_client"


def test_a_client_with_a_key_cannot_do_without_proof(practice: SmartPractice) -> None:
    scope, back = "launch/patient patient/*.rs", "https://web.example/back"
    asked = {"client_id": "web", "redirect_uri": back, "scope": scope}
    code = answered(practice.allow(practice.patients[0], **asked))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": VERIFIER}
    assert practice.token(form | {"client_id": "web"}).json()["error"] == "invalid_client"
    proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion("web")}
    assert practice.token(form | proof | {"client_id": "backend"}).json()["error"] == "invalid_client"
    proof["client_assertion"] = assertion("web")
    assert practice.token(form | proof).json()["patient"] == practice.patients[0]


def test_only_a_program_with_a_key_acts_for_itself(practice: SmartPractice) -> None:
    form = {"grant_type": "client_credentials", "scope": "system/Patient.rs", "client_id": "app"}
    assert practice.token(form).json()["error"] == "invalid_client"
    web = assertion("web", key=EC_KEY)
    assert practice.backend(web).json()["error"] == "unauthorized_client"
    assert REDIRECT not in practice.token(form).text
