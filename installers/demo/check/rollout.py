"""Step f: an edit of the flag file changes default view and leading side once the patient is closed."""

import time

import requests

from demo.check.facts import ChosenPatient
from demo.check.hands import wait_until
from demo.check.report import Finding, expect
from demo.check.scene import Scene
from demo.flags import move
from web_modules.decision.words import Function, Stage
from web_modules.fhir.mirror_status import FRESHNESS_IDENTIFIER

ANSWER_SECONDS = 20.0
LONG_ENOUGH_SECONDS = 3.0
"""Fifteen times what a flag file's reader takes to see an edit."""


def trial_to_lead(scene: Scene, patient: ChosenPatient, finding: Finding) -> None:
    """Move appointments from trial to lead while a patient is open, then close the patient."""
    scene.shell.show("appointments")
    scene.shell.open_patient(patient.number)
    scene.legacy.wait_for_patient(patient.number)
    expect(scene.legacy.is_visible(), "in trial the legacy screen is the default")
    finding.before = {"view": "legacy", "leads": _leads(scene), "patient": patient.number}
    expect(finding.before["leads"] == "legacy", "in trial the legacy side leads")
    move(scene.session.place, Function.APPOINTMENTS, Stage.LEAD)
    flipped = time.monotonic()
    while time.monotonic() - flipped < LONG_ENOUGH_SECONDS:
        expect(scene.legacy.is_visible(), "the view changed while a patient was open")
    still = {"view": "legacy", "patient": scene.legacy.title().patient}
    expect(still["patient"] == patient.number, "the patient changed by itself")
    scene.shell.close_patient()
    wait_until(
        lambda: not scene.legacy.is_visible(),
        seconds=ANSWER_SECONDS,
        what="the new page as the default view once the patient is closed",
    )
    text = scene.page.wait_for("Free")
    wait_until(lambda: _leads(scene) == "cloud", seconds=ANSWER_SECONDS, what="the mirror to say who leads")
    finding.after = {"while_open": still, "view": "new", "leads": _leads(scene), "page": text[:200]}


def _leads(scene: Scene) -> str:
    """The side that leads, as the bridge publishes it."""
    answer = requests.get(
        f"{scene.cloud}/fhir/Basic",
        params={"identifier": f"{FRESHNESS_IDENTIFIER}|{Function.APPOINTMENTS.value}"},
        timeout=ANSWER_SECONDS,
    )
    (entry,) = answer.json()["entry"]
    (parts,) = (extension["extension"] for extension in entry["resource"]["extension"])
    (leads,) = (str(part["valueCode"]) for part in parts if part["url"] == "leads")
    return leads
