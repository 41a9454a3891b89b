"""The cloud over HTTP: who gets in, what everybody may see, and what every answer carries."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from web_modules.app import Cloud, create_cloud
from web_modules.catalogue import FUNCTIONS, Function
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.interactions.patching import JSON_PATCH
from web_modules.fhir_store.store import Standard, Store
from web_modules.identity.services import Services, person_of
from web_modules.settings import CloudSettings

ORIGIN = "http://127.0.0.1:8080"
TOKEN = "0123456789abcdef0123456789abcdef"
PATIENT = {"resourceType": "Patient", "name": [{"family": "Smith"}]}


def _routes(services: Services) -> list[Route]:
    async def who(request: Request) -> Response:
        return PlainTextResponse(f"{person_of(request).name} at {services.practice_name}")

    return [Route(f"/{services.practice}/who", who, methods=["GET", "POST"])]


FUNCTION = Function(
    id="patients",
    title="Patients",
    capability="C13",
    routes=_routes,
    page="who",
    patient_page="who?patient={patient}",
)


def cloud(tmp_path: Path, standard: Standard, **settings: Any) -> Cloud:
    url = f"sqlite:///{tmp_path / 'cloud.sqlite'}"
    asked: dict[str, Any] = {"database": url, "service_token": TOKEN, "audit_key": Path("audit.key")}
    known = CloudSettings(**(asked | settings))
    origin = known.public_url or ORIGIN
    return create_cloud(known, Store(url, standard), bytes(32), origin, (FUNCTION, *FUNCTIONS[2:]))


@pytest.fixture
def made(tmp_path: Path, standard: Standard) -> Cloud:
    """A cloud of the reference environment."""
    return cloud(tmp_path, standard)


@pytest.fixture
def web(made: Cloud) -> Iterator[TestClient]:
    """Somebody who is not signed in."""
    with TestClient(made.app, base_url=ORIGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def priya(web: TestClient) -> TestClient:
    """Dr Priya Nair, signed in by cookie."""
    answer = web.post("/sign-in", data={"person": "priya.nair"})
    assert answer.status_code == 303
    return web


def test_the_functions_are_listed_for_everybody(web: TestClient) -> None:
    listed = web.get("/functions.json").json()
    assert listed["environment"] == "reference"
    assert listed["today"] is None
    assert listed["practice"] == {"ods": "Y99002", "name": "Fernbrook Surgery"}
    assert listed["fhir"] == f"{ORIGIN}/Y99002/fhir"
    assert listed["functions"][0] == {
        "id": "patients",
        "title": "Patients",
        "capability": "C13",
        "url": f"{ORIGIN}/Y99002/who",
        "patient_url": f"{ORIGIN}/Y99002/who?patient={{patient}}",
        "needs_patient": True,
    }
    assert listed["functions"][1]["url"] is None


@pytest.mark.hazard("H21")
@pytest.mark.parametrize("environment", ["live", "reference", "training"])
def test_every_answer_names_its_environment(tmp_path: Path, standard: Standard, environment: str) -> None:
    made = cloud(tmp_path, standard, environment=environment)
    with TestClient(made.app, base_url=ORIGIN, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        for path in ("/functions.json", "/health", "/sign-in", "/nothing", "/Y99002/fhir/Patient"):
            assert client.get(path).headers["X-Banyan-Environment"] == environment
        assert client.get("/functions.json").json()["environment"] == environment
        described = client.get("/Y99002/fhir/metadata").json()["implementation"]["description"]
        assert described == f"Fernbrook Surgery (Y99002), environment: {environment}"


def test_the_practices_base_says_how_applications_sign_in(web: TestClient) -> None:
    (rest,) = web.get("/Y99002/fhir/metadata").json()["rest"]
    assert rest["security"]["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    addresses = {one["url"]: one["valueUri"] for one in rest["security"]["extension"][0]["extension"]}
    assert addresses["token"] == f"{ORIGIN}/Y99002/auth/token"


def test_today_may_be_another_day(tmp_path: Path, standard: Standard) -> None:
    made = cloud(tmp_path, standard, today=date(2026, 11, 17))
    assert made.services.today() == date(2026, 11, 17)
    with TestClient(made.app, base_url=ORIGIN) as client:
        assert client.get("/functions.json").json()["today"] == "2026-11-17"


def test_without_a_setting_today_is_today(made: Cloud) -> None:
    assert abs((made.services.today() - datetime.now(UTC).date()).days) <= 1


def test_health_says_whether_the_database_answers(web: TestClient) -> None:
    assert web.get("/health").json() == {
        "status": "ok",
        "environment": "reference",
        "practice": "Y99002",
        "changed": None,
    }


def test_every_answer_carries_the_security_headers(web: TestClient) -> None:
    for path in ("/functions.json", "/sign-in", "/Y99002/fhir/Patient", "/nothing"):
        headers = web.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "connect-src 'self' banyan:" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("settings", [{}, {"is_behind_proxy": True, "public_url": "https://cloud.example"}])
def test_browsers_that_came_by_https_stay_with_it(
    tmp_path: Path, standard: Standard, settings: dict[str, Any]
) -> None:
    made = cloud(tmp_path, standard, **settings)
    with TestClient(made.app, base_url=ORIGIN) as client:
        told = client.get("/sign-in").headers.get("Strict-Transport-Security")
    assert told == ("max-age=31536000" if settings else None)


def test_records_need_a_sign_in(web: TestClient) -> None:
    for method, path in (("GET", "Patient"), ("POST", "Patient"), ("GET", "_history")):
        refused = web.request(method, f"/Y99002/fhir/{path}")
        assert refused.status_code == 401
        assert refused.json()["issue"][0]["code"] == "login"
        assert refused.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/Y99002/fhir/Patient", "/Y99002/who"])
def test_a_program_is_told_that_its_token_is_no_good(web: TestClient, path: str) -> None:
    refused = web.get(path, headers={"Authorization": "Bearer no-token-of-ours"})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_everybody_may_know_what_the_server_can_do(web: TestClient) -> None:
    assert web.get("/Y99002/fhir/metadata").json()["resourceType"] == "CapabilityStatement"


@pytest.mark.parametrize("base", ["/Y99003/fhir", "/Y1/fhir", "/fhir", "/y99002/fhir"])
def test_another_practices_base_is_not_there_for_anybody(web: TestClient, base: str) -> None:
    anonymous = web.get(f"{base}/Patient/1")
    assert anonymous.status_code == 404
    nonsense = web.get("/Y00000/fhir/nothing/at/all")
    for token in ({}, {"Authorization": f"Bearer {TOKEN}"}):
        answer = web.get(f"{base}/Patient/1", headers=token)
        assert (answer.status_code, answer.text) == (404, nonsense.text)


@pytest.mark.parametrize(
    "path", ["/Y99002/nothing", "/Y99002", "/Y99002/fhirs/Patient", "/Y99003/fhir/Patient"]
)
def test_what_is_not_there_is_said_to_programs_in_fhirs_words(web: TestClient, path: str) -> None:
    for method in ("GET", "POST"):
        answer = web.request(method, path)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/fhir+json"
        assert answer.json()["issue"][0]["code"] == "not-found"
    assert web.get("/nothing").json() == {"error": "There is nothing at this address."}


def test_a_service_is_known_by_its_token(web: TestClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    created = web.post("/Y99002/fhir/Patient", json=PATIENT, headers=headers)
    assert created.status_code == 201
    assert web.get("/Y99002/fhir/Patient", headers=headers).json()["total"] == 1
    for wrong in (TOKEN[:-1], TOKEN + "0", "", "x"):
        assert (
            web.get("/Y99002/fhir/Patient", headers={"Authorization": f"Bearer {wrong}"}).status_code == 401
        )
    assert web.get("/Y99002/fhir/Patient", headers={"Authorization": f"Basic {TOKEN}"}).status_code == 401


def test_a_cloud_without_a_service_token_knows_no_service(tmp_path: Path, standard: Standard) -> None:
    with TestClient(cloud(tmp_path, standard, service_token=None).app, base_url=ORIGIN) as client:
        for token in ("", "None", TOKEN):
            headers = {"Authorization": f"Bearer {token}"}
            assert client.get("/Y99002/fhir/Patient", headers=headers).status_code == 401


def test_a_program_signs_in_and_gets_its_session(web: TestClient) -> None:
    answer = web.post("/sign-in", data={"person": "dawn.hartley"}, headers={"Accept": "application/json"})
    told = answer.json()
    assert told["person"] == {"id": "dawn.hartley", "name": "Dawn Hartley", "role": "receptionist"}
    web.cookies.clear()
    headers = {"Authorization": f"Bearer {told['session']}"}
    assert web.get("/Y99002/fhir/Patient", headers=headers).status_code == 200
    web.cookies.set("banyan_session", told["session"])
    assert web.get("/Y99002/fhir/Patient").status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(web: TestClient) -> None:
    cookie = web.post("/sign-in", data={"person": "sam.iqbal"}).headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie


def test_nobody_signs_in_as_a_stranger(web: TestClient) -> None:
    assert web.post("/sign-in", data={"person": "mallory"}).status_code == 403
    assert web.post("/sign-in", data={}).status_code == 403
    assert web.get("/Y99002/fhir/Patient").status_code == 401


def test_a_live_practice_offers_no_sign_in_without_a_password(tmp_path: Path, standard: Standard) -> None:
    with TestClient(cloud(tmp_path, standard, environment="live").app, base_url=ORIGIN) as client:
        assert "priya.nair" not in client.get("/sign-in").text
        assert client.post("/sign-in", data={"person": "priya.nair"}).status_code == 403


def test_signing_out_ends_the_session_everywhere(priya: TestClient) -> None:
    token = priya.cookies["banyan_session"]
    assert priya.get("/Y99002/who").text == "Dr Priya Nair at Fernbrook Surgery"
    assert priya.post("/sign-out", headers={"Origin": ORIGIN}).status_code == 303
    assert "banyan_session" not in priya.cookies
    assert priya.get("/Y99002/who", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_pages_send_strangers_to_the_sign_in_and_back(web: TestClient) -> None:
    sent = web.get("/Y99002/who?day=2026-11-17", headers={"Accept": "text/html"})
    assert sent.status_code == 303
    assert sent.headers["Location"] == "/sign-in?next=%2FY99002%2Fwho%3Fday%3D2026-11-17"
    page = web.get(sent.headers["Location"]).text
    assert 'value="/Y99002/who?day=2026-11-17"' in page
    back = web.post("/sign-in", data={"person": "priya.nair", "next": "/Y99002/who?day=2026-11-17"})
    assert back.headers["Location"] == "/Y99002/who?day=2026-11-17"
    assert web.get("/Y99002/who", headers={"Accept": "application/json"}).status_code == 200


@pytest.mark.parametrize(
    "following", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_the_sign_in_sends_nobody_to_another_site(web: TestClient, following: str) -> None:
    answer = web.post("/sign-in", data={"person": "priya.nair", "next": following})
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_cannot_write_with_a_persons_cookie(
    priya: TestClient, headers: dict[str, str]
) -> None:
    assert priya.post("/Y99002/fhir/Patient", json=PATIENT, headers=headers).status_code == 403
    assert priya.post("/Y99002/who", headers=headers).status_code == 403
    assert priya.get("/Y99002/fhir/Patient").json()["total"] == 0


def test_our_own_page_writes_with_a_persons_cookie(priya: TestClient) -> None:
    for headers in ({"Origin": ORIGIN}, {"Sec-Fetch-Site": "same-origin"}, {}):
        assert priya.post("/Y99002/fhir/Patient", json=PATIENT, headers=headers).status_code == 201
    assert priya.post("/Y99002/who", headers={"Origin": ORIGIN}).status_code == 200


def test_an_address_says_which_methods_it_takes(web: TestClient) -> None:
    refused = web.post("/health")
    assert refused.status_code == 405
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_a_request_for_another_host_is_refused(web: TestClient) -> None:
    for name in ("evil.example", "[", "[::1", "]", "\xff"):
        assert web.get("/health", headers={b"Host": name.encode("latin-1")}).status_code == 421
    assert web.get("/health", headers={"Host": "localhost:8080"}).status_code == 200


def test_development_serves_records_without_a_sign_in(tmp_path: Path, standard: Standard) -> None:
    made = cloud(tmp_path, standard, is_development=True)
    with TestClient(made.app, base_url=ORIGIN) as client:
        created = client.post("/fhir/Patient", json=PATIENT)
        assert created.status_code == 201
        assert created.headers["Location"].startswith(f"{ORIGIN}/fhir/Patient/")
        assert client.get("/Y99002/fhir/Patient").status_code == 401
        assert (
            client.post("/fhir/Patient", json=PATIENT, headers={"Origin": "http://evil.example"}).status_code
            == 403
        )
        (found,) = FhirClient(made.services.fhir).search("Patient", {"family": "smith"})
        assert found["id"] == created.json()["id"]
        assert client.get("/fhir/metadata").json()["implementation"]["url"] == f"{ORIGIN}/fhir"


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/fhir+json; charset=utf-8"}, json.dumps(PATIENT), 201),
        ({"Content-Type": "application/xml"}, "<Patient/>", 415),
        ({"Content-Type": "application/json", "Accept": "application/fhir+xml"}, json.dumps(PATIENT), 406),
        ({"Content-Type": "application/json", "Accept": "text/html"}, json.dumps(PATIENT), 201),
        ({"Content-Type": "application/json"}, "{", 400),
        ({"Content-Type": "application/json"}, json.dumps(PATIENT | {"gender": "m"}), 422),
    ],
)
def test_only_fhir_json_is_spoken(priya: TestClient, headers: dict[str, str], body: str, status: int) -> None:
    answer = priya.post("/Y99002/fhir/Patient", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"


@pytest.mark.parametrize("path", ["Patient", "Patient/{id}", "Patient/{id}/_history", "metadata"])
@pytest.mark.parametrize(
    ("wanted", "accept", "status"),
    [
        ("?_format=json", "application/fhir+xml", 200),
        ("?_format=application/fhir+json", "application/fhir+xml", 200),
        ("?_format=application%2Ffhir%2Bjson", "application/fhir+xml", 200),
        ("?_format=xml", "application/fhir+json", 406),
        ("?_format=ttl", "*/*", 406),
        ("", "application/fhir+json; fhirVersion=4.0", 200),
        ("", "application/fhir+json; fhirVersion=3.0", 406),
        ("", "application/fhir+xml, application/fhir+json;q=0.9", 200),
        ("", "application/fhir+json;q=0", 406),
        ("", "text/html,application/xhtml+xml,*/*;q=0.8", 200),
    ],
)
def test_the_format_that_is_asked_for_is_answered_or_refused(
    priya: TestClient, path: str, wanted: str, accept: str, status: int
) -> None:
    patient = priya.post("/Y99002/fhir/Patient", json=PATIENT).json()
    address = f"/Y99002/fhir/{path.format(id=patient['id'])}{wanted}"
    assert priya.get(address, headers={"Accept": accept}).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/fhir+json; fhirVersion=3.0"},
        {"Content-Type": "application/fhir+json", "Content-Encoding": "br"},
        {"Content-Type": "application/fhir+json; charset=utf-16"},
        {"Content-Type": 'application/json; charset="iso-8859-1"'},
    ],
)
def test_what_is_sent_otherwise_than_json_of_r4_is_refused(
    priya: TestClient, headers: dict[str, str]
) -> None:
    answer = priya.post("/Y99002/fhir/Patient", content=json.dumps(PATIENT), headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize("charset", ["UTF-8", '"utf8"', "us-ascii"])
def test_json_in_utf_8_is_taken_however_it_is_named(priya: TestClient, charset: str) -> None:
    headers = {"Content-Type": f"application/fhir+json; charset={charset}"}
    answer = priya.post("/Y99002/fhir/Patient", content=json.dumps(PATIENT), headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [("POST", "Patient/_search", "application/x-www-form-urlencoded"), ("PATCH", "Patient/1", JSON_PATCH)],
)
def test_forms_and_patches_are_utf_8_too(priya: TestClient, method: str, path: str, kind: str) -> None:
    headers = {"Content-Type": f"{kind}; charset=utf-16"}
    answer = priya.request(method, f"/Y99002/fhir/{path}", content=b"[]", headers=headers)
    assert answer.status_code == 415
    assert "UTF-8" in answer.json()["issue"][0]["details"]["text"]


def test_a_search_is_posted_as_a_form(priya: TestClient) -> None:
    priya.post("/Y99002/fhir/Patient", json=PATIENT)
    assert priya.post("/Y99002/fhir/Patient/_search", data={"family": "smith"}).json()["total"] == 1
    assert priya.post("/Y99002/fhir/Patient/_search", json={"family": "smith"}).status_code == 415


def test_plus_signs_and_escapes_in_addresses_are_understood(priya: TestClient) -> None:
    priya.post("/Y99002/fhir/Patient", json=PATIENT | {"name": [{"family": "A B"}]})
    for query in ("family=a+b", "family=a%20b", "name=A%20B&_lastUpdated=gt2020-01-01T00:00:00+00:00"):
        assert priya.get(f"/Y99002/fhir/Patient?{query}").json()["total"] == 1
    assert priya.get("/Y99002/fhir/Patient/a%2Fb").status_code in {404, 400}
    assert priya.get("/Y99002/fhir/Patient/%00").status_code == 400


def test_head_answers_without_a_body(priya: TestClient) -> None:
    patient = priya.post("/Y99002/fhir/Patient", json=PATIENT).json()
    answer = priya.head(f"/Y99002/fhir/Patient/{patient['id']}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["ETag"] == 'W/"1"'


def test_a_body_without_end_is_refused(priya: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web_modules.fhir_store.endpoint.LARGEST_BODY_BYTES", 1000)
    answer = priya.post(
        "/Y99002/fhir/Patient", content=b" " * 1001, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


def test_a_held_history_over_http_ends_with_304(priya: TestClient) -> None:
    etag = priya.get("/Y99002/fhir/Patient/_history").headers["ETag"]
    headers = {"If-None-Match": etag, "Prefer": "wait=0"}
    assert priya.get("/Y99002/fhir/Patient/_history", headers=headers).status_code == 304
    priya.post("/Y99002/fhir/Patient", json=PATIENT)
    headers["Prefer"] = "wait=20"
    assert priya.get("/Y99002/fhir/Patient/_history", headers=headers).status_code == 200


def test_definitions_for_the_store_are_not_served_to_browsers(web: TestClient) -> None:
    assert web.get("/assets/fhir/fhir.schema.json").status_code == 404
