"""Step g: the training window shares nothing with the live one."""

import subprocess
import sys
from dataclasses import replace

from demo.arguments import Options
from demo.check.hands import wait_until
from demo.check.report import Finding, Report, expect
from demo.check.scene import Scene, close_scene, end_scene, open_scene
from demo.place import Environment

ANSWER_SECONDS = 30.0


def shares_nothing(live: Scene, options: Options, report: Report, state: str, finding: Finding) -> None:
    """Open training beside the live window: another practice, other files; each refuses the other's cloud."""
    screen = report.screen
    variables = {**screen.variables, "XDG_STATE_HOME": state}
    (known,) = live.facts.patients(1, live.day)
    finding.before = {"window": live.shell.window().title, "patient": known.number}
    training = open_scene(
        replace(options, environment=Environment.TRAINING, extract=None, today=None), screen, variables
    )
    try:
        (pupil,) = training.facts.patients(1, training.day)
        training.legacy.window()
        training.shell.learn_where_panes_begin()
        training.shell.open_patient(pupil.number)
        training.legacy.wait_for_patient(pupil.number)
        text = training.page.wait_for(pupil.number)
        report.picture("training")
        expect(pupil.family.startswith("TEST-"), "a training patient's name does not begin with TEST-")
        expect("TEST-" in text, "the page does not show a training patient")
        expect(live.legacy.title().patient != pupil.number, "the live window followed the training window")
        finding.after = {
            "window": training.shell.window().title,
            "patient": pupil.number,
            "shared_files": _shared_files(live, training),
            "refused": {
                "training_window_on_live_cloud": _refusal(live.cloud, variables, "--training"),
                "live_window_on_training_cloud": _refusal(training.cloud, variables),
            },
        }
        expect(not finding.after["shared_files"], "the two environments have the same file open")
        close_scene(training)
    finally:
        end_scene(training)


def _shared_files(one: Scene, other: Scene) -> list[str]:
    """Files that both environments could write."""
    names = [
        {str(file.resolve()) for file in scene.session.place.folder.rglob("*") if file.is_file()}
        for scene in (one, other)
    ]
    return sorted(names[0] & names[1])


def _refusal(cloud: str, variables: dict[str, str], *more: str) -> str:
    """What a shell says that is pointed at another environment's cloud."""
    process = subprocess.Popen(
        [sys.executable, "-m", "shell", "--cloud", cloud, *more],
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: process.poll() is not None, seconds=ANSWER_SECONDS, what="a refusal")
    finally:
        process.kill()
        _, said = process.communicate()
    expect(process.returncode == 1, f"a shell opened another environment's cloud: {said[-200:]}")
    sentences = [line for line in said.splitlines() if line.endswith(".")]  # Chromium's own words are none
    expect(bool(sentences), f"a shell that refused a cloud did not say why: {said[-200:]}")
    return sentences[-1]
