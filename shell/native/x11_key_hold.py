"""Holds a person's keys for the shell while a program's window comes up: that window has none of them.

A window manager gives the keys to whatever comes up, and some programs take them by themselves. What is typed
meanwhile was meant for the shell (hazard H25).
"""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QObject, QTimer

from shell.native.interface import FrameListener
from shell.native.x11_owner import owner_pid
from shell.native.xcb import Xcb

_LONGEST_MILLISECONDS: Final = 3000
"""From the last sign of the window: nobody is kept from the desktop's own keys for longer."""
_DEPTH: Final = 8


class X11KeyHold(QObject):
    """At most one for the whole desktop; the server ends it by itself when the shell dies.

    Args:
        xcb: the connection.
        frames: the shell's top-level windows; of each the window that is drawn in, and who is told of it.
    """

    def __init__(self, xcb: Xcb, frames: Mapping[int, tuple[int, FrameListener]]) -> None:
        super().__init__()
        self._xcb = xcb
        self._frames = frames
        self._holder: FrameListener | None = None
        self._rested_in: int | None = None
        self._longest = QTimer(self, singleShot=True, interval=_LONGEST_MILLISECONDS)
        self._longest.timeout.connect(self.end)

    def hold(self, coming: int) -> None:
        """Keep the keys, if they are the shell's, or were until a window of the process took them."""
        focused = self._xcb.focused()
        top = self._frame_around(focused)
        if top is None and owner_pid(self._xcb, focused) == coming:
            top = self._rested_in
        if top is not None and top in self._frames:
            content, listener = self._frames[top]
            if self._holder is None and self._xcb.hold_keys(content):
                self._holder = listener
            self._longest.start()

    def came(self) -> None:
        """The window was taken in: the focus that it had meanwhile is the shell's again."""
        if self._holder is not None:
            self._holder.on_frame_focused()

    def rested(self, focused: int, *, is_awaited: bool, is_under_way: bool) -> None:
        """The focus came to rest: with a window that is being taken in, or where keys are to go.

        Args:
            focused: where it rests.
            is_awaited: whether a program's window is still waited for.
            is_under_way: whether one was found.
        """
        if is_under_way:
            return
        self._rested_in = self._frame_around(focused)
        if self._rested_in is None or not is_awaited:
            self.end()

    def end(self) -> None:
        """Hold nothing any more: keys go where the focus is."""
        self._longest.stop()
        if self._holder is not None:
            self._holder = None
            self._xcb.let_key_go()

    def _frame_around(self, window: int) -> int | None:
        """The shell's top level that a window is, or lies in."""
        inner: int | None = window
        for _ in range(_DEPTH):
            if inner is None or inner in self._frames:
                return inner
            inner = self._xcb.parent(inner)
        return None
