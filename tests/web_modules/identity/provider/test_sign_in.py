"""Sign-in at an OpenID provider that others wrote, running as a process of its own."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
import requests
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from demo.programs import free_port
from web_modules.app import create_cloud
from web_modules.errors import SettingsError
from web_modules.fhir_store.store import Standard, Store
from web_modules.identity.people import Role
from web_modules.identity.provider.openid import ProviderSettings, load_client_key, provider_session
from web_modules.identity.sessions import Sessions
from web_modules.settings import ROLES, CloudSettings

ORIGIN = "http://127.0.0.1:8080"
PEOPLE: list[dict[str, Any]] = [
    {
        "sub": "555053929103",
        "name": "Amara Osei",
        "nhsid_useruid": "555053929103",
        "nhsid_nrbac_roles": [
            {"org_code": "Y99002", "role_code": "S8000:G8000:R8000", "person_roleid": "1"},
            {"org_code": "B99001", "role_code": "S8000:G8000:R8010", "person_roleid": "2"},
        ],
        "selected_roleid": "1",
    },
    {
        "sub": "555053929104",
        "name": "Stranger",
        "nhsid_nrbac_roles": [{"org_code": "B99001", "role_code": "S8000:G8000:R8000"}],
    },
]
MAPPED = (("R8000", "gp"), ("R8010", "receptionist"))


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider's address."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    command += ["--require-nonce", "true"]
    for one in PEOPLE:
        command += ["--user-claims", json.dumps(one)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as provider:
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(address)
            yield address
        finally:
            provider.terminate()


def _wait(address: str) -> None:
    began = time.monotonic()
    while True:
        try:
            if requests.get(f"{address}/.well-known/openid-configuration", timeout=5).ok:
                return
        except requests.ConnectionError:
            assert time.monotonic() - began < 30


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, issuer: str) -> CloudSettings:
    folder = tmp_path_factory.mktemp("cloud")
    return CloudSettings(
        database=f"sqlite:///{folder / 'cloud.sqlite'}",
        environment="live",
        oidc_issuer=issuer,
        oidc_client_id="banyan",
        oidc_client_secret="a secret",
        oidc_roles=MAPPED,
    )


@pytest.fixture
def web(settings: CloudSettings, standard: Standard) -> Iterator[TestClient]:
    store = Store(settings.database, standard)
    made = create_cloud(settings, store, bytes(32), ORIGIN)
    with TestClient(made.app, base_url=ORIGIN, follow_redirects=False) as client:
        yield client
    store.close()


def begin(web: TestClient, following: str = "/Y99002/patients") -> str:
    """Where the browser is sent."""
    assert "Sign in with 127.0.0.1" in web.get("/sign-in").text
    return onward(web.post("/sign-in/provider", data={"next": following}))


def onward(answer: httpx2.Response) -> str:
    found = re.search(r'content="0;url=([^"]+)"', answer.text)
    assert found is not None, answer.text
    return unescape(found[1])


def visit(address: str, sub: str) -> str:
    """Sign in at the provider; the path and query with which the browser comes back."""
    answer = requests.post(address, data={"sub": sub}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    back = answer.headers["Location"]
    assert back.startswith(f"{ORIGIN}/sign-in/back?")
    return back.removeprefix(ORIGIN)


def changed(address: str, **parameters: str | None) -> str:
    path, _, query = address.partition("?")
    told: dict[str, str | None] = {name: values[0] for name, values in parse_qs(query).items()}
    kept = {name: value for name, value in (told | parameters).items() if value is not None}
    return f"{path}?{urlencode(kept)}"


def test_a_person_signs_in_at_the_provider_and_comes_back_in_their_role(web: TestClient) -> None:
    address = begin(web)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) > 30
    assert len(asked["nonce"]) > 30
    back = web.get(visit(address, "555053929103"))
    assert onward(back) == "/Y99002/patients"
    sessions = Sessions(bytes(32), practice="Y99002", environment="live")
    person = sessions.person(web.cookies["banyan_session"])
    assert person is not None
    assert (person.id, person.name, person.role) == ("555053929103", "Amara Osei", Role.GP)
    assert person.registration == "https://fhir.nhs.uk/Id/sds-user-id|555053929103"
    assert web.get("/Y99002/fhir/metadata").status_code == 200


def test_who_signs_in_for_a_window_is_asked_anew_by_the_provider(web: TestClient) -> None:
    asked = parse_qs(urlsplit(begin(web, "/sign-in/window?user_code=BCDF-GHJK")).query)
    assert asked["prompt"] == ["login"]
    assert "prompt" not in parse_qs(urlsplit(begin(web)).query)


def test_a_window_is_signed_in_by_who_signs_in_at_the_provider(web: TestClient) -> None:
    window = TestClient(web.app, base_url=ORIGIN)
    told = window.post("/sign-in/window").json()
    address = told["verification_uri_complete"].removeprefix(ORIGIN)
    assert web.get(address).headers["Location"].startswith("/sign-in?next=")
    back = web.get(visit(begin(web, address), "555053929103"))
    assert onward(back) == address
    page = web.get(address).text
    assert "You are Amara Osei, GP" in page
    assert told["user_code"] in page
    web.post("/sign-in/window/answer", data={"user_code": told["user_code"], "decision": "allow"})
    got = window.post("/sign-in/window/session", data={"device_code": told["device_code"]}).json()
    assert got["person"] == {"id": "555053929103", "name": "Amara Osei", "role": "gp"}
    person = Sessions(bytes(32), practice="Y99002", environment="live").person(got["session"])
    assert person is not None
    assert person.registration == "https://fhir.nhs.uk/Id/sds-user-id|555053929103"


def test_who_has_no_role_at_this_practice_is_not_let_in(web: TestClient) -> None:
    answer = web.get(visit(begin(web), "555053929104"))
    assert (answer.status_code, "banyan_session" in web.cookies) == (403, False)
    assert "You have no role here" in answer.text


def test_who_comes_without_the_role_that_they_had_has_left_until_they_have_one_again(
    web: TestClient, issuer: str
) -> None:
    subject = "555053929105"

    def come(*roles: str) -> int:
        held = [{"org_code": "Y99002", "role_code": f"S8000:G8000:{role}"} for role in roles]
        claims = {"sub": subject, "name": "Robin Tate", "nhsid_nrbac_roles": held}
        assert requests.put(f"{issuer}/users/{subject}", json=claims, timeout=10).ok
        return web.get(visit(begin(web), subject)).status_code

    assert come("R8000") == 200
    own = {"Authorization": f"Bearer {web.cookies['banyan_session']}"}
    web.cookies.clear()
    statuses = []
    for roles in ((), ("R8000",)):
        statuses.append((come(*roles), web.get("/Y99002/fhir/Patient", headers=own).status_code))
        web.cookies.clear()
    assert statuses == [(403, 401), (200, 200)]


def test_who_comes_in_another_role_has_lost_the_one_that_they_hold_no_more(
    web: TestClient, issuer: str
) -> None:
    subject = "555053929106"

    def come(selected: str, *held: str) -> dict[str, str]:
        roles = [
            {"org_code": "Y99002", "role_code": f"S8000:G8000:{one}", "person_roleid": one} for one in held
        ]
        claims = {"sub": subject, "nhsid_nrbac_roles": roles, "selected_roleid": selected}
        assert requests.put(f"{issuer}/users/{subject}", json=claims, timeout=10).ok
        web.cookies.clear()
        web.get(visit(begin(web), subject))
        token = web.cookies.get("banyan_session", "")
        web.cookies.clear()
        return {"Authorization": f"Bearer {token}"}

    def is_in(session: dict[str, str]) -> bool:
        return web.get("/Y99002/fhir/Patient", headers=session).status_code == 200

    as_gp = come("R8000", "R8000", "R8010")
    at_the_desk = come("R8010", "R8000", "R8010")
    assert (is_in(as_gp), is_in(at_the_desk)) == (True, True)
    come("elsewhere", "R8000", "R8010")  # selected a role that is none here: holds both still
    assert (is_in(as_gp), is_in(at_the_desk)) == (True, True)
    at_the_desk_only = come("R8010", "R8010")
    assert (is_in(as_gp), is_in(at_the_desk), is_in(at_the_desk_only)) == (False, True, True)


@pytest.mark.parametrize(
    "parameters",
    [
        {"state": "guessed"},
        {"state": None},
        {"code": "guessed"},
        {"code": None, "error": "access_denied"},
        {"iss": "https://evil.example"},
    ],
)
def test_an_answer_that_is_not_the_providers_is_refused(
    web: TestClient, parameters: dict[str, str | None]
) -> None:
    back = visit(begin(web), "555053929103")
    answer = web.get(changed(back, **parameters))
    assert (answer.status_code, "banyan_session" in web.cookies) == (403, False)
    assert "555053929103" not in answer.text


def test_an_answer_counts_once_and_in_the_browser_that_began(web: TestClient) -> None:
    back = visit(begin(web), "555053929103")
    kept = web.cookies["banyan_sign_in"]
    web.cookies.clear()
    assert web.get(back).status_code == 403
    web.cookies.set("banyan_sign_in", kept)
    assert web.get(back).status_code == 403
    assert "banyan_session" not in web.cookies


def test_a_code_for_one_sign_in_is_no_use_in_another(web: TestClient) -> None:
    stolen = parse_qs(urlsplit(visit(begin(web), "555053929103")).query)["code"][0]
    own = visit(begin(web), "555053929104")
    assert web.get(changed(own, code=stolen)).status_code == 403


def test_the_way_back_leads_to_our_own_pages_only(web: TestClient) -> None:
    back = visit(begin(web, "https://evil.example/"), "555053929103")
    assert onward(web.get(back)) == "/"


def test_another_sites_page_begins_no_sign_in(web: TestClient) -> None:
    answer = web.post("/sign-in/provider", data={}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_a_provider_that_does_not_answer_is_said_so(
    tmp_path: Path, standard: Standard, issuer: str, expected_logs: list[str]
) -> None:
    expected_logs.append("the identity provider cannot be used")
    for wrong in (f"http://127.0.0.1:{free_port()}", f"{issuer}/"):
        known = CloudSettings(
            database=f"sqlite:///{tmp_path / 'cloud.sqlite'}",
            oidc_issuer=wrong,
            oidc_client_id="banyan",
            oidc_roles=MAPPED,
        )
        store = Store(known.database, standard)
        with TestClient(create_cloud(known, store, bytes(32), ORIGIN).app, base_url=ORIGIN) as client:
            assert client.post("/sign-in/provider", data={}).status_code == 502
        store.close()


def test_every_role_can_be_given_by_a_provider() -> None:
    assert set(ROLES) == {role.value for role in Role}
    with pytest.raises(SettingsError, match="role in oidc_roles"):
        CloudSettings(
            database="sqlite:////x",
            oidc_issuer="https://id.example",
            oidc_client_id="x",
            oidc_roles=(("x", "king"),),
        )


def test_we_prove_who_we_are_at_the_provider_by_our_own_key(tmp_path: Path) -> None:
    key = ECKey.generate_key("P-384", {"kid": "ours"})
    file = tmp_path / "key.json"
    file.write_text(json.dumps(key.as_dict(private=True)))
    ours = ProviderSettings(
        issuer="https://id.example",
        client_id="banyan",
        secret="",
        key=load_client_key(file),
        redirect_uri="https://cloud.example/sign-in/back",
    )
    with provider_session(ours) as session:
        session.mount("https://id.example", sent := _Sent())
        session.fetch_token("https://id.example/token", code="c", grant_type="authorization_code")
    form = {name: values[0] for name, values in parse_qs(sent.body).items()}
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    found = jwt.decode(form["client_assertion"], key, algorithms=["ES384"])
    assert (found.claims["iss"], found.claims["sub"]) == ("banyan", "banyan")
    assert found.claims["aud"] == "https://id.example/token"


class _Sent(requests.adapters.BaseAdapter):
    """Keeps what would have been sent."""

    body = ""

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        self.body = str(request.body)
        answer = requests.Response()
        answer.status_code = 200
        answer._content = b'{"access_token": "a", "token_type": "Bearer"}'
        return answer

    def close(self) -> None:
        """Nothing is open."""


def test_a_key_at_the_provider_must_be_a_private_one(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    for text in ("", "{}", '{"kty": "oct", "k": "AAAA"}', "x"):
        file.write_text(text)
        with pytest.raises(SettingsError, match="private JSON Web Key"):
            load_client_key(file)
