"""Steps a and b: a telephone number typed on one side appears on the other."""

from demo.check.facts import ChosenPatient
from demo.check.hands import wait_until
from demo.check.report import Finding, expect
from demo.check.scene import Scene

ANSWER_SECONDS = 20.0


def another_number(number: str) -> str:
    """A telephone number that is not this one, from the range that is kept for drama and tests."""
    digits = f"{(int(number[-3:]) + 137) % 1000:03d}" if number[-3:].isdigit() else "137"
    return f"07700 900{digits}"


def open_both(scene: Scene, patient: ChosenPatient) -> None:
    """Have a patient open on the patients function, both panes side by side, both agreeing."""
    scene.shell.show("patients", "both")
    if scene.legacy.title().patient != patient.number:
        scene.shell.open_patient(patient.number)
    scene.legacy.wait_for_patient(patient.number)
    scene.page.wait_for(patient.number)


def legacy_to_page(scene: Scene, patient: ChosenPatient, finding: Finding) -> None:
    """Change the mobile number by the legacy program's keys; the page shows it."""
    old = scene.facts.mobile_of(patient)
    new = another_number(old)
    open_both(scene, patient)
    scene.page.wait_for(old)
    finding.before = {"legacy": old, "page": old}
    scene.legacy.change_field(old, new)
    scene.page.wait_for(new, without=old)
    finding.after = {"legacy": scene.legacy.field(new), "page": new}


def page_to_legacy(scene: Scene, patient: ChosenPatient, finding: Finding) -> None:
    """Change the mobile number by typing in the page; the legacy program shows it."""
    old = scene.facts.mobile_of(patient)
    new = another_number(old)
    open_both(scene, patient)
    finding.before = {"legacy": scene.legacy.field(old), "page": old}
    scene.page.wait_for(old)
    scene.page.change_mobile(old, new)
    # The program reads again by itself; what is in its database is what it will show.
    wait_until(
        lambda: scene.facts.mobile_of(patient) == new,
        seconds=ANSWER_SECONDS,
        what="the number in the legacy database",
    )
    finding.after = {"legacy": scene.legacy.field_comes_to_hold(new), "page": new}
    expect(finding.after["legacy"] == new, "the legacy program shows another number")
