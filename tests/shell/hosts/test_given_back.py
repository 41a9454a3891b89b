"""A legacy program's window that was hosted is, once it is given back, as its program made it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.panes import legacy_arguments
from tests.support.staged_hosts import ROOT, StagedHosts
from tests.support.waiting import until


@pytest.mark.parametrize("manager", ["bare", "openbox"])
@pytest.mark.parametrize("kind", ["tk", "qt"])
def test_a_window_that_is_given_back_says_again_what_size_it_needs(
    kind: str, manager: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    screen = request.getfixturevalue("managed_screen" if manager == "openbox" else "bare_screen")
    arguments = legacy_arguments(kind, tmp_path)
    module = f"tests.support.guests.{kind}_guest"
    command = [sys.executable, "-m", module, "--database", str(tmp_path / "practice.db")]
    alone = subprocess.Popen([*command, "--patient", "104417"], cwd=ROOT, env=screen.environment())
    try:
        title = f"^Test Guest .* - {re.escape(tmp_path.name)}$"
        window = until(
            lambda: screen.run_if_found("xdotool", "search", "--onlyvisible", "--name", title).strip(),
            "the guest is on the screen",
        )
        own = screen.run("xprop", "-id", window, "WM_NORMAL_HINTS")
        assert "minimum size" in own
        with StagedHosts(screen, *arguments) as stage:
            stage.open("legacy", "patients", "104417")
            stage.wait_for("shown", side="legacy", identifier="104417")
            stage.tell("release", side="legacy")
            until(
                lambda: screen.run("xprop", "-id", window, "WM_NORMAL_HINTS") == own,
                f"the hints are the program's own again: {own}",
            )
    finally:
        alone.kill()
        alone.wait()
