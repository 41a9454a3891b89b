"""What ends what: closing the window ends all, a crash ends nothing, what dies is started again."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from demo.check.facts import Facts
from demo.check.hands import Hands, wait_until
from demo.check.legacy_pane import LegacyPane
from demo.check.scene import TITLE_BAR, TITLES
from demo.check.shell_window import ShellWindow
from demo.check.virtual_screen import VirtualScreen
from demo.locks import is_held
from demo.place import Environment
from demo.practice import filling_of
from demo.processes import processes_with
from demo.session import legacy_processes, window_processes
from tests.end_to_end.running import CLOSE_SECONDS, Run, end_run, open_window, run_script, screen_in

pytestmark = pytest.mark.end_to_end


Open = Callable[..., Run]


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[VirtualScreen]:
    with screen_in(tmp_path / "logs") as screen:
        yield screen


@pytest.fixture
def open_run(screen: VirtualScreen, tmp_path: Path) -> Iterator[Open]:
    """Opens runs on one state folder; what a failed test leaves running is ended."""
    runs: list[Run] = []

    def open_one() -> Run:
        runs.append(open_window(screen, tmp_path / "state"))
        return runs[-1]

    yield open_one
    for run in runs:
        end_run(screen, run)


def close(screen: VirtualScreen, run: Run) -> None:
    """Close the window by its key, as often as it takes."""
    hands = Hands(screen.variables)

    def is_closed() -> bool:
        hands.close_active_window()
        try:
            run.process.wait(5)
        except subprocess.TimeoutExpired:
            return False
        return True

    wait_until(is_closed, seconds=CLOSE_SECONDS, what="the run to end")


def programs(run: Run) -> dict[str, list[int]]:
    """The processes of each program of an environment."""
    return {
        "cloud": processes_with(["web_modules", run.place.cloud_url]),
        "bridge": processes_with(["legacy_bridge", str(run.place.journal)]),
        "legacy": legacy_processes(run.place),
        "window": window_processes(run.place),
    }


def answers(cloud: str) -> bool:
    try:
        return requests.get(f"{cloud}/health", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def test_closing_the_window_ends_all_and_a_second_run_meanwhile_says_so(
    screen: VirtualScreen, open_run: Open, tmp_path: Path
) -> None:
    run = open_run()
    assert all(programs(run).values()), programs(run)
    second = run_script(variables={**screen.variables, "XDG_STATE_HOME": str(tmp_path / "state")})
    assert second.returncode == 1
    assert (
        second.stderr.strip().splitlines()[-1].startswith("banyan: The reference environment is open already")
    )
    assert answers(run.cloud)
    close(screen, run)
    assert run.process.returncode == 0
    assert not any(programs(run).values()), programs(run)
    assert not is_held(run.place.keeper_lock)


@pytest.mark.hazard("H23")
def test_work_that_the_legacy_program_holds_outlives_the_window_until_it_was_asked_about(
    screen: VirtualScreen, open_run: Open
) -> None:
    run = open_run()
    hands = Hands(screen.variables)
    filling = filling_of(run.place)
    assert filling is not None
    assert filling.day is not None
    legacy = LegacyPane(hands, filling.practice.name)
    facts = Facts(run.place.database, filling.practice.ods)
    (patient,) = facts.patients(1, filling.day)
    old = facts.mobile_of(patient)
    shell = ShellWindow(hands, screen, TITLES[Environment.REFERENCE], legacy)
    shell.show("patients", "legacy")
    shell.open_patient(patient.number)
    legacy.wait_for_patient(patient.number)
    legacy.field(old)
    hands.press("ctrl+a")
    hands.write("07700900999")
    wait_until(lambda: legacy.title().is_unsaved, seconds=30, what="unsaved work")
    hands.click(shell.window(), *TITLE_BAR)
    hands.press("alt+F4")
    wait_until(lambda: not legacy.is_visible(), seconds=30, what="the question over a still picture")
    hands.press("shift+Tab", "space")  # close without saving
    wait_until(lambda: not programs(run)["window"], seconds=30, what="the window to end")
    wait_until(lambda: legacy.dialogue("Save changes?"), seconds=30, what="the program's own question")
    assert programs(run)["bridge"], "what is saved now is mirrored yet"
    hands.press("alt+s")
    assert run.process.wait(CLOSE_SECONDS) == 0
    assert facts.mobile_of(patient) == "07700900999"
    assert not any(programs(run).values()), programs(run)


def test_nothing_listens_but_on_loopback(screen: VirtualScreen, open_run: Open) -> None:
    run = open_run()
    pids = [pid for found in programs(run).values() for pid in found]
    listening = [address for pid in pids for address in _listening(pid)]
    close(screen, run)
    assert listening, "the cloud listens"
    assert {address for address in listening if not address.startswith("127.")} == set()


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name
)
def test_a_run_that_is_told_to_end_ends_all(open_run: Open, number: signal.Signals) -> None:
    run = open_run()
    run.process.send_signal(number)
    assert run.process.wait(CLOSE_SECONDS) == 0, run.said.read_text()
    assert not any(programs(run).values()), programs(run)
    assert not is_held(run.place.keeper_lock)


@pytest.mark.hazard("H23")
def test_a_window_that_crashes_ends_nothing_and_the_next_run_hosts_the_same_program(
    screen: VirtualScreen, open_run: Open
) -> None:
    run = open_run()
    wait_until(lambda: len(programs(run)["legacy"]) == 1, seconds=30, what="one legacy program")
    before = programs(run)
    for pid in before["window"]:
        os.kill(pid, signal.SIGKILL)
    assert run.process.wait(30) == 1
    assert "run this again to come back to them" in run.said.read_text()
    assert "(signal SIGKILL)" in run.said.read_text()
    after = programs(run)
    assert after["legacy"] == before["legacy"]
    assert after["cloud"] == before["cloud"]
    assert after["bridge"] == before["bridge"]
    assert answers(run.cloud)
    again = open_run()
    assert again.cloud == run.cloud
    wait_until(
        lambda: programs(again)["legacy"] == before["legacy"], seconds=30, what="the same legacy program"
    )
    close(screen, again)
    assert again.process.returncode == 0
    assert not any(programs(again).values()), programs(again)


@pytest.mark.parametrize("name", ["cloud", "bridge"])
def test_what_dies_is_started_again(screen: VirtualScreen, open_run: Open, name: str) -> None:
    run = open_run()
    (victim,) = programs(run)[name]
    os.kill(victim, signal.SIGKILL)
    wait_until(
        lambda: [pid for pid in programs(run)[name] if pid != victim], seconds=30, what=f"another {name}"
    )
    wait_until(lambda: answers(run.cloud), seconds=30, what="the cloud's answer at the same address")
    close(screen, run)
    assert run.process.returncode == 0


def test_a_keeper_that_dies_is_replaced_while_the_window_is_open(
    screen: VirtualScreen, open_run: Open
) -> None:
    run = open_run()
    before = programs(run)
    os.kill(json.loads(run.place.running.read_text())["pid"], signal.SIGKILL)

    def others(name: str) -> bool:
        return bool(set(programs(run)[name]) - set(before[name]))

    wait_until(lambda: others("cloud") and others("bridge"), seconds=60, what="another cloud and bridge")
    wait_until(lambda: answers(run.cloud), seconds=30, what="the cloud's answer at the same address")
    wait_until(run.place.running.exists, seconds=60, what="a keeper that is ready")
    assert programs(run)["window"] == before["window"]
    close(screen, run)
    assert run.process.returncode == 0
    assert not any(programs(run).values()), programs(run)


def _listening(pid: int) -> list[str]:
    """The addresses on which a process listens, by /proc."""
    sockets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = descriptor.readlink().name
        except OSError:
            continue  # closed meanwhile
        if target.startswith("socket:"):
            sockets.add(target.removeprefix("socket:[").removesuffix("]"))
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in sockets:  # LISTEN
                number = fields[1].partition(":")[0]
                octets = [str(int(number[i : i + 2], 16)) for i in range(0, 8, 2)]
                found.append(".".join(reversed(octets)) if table == "tcp" else number)
    return found
