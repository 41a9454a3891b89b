"""With whom a clinician has to do, and what that lets them see."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from web_modules.app import Cloud, create_cloud
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.access import Access
from web_modules.fhir_store.documents import Resource
from web_modules.fhir_store.store import Standard, Store
from web_modules.identity import relationships as module
from web_modules.identity.assembly import Identity, create_identity
from web_modules.identity.people import DEVELOPMENT_PEOPLE, Person, Role
from web_modules.settings import CloudSettings

ORIGIN = "http://127.0.0.1:8080"
TODAY = date(2026, 11, 17)
PRIYA = DEVELOPMENT_PEOPLE[0]
TOKEN = "0123456789abcdef0123456789abcdef"


def claims(fhir: FhirClient) -> list[Resource]:
    """The security alerts of the audit."""
    return [event for event in fhir.search("AuditEvent", {}) if event["type"]["code"] == "110113"]


@pytest.fixture
def settings(tmp_path: Path) -> CloudSettings:
    return CloudSettings(database=f"sqlite:///{tmp_path / 'cloud.sqlite'}", today=TODAY, service_token=TOKEN)


@pytest.fixture
def store(settings: CloudSettings, standard: Standard) -> Iterator[Store]:
    made = Store(settings.database, standard)
    yield made
    made.close()


@pytest.fixture
def cloud(settings: CloudSettings, store: Store) -> Cloud:
    return create_cloud(settings, store, bytes(32), ORIGIN)


@pytest.fixture
def fhir(cloud: Cloud) -> FhirClient:
    return FhirClient(cloud.services.fhir)


@pytest.fixture
def identity(
    cloud: Cloud, settings: CloudSettings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> Identity:
    monkeypatch.setattr(module, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(module, "CLAIMS_KEPT_SECONDS", 0.0)
    return create_identity(
        settings,
        database=store.database,
        trail=store.trail(settings.practice),
        transport=cloud.services.fhir,
        session_key=bytes(32),
        origin=ORIGIN,
        today=lambda: TODAY,
        stylesheets=(),
        resource_types=store.catalogue.definitions.resource_types,
    )


@pytest.fixture
def nair(fhir: FhirClient) -> str:
    """Dr Nair's reference."""
    identifier = [{"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7076397"}]
    made = fhir.create({"resourceType": "Practitioner", "identifier": identifier})
    return f"Practitioner/{made['id']}"


def patient(fhir: FhirClient, **elements: Any) -> str:
    return str(fhir.create({"resourceType": "Patient", **elements})["id"])


def book(fhir: FhirClient, who: str, doctor: str, day: str, status: str = "booked") -> None:
    actors = [{"actor": {"reference": one}, "status": "accepted"} for one in (f"Patient/{who}", doctor)]
    times = {"start": f"{day}T09:00:00Z", "end": f"{day}T09:10:00Z"}
    fhir.create({"resourceType": "Appointment", "status": status, "participant": actors, **times})


def test_the_usual_gp_and_who_has_an_appointment_have_to_do_with_a_patient(
    identity: Identity, fhir: FhirClient, nair: str
) -> None:
    own = patient(fhir, generalPractitioner=[{"reference": nair}])
    seen, later, past, cancelled, stranger = (patient(fhir) for _ in range(5))
    book(fhir, seen, nair, "2026-11-17")
    book(fhir, later, nair, "2026-12-31")
    book(fhir, past, nair, "2026-10-01")
    book(fhir, cancelled, nair, "2026-11-17", status="cancelled")
    assert identity.relationships.of(PRIYA) == {own, seen}
    assert stranger not in identity.relationships.of(PRIYA)


def test_who_is_not_in_the_records_has_to_do_with_nobody(identity: Identity, fhir: FhirClient) -> None:
    patient(fhir)
    for registration in ("", "https://fhir.hl7.org.uk/Id/gmc-number|7076397", "x", "a|b,c", "|", "a|"):
        someone = Person(id="x", name="X", role=Role.GP, registration=registration)
        assert identity.relationships.of(someone) == frozenset()


def test_of_two_practitioners_with_one_number_neither_counts(
    identity: Identity, fhir: FhirClient, nair: str
) -> None:
    patient(fhir, generalPractitioner=[{"reference": nair}])
    identifier = [{"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7076397"}]
    fhir.create({"resourceType": "Practitioner", "identifier": identifier})
    assert identity.relationships.of(PRIYA) == frozenset()


