"""A window manager that shows every window but the test guest's: that one's request it loses, and says so."""

import ctypes
import struct
import sys
from typing import cast

from PySide6.QtCore import QAbstractNativeEventFilter, QByteArray
from PySide6.QtGui import QNativeInterface
from PySide6.QtWidgets import QApplication

from shell.native.interface import Box
from shell.native.xcb import SUBSTRUCTURE_REDIRECT, Xcb

_MAP_REQUEST = 20
_CONFIGURE_REQUEST = 23
_LOST_CLASS = "test-guest"


class CarelessManager(QAbstractNativeEventFilter):
    """Sees what windows on the screen ask for."""

    def __init__(self, xcb: Xcb) -> None:
        super().__init__()
        self._xcb = xcb
        xcb.select(xcb.root, SUBSTRUCTURE_REDIRECT)
        xcb.set_window_property(xcb.root, "_NET_SUPPORTING_WM_CHECK", xcb.holder)

    def nativeEventFilter(  # noqa: N802 - Qt's name
        self, event_type: QByteArray | bytes | bytearray | memoryview, message: int
    ) -> object:
        """Grant what is asked for."""
        if event_type == b"xcb_generic_event_t":
            raw = ctypes.string_at(int(message), 32)
            window = struct.unpack_from("I", raw, 8)[0]
            if raw[0] & 0x7F == _MAP_REQUEST:
                self._show(window)
            elif raw[0] & 0x7F == _CONFIGURE_REQUEST:
                x, y, width, height = struct.unpack_from("hhHH", raw, 16)
                self._xcb.configure(window, box=Box(x=x, y=y, width=width, height=height))
        return False, 0

    def _show(self, window: int) -> None:
        if _LOST_CLASS in self._xcb.property_text(window, "WM_CLASS").split("\0"):
            print("lost", flush=True)
        else:
            self._xcb.send("map_window", window)
            self._xcb.flush()


def main() -> int:
    """Manage the screen."""
    application = QApplication(["careless-manager"])
    x11 = cast(QNativeInterface.QX11Application, application.nativeInterface())
    manager = CarelessManager(Xcb(x11.connection()))
    application.installNativeEventFilter(manager)
    print("manages", flush=True)
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
