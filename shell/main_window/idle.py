"""Since when nobody has used the computer."""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject

from shell.native.interface import NativeWindows

_OF_A_PERSON: Final = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)


def idle_source(native: NativeWindows | None) -> Callable[[], float]:
    """What tells the seconds; the desktop itself where it can, which sees foreign windows too."""
    return _Watcher().idle_seconds if native is None else native.idle_seconds


class _Watcher(QObject):
    """Sees what this program's own windows are used for."""

    def __init__(self) -> None:
        application = QCoreApplication.instance()
        super().__init__(application)
        self._last = time.monotonic()
        if application is not None:
            application.installEventFilter(self)

    def idle_seconds(self) -> float:
        """Since the last key or move of the mouse over one of them."""
        return time.monotonic() - self._last

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Take the time."""
        if event.type() in _OF_A_PERSON:
            self._last = time.monotonic()
        return super().eventFilter(watched, event)
