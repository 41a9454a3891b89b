"""PySide's calls may not wear None out."""

import subprocess
import sys

_MANY_CALLS = """
from PySide6.QtCore import QObject
from shell.native.none import keep_none
if {is_kept}:
    keep_none()
one = QObject()
for _ in range(200_000):
    one.setObjectName("x")
"""


def test_process_outlives_many_calls_that_return_nothing() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _MANY_CALLS.format(is_kept=True)], capture_output=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