def asked(*headers: tuple[str, str]) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": raw})


def access_of(identity: Identity, person: str) -> Access:
    found = next(one for one in DEVELOPMENT_PEOPLE if one.id == person)
    token = identity.sessions.issue(found)
    access = identity.admission.access_of(asked(("cookie", f"banyan_session={token}")))
    assert access is not None
    return access


def test_a_gp_sees_what_is_restricted_of_own_patients_only(
    identity: Identity, fhir: FhirClient, nair: str
) -> None:
    own = patient(fhir, generalPractitioner=[{"reference": nair}])
    access = access_of(identity, "priya.nair")
    assert access.agent.role == "gp"
    assert access.sees(("R",), (own,))
    assert not access.sees(("R",), (patient(fhir),))


def test_the_office_sees_nothing_restricted_and_it_no_patient(identity: Identity) -> None:
    for person in ("dawn.hartley", "marion.webb"):
        assert not access_of(identity, person).sees(("R",), ("1",))
    assert not access_of(identity, "sam.iqbal").may("r", "Patient")
    assert not access_of(identity, "leigh.marsden").may("r", "Patient")
    assert not access_of(identity, "sam.iqbal").may_read_audit()


def test_the_privacy_officer_of_the_development_sign_in_reads_the_audit(identity: Identity) -> None:
    assert access_of(identity, "ruth.adeyemi").may_read_audit()


def test_the_practices_services_carry_every_record(identity: Identity) -> None:
    access = identity.admission.access_of(asked(("authorization", f"Bearer {TOKEN}")))
    assert access is not None
    assert access.may("d", "Patient")
    assert access.sees(("V",))
    assert identity.admission.access_of(asked()) is None
    assert identity.admission.access_of(asked(("authorization", "Bearer x"))) is None


@pytest.fixture
def web(cloud: Cloud) -> Iterator[TestClient]:
    with TestClient(cloud.app, base_url=ORIGIN, follow_redirects=False) as client:
        client.post("/sign-in", data={"person": "priya.nair"})
        yield client


def test_who_says_why_has_to_do_with_a_patient_and_it_is_recorded(
    web: TestClient, identity: Identity, fhir: FhirClient
) -> None:
    someone = patient(fhir)
    page = web.get("/Y99002/relationship", params={"patient": someone, "next": "/Y99002/patients"})
    assert "Why do you have to see them?" in page.text
    form = {"patient": someone, "reason": "Covering for Dr Osei today", "next": "/Y99002/patients"}
    answer = web.post("/Y99002/relationship", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/Y99002/patients")
    assert access_of(identity, "priya.nair").sees(("R",), (someone,))
    (event,) = claims(fhir)
    assert event["purposeOfEvent"][0]["text"] == "Covering for Dr Osei today"
    assert event["agent"][0]["altId"] == "priya.nair"
    assert event["entity"][0]["what"]["reference"] == f"Patient/{someone}"


@pytest.mark.parametrize("reason", ["", "    ", "x", "x" * 401, "because\u0000of it"])
def test_without_a_reason_nothing_is_claimed(
    web: TestClient, identity: Identity, fhir: FhirClient, reason: str
) -> None:
    someone = patient(fhir)
    answer = web.post("/Y99002/relationship", data={"patient": someone, "reason": reason})
    assert answer.status_code == 400
    assert identity.relationships.of(PRIYA) == frozenset()
    assert claims(fhir) == []


def test_who_may_not_claim_or_comes_from_elsewhere_is_refused(web: TestClient, fhir: FhirClient) -> None:
    form = {"patient": patient(fhir), "reason": "because of it"}
    evil = web.post("/Y99002/relationship", data=form, headers={"Origin": "https://evil.example"})
    odd = web.post("/Y99002/relationship", data=form | {"patient": "../1"})
    web.post("/sign-in", data={"person": "dawn.hartley"})
    office = web.post("/Y99002/relationship", data=form)
    page = web.get("/Y99002/relationship", params={"patient": form["patient"]})
    web.cookies.clear()
    nobody = web.post("/Y99002/relationship", data=form)
    codes = [answer.status_code for answer in (evil, odd, office, page, nobody)]
    assert codes == [403, 403, 403, 403, 401]
    assert claims(fhir) == []
