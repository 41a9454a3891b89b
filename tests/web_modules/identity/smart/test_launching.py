"""What a window says when it opens an application, and what the application is told of it."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from shell.main_window.tokens import Scheme, tokens_of
from tests.web_modules.identity.smart.practice import (
    AUTH,
    ISSUER,
    ORIGIN,
    PRACTICE,
    SmartPractice,
    answered,
)
from web_modules.fhir.client import FhirClient
from web_modules.identity.smart.styles import STYLES

HANDLE = "h" * 43
MESSAGING = "openid launch patient/*.rs messaging/ui"


def launch(practice: SmartPractice, **form: str) -> str:
    """What the window gets for an application of the first patient."""
    told = {"patient": practice.patients[0], "client": "app"} | form
    answer = practice.browser.post(f"{AUTH}/launch", data=told)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["launch"])


def tokens(practice: SmartPractice, launched: str, **changed: str | None) -> dict[str, Any]:
    """What the application gets for it."""
    told: dict[str, Any] = practice.exchange(
        answered(practice.authorize(launch=launched, **changed))["code"]
    ).json()
    return told


def encounter(practice: SmartPractice, patient: str) -> str:
    """A new one of a patient's."""
    fhir = FhirClient(practice.cloud.services.fhir)
    ambulatory = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    subject = {"reference": f"Patient/{patient}"}
    made = fhir.create(
        {"resourceType": "Encounter", "status": "in-progress", "class": ambulatory, "subject": subject}
    )
    return str(made["id"])


def test_an_application_learns_of_the_window_that_opened_it(practice: SmartPractice) -> None:
    seen = encounter(practice, practice.patients[0])
    launched = launch(
        practice, encounter=seen, need_patient_banner="false", style="dark", messaging_handle=HANDLE
    )
    told = tokens(practice, launched, scope=f"{MESSAGING} offline_access")
    assert told["patient"] == practice.patients[0]
    assert told["encounter"] == seen
    assert told["need_patient_banner"] is False
    assert told["smart_style_url"] == f"{ISSUER}/style/dark.json"
    assert (told["smart_web_messaging_handle"], told["smart_web_messaging_origin"]) == (HANDLE, ORIGIN)
    again = practice.refresh(told["refresh_token"]).json()
    assert again["need_patient_banner"] is False


def test_an_application_that_may_not_speak_to_the_window_gets_no_handle(practice: SmartPractice) -> None:
    told = tokens(practice, launch(practice, messaging_handle=HANDLE), scope="openid launch patient/*.rs")
    assert not any(name.startswith("smart_web_messaging") for name in told)


def test_a_window_that_says_nothing_shows_no_banner(practice: SmartPractice) -> None:
    assert tokens(practice, launch(practice))["need_patient_banner"] is True


@pytest.mark.hazard("H01")
def test_the_windows_banner_is_no_banner_of_a_patient_who_was_chosen_elsewhere(
    practice: SmartPractice,
) -> None:
    launched = launch(practice, patient="", need_patient_banner="false")
    sent = answered(practice.allow(practice.patients[1], launch=launched))
    told = practice.exchange(sent["code"]).json()
    assert (told["patient"], told["need_patient_banner"]) == (practice.patients[1], True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"need_patient_banner": "perhaps"},
        {"style": "../secrets"},
        {"messaging_handle": "short"},
        {"messaging_handle": "h" * 22 + "<"},
    ],
)
def test_a_launch_that_says_nonsense_is_refused(practice: SmartPractice, wrong: dict[str, str]) -> None:
    answer = practice.browser.post(f"{AUTH}/launch", data={"patient": practice.patients[0]} | wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.hazard("H01")
def test_an_encounter_of_another_patient_is_refused(practice: SmartPractice) -> None:
    other = encounter(practice, practice.patients[1])
    for wrong in (other, "nobody", "../Patient/1"):
        form = {"patient": practice.patients[0], "encounter": wrong}
        answer = practice.browser.post(f"{AUTH}/launch", data=form)
        assert (answer.status_code, answer.json()) == (404, {"error": "There is no such encounter for you."})


@pytest.mark.parametrize("name", ["light", "dark", "contrast"])
def test_the_look_for_applications_is_the_windows(practice: SmartPractice, name: str) -> None:
    answer = practice.program.get(f"{AUTH}/style/{name}.json", headers={"Origin": "https://any.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    told = answer.json()
    assert told == STYLES[name]
    look = tokens_of(Scheme(name), is_training=False)
    shown = ("background", "surface"), ("error", "bad"), ("highlight", "accent"), ("success", "ok")
    for mine, theirs in (*shown, ("text", "text")):
        assert told[f"color_{mine}"] == getattr(look, theirs)


def test_the_list_of_functions_names_the_applications_that_a_window_can_open(practice: SmartPractice) -> None:
    told = practice.program.get("/functions.json").json()
    assert urlsplit(told["launch"]).path == f"/{PRACTICE}/auth/launch"
    assert told["apps"] == [
        {
            "id": "app",
            "name": "Growth charts",
            "needs_patient": True,
            "origins": ["https://app.example"],
            "part_origins": ["https://parts.example"],
            "messaging": ["ui"],
        }
    ]
    assert "rival" not in json.dumps(told), "it has no launch_url"
