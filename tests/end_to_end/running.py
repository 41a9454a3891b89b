"""Runs `run.sh` as a person does, on a screen of the test's own."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.check.hands import Hands, wait_until
from demo.check.scene import TITLES
from demo.check.virtual_screen import VirtualScreen
from demo.place import Environment, Place, place_of
from demo.session import Session, legacy_processes, window_processes

ROOT = Path(__file__).parents[2]
RUN = ROOT / "installers" / "run.sh"
OPEN_SECONDS = 120
CLOSE_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that has opened its window.

    Attributes:
        process: the run itself.
        said: the file with what it said.
        place: the files of its environment.
        cloud: the cloud's address.
    """

    process: subprocess.Popen[bytes]
    said: Path
    place: Place
    cloud: str


def run_script(*arguments: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A run that is expected to end by itself."""
    return subprocess.run(
        ["sh", str(RUN), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=dict(variables),
        timeout=OPEN_SECONDS,
    )


def open_window(screen: VirtualScreen, state: Path, *arguments: str) -> Run:
    """Start a run and wait until its window is on the screen."""
    variables = {**screen.variables, "XDG_STATE_HOME": str(state)}
    environment = Environment.TRAINING if "--training" in arguments else Environment.REFERENCE
    said = state.with_name("said")
    # whoever runs the tests in the background has them ignore SIGINT, which programs inherit
    command = ["env", "--default-signal=INT", "sh", str(RUN), *arguments]
    with said.open("wb") as file:
        process = subprocess.Popen(command, stderr=file, env=variables)
    place = place_of(environment, variables)
    hands = Hands(screen.variables)
    wait_until(
        lambda: process.poll() is not None or hands.windows(name=TITLES[environment]),
        seconds=OPEN_SECONDS,
        what="the shell's window",
    )
    if process.poll() is None:
        hands.press("ctrl+2")  # appointments, where the legacy screen comes first
    wait_until(
        lambda: process.poll() is not None or hands.windows(wm_class="halden-gp"),
        seconds=OPEN_SECONDS,
        what="the legacy program in the shell's window",
    )
    if process.poll() is not None:
        raise AssertionError(f"run.sh ended: {said.read_text()}")
    return Run(process=process, said=said, place=place, cloud=json.loads(place.running.read_text())["cloud"])


def end_run(screen: VirtualScreen, run: Run) -> None:
    """Kill what a test leaves running of an environment, and wait for the end of all of it."""
    for pid in window_processes(run.place) + legacy_processes(run.place):
        with contextlib.suppress(ProcessLookupError):  # what only asked the legacy program has ended
            os.kill(pid, signal.SIGKILL)
    run.process.wait(CLOSE_SECONDS)
    Session(run.place, screen.variables, lambda _: None).end_programs()


@contextmanager
def screen_in(folder: Path) -> Iterator[VirtualScreen]:
    """A screen that lasts as long as the test."""
    with VirtualScreen(folder) as screen:
        yield screen


def without_screen(state: Path) -> dict[str, str]:
    """This process's environment, without a display."""
    variables = {
        name: value for name, value in os.environ.items() if name not in {"DISPLAY", "QT_QPA_PLATFORM"}
    }
    return {**variables, "XDG_STATE_HOME": str(state)}
