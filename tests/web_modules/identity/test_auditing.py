"""Who signs in and out, lets applications in, and is refused, stands in the audit, and no secret with it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from tests.web_modules.identity.smart.practice import (
    AUTH,
    BASE,
    ISSUER,
    ORIGIN,
    OTHER_KEY,
    PRACTICE,
    SERVICE_TOKEN,
    VERIFIER,
    SmartPractice,
    assertion,
    fill,
    open_practice,
)
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.store import Standard

DICOM = "http://dicom.nema.org/resources/ontology/DCM"
Event = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A practice, and what its audit says."""

    smart: SmartPractice
    standard: Standard

    @property
    def service(self) -> FhirService:
        service = self.smart.cloud.services.fhir
        assert isinstance(service, FhirService)
        return service

    def events(self) -> list[Event]:
        """What identity noted, newest first; each is a valid AuditEvent."""
        self.service.trail.flush()
        found = FhirClient(self.service).search("AuditEvent", {"_count": "200"})
        for event in found:
            self.standard.validator.check(event)
        return [event for event in found if event["type"]["system"] == DICOM]

    def last(self) -> Event:
        """The newest."""
        return self.events()[0]

    def words(self) -> list[str]:
        """Why something was refused, newest first."""
        return [event["outcomeDesc"] for event in self.events() if event["outcome"] == "4"]


def code_of(event: Event) -> tuple[str, str, str]:
    return event["type"]["code"], event["subtype"][0]["code"], event["outcome"]


def who(event: Event) -> str:
    return str(event["agent"][0]["who"]["identifier"]["value"])


@pytest.fixture
def watched(tmp_path_factory: pytest.TempPathFactory, standard: Standard) -> Iterator[Watched]:
    """A practice whose audit is looked at; Dr Nair is signed in."""
    with (
        open_practice(tmp_path_factory.mktemp("cloud"), standard) as cloud,
        TestClient(cloud.app, base_url=ORIGIN, follow_redirects=False, client=("192.0.2.7", 1)) as browser,
        TestClient(cloud.app, base_url=ORIGIN, follow_redirects=False, client=("2001:db8::7", 1)) as program,
    ):
        patients = fill(FhirClient(cloud.services.fhir))
        browser.post("/sign-in", data={"person": "priya.nair"})
        smart = SmartPractice(cloud=cloud, browser=browser, program=program, patients=patients)
        yield Watched(smart=smart, standard=standard)


def test_sign_in_and_out_name_the_person_and_whence_they_came(watched: Watched) -> None:
    assert code_of(watched.last()) == ("110114", "110122", "0")
    assert who(watched.last()) == "priya.nair"
    assert watched.last()["agent"][0]["network"] == {"address": "192.0.2.7", "type": "2"}
    watched.smart.browser.post("/sign-out")
    assert code_of(watched.last()) == ("110114", "110123", "0")
    assert who(watched.last()) == "priya.nair"


def test_refused_sign_in_is_noted(watched: Watched) -> None:
    watched.smart.program.post("/sign-in", data={"person": "nobody"})
    assert code_of(watched.last()) == ("110114", "110122", "4")
    assert watched.last()["agent"][0]["network"]["address"] == "2001:db8::/64"
    watched.smart.program.post(
        "/sign-in", data={"person": "priya.nair"}, headers={"Origin": "https://evil.example"}
    )
    assert "another site" in watched.last()["outcomeDesc"]


def test_launch_and_consent_name_person_application_and_patient(watched: Watched) -> None:
    watched.smart.tokens()
    consent, launch, *_ = watched.events()
    assert code_of(launch) == ("110100", "110120", "0")
    assert code_of(consent) == ("110113", "110137", "0")
    assert consent["agent"][0]["altId"] == "app"
    assert {who(launch), who(consent)} == {"priya.nair"}
    reference = f"Patient/{watched.smart.patients[0]}"
    assert launch["entity"][0]["what"] == consent["entity"][0]["what"] == {"reference": reference}


