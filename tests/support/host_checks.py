"""Runs `banyan-shell host-check` on a screen, and ends what it started."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.virtual_screen import VirtualScreen


def checked(
    screen: VirtualScreen, description: Path, folder: Path, *numbers: str, change: str = ""
) -> tuple[int, list[tuple[bool, str]]]:
    """The exit status and the findings of a check."""
    patients = [part for number in numbers for part in ("--patient", number)]
    changes = ["--change", change] if change else []
    command = [sys.executable, "-m", "shell", "host-check", str(description), "--json"]
    try:
        done = subprocess.run(
            [*command, "--database", str(folder / "practice.db"), *patients, *changes],
            check=False,
            env=screen.environment(),
            capture_output=True,
            text=True,
            timeout=90,
        )
    finally:
        end_guests(folder)
    assert done.stdout, done.stderr
    return done.returncode, [(one["works"], one["words"]) for one in json.loads(done.stdout)]


def end_guests(folder: Path) -> None:
    """End what was started on a folder's database and not taken in."""
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(folder / "practice.db") in arguments.read_text():
                os.kill(int(arguments.parent.name), signal.SIGKILL)
