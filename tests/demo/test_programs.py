"""Why a program ended is told by its signal, or by its last line."""

import signal
from pathlib import Path

import pytest

from demo.programs import why_ended


@pytest.mark.parametrize(
    ("status", "why"),
    [(1, "no such table"), (-signal.SIGKILL, "signal SIGKILL"), (-(signal.SIGRTMIN + 2), "signal 36")],
)
def test_a_signal_is_named_instead_of_the_last_line(tmp_path: Path, status: int, why: str) -> None:
    log = tmp_path / "log"
    log.write_text("begun\nno such table\n\n", encoding="utf-8")
    assert why_ended(status, log) == why
