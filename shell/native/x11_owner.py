"""Whose an X11 window is: the X server knows the process at the other end of a local connection."""

import struct
from typing import Final

from shell.native.xcb import Xcb

_EXTENSION: Final = b"X-Resource"
_QUERY_CLIENT_IDS: Final = 4
_LOCAL_CLIENT_PID: Final = 2
"""X Resource extension 1.2, QueryClientIds."""


def owner_pid(xcb: Xcb, window: int) -> int | None:
    """The process that made a window; what the window itself says where the server does not know.

    Not every toolkit says it (Tk does not), and a window may say anything.
    """
    reply = xcb.ask_extension(_EXTENSION, _QUERY_CLIENT_IDS, struct.pack("III", 1, window, _LOCAL_CLIENT_PID))
    if reply is not None and len(reply) >= 48 and struct.unpack_from("I", reply, 8)[0] == 1:
        return int(struct.unpack_from("I", reply, 44)[0])
    said = xcb.property_numbers(window, "_NET_WM_PID")
    return said[0] if said else None
