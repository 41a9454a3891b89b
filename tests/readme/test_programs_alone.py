"""The README's section "The programs alone" can be followed line by line, up to a window that reads."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from demo.programs import Program, end, free_port, last_words, start
from tests.readme.test_readme import README, ROOT, SCRIPTS
from tests.support.virtual_screen import VirtualScreen
from tests.support.waiting import until

MIRRORED_SECONDS = 120
PATIENTS = 200


def lines() -> list[str]:
    """The section's commands, in their order."""
    (block,) = re.findall(r"^## The programs alone$.*?^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [line.partition("  #")[0].strip() for line in block.splitlines()]


def words_of(line: str, port: int) -> list[str]:
    """A command as this checkout starts it, on a port that is free here."""
    program, *rest = shlex.split(line.replace("8080", str(port)))
    return [sys.executable, "-m", SCRIPTS[program].partition(":")[0].removesuffix(".__main__"), *rest]


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """What was started in an empty folder, and ends with the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in [name for name in os.environ if name.startswith("BANYAN_")]:
        monkeypatch.delenv(name)
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in reversed(processes):
        end(process)


def width_of_window(screen: VirtualScreen) -> int:
    """Of the program's window that came last, in pixels; 0 while there is none."""
    found = screen.run_if_found("xdotool", "search", "--onlyvisible", "--name", "^Banyan – ").split()
    told = screen.run_if_found("xdotool", "getwindowgeometry", "--shell", found[-1]) if found else ""
    return int(dict(line.split("=") for line in told.splitlines()).get("WIDTH", "0"))


def has_keys(screen: VirtualScreen) -> bool:
    """Whether the program's window has the keyboard."""
    return screen.run_if_found("xdotool", "getwindowfocus", "getwindowname").startswith("Banyan – ")


def who_read(port: int) -> str:
    """The latest of the cloud's audit, as its privacy officer sees it."""
    cloud = f"http://127.0.0.1:{port}"
    asked = {"Accept": "application/json", "Origin": cloud}
    form = {"person": "ruth.adeyemi"}
    session = requests.post(f"{cloud}/sign-in", data=form, headers=asked, timeout=10).json()["session"]
    latest = f"{cloud}/Y99002/fhir/AuditEvent?_sort=-_lastUpdated&_count=40"
    return requests.get(latest, headers={"Authorization": f"Bearer {session}"}, timeout=10).text


@pytest.mark.end_to_end
def test_the_lines_of_the_readme_end_in_programs_that_mirror_and_a_window_that_asks_who_one_is(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], managed_screen: VirtualScreen
) -> None:
    port = free_port()
    *before_the_window, window = lines()
    assert window.startswith("banyan-shell ")
    for line in before_the_window:
        command = words_of(line, port)
        if command[3] in {"serve", "run"}:
            log = tmp_path / f"{command[2]}.log"
            started.append(start(Program(name=command[2], command=command, log=log)))
            continue
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    status = words_of("banyan-bridge status --practice Y99002 --journal journal.sqlite --json", port)

    def is_mirrored() -> bool:
        for process in started:
            assert process.poll() is None, [last_words(log) for log in tmp_path.glob("*.log")]
        said = subprocess.run(status, capture_output=True, text=True, check=False, timeout=60)
        if said.returncode != 0:
            return False
        patients = json.loads(said.stdout)["kinds"]["patient"]
        return bool(patients["linked"] + patients["withheld"] == PATIENTS and patients["waiting"] == 0)

    until(is_mirrored, "the patients are on both sides", seconds=MIRRORED_SECONDS)

    log = tmp_path / "window.log"
    variables = {**managed_screen.environment(), "XDG_STATE_HOME": str(tmp_path)}
    started.append(
        start(Program(name="window", command=words_of(window, port), variables=variables, log=log))
    )
    until(lambda: 0 < width_of_window(managed_screen) < 900, "the window asks who one is", seconds=60)
    until(lambda: has_keys(managed_screen), "what is typed goes to the question")
    managed_screen.type("nair")
    managed_screen.key("Return")
    until(lambda: width_of_window(managed_screen) > 900, "the window is open", seconds=60)
    until(lambda: "Dr Priya Nair" in who_read(port), "the window reads as who was chosen", seconds=60)
    assert started[-1].poll() is None, last_words(log)
