"""The log: what happened and when, where it can be found, and nobody's name."""

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shell.log import open_log
from tests.support.staged_hosts import ROOT


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    logger, hook = logging.getLogger("shell"), sys.excepthook
    handlers, level = list(logger.handlers), logger.level
    yield
    for handler in set(logger.handlers) - set(handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)
    sys.excepthook = hook


def test_what_happened_is_written_with_its_time_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    open_log(tmp_path / "state")
    logging.getLogger("shell.switchboard").info("pane ended: side=%s", "legacy")
    path = tmp_path / "state" / "shell.log"
    line = (
        rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO {os.getpid()} shell.switchboard: pane ended: side=legacy\n"
    )
    assert re.fullmatch(line, path.read_text())
    assert path.stat().st_mode & 0o077 == 0


def test_a_large_log_is_put_aside_once(tmp_path: Path) -> None:
    (tmp_path / "shell.log").write_bytes(b"old\n" * 300_000)
    open_log(tmp_path)
    assert (tmp_path / "shell.log").read_bytes() == b""
    assert (tmp_path / "shell.log.1").stat().st_size == 1_200_000


def test_a_log_that_cannot_be_written_is_said_and_keeps_nothing_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    open_log(tmp_path / "file")
    logging.getLogger("shell.switchboard").info("pane ended: side=%s", "cloud")
    said = capsys.readouterr().err
    assert "cannot be written" in said
    assert "pane ended: side=cloud" in said


def test_an_unexpected_failure_is_logged_with_its_place_and_without_its_words(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from shell.log import open_log\n"
        "open_log(Path(sys.argv[1]))\n"
        "raise ValueError('SMITH, Sarah cannot be read')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "SMITH, Sarah cannot be read" in done.stderr
    said = (tmp_path / "shell.log").read_text()
    assert "ERROR" in said
    assert "unexpected failure: kind=ValueError at=<string>:3" in said
    assert "SMITH" not in said
