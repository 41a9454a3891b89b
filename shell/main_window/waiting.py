"""Waits for work on another thread without holding up this one, which Chromium and the windows need."""

from concurrent.futures import Future
from typing import TypeVar

from PySide6.QtCore import QEventLoop, Qt, QTimer

Done = TypeVar("Done")
_LOOK_MILLISECONDS = 2


def wait_for(work: Future[Done]) -> Done:
    """The result of work, or what it raised."""
    loop = QEventLoop()
    looking = QTimer(loop, interval=_LOOK_MILLISECONDS, timerType=Qt.TimerType.PreciseTimer)
    looking.timeout.connect(lambda: loop.quit() if work.done() else None)
    looking.start()
    loop.exec()
    return work.result()
