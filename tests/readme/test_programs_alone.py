"""The README's section "The programs alone" can be followed line by line, up to programs that mirror."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.programs import Program, end, free_port, last_words, start
from tests.readme.test_readme import README, ROOT, SCRIPTS
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


@pytest.mark.end_to_end
def test_the_lines_of_the_readme_end_in_programs_that_serve_and_mirror(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
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