def test_refused_launch_and_consent_are_noted(watched: Watched) -> None:
    watched.smart.browser.post(f"{AUTH}/launch", data={"patient": "nobody"})
    assert code_of(watched.last()) == ("110100", "110120", "4")
    watched.smart.authorize(redirect_uri="https://evil.example/")
    assert code_of(watched.last()) == ("110113", "110137", "4")
    watched.smart.authorize(launch="forged")
    assert "not good any more" in watched.last()["outcomeDesc"]
    watched.smart.authorize(launch=watched.smart.launch(), code_challenge_method="plain")
    assert "PKCE with S256" in watched.last()["outcomeDesc"]
    assert who(watched.last()) == "priya.nair"


def tokens_of_all_kinds(watched: Watched) -> dict[str, str]:
    """Tokens that are refused, by why."""
    good = watched.smart.tokens()["access_token"]
    head, claims, signature = good.split(".")
    other = ECKey.generate_key("P-256", {"kid": "x"})
    said = {
        "iss": ISSUER,
        "aud": BASE,
        "sub": "a",
        "exp": 4102444800,
        "iat": 0,
        "jti": "a",
        "client_id": "app",
    }
    forged = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "x"}, said, other, algorithms=["ES256"])
    return {
        "signature is not ours": forged,
        "is none of ours": "not-a-token",
        "forged, or was changed": f"{head}.{claims[:-6]}AAAAAA.{signature}",
    }


def test_refused_token_is_noted_with_its_reason_and_without_itself(watched: Watched) -> None:
    for reason, token in tokens_of_all_kinds(watched).items():
        assert watched.smart.read("Patient", token).status_code == 401
        assert code_of(watched.last()) == ("110114", "110126", "4")
        whole = json.dumps(watched.events())
        assert token not in whole
        assert token.rpartition(".")[2] not in whole or "." not in token
        assert any(reason in words for words in watched.words()), watched.words()


def test_replay_is_told_apart_in_the_audit_only(watched: Watched) -> None:
    proof = assertion()
    assert watched.smart.backend(proof).status_code == 200
    answers = [watched.smart.backend(proof), watched.smart.backend(assertion(key=OTHER_KEY))]
    assert answers[0].json() == answers[1].json()
    assert "the signature is not the client's" in watched.words()[0]
    assert "used before" in watched.words()[1]
    code = watched.smart.code()
    first = watched.smart.exchange(code).json()["refresh_token"]
    watched.smart.exchange(code)
    assert "a code came a second time" in watched.words()[0]
    second = watched.smart.tokens()["refresh_token"]
    watched.smart.refresh(second)
    watched.smart.refresh(second)
    assert "a refresh token came a second time" in watched.words()[0]
    watched.smart.exchange(watched.smart.code(), code_verifier="w" * 64)
    assert "Code challenge" in watched.words()[0] or "code_verifier" in watched.words()[0]
    whole = json.dumps(watched.events())
    for secret in (proof, code, first, second, VERIFIER, SERVICE_TOKEN):
        assert secret not in whole


def test_wrong_service_token_is_noted(watched: Watched) -> None:
    watched.smart.read("Patient", f"{SERVICE_TOKEN}x")
    assert watched.last()["entity"] == [{"name": f"GET /{PRACTICE}/fhir/Patient"}]


@pytest.mark.parametrize("path", ["patients", "fhir/Patient"])
def test_session_that_is_over_is_noted_where_it_is_shown(watched: Watched, path: str) -> None:
    watched.smart.program.get(f"/{PRACTICE}/{path}", headers={"Cookie": "banyan_session=forged"})
    assert code_of(watched.last()) == ("110114", "110126", "4")
    assert watched.last()["outcomeDesc"] == "The session is over, or none of ours."


def test_flood_of_forged_tokens_is_counted_and_not_written_out(watched: Watched) -> None:
    for number in range(300):
        watched.smart.read("Patient", f"forged-{number}")
    assert len(watched.words()) == 1
    watched.service.trail.close()
    counted, first = [event for event in watched.events() if event["outcome"] == "4"]
    assert counted["entity"] == [{"detail": [{"type": "times", "valueString": "299"}]}]
    assert counted["period"]["start"] == first["recorded"]
