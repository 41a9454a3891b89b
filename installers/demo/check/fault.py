"""Step e: kill -9 of the bridge in between loses nothing."""

from demo.check.facts import ChosenPatient
from demo.check.hands import wait_until
from demo.check.report import Finding, expect
from demo.check.scene import Scene
from demo.check.telephone import another_number, open_both

ANSWER_SECONDS = 60.0


def bridge_killed(scene: Scene, patient: ChosenPatient, finding: Finding) -> None:
    """Change a number on each side, the bridge killed right after each; both arrive."""
    open_both(scene, patient)
    old = scene.facts.mobile_of(patient)
    first = another_number(old)
    second = another_number(first)
    finding.before = {"legacy": old, "page": old, "bridge": scene.bridges()}
    scene.legacy.change_field(old, first)
    killed = scene.kill_bridge()
    scene.page.wait_for(first, without=old)
    scene.page.change_mobile(first, second)
    killed += scene.kill_bridge()
    wait_until(
        lambda: scene.facts.mobile_of(patient) == second,
        seconds=ANSWER_SECONDS,
        what="the page's number in the legacy database",
    )
    finding.after = {
        "legacy": scene.legacy.field_comes_to_hold(second),
        "page": second if second in scene.page.text() else None,
        "killed": killed,
        "bridge": wait_until(scene.bridges, seconds=ANSWER_SECONDS, what="a bridge again"),
    }
    expect(finding.after["page"] == second, "the page lost the number")
    expect(not set(finding.after["bridge"]) & set(killed), "the bridge was not killed")
