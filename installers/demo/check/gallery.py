"""A picture of every state of the real window, brought about by keys, mouse, and the faults themselves."""

import html
import os
import re
import shutil
import signal
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import requests
from PIL import Image

from demo.arguments import Options
from demo.check.facts import ChosenPatient
from demo.check.hands import wait_until
from demo.check.report import Finding, Report, expect
from demo.check.scene import CLOSE_SECONDS, Scene, end_scene, last_lines, open_scene
from demo.check.telephone import another_number, open_both
from demo.check.virtual_screen import VirtualScreen
from demo.flags import move
from demo.place import Environment
from demo.processes import family, processes_with
from demo.session import legacy_processes
from web_modules.decision.words import Function, Stage

STATES = Path(__file__).with_name("gallery.toml")
SEEN_SECONDS = 2.0
"""Ten times what a flag file's reader takes, and what a page takes to be there."""
SILENT_SECONDS = 12.0
"""A mirror is called silent by then."""
DARKEST_LIGHT = 170
LIGHTEST_DARK = 90
LIGHTEST_BLACK = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state of the window.

    Attributes:
        name: of the picture.
        words: what it shows.
        ground: light, dimmed, dark or black.
    """

    name: str
    words: str
    ground: str = "light"

    def is_of(self, picture: Image.Image) -> bool:
        """Whether a picture's light is this state's: by its middle brightness, from 0 to 255."""
        histogram = picture.convert("L").histogram()
        half, seen, middle = sum(histogram) / 2, 0, 0
        while seen < half:
            seen += histogram[middle]
            middle += 1
        limits = {
            "light": (DARKEST_LIGHT, 256),
            "dimmed": (LIGHTEST_DARK, DARKEST_LIGHT),
            "dark": (0, LIGHTEST_DARK),
            "black": (0, LIGHTEST_BLACK),
        }
        lowest, highest = limits[self.ground]
        return lowest <= middle <= highest


def states() -> list[State]:
    """All that `gallery.toml` names."""
    return [State(**one) for one in tomllib.loads(STATES.read_text(encoding="utf-8"))["state"]]


def run_gallery(options: Options, folder: Path) -> int:
    """Take all the pictures, and a page that shows them.

    Returns:
        The exit status: 0 when every state was come to.
    """
    base = Path(tempfile.mkdtemp(prefix="banyan-gallery-"))
    with VirtualScreen(base / "screen") as screen:
        report = Report(screen, folder)
        gallery = _Gallery(report, replace(options, is_check=True), screen, base)
        try:
            gallery.take()
        finally:
            is_ok = report.close(screenshots=str(folder))
            if not is_ok:
                report.tell(last_lines(base))
    write_page(folder, states())
    shutil.rmtree(base)
    return 0 if is_ok else 1


def write_page(folder: Path, shown: list[State]) -> Path:
    """Write `index.html` beside the pictures."""
    figures = "\n".join(
        f'<figure id="{one.name}"><img src="{one.name}.png" alt="{html.escape(one.words)}" loading="lazy">'
        f"<figcaption>{html.escape(one.words)}</figcaption></figure>"
        for one in shown
    )
    page = folder / "index.html"
    page.write_text(
        "<!doctype html><html lang='en-GB'><meta charset='utf-8'><title>Banyan, state by state</title>"
        "<style>body{font:16px/1.5 sans-serif;margin:2rem;background:#f0f4f5;color:#212b32}"
        "figure{margin:0 0 3rem}img{max-width:100%;border:1px solid #aeb7bd}"
        "figcaption{max-width:44rem;margin-top:.5rem}</style><h1>Banyan, state by state</h1>\n"
        f"{figures}\n</html>\n",
        encoding="utf-8",
    )
    return page


class _Gallery:
    """Goes from state to state; a state that cannot be come to does not hold the others up."""

    def __init__(self, report: Report, options: Options, screen: VirtualScreen, base: Path) -> None:
        self._report = report
        self._options = options
        self._screen = screen
        self._base = base
        self._scene: Scene

    def take(self) -> None:
        with self._opened(Environment.REFERENCE) as scene:
            one, two, three = scene.facts.patients(3, scene.day)
            self._glances(one)
            self._work(one, two, three)
            self._stages()
            self._conflict(two)
            self._draft(one, three)
            self._faults(one)
            self._open_again({})
            self._picture("lock", lambda: self._scene.hands.press("ctrl+shift+l"))
            self._themes(one)
        with self._opened(Environment.TRAINING):
            self._picture("training", lambda: self._stand("patients"))

    def _glances(self, one: ChosenPatient) -> None:
        hands = self._scene.hands
        self._picture("start", lambda: self._stand("patients"))

        def palette() -> None:
            hands.press("ctrl+k")
            time.sleep(SEEN_SECONDS)
            hands.write(one.family[:4].lower())
            time.sleep(SEEN_SECONDS)

        self._picture("palette", palette)
        hands.press("Escape")
        self._picture("cheat-sheet", lambda: hands.press("ctrl+slash"))
        hands.press("Escape")
        self._picture("view-both", lambda: open_both(self._scene, one))
        self._picture("view-legacy", lambda: self._view(one, "legacy"))
        self._picture("view-new", lambda: self._view(one, "new"))

    def _work(self, one: ChosenPatient, two: ChosenPatient, three: ChosenPatient) -> None:
        scene = self._scene
        old = scene.facts.mobile_of(one)
        new = another_number(old)

        def typing() -> None:
            open_both(scene, one)
            scene.page.begin_to_type(old, new)

        self._picture("typing", typing)

        self._picture("vote", lambda: self._choose(two.number))
        scene.hands.press("Escape")

        def veil() -> None:
            scene.legacy.find_patient(three.number)
            scene.legacy.wait_for_patient(three.number)
            wait_until(scene.shell.is_page_covered, seconds=CLOSE_SECONDS, what="the veil over the page")

        self._picture("veil", veil)
        scene.shell.put_legacy_back()
        scene.legacy.wait_for_patient(one.number)
        scene.page.save(new)
        scene.shell.close_patient()

    def _stages(self) -> None:
        place = self._scene.session.place
        for stage in Stage:

            def show(stage: Stage = stage) -> None:
                move(place, Function.APPOINTMENTS, stage)
                time.sleep(SEEN_SECONDS)
                self._scene.shell.show("appointments")
                time.sleep(SEEN_SECONDS)

            self._picture(f"stage-{stage.value}", show)
        move(place, Function.APPOINTMENTS, Stage.TRIAL)

    def _conflict(self, two: ChosenPatient) -> None:
        """Both sides change a name while the mirror stands still."""
        scene = self._scene

        def desk() -> None:
            open_both(scene, two)
            with _stopped(scene.bridges()):
                scene.legacy.change_field(two.family, f"{two.family}-Legacy")
                _rename_on_cloud(scene, two, f"{two.family}-Cloud")
            wait_until(lambda: _has_tasks(scene), seconds=CLOSE_SECONDS, what="the conflict to be published")
            scene.hands.press("ctrl+shift+d")
            time.sleep(2 * SEEN_SECONDS)

        def differences() -> None:
            scene.hands.press("Escape")
            scene.hands.press("ctrl+k")
            time.sleep(SEEN_SECONDS / 2)
            scene.hands.write("what differs")
            time.sleep(SEEN_SECONDS / 2)
            scene.hands.press("Return")
            time.sleep(2 * SEEN_SECONDS)

        self._picture("conflict-desk", desk)
        self._picture("differences", differences)
        scene.hands.press("Escape")
        scene.shell.close_patient()

    def _faults(self, one: ChosenPatient) -> None:
        scene = self._scene
        open_both(scene, one)
        with _stopped(scene.bridges()):
            self._picture("mirror-silent", lambda: time.sleep(SILENT_SECONDS))
        with _stopped(processes_with(["web_modules", "serve", scene.session.place.cloud_url])):
            self._picture("cloud-gone", lambda: time.sleep(SILENT_SECONDS))
        scene.page.wait_for(one.number)

        def kill(pids: list[int]) -> None:
            expect(pids, "there is no such program")
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            time.sleep(SEEN_SECONDS)

        self._picture("page-stopped", lambda: kill(_pages(scene.process.pid)))
        self._picture("legacy-ended", lambda: kill(legacy_processes(scene.session.place)))

    def _draft(self, one: ChosenPatient, other: ChosenPatient) -> None:
        """Type, leave it for another patient, come back."""
        scene = self._scene

        def offered() -> None:
            open_both(scene, one)
            old = scene.facts.mobile_of(one)
            scene.page.begin_to_type(old, another_number(old))
            self._choose(other.number)
            scene.hands.press("d")
            scene.legacy.wait_for_patient(other.number)
            open_both(scene, one)
            time.sleep(SEEN_SECONDS)

        self._picture("draft-offered", offered)
        scene.shell.close_patient()

    def _choose(self, number: str) -> None:
        """Take a patient in the palette, whatever comes of it."""
        self._scene.hands.press("ctrl+k")
        time.sleep(SEEN_SECONDS)
        self._scene.hands.write(number)
        time.sleep(SEEN_SECONDS)
        self._scene.hands.press("Return")
        time.sleep(SEEN_SECONDS)

    def _themes(self, one: ChosenPatient) -> None:
        for name, more in (
            ("dark", {"BANYAN_SHELL_THEME": "dark"}),
            ("contrast", {"BANYAN_SHELL_THEME": "contrast"}),
            ("text-200", {"BANYAN_SHELL_TEXT_PERCENT": "200"}),
        ):
            self._open_again(more)
            self._picture(name, lambda: self._scene.legacy.find_patient(one.number))

    def _open_again(self, more: Mapping[str, str]) -> None:
        """Kill the window, and open it again with other settings."""
        scene = self._scene
        scene.process.kill()
        scene.process.wait(CLOSE_SECONDS)
        self._scene = replace(scene, process=scene.session.start_window(scene.cloud, more=more))
        wait_until(self._scene.shell.find, seconds=CLOSE_SECONDS, what="the window")
        self._stand("patients")

    def _stand(self, function: str) -> None:
        self._scene.shell.show(function, "both")
        self._scene.legacy.window(CLOSE_SECONDS)
        self._scene.shell.learn_where_panes_begin()
        time.sleep(SEEN_SECONDS)

    def _view(self, one: ChosenPatient, view: str) -> None:
        open_both(self._scene, one)
        self._scene.shell.show("patients", view)
        time.sleep(SEEN_SECONDS)

    def _picture(self, name: str, come_to: Callable[[], object]) -> None:
        def step(_finding: Finding) -> None:
            come_to()

        self._report.step(name, step)

    @contextmanager
    def _opened(self, environment: Environment) -> Iterator[Scene]:
        options = replace(self._options, environment=environment)
        variables = {**self._screen.variables, "XDG_STATE_HOME": str(self._base)}
        self._scene = open_scene(options, self._screen, variables)
        try:
            yield self._scene
        finally:
            end_scene(self._scene)


@contextmanager
def _stopped(pids: list[int]) -> Iterator[None]:
    """Programs that hang."""
    expect(pids, "there is no such program")
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _pages(shell: int) -> list[int]:
    """The processes that draw a window's pages: made by Chromium's first ones, not by the shell."""
    browser = [pid for pid in family(shell) if b"QtWebEngineProcess" in _command(pid)]
    return [pid for first in browser for pid in family(first) if pid != first]


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _rename_on_cloud(scene: Scene, patient: ChosenPatient, family: str) -> None:
    found = requests.get(f"{scene.cloud}/fhir/Patient", params={"identifier": patient.number}, timeout=20)
    (entry,) = found.json()["entry"]
    resource = entry["resource"]
    resource["name"][0]["family"] = family
    resource["name"][0].pop("text", None)
    done = requests.put(
        f"{scene.cloud}/fhir/Patient/{resource['id']}",
        json=resource,
        headers={"If-Match": f'W/"{resource["meta"]["versionId"]}"'},
        timeout=20,
    )
    expect(done.ok, f"the cloud did not take the name: {done.status_code}")


def _has_tasks(scene: Scene) -> bool:
    found = requests.get(
        f"{scene.cloud}/fhir/Task", params={"status": "requested,ready,received"}, timeout=20
    )
    return bool(re.search(r'"resourceType"\s*:\s*"Task"', found.text))
