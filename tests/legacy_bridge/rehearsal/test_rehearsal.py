"""A short rehearsal, on the real programs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from legacy_bridge.rehearsal.script import Trouble


def rehearse(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "legacy_bridge", "rehearse", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


def test_half_a_minute_with_every_trouble_ends_without_a_violation(tmp_path: Path) -> None:
    done = rehearse("--seed", "3", "--minutes", "0.5", "--json", "--folder", str(tmp_path / "kept"))
    assert done.returncode == 0, done.stdout + done.stderr
    verdict = json.loads(done.stdout)
    assert verdict["violations"] == []
    assert set(verdict["troubles"]) == {one.value for one in Trouble}
    assert min(verdict["edits"].values()) > 50
    kinds = {(one["record"].partition("/")[0], one["state"]) for one in verdict["conflicts"]}
    assert {("patient", "decided"), ("medication", "open")} <= kinds
    assert "Cloud restored from a backup" in done.stderr


@pytest.mark.soak
def test_ten_minutes_end_without_a_violation() -> None:
    done = rehearse("--seed", "1", "--minutes", "10", "--json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_practice_is_rehearsed_on_a_copy_and_nothing_is_left(tmp_path: Path) -> None:
    missing = rehearse("--copy-of", str(tmp_path / "none.sqlite"))
    assert missing.returncode == 1
    assert missing.stderr.startswith("There is no file")
    empty = tmp_path / "empty.sqlite"
    with create_engine(f"sqlite:///{empty}").begin() as connection:
        connection.execute(text("CREATE TABLE anything (one INTEGER)"))
    before = empty.read_bytes()
    refused = rehearse("--copy-of", str(empty))
    assert refused.returncode == 1
    assert "The database holds no practice" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert empty.read_bytes() == before
    assert rehearse("--folder", str(tmp_path)).stderr.startswith("There is a folder")
