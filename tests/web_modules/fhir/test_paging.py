"""Pages are followed to their end, and only within the base."""

from typing import Any

import pytest

from tests.web_modules.fhir.scripted_server import PATIENT, ScriptedServer
from web_modules.fhir.client import FhirClient
from web_modules.fhir.errors import FhirBroken
from web_modules.fhir.paging import following
from web_modules.fhir.transport import HttpTransport

BASE = "https://cloud.example/Y99002/fhir"


def page(self_url: str | None, next_url: str) -> dict[str, Any]:
    links = [{"relation": "self", "url": self_url}] if self_url is not None else []
    return {"resourceType": "Bundle", "link": [*links, {"relation": "next", "url": next_url}]}


@pytest.mark.parametrize(
    ("own", "link", "path"),
    [
        (f"{BASE}/Patient?name=a", f"{BASE}/Patient?name=a&_page=2", "Patient"),
        (f"{BASE}/Patient?name=a", f"{BASE}?name=a&_page=2", ""),
        (f"{BASE}/Patient", f"{BASE}/pages/7?name=a&_page=2", "pages/7"),
        ("http://inside:8080/x/Patient", "http://inside:8080/x/Patient?name=a&_page=2", "Patient"),
        (f"{BASE}/Patient", "/Y99002/fhir/Patient?name=a&_page=2", "Patient"),
        (None, f"{BASE}/Patient?name=a&_page=2", "Patient"),
        (None, "Patient?name=a&_page=2", "Patient"),
    ],
)
def test_next_page_is_found_below_the_base(own: str | None, link: str, path: str) -> None:
    assert following(page(own, link), "Patient") == (path, (("name", "a"), ("_page", "2")))


@pytest.mark.parametrize(
    ("own", "link"),
    [
        (f"{BASE}/Patient", "https://evil.example/Y99002/fhir/Patient?_page=2"),
        (f"{BASE}/Patient", "http://cloud.example/Y99002/fhir/Patient?_page=2"),
        (f"{BASE}/Patient", "//evil.example/Y99002/fhir/Patient?_page=2"),
        (f"{BASE}/Patient", "https://cloud.example/Y99003/fhir/Patient?_page=2"),
        (f"{BASE}/Patient", "https://cloud.example/Y99002/fhirs/Patient?_page=2"),
        (f"{BASE}/Patient", f"{BASE}/../../Y99003/fhir/Patient?_page=2"),
        (f"{BASE}/Patient", f"{BASE}/%2e%2e/%2E./Y99003/fhir/Patient?_page=2"),
        (None, f"{BASE}/Observation?_page=2"),
        (None, ""),
    ],
)
def test_next_page_outside_of_the_base_is_refused(own: str | None, link: str) -> None:
    with pytest.raises(FhirBroken, match="outside of the FHIR base"):
        following(page(own, link), "Patient")


def test_token_never_goes_to_another_server(server: ScriptedServer) -> None:
    other = ScriptedServer()
    transport = HttpTransport(server.url, token="t0ken")
    server.answers.append((200, {}, page(f"{server.url}/Patient", f"{other.url}/Patient?_page=2")))
    with pytest.raises(FhirBroken):
        FhirClient(transport).search("Patient", {})
    assert other.asked == []
    transport.close()
    other.close()


def test_pages_that_go_round_in_a_ring_are_refused(server: ScriptedServer) -> None:
    transport = HttpTransport(server.url)
    first = page(f"{server.url}/Patient", f"{server.url}/Patient?_page=2")
    server.answers += [(200, {}, first), (200, {}, first | {"entry": [{"resource": PATIENT}]})]
    with pytest.raises(FhirBroken, match="ring"):
        FhirClient(transport).search("Patient", {})
    transport.close()
