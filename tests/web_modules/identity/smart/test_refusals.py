"""What is refused: each with OAuth's own error, to the right one, and nothing told besides."""

import base64
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from tests.web_modules.identity.smart.practice import (
    AUTH,
    CHALLENGE,
    ISSUER,
    ORIGIN,
    REDIRECT,
    VERIFIER,
    SmartPractice,
    answered,
    by_public_key,
    open_practice,
    part,
)
from web_modules.fhir_store.store import Standard


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": f"{REDIRECT}/"},
        {"redirect_uri": f"{REDIRECT}?x=1"},
        {"redirect_uri": f"{REDIRECT}#x"},
        {"redirect_uri": "https://APP.example/back"},
        {"redirect_uri": "https://app.example@evil.example/back"},
        {"redirect_uri": "https://rival.example/back"},
        {"redirect_uri": "http://127.0.0.1:5000/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": '"><script>'},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"client_id": "banyan-development"},
        {"client_id": None},
        {"client_id": 'é"\\'},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_the_clients(
    practice: SmartPractice, changed: dict[str, str | None]
) -> None:
    for answer in (practice.authorize(**changed), practice.allow(practice.patients[0], **changed)):
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "http-equiv" not in answer.text
        assert "<script>" not in answer.text


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": 'co"de é'}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": VERIFIER, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"aud": "https://evil.example/fhir"}, "invalid_request"),
        ({"aud": f"{ORIGIN}/Y99003/fhir"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "system/*.rs"}, "invalid_scope"),
        ({"scope": "patient/*.cud"}, "invalid_scope"),
        ({"launch": "guessed"}, "invalid_request"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://app.example/request"}, "request_uri_not_supported"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
    ],
)
def test_an_application_that_asks_wrongly_is_told_so(
    practice: SmartPractice, changed: dict[str, str | None], error: str
) -> None:
    told = answered(practice.authorize(**changed))
    assert (told["to"], told["error"], told["iss"]) == (REDIRECT, error, ISSUER)
    assert told.get("state") == (None if "state" in changed else "st&te")
    assert "code" not in told


@pytest.mark.parametrize("name", ["redirect_uri", "client_id", "scope", "state", "aud", "code_challenge"])
def test_a_request_that_says_something_twice_goes_nowhere(practice: SmartPractice, name: str) -> None:
    query = f"{urlencode(practice.parameters())}&{name}=x"
    answer = practice.browser.get(f"{AUTH}/authorize?{query}")
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "w" * 64}, "invalid_grant"),
        ({"code_verifier": CHALLENGE}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"redirect_uri": "https://app.example/other"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"client_id": "rival"}, "invalid_grant"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": 'é"\\'}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
        ({"code": "guessed"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
    ],
)
def test_a_code_is_for_one_client_address_and_verifier(
    practice: SmartPractice, changed: dict[str, str | None], error: str
) -> None:
    refused = practice.exchange(**({"code": practice.code()} | changed))  # type: ignore[arg-type]  # one is None
    assert refused.status_code in {400, 401}
    assert refused.json()["error"] == error
    assert "token" not in refused.json()


def test_a_code_that_was_tried_with_a_wrong_verifier_is_gone(practice: SmartPractice) -> None:
    code = practice.code()
    practice.exchange(code, code_verifier="w" * 64)
    assert practice.exchange(code).json()["error"] == "invalid_grant"


