"""What a run tells the programs that it starts."""

import sys
from pathlib import Path

import pytest

from demo.place import Environment, place_of
from demo.session import Session


def test_the_window_is_told_that_closing_it_ends_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = tmp_path / "shell"
    shell.write_text("#!/bin/sh\nenv\n")
    shell.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(shell))
    place = place_of(Environment.REFERENCE, {"XDG_STATE_HOME": str(tmp_path)})
    Session(place, {"PATH": "/usr/bin:/bin"}, lambda _: None).start_window("http://127.0.0.1:1").wait(30)
    told = (place.logs / "shell.log").read_text().splitlines()
    assert {"BANYAN_SHELL_ENDS_ALL=true", "PATH=/usr/bin:/bin"} <= set(told)
