"""The shell, with a clock in its window's thread: it writes down how late each tick was.

    BANYAN_TICKS=FILE python -m tests.benchmarks.watched_shell ...   # as python -m shell

A tick that comes late is a time in which the window could not have drawn, nor taken a key.
"""

import os
import time
from array import array
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

TICK_MILLISECONDS = 10


def watch(late: "array[float]") -> QTimer:
    """Start the clock; `late` gets the seconds between ticks beyond what was asked for."""
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        late.append(max(0.0, now - last - TICK_MILLISECONDS / 1000))
        last = now

    clock = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=TICK_MILLISECONDS)
    clock.timeout.connect(tick)
    clock.start()
    return clock


def main() -> None:
    """Run the shell."""
    late: array[float] = array("d")
    run = QApplication.exec

    def watched(*_: object) -> int:
        clock = watch(late)
        status = run()
        clock.stop()
        return status

    QApplication.exec = watched  # type: ignore[method-assign]
    from shell.__main__ import main as shell_main

    try:
        shell_main()
    finally:
        with Path(os.environ["BANYAN_TICKS"]).open("wb") as file:
            late.tofile(file)


if __name__ == "__main__":
    main()
