"""Applications that are let in as SMART App Launch 2.2 says."""

import re
from html import unescape
from urllib.parse import quote

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.web_modules.identity.smart.practice import (
    AUTH,
    BASE,
    ISSUER,
    REDIRECT,
    SmartPractice,
    answered,
)


def test_an_application_that_our_page_opens_gets_the_patient_of_the_page(practice: SmartPractice) -> None:
    launch = practice.launch(client="app")
    sent = answered(practice.authorize(launch=launch))
    assert (sent["to"], sent["state"], sent["iss"]) == (REDIRECT, "st&te", ISSUER)
    answer = practice.exchange(sent["code"])
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    assert told["token_type"] == "Bearer"
    assert told["patient"] == practice.patients[0]
    assert told["scope"] == "openid fhirUser launch offline_access patient/*.rs"
    assert 300 <= told["expires_in"] <= 3600
    assert practice.read(f"Patient/{told['patient']}", told["access_token"]).status_code == 200


def test_an_application_learns_who_the_person_is(practice: SmartPractice) -> None:
    told = practice.tokens()
    keys = KeySet.import_key_set(practice.program.get(f"{AUTH}/jwks").json())
    found = jwt.decode(told["id_token"], keys, algorithms=["RS256"])
    claims = found.claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, "app", "n-1")
    assert claims["sub"] == "priya.nair"
    assert claims["fhirUser"].startswith(f"{BASE}/Practitioner/")
    own = claims["fhirUser"].removeprefix(f"{BASE}/")
    assert practice.read(own, told["access_token"]).json()["name"][0]["family"] == "Nair"


def test_access_tokens_are_signed_jwts_of_our_own(practice: SmartPractice) -> None:
    keys = KeySet.import_key_set(practice.program.get(f"{AUTH}/jwks").json())
    found = jwt.decode(practice.tokens()["access_token"], keys, algorithms=["ES256"])
    assert found.header["typ"] == "at+jwt"
    assert (found.claims["iss"], found.claims["aud"]) == (ISSUER, BASE)


def test_a_person_chooses_the_patient_for_an_application_that_came_alone(practice: SmartPractice) -> None:
    scope = "launch/patient patient/*.rs"
    page = practice.authorize(scope=scope)
    assert page.status_code == 200
    assert "Growth charts" in page.text
    assert "read every record of the patient whom you choose" in page.text
    assert "Ash" not in page.text
    found = practice.authorize(scope=scope, find="ash")
    assert practice.patients[0] in found.text
    assert practice.patients[1] not in found.text
    again = practice.allow(scope=scope, find="ash")
    assert again.status_code == 400
    assert "Select a patient" in again.text
    sent = answered(practice.allow(practice.patients[0], scope=scope, find="ash"))
    told = practice.exchange(sent["code"]).json()
    assert told["patient"] == practice.patients[0]
    assert told["scope"] == scope
    assert "refresh_token" not in told
    assert "id_token" not in told


def test_a_person_may_say_no(practice: SmartPractice) -> None:
    sent = practice.browser.post(
        f"{AUTH}/authorize", params=practice.parameters(scope="user/Patient.rs"), data={"decision": "deny"}
    )
    told = answered(sent)
    assert (told["error"], told["state"], told["to"]) == ("access_denied", "st&te", REDIRECT)
    assert "code" not in told


def test_a_launch_without_a_patient_asks_for_one(practice: SmartPractice) -> None:
    launch = practice.browser.post(f"{AUTH}/launch", data={}).json()["launch"]
    assert "Find the patient" in practice.authorize(launch=launch).text


def test_who_is_not_signed_in_signs_in_first_and_comes_back(practice: SmartPractice) -> None:
    asked = practice.program.get(f"{AUTH}/authorize", params=practice.parameters())
    assert asked.status_code == 303
    assert asked.headers["Location"].startswith(f"/sign-in?next={quote(AUTH, safe='')}%2Fauthorize%3F")


