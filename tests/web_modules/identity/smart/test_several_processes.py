"""Two clouds on one database, as `--workers` starts them: each goes on where the other one was."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web_modules.identity.smart.practice import (
    AUTH,
    ORIGIN,
    SmartPractice,
    assertion,
    fill,
    open_practice,
)
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.store import Standard
from web_modules.identity.database import revocations


@pytest.fixture(params=["sqlite", "postgresql"])
def two(
    request: pytest.FixtureRequest, tmp_path: Path, standard: Standard, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[SmartPractice, SmartPractice]]:
    """The same practice twice; the browser speaks to the first, programs to either."""
    monkeypatch.setattr(revocations, "FRESH_SECONDS", 0.0)
    settings = {"database": request.getfixturevalue("postgresql_url")} if request.param != "sqlite" else {}
    with (
        open_practice(tmp_path, standard, **settings) as here,
        open_practice(tmp_path, standard, **settings) as there,
        TestClient(here.app, base_url=ORIGIN, follow_redirects=False) as browser,
        TestClient(here.app, base_url=ORIGIN) as first,
        TestClient(there.app, base_url=ORIGIN) as second,
    ):
        patients = fill(FhirClient(here.services.fhir))
        browser.post("/sign-in", data={"person": "priya.nair"})
        one = SmartPractice(cloud=here, browser=browser, program=first, patients=patients)
        yield one, replace(one, cloud=there, program=second)


def test_each_goes_on_where_the_other_was(two: tuple[SmartPractice, SmartPractice]) -> None:
    one, other = two
    told = other.exchange(one.code()).json()
    path = f"Patient/{one.patients[0]}"
    assert one.read(path, told["access_token"]).status_code == 200
    following = one.refresh(told["refresh_token"]).json()
    assert other.read(path, following["access_token"]).status_code == 200
    assert other.refresh(told["refresh_token"]).json()["error"] == "invalid_grant"
    for each in two:
        assert each.read(path, following["access_token"]).status_code == 401
    signed = assertion()
    assert one.backend(signed).status_code == 200
    assert other.backend(signed).json()["error"] == "invalid_client"
    assert one.program.get(f"{AUTH}/jwks").json() == other.program.get(f"{AUTH}/jwks").json()


def test_a_session_that_ended_at_one_has_ended_at_the_other(
    two: tuple[SmartPractice, SmartPractice],
) -> None:
    one, other = two
    session = {"Authorization": f"Bearer {one.browser.cookies['banyan_session']}"}
    assert other.program.get("/Y99002/fhir/Patient", headers=session).status_code == 200
    one.program.post("/sign-out", headers=session, follow_redirects=False)
    assert other.program.get("/Y99002/fhir/Patient", headers=session).status_code == 401
