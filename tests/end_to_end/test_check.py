"""`run.sh --check`: the main job on the real window, on generated data and on an extract from outside."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.running import ROOT, RUN

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]
EXTRACT = ROOT.parent / "shared" / "data" / "extract" / "bulk"
PROVEN = {"a", "b", "c", "d", "e", "f", "g"}
"""The parts of the main job; a step is named for the part that it proves: `a-legacy-to-page`."""


def check(tmp_path: Path, *arguments: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        ["sh", str(RUN), "--check", "--screenshots", str(tmp_path / "pictures"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [line for line in lines if not line["ok"]]
    assert not failed, f"{failed}\n{done.stderr}"
    assert done.returncode == 0, done.stderr
    return lines


def assert_whole(lines: list[dict[str, Any]]) -> None:
    *steps, last = lines
    assert last["step"] == "all"
    assert {step["step"][0] for step in steps if step["step"][1] == "-"} == PROVEN
    for step in steps:
        assert step.keys() >= {"step", "ok", "seconds", "before", "after", "screenshot"}
        assert Path(step["screenshot"]).is_file()


def test_the_main_job_holds_on_generated_data(tmp_path: Path) -> None:
    assert_whole(check(tmp_path))
    assert not (tmp_path / "state").exists(), "the check has a state folder of its own"


def test_the_main_job_holds_on_an_extract_from_outside(tmp_path: Path) -> None:
    if not EXTRACT.is_dir():
        pytest.skip("needs ../shared/data/extract/bulk, an extract from outside the repository")
    assert_whole(check(tmp_path, "--extract", str(EXTRACT)))