def test_a_browser_that_another_site_sends_is_asked_again_from_our_own_page(practice: SmartPractice) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    page = practice.program.get(f"{AUTH}/authorize", params=practice.parameters(), headers=headers)
    assert page.status_code == 200
    assert f'content="0;url={AUTH}/authorize?' in page.text


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}])
def test_an_application_may_post_what_it_asks(practice: SmartPractice, headers: dict[str, str]) -> None:
    """SMART App Launch 2.2, `authorize-post`; our cookie does not come with another site's form."""
    asked = practice.parameters(scope="user/Patient.rs")
    page = practice.program.post(f"{AUTH}/authorize", data=asked, headers=headers)
    assert page.status_code == 200
    told = answered(page)
    assert told == {"to": f"{AUTH}/authorize", **asked}
    page = practice.browser.get(f"{AUTH}/authorize", params=told)
    assert "Growth charts" in page.text


def test_who_posts_a_request_decides_nothing_with_it(practice: SmartPractice) -> None:
    asked = practice.parameters(scope="user/Patient.rs")
    page = practice.browser.post(f"{AUTH}/authorize", data=asked | {"decision": "allow"})
    assert answered(page)["to"] == f"{AUTH}/authorize"
    again = practice.browser.get(f"{AUTH}/authorize", params=answered(page))
    assert "Let an application in?" in again.text
    twice = practice.browser.post(f"{AUTH}/authorize", params=asked, data=asked)
    onward = re.search(r'content="0;url=([^"]+)"', twice.text)
    assert onward is not None
    assert practice.browser.get(unescape(onward[1])).status_code == 400


def test_without_a_page_nobody_is_asked(practice: SmartPractice) -> None:
    silent = practice.program.get(f"{AUTH}/authorize", params=practice.parameters(prompt="none"))
    assert answered(silent)["error"] == "login_required"
    assert answered(practice.authorize(prompt="none"))["error"] == "interaction_required"


def test_our_page_opens_an_application_where_it_begins(practice: SmartPractice) -> None:
    form = {"patient": practice.patients[0], "client": "app"}
    told = practice.browser.post(f"{AUTH}/launch", data=form).json()
    assert told["url"] == f"https://app.example/launch?iss={quote(BASE, safe='')}&launch={told['launch']}"
    page = practice.browser.post(f"{AUTH}/launch", data=form, headers={"Accept": "text/html"})
    assert answered(page)["to"] == "https://app.example/launch"


@pytest.mark.parametrize(
    "path", ["fhir/.well-known/smart-configuration", "auth/.well-known/openid-configuration"]
)
def test_the_server_says_what_it_can_to_everybody(practice: SmartPractice, path: str) -> None:
    answer = practice.program.get(f"/Y99002/{path}", headers={"Origin": "https://app.example"})
    assert answer.headers["Access-Control-Allow-Origin"] in {"https://app.example", "*"}
    assert "Access-Control-Allow-Credentials" not in answer.headers
    told = answer.json()
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert (
        told["request_uri_parameter_supported"] is False
    )  # left out it would mean that it is (OIDC discovery)
    assert told["token_endpoint"] == f"{ISSUER}/token"
    assert {"launch-ehr", "launch-standalone", "client-confidential-asymmetric"} <= set(told["capabilities"])


@pytest.mark.parametrize("name", [".well-known/smart-configuration", "metadata"])
def test_a_page_of_any_origin_may_read_what_is_told_to_everybody(practice: SmartPractice, name: str) -> None:
    """SMART App Launch 2.2, CORS support: with and without what fetches send of their own."""
    path = f"/Y99002/fhir/{name}"
    asking = {"Origin": "http://x.example"}
    assert practice.program.get(path, headers=asking).headers["Access-Control-Allow-Origin"] == "*"
    first = practice.program.options(path, headers=asking | {"Access-Control-Request-Method": "GET"})
    assert (first.status_code, first.headers["Access-Control-Allow-Origin"]) == (200, "*")
    asking |= {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    assert practice.program.options(path, headers=asking).status_code == 200


def test_only_pages_of_known_applications_may_call_from_a_browser(practice: SmartPractice) -> None:
    for origin, known in (("https://app.example", True), ("https://evil.example", False)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        headers["Access-Control-Request-Headers"] = "authorization"
        for path in ("/Y99002/fhir/Patient", "/Y99002/fhir/Patient/metadata", f"{AUTH}/token"):
            answer = practice.program.options(path, headers=headers)
            assert (answer.headers.get("Access-Control-Allow-Origin") == origin) is known
