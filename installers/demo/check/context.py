"""Step d: both panes show the same patient, or the page is covered. And the three views."""

import time

from demo.check.facts import ChosenPatient
from demo.check.hands import wait_until
from demo.check.report import Finding, Report, expect
from demo.check.scene import Scene
from demo.check.telephone import another_number, open_both

ANSWER_SECONDS = 20.0


def show_view(scene: Scene, patient: ChosenPatient, view: str, finding: Finding) -> None:
    """Show the patients function in one view, for a picture."""
    open_both(scene, patient)
    finding.before = {"view": "both"}
    scene.shell.show("patients", view)
    scene.legacy_or_page_shows(patient, view)
    finding.after = {"view": view, "patient": patient.number}


def switch_in_shell(scene: Scene, patients: tuple[ChosenPatient, ChosenPatient], finding: Finding) -> None:
    """Open another patient in the shell; both panes show the other one."""
    one, two = patients
    open_both(scene, one)
    finding.before = {"legacy": scene.legacy.title().patient, "page": one.number}
    scene.shell.open_patient(two.number)
    scene.legacy.wait_for_patient(two.number)
    scene.page.wait_for(two.number, without=one.number)
    finding.after = {"legacy": scene.legacy.title().patient, "page": two.number}


def switch_in_legacy(
    scene: Scene,
    patients: tuple[ChosenPatient, ChosenPatient, ChosenPatient],
    report: Report,
    finding: Finding,
) -> None:
    """Open another patient in the legacy program: the page is covered until both agree.

    First without unsaved work, where the shell follows by itself; then with a number typed and not saved,
    where nobody moves until a person has chosen.
    """
    one, two, three = patients
    open_both(scene, one)
    finding.before = {"legacy": one.number, "page": one.number}
    scene.legacy.find_patient(two.number)
    veiled_after = _seconds_until_veiled(scene)
    scene.legacy.wait_for_patient(two.number)
    scene.page.wait_for(two.number, without=one.number)
    followed = {"veiled_after_seconds": veiled_after, "legacy": two.number, "page": two.number}
    old = scene.facts.mobile_of(two)
    new = another_number(old)
    scene.page.begin_to_type(old, new)
    scene.legacy.find_patient(three.number)
    scene.legacy.wait_for_patient(three.number)
    _seconds_until_veiled(scene)
    seen = scene.page.text()
    report.picture("d-veil")
    expect(not seen, f"the covered page can be read: {seen[:80]!r}")
    scene.shell.put_legacy_back()
    scene.legacy.wait_for_patient(two.number)
    scene.page.save(new)
    finding.after = {"followed": followed, "page_while_apart": seen, "put_back": two.number, "saved": new}
    expect(scene.legacy.field_comes_to_hold(new), "what was typed before the veil was lost")


def _seconds_until_veiled(scene: Scene) -> float:
    began = time.monotonic()
    wait_until(scene.shell.is_page_covered, seconds=ANSWER_SECONDS, what="the veil over the page")
    return round(time.monotonic() - began, 2)
