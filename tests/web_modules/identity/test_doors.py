"""Whoever guesses is slowed down, and nobody who knows what is asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web_modules.identity.smart.practice import (
    AUTH,
    ORIGIN,
    OTHER_KEY,
    PRACTICE,
    SERVICE_TOKEN,
    SmartPractice,
    assertion,
    fill,
    open_practice,
)
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.store import Standard
from web_modules.identity.doors import Door
from web_modules.identity.paces import WINDOW_SECONDS, Paces

ADDRESS = ("192.0.2.7", 1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, standard: Standard) -> Iterator[SmartPractice]:
    """A practice, everybody of which comes from one address."""
    with (
        open_practice(tmp_path_factory.mktemp("cloud"), standard, requests_per_minute=1000) as cloud,
        TestClient(cloud.app, base_url=ORIGIN, follow_redirects=False, client=ADDRESS) as browser,
        TestClient(cloud.app, base_url=ORIGIN, follow_redirects=False, client=ADDRESS) as program,
    ):
        patients = fill(FhirClient(cloud.services.fhir))
        browser.post("/sign-in", data={"person": "priya.nair"})
        yield SmartPractice(cloud=cloud, browser=browser, program=program, patients=patients)


def test_guessing_client_has_to_wait_and_others_at_its_address_do_not(shared: SmartPractice) -> None:
    most = Door.TOKEN.value[1]
    answers = [shared.exchange("guess") for _ in range(most + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {400}
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert shared.backend(assertion()).status_code == 200
    unknown = [shared.exchange("guess", client_id=f"nobody-{number}") for number in range(most + 1)]
    assert unknown[-1].status_code == 429
    assert shared.backend(assertion(), scope="system/Observation.rs").status_code == 200


def test_proofs_by_a_wrong_key_close_the_door_of_that_client_only(shared: SmartPractice) -> None:
    answers = [shared.backend(assertion("web", key=OTHER_KEY)) for _ in range(Door.TOKEN.value[1] + 1)]
    assert (answers[0].status_code, answers[-1].status_code) == (401, 429)
    assert shared.backend(assertion()).status_code == 200


def test_service_token_is_not_looked_at_any_more_while_somebody_guesses_it(shared: SmartPractice) -> None:
    token = shared.backend(assertion()).json()["access_token"]
    assert shared.read("Patient", SERVICE_TOKEN).status_code == 200
    for number in range(Door.SERVICE.value[1]):
        assert shared.read("Patient", f"guess-{number}").status_code == 401
    assert shared.read("Patient", SERVICE_TOKEN).status_code == 401
    assert shared.read("Patient", token).status_code == 200
    assert shared.browser.get(f"/{PRACTICE}/fhir/Patient").status_code == 200


def test_sessions_that_are_over_keep_nobody_out(shared: SmartPractice) -> None:
    token = shared.backend(assertion()).json()["access_token"]
    answers = [shared.read("Patient", "a.b.c") for _ in range(Door.RECORDS.value[1] + 1)]
    assert (answers[0].status_code, answers[-1].status_code) == (401, 429)
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[-1].json()["issue"][0]["code"] == "throttled"
    assert shared.read("Patient", token).status_code == 200


def test_guessing_who_may_sign_in_has_to_wait(shared: SmartPractice) -> None:
    answers = [
        shared.program.post("/sign-in", data={"person": f"{number}"})
        for number in range(Door.SIGN_IN.value[1] + 1)
    ]
    assert (answers[0].status_code, answers[-1].status_code) == (403, 429)


def test_authorisation_is_closed_to_strangers_only(shared: SmartPractice) -> None:
    wrong = shared.parameters(client_id="nobody")
    answers = [
        shared.program.get(f"{AUTH}/authorize", params=wrong) for _ in range(Door.AUTHORIZE.value[1] + 1)
    ]
    assert (answers[0].status_code, answers[-1].status_code) == (400, 429)
    assert shared.authorize(launch=shared.launch()).status_code == 302


def test_program_that_runs_wild_is_told_to_wait_and_the_service_is_not(
    tmp_path: Path, standard: Standard
) -> None:
    with (
        open_practice(tmp_path, standard, requests_per_minute=3) as cloud,
        TestClient(cloud.app, base_url=ORIGIN, client=ADDRESS) as program,
    ):
        one = {"Authorization": f"Bearer {SERVICE_TOKEN}"}
        assert {program.get(f"/{PRACTICE}/fhir/Patient", headers=one).status_code for _ in range(9)} == {200}
        program.post("/sign-in", data={"person": "priya.nair"})
        answers = [program.get(f"/{PRACTICE}/fhir/Patient").status_code for _ in range(5)]
        assert answers == [200, 200, 200, 429, 429]


def test_pace_is_counted_for_each_and_begins_anew_each_minute() -> None:
    now = [0.0]
    paces = Paces(3, lambda: now[0])
    assert [paces.seconds_over("a") for _ in range(5)] == [0, 0, 0, 60, 60]
    assert paces.seconds_over("b") == 0
    now[0] += WINDOW_SECONDS
    assert paces.seconds_over("a") == 0
    assert not any(Paces(0).seconds_over("a") for _ in range(1000))