def test_a_form_that_says_something_twice_or_is_none_is_refused(practice: SmartPractice) -> None:
    twice = practice.program.post(
        f"{AUTH}/token",
        content="grant_type=refresh_token&grant_type=authorization_code",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    as_json = practice.program.post(f"{AUTH}/token", json={"grant_type": "authorization_code"})
    large = practice.program.post(f"{AUTH}/token", data={"grant_type": "x" * 100_000})
    many = practice.program.post(f"{AUTH}/token", data={f"f{number}": "x" for number in range(100)})
    for answer, status in ((twice, 400), (as_json, 400), (large, 413), (many, 400)):
        assert answer.status_code == status
        assert answer.json()["error"] == "invalid_request"
    assert practice.program.get(f"{AUTH}/token").status_code == 405


def test_a_launch_is_for_the_person_and_the_application_that_it_was_made_for(practice: SmartPractice) -> None:
    for_rival = practice.launch(client="rival")
    assert answered(practice.authorize(launch=for_rival))["error"] == "invalid_request"
    own = practice.launch()
    practice.browser.post("/sign-in", data={"person": "dawn.hartley"})
    assert answered(practice.authorize(launch=own))["error"] == "invalid_request"
    practice.browser.post("/sign-in", data={"person": "priya.nair"})


def test_another_sites_page_can_neither_launch_nor_allow(practice: SmartPractice) -> None:
    headers = {"Origin": "https://evil.example"}
    launched = practice.browser.post(f"{AUTH}/launch", data={}, headers=headers)
    query = urlencode(practice.parameters(scope="user/Patient.rs"))
    allowed = practice.browser.post(f"{AUTH}/authorize?{query}", data={"decision": "allow"}, headers=headers)
    assert (launched.status_code, allowed.status_code) == (403, 403)
    assert "http-equiv" not in allowed.text


def test_a_patient_who_is_not_there_or_not_to_be_seen_is_not_shared(practice: SmartPractice) -> None:
    for patient in ("nobody", "../x", ""):
        assert practice.allow(patient, scope="launch/patient patient/*.rs").status_code == 400
        if patient:
            answer = practice.browser.post(f"{AUTH}/launch", data={"patient": patient})
            assert answer.status_code == 404
    practice.browser.post("/sign-in", data={"person": "sam.iqbal"})
    own = practice.patients[0]
    assert practice.browser.post(f"{AUTH}/launch", data={"patient": own}).status_code == 404
    assert practice.allow(own, scope="launch/patient patient/*.rs").status_code == 400
    practice.browser.post("/sign-in", data={"person": "priya.nair"})


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def test_a_token_that_is_forged_or_rewritten_is_no_token(practice: SmartPractice) -> None:
    token = practice.tokens()["access_token"]
    head, claims, signature = token.split(".")
    own = _claims(token)
    public = practice.program.get(f"{AUTH}/jwks").json()["keys"][0]
    stranger = ECKey.generate_key("P-256", {"kid": public["kid"]})
    forged = [
        f"{head}.{part(own | {'scope': 'user/*.cruds'})}.{signature}",
        f"{head}.{part(own | {'patient': practice.patients[1]})}.{signature}",
        f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{claims}.",
        f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{claims}.{signature}",
        by_public_key({"alg": "HS256", "typ": "at+jwt"}, claims, ECKey.import_key(public)),
        jwt.encode({"alg": "ES256", "typ": "at+jwt"}, own, stranger, algorithms=["ES256"]),
        token[:-4] + "AAAA",
        practice.tokens()["id_token"],
        practice.tokens()["refresh_token"],
        "",
    ]
    path = f"Patient/{practice.patients[0]}"
    assert practice.read(path, token).status_code == 200
    refusals = {(answer.status_code, answer.text) for answer in (practice.read(path, one) for one in forged)}
    nobody = practice.program.get(f"/Y99002/fhir/{path}")
    assert refusals == {(401, nobody.text)}
    unknown = practice.read("Patient/unknown", forged[0])
    assert (unknown.status_code, unknown.text) == (401, nobody.text)


def test_a_token_ends(practice: SmartPractice, monkeypatch: pytest.MonkeyPatch) -> None:
    told = practice.tokens()
    later = time.time() + told["expires_in"] + 60
    monkeypatch.setattr(time, "time", lambda: later)
    assert practice.read(f"Patient/{told['patient']}", told["access_token"]).status_code == 401


@pytest.mark.hazard("H21")
def test_a_token_of_one_practice_is_none_at_another(
    practice: SmartPractice, tmp_path: Path, standard: Standard
) -> None:
    told = practice.tokens()
    with (
        open_practice(tmp_path, standard, practice="Y99003", environment="training") as other,
        TestClient(other.app, base_url=ORIGIN) as web,
    ):
        headers = {"Authorization": f"Bearer {told['access_token']}"}
        assert web.get("/Y99003/fhir/Patient", headers=headers).status_code == 401
        form = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": told["refresh_token"]}
        assert web.post("/Y99003/auth/token", data=form).json()["error"] == "invalid_grant"


def test_a_token_is_for_the_patient_of_its_launch(practice: SmartPractice) -> None:
    token = practice.tokens()["access_token"]
    assert practice.read(f"Patient/{practice.patients[1]}", token).status_code in {403, 404}


@pytest.mark.parametrize("path", ["authorize", "token", "introspect", "revoke", "launch"])
def test_nonsense_is_refused_and_breaks_nothing(practice: SmartPractice, path: str) -> None:
    for nonsense in ("%00=%00", "a=%ff%fe", "=", "&&&", "client_id=%00&token=%00&code=%00", "x" * 5000):
        answer = practice.browser.post(
            f"{AUTH}/{path}?{nonsense}",
            content=nonsense,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert 200 <= answer.status_code < 500
