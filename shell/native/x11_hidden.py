"""Windows of other programs that are off the screen for a while, and come back whatever happens meanwhile."""

import struct
from typing import Final

from PySide6.QtCore import QObject, QTimer

from shell.native.x11_arrival import DESTROY_NOTIFY, UNMAP_NOTIFY
from shell.native.xcb import SUBSTRUCTURE_REDIRECT, Xcb

_LOOK_MILLISECONDS: Final = 300
_LOOKS: Final = 10


class X11Hidden(QObject):
    """Hides and shows. Events reach it from `X11Windows` alone.

    Args:
        xcb: the connection.
    """

    def __init__(self, xcb: Xcb) -> None:
        super().__init__()
        self._xcb = xcb
        self._hidden: set[int] = set()
        self._coming: dict[int, int] = {}
        """Of each window that was to be shown, how often it is still looked after."""
        self._look = QTimer(self, interval=_LOOK_MILLISECONDS)
        self._look.timeout.connect(self._look_after)

    def hide(self, window: int) -> None:
        """Unmap it. As one of the save set it is mapped again when this connection ends."""
        self._coming.pop(window, None)
        self._hidden.add(window)
        self._xcb.send("change_save_set", 0, window)
        self._unmap(window)

    def show(self, window: int) -> None:
        """Map it. Where there is a window manager, that puts its frame around it again."""
        if window in self._hidden:
            self._hidden.discard(window)
            self._xcb.send("change_save_set", 1, window)
            self._coming[window] = _LOOKS
            self._map(window)
            self._look.start()

    def saw(self, kind: int, window: int, *, is_sent: bool) -> None:
        """A window went: by its program's will (ICCCM 4.1.4) it is not shown again."""
        if kind == DESTROY_NOTIFY or (kind == UNMAP_NOTIFY and is_sent):
            self._hidden.discard(window)
            self._coming.pop(window, None)

    def _unmap(self, window: int) -> None:
        """Have the window manager let go of it, which it is told alone, in so many words.

        One that is only just framing the window takes the unmapping itself for its own doing.
        """
        self._xcb.send("unmap_window", window)
        event = struct.pack("<BBHIIB", UNMAP_NOTIFY, 0, 0, self._xcb.root, window, 0)
        self._xcb.send_event(self._xcb.root, SUBSTRUCTURE_REDIRECT, event)

    def _map(self, window: int) -> None:
        self._xcb.send("map_window", window)
        self._xcb.flush()

    def _look_after(self) -> None:
        """A window manager that was busy with the window forgets what it is asked meanwhile: ask again."""
        for window, looks in list(self._coming.items()):
            if looks == 0 or self._xcb.is_viewable(window):
                del self._coming[window]
            else:
                self._coming[window] = looks - 1
                self._unmap(window)
                self._map(window)
        if not self._coming:
            self._look.stop()
