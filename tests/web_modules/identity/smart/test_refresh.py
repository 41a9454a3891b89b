"""Tokens that are renewed, looked at and ended."""

import time

import pytest

from tests.web_modules.identity.smart.practice import (
    ASSERTION_TYPE,
    AUTH,
    SERVICE_TOKEN,
    SmartPractice,
    answered,
    assertion,
)
from web_modules.identity.database.connection import IdentityDatabase


def introspect(practice: SmartPractice, token: str, **form: str) -> dict[str, object]:
    headers = {} if form else {"Authorization": f"Bearer {SERVICE_TOKEN}"}
    answer = practice.program.post(f"{AUTH}/introspect", data={"token": token, **form}, headers=headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    return told


def test_a_refresh_token_is_followed_by_the_next(practice: SmartPractice) -> None:
    first = practice.tokens()
    second = practice.refresh(first["refresh_token"]).json()
    third = practice.refresh(second["refresh_token"]).json()
    assert len({one["refresh_token"] for one in (first, second, third)}) == 3
    assert len({one["access_token"] for one in (first, second, third)}) == 3
    assert third["patient"] == practice.patients[0]
    assert third["scope"] == first["scope"]
    assert practice.read(f"Patient/{third['patient']}", third["access_token"]).status_code == 200


def test_a_refresh_token_that_is_used_again_ends_everything_of_its_family(practice: SmartPractice) -> None:
    first = practice.tokens()
    second = practice.refresh(first["refresh_token"]).json()
    stolen = practice.refresh(first["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert practice.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    for told in (first, second):
        assert practice.read(f"Patient/{told['patient']}", told["access_token"]).status_code == 401


def test_a_refresh_token_is_no_use_to_another_client(practice: SmartPractice) -> None:
    token = practice.tokens()["refresh_token"]
    assert practice.refresh(token, client_id="rival").json()["error"] == "invalid_grant"
    assert practice.refresh(token).status_code == 200


def test_a_public_application_need_not_say_who_it_is(practice: SmartPractice) -> None:
    token = practice.tokens()["refresh_token"]
    following = practice.refresh(token, client_id=None).json()["refresh_token"]
    assert practice.refresh(token, client_id=None).json()["error"] == "invalid_grant"
    assert practice.refresh(following, client_id=None).json()["error"] == "invalid_client"
    scope, back = "launch/patient patient/*.rs offline_access", "https://web.example/back"
    asked = {"client_id": "web", "redirect_uri": back, "scope": scope}
    code = answered(practice.allow(practice.patients[0], **asked))["code"]
    proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion("web")}
    told = practice.exchange(code, client_id=None, redirect_uri=back, **proof).json()
    assert practice.refresh(told["refresh_token"], client_id=None).json()["error"] == "invalid_client"
    assert practice.refresh(told["refresh_token"], client_id="web").json()["error"] == "invalid_client"


def test_less_may_be_asked_for_and_more_may_not(practice: SmartPractice) -> None:
    token = practice.tokens()["refresh_token"]
    for more in ("patient/*.cruds", "user/Patient.rs", "patient/*.rs system/*.rs", "nonsense"):
        assert practice.refresh(token, scope=more).json()["error"] == "invalid_scope"
    told = practice.refresh(token, scope="patient/Patient.r").json()
    assert told["scope"] == "patient/Patient.r"
    assert "id_token" not in told
    assert practice.refresh(told["refresh_token"]).json()["scope"].startswith("openid")


def test_what_is_not_for_offline_ends_with_the_session(practice: SmartPractice) -> None:
    session = practice.browser.post(
        "/sign-in", data={"person": "priya.nair"}, headers={"Accept": "application/json"}
    ).json()["session"]
    online = practice.tokens(scope="launch online_access patient/*.rs")
    offline = practice.tokens(scope="launch offline_access patient/*.rs")
    following = practice.refresh(online["refresh_token"]).json()["refresh_token"]
    practice.program.post("/sign-out", headers={"Authorization": f"Bearer {session}"})
    assert practice.refresh(following).json()["error"] == "invalid_grant"
    assert practice.refresh(offline["refresh_token"]).status_code == 200
    path = f"Patient/{practice.patients[0]}"
    assert practice.read(path, online["access_token"]).status_code == 401
    assert practice.read(path, offline["access_token"]).status_code == 200
    practice.browser.post("/sign-in", data={"person": "priya.nair"})


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_client_ends_its_own_tokens(practice: SmartPractice, which: str) -> None:
    told = practice.tokens()
    foreign = practice.program.post(f"{AUTH}/revoke", data={"client_id": "rival", "token": told[which]})
    assert foreign.status_code == 200
    assert introspect(practice, told["access_token"])["active"] is True
    own = practice.program.post(f"{AUTH}/revoke", data={"client_id": "app", "token": told[which]})
    assert (own.status_code, own.json()) == (200, {})
    assert introspect(practice, told["access_token"]) == {"active": False}
    assert introspect(practice, told["refresh_token"]) == {"active": False}
    assert practice.refresh(told["refresh_token"]).json()["error"] == "invalid_grant"


def test_what_is_no_token_is_none_already(practice: SmartPractice) -> None:
    answer = practice.program.post(f"{AUTH}/revoke", data={"client_id": "app", "token": "x"})
    assert answer.status_code == 200
    assert introspect(practice, "x") == {"active": False}


def test_the_practices_services_look_at_every_token_and_a_client_at_its_own(practice: SmartPractice) -> None:
    told = practice.tokens()
    seen = introspect(practice, told["access_token"])
    assert (seen["active"], seen["client_id"], seen["sub"]) == (True, "app", "priya.nair")
    assert seen["patient"] == practice.patients[0]
    assert introspect(practice, told["refresh_token"])["active"] is True
    proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion()}
    assert introspect(practice, told["access_token"], **proof) == {"active": False}
    own = practice.backend(assertion()).json()["access_token"]
    proof["client_assertion"] = assertion()
    assert introspect(practice, own, **proof)["client_id"] == "backend"
    for refused in ({}, {"client_id": "app"}):
        answer = practice.program.post(f"{AUTH}/introspect", data={"token": own, **refused})
        assert answer.json()["error"] == "invalid_client"
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_code_that_comes_twice_ends_what_was_issued_for_it(practice: SmartPractice) -> None:
    code = practice.code()
    told = practice.exchange(code).json()
    again = practice.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert practice.read(f"Patient/{told['patient']}", told["access_token"]).status_code == 401
    assert practice.refresh(told["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_launch_is_good_once(practice: SmartPractice) -> None:
    launch = practice.launch()
    assert "code" in answered(practice.authorize(launch=launch))
    assert answered(practice.authorize(launch=launch))["error"] == "invalid_request"


def test_a_refresh_token_is_no_use_once_its_person_has_not_come_for_too_long(
    practice: SmartPractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = practice.tokens()["refresh_token"]
    later = int(time.time()) + 7 * 24 * 3600 + 1
    monkeypatch.setattr(IdentityDatabase, "now", lambda _self: later)
    assert introspect(practice, token) == {"active": False}
    assert practice.refresh(token).json()["error"] == "invalid_grant"
    practice.browser.post("/sign-in", data={"person": "priya.nair"})
    told = practice.refresh(token).json()
    assert practice.read(f"Patient/{told['patient']}", told["access_token"]).status_code == 200
