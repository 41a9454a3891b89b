"""Keeps None, True and False alive: PySide takes a reference away with each call that returns one."""

import ctypes
import sys


def keep_constants() -> None:
    """Give them so many references that none is ever the last. Call once, before the first widget.

    WORKAROUND(PySide6 6.12.0 on Python 3.11): a call that returns nothing gives up a reference to None that
    it never took (measured: 1000 calls of `QWidget.resize`, 1000 references; a window at rest loses 40 a
    second), `Signal.emit` and others one to True. After some minutes Python ends the process with
    "none_dealloc: deallocating None". Python 3.12 made them immortal (PEP 683): remove this when 3.11 is no
    longer supported.
    """
    if sys.version_info < (3, 12):
        for constant in (None, True, False):
            ctypes.c_ssize_t.from_address(id(constant)).value += sys.maxsize // 2
