"""PySide's calls may not wear out None, True and False."""

import subprocess
import sys

_MANY_CALLS = """
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal
from shell.native.constants import keep_constants
keep_constants()
class Teller(QObject):
    told = Signal(object)
one = Teller()
one.told.connect(lambda said: None)
for _ in range(200_000):
    one.setObjectName("x")
    one.told.emit(None)
    QCoreApplication.sendEvent(one, QEvent(QEvent.Type.User))
"""


def test_process_outlives_many_calls_that_return_nothing_or_yes_or_no() -> None:
    ended = subprocess.run([sys.executable, "-c", _MANY_CALLS], capture_output=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
