"""The check as a whole: a screen, a practice of its own, the steps in order, the report."""

import shutil
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

from demo.arguments import Options
from demo.check import booking, context, fault, rollout, telephone, training
from demo.check.report import Finding, Report, expect
from demo.check.scene import OPEN_SECONDS, Scene, close_scene, end_scene, last_lines, logs_of, open_scene
from demo.check.virtual_screen import VirtualScreen
from demo.session import legacy_processes

PATIENTS = 3


def run_check(options: Options) -> int:
    """Check the main job on the real window.

    Returns:
        The exit status: 0 when every step held.
    """
    base = Path(tempfile.mkdtemp(prefix="banyan-check-"))
    pictures = options.screenshots or base.with_name(f"{base.name}-pictures")
    with VirtualScreen(base / "screen") as screen:
        report = Report(screen, pictures)
        _all_steps(replace(options, is_check=True), screen, report, base)
        is_ok = report.close(screenshots=str(pictures), logs=None if not report.failed else logs_of(base))
    if is_ok:
        shutil.rmtree(base)
    else:
        print(f"banyan: see the programs' logs in {logs_of(base)}\n{last_lines(base)}", file=sys.stderr)
    return 0 if is_ok else 1


def _all_steps(options: Options, screen: VirtualScreen, report: Report, base: Path) -> None:
    variables = {**screen.variables, "XDG_STATE_HOME": str(base)}
    opened: list[Scene] = []

    def start(finding: Finding) -> None:
        scene = open_scene(options, screen, variables)
        opened.append(scene)
        scene.shell.show("appointments")
        scene.legacy.window(OPEN_SECONDS)
        scene.shell.learn_where_panes_begin()
        finding.after = {"window": scene.shell.window().title, "legacy": scene.legacy.window().title}

    try:
        if report.step("start", start):
            _steps(opened[0], options, report, base)
    finally:
        for scene in opened:
            end_scene(scene)


def _steps(scene: Scene, options: Options, report: Report, base: Path) -> None:
    one, two, three = scene.facts.patients(PATIENTS, scene.day)
    report.step("f-trial-to-lead", lambda finding: rollout.trial_to_lead(scene, two, finding))
    report.step("a-legacy-to-page", lambda finding: telephone.legacy_to_page(scene, one, finding))
    report.step("b-page-to-legacy", lambda finding: telephone.page_to_legacy(scene, one, finding))
    for view in ("legacy", "new", "both"):
        report.step(f"view-{view}", partial(context.show_view, scene, one, view))
    report.step("c-booked-in-legacy", lambda finding: booking.in_legacy(scene, two, finding))
    report.step("c-booked-in-page", lambda finding: booking.in_page(scene, three, finding))
    report.step("d-switch-in-shell", lambda finding: context.switch_in_shell(scene, (one, two), finding))
    report.step(
        "d-switch-in-legacy",
        lambda finding: context.switch_in_legacy(scene, (one, two, three), report, finding),
    )
    report.step("e-bridge-killed", lambda finding: fault.bridge_killed(scene, one, finding))
    report.step(
        "g-training-apart",
        lambda finding: training.shares_nothing(scene, options, report, str(base), finding),
    )
    report.step("close", lambda finding: _close(scene, finding))


def _close(scene: Scene, finding: Finding) -> None:
    finding.before = {"window": scene.shell.window().title}
    close_scene(scene)
    scene.session.end_programs()
    expect(not legacy_processes(scene.session.place), "the legacy program outlives the closed window")
    finding.after = {"programs": []}
