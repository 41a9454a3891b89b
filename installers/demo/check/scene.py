"""One environment on the glass: its programs, its window, its two panes, and a look into its databases."""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from demo.arguments import Options
from demo.check.facts import ChosenPatient, Facts
from demo.check.hands import Hands, wait_until
from demo.check.legacy_pane import LegacyPane
from demo.check.page_pane import PagePane
from demo.check.shell_window import ShellWindow
from demo.check.virtual_screen import VirtualScreen
from demo.errors import DemoError, ProgramFailed
from demo.place import Environment, place_of
from demo.practice import Filling, filling_of
from demo.processes import processes_with
from demo.programs import last_words
from demo.session import Session, legacy_processes

TITLES = {Environment.REFERENCE: "Banyan – ", Environment.TRAINING: "TRAINING – Banyan – "}
OPEN_SECONDS = 90.0
"""The first start of a day reads a browser from the disk, while the mirror's first load runs beside it."""
CLOSE_SECONDS = 30.0
MOST_LINES = 12
LONGEST_LINE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What steps work with.

    Attributes:
        session: the environment's programs.
        cloud: the cloud's address.
        filling: what the practice was filled with.
        day: what day it is in the environment.
        process: the shell.
        hands: keys and mouse.
        shell: the window.
        legacy: its legacy pane.
        page: its page pane.
        facts: a look into the legacy database.
    """

    session: Session
    cloud: str
    filling: Filling
    day: date
    process: subprocess.Popen[bytes]
    hands: Hands
    shell: ShellWindow
    legacy: LegacyPane
    page: PagePane
    facts: Facts

    def legacy_or_page_shows(self, patient: ChosenPatient, view: str) -> None:
        """Wait until the panes of a view show a patient."""
        if view != "new":
            self.legacy.wait_for_patient(patient.number)
        if view != "legacy":
            self.page.wait_for(patient.number)

    def bridges(self) -> list[int]:
        """The bridge's processes."""
        return processes_with(["legacy_bridge", str(self.session.place.journal)])

    def kill_bridge(self) -> list[int]:
        """Kill the bridge as a fault would, without a chance to tidy up; give who was killed."""
        killed = wait_until(self.bridges, seconds=CLOSE_SECONDS, what="a running bridge")
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        return killed

    def require_window(self) -> None:
        """Make sure that the window is still there.

        Raises:
            ProgramFailed: the shell ended.
        """
        status = self.process.poll()
        if status is not None:
            log = self.session.place.logs / "shell.log"
            raise ProgramFailed(f"the shell ended with status {status}: {last_words(log)}")


def open_scene(options: Options, screen: VirtualScreen, variables: Mapping[str, str]) -> Scene:
    """Start an environment as a user would, and wait until its window stands.

    Raises:
        DemoError: it does not come to stand.
    """
    place = place_of(options.environment, variables)
    session = Session(place, variables, _keep_quiet)
    cloud = session.prepare(options)
    filling = filling_of(place)
    day = options.today or (filling.day if filling else None)
    if filling is None or day is None:
        session.end_programs()
        raise DemoError("the practice has no day with appointments")
    hands = Hands(screen.variables)
    legacy = LegacyPane(hands, filling.practice.name)
    shell = ShellWindow(hands, screen, TITLES[options.environment], legacy)
    scene = Scene(
        session=session,
        cloud=cloud,
        filling=filling,
        day=day,
        process=session.start_window(cloud),
        hands=hands,
        shell=shell,
        legacy=legacy,
        page=PagePane(hands, shell),
        facts=Facts(place.database, filling.practice.ods),
    )
    try:
        wait_until(
            lambda: scene.process.poll() is not None or shell.find(), seconds=OPEN_SECONDS, what="the window"
        )
        scene.require_window()
    except DemoError:
        end_scene(scene)
        raise
    return scene


def close_scene(scene: Scene) -> None:
    """Close the window as a person does, and end what goes with it.

    Raises:
        DemoError: it does not close.
    """
    if scene.process.poll() is None:
        scene.hands.click(scene.shell.window(), *TITLE_BAR)
        scene.hands.close_active_window()
        try:
            scene.process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise DemoError("the window does not close") from error
    if scene.process.returncode != 0:
        raise ProgramFailed(f"the shell ended with status {scene.process.returncode}")


def end_scene(scene: Scene) -> None:
    """End everything, however it stands."""
    if scene.process.poll() is None:
        scene.process.kill()
        scene.process.wait(CLOSE_SECONDS)
    for pid in legacy_processes(scene.session.place):
        os.kill(pid, signal.SIGKILL)  # a step that failed may have left work, of which it would ask
    scene.session.end_programs()


TITLE_BAR = (600, -8)
"""In the frame that the window manager draws."""


def _keep_quiet(_text: str) -> None:
    """Standard output is the report's, and what goes on shows there."""


def logs_of(base: Path) -> str:
    """Where a person looks when a step failed."""
    return str(base / "banyan")


def last_lines(base: Path) -> str:
    """The end of each program's log, for who cannot look into the folder any more."""
    ends = []
    for log in sorted(Path(logs_of(base)).rglob("*.log")):
        lines = log.read_text("utf-8", "replace").splitlines()[-MOST_LINES:]
        ends += [f"{log.name}: {line[:LONGEST_LINE]}" for line in lines]
    return "\n".join(ends)
