"""Whether there is an X display to open a window on, asked before anything is started."""

import socket
import sys
from collections.abc import Mapping

from demo.errors import NoScreen

ANSWER_SECONDS = 5.0


def require_screen(variables: Mapping[str, str]) -> None:
    """Make sure that an X server answers.

    Raises:
        NoScreen: DISPLAY is not set, or nobody answers there.
    """
    if not sys.platform.startswith("linux"):
        return
    display = variables.get("DISPLAY", "")
    if not display:
        raise NoScreen(
            "There is no screen: DISPLAY is not set. Start this in a desktop session with X11 (or XWayland); "
            "`--check` brings a screen of its own."
        )
    if not _answers(display):
        raise NoScreen(
            f"There is no screen: no X server answers at DISPLAY={display}. Start one or correct it."
        )


def _answers(display: str) -> bool:
    host, _, number = display.rpartition(":")
    number = number.partition(".")[0]
    if not number.isdigit():
        return False
    if host in {"", "unix"}:
        path = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - where X servers listen, by X(7)
        return _connects(socket.AF_UNIX, path) or _connects(socket.AF_UNIX, f"\0{path}")
    return _connects(socket.AF_INET, (host, 6000 + int(number)))


def _connects(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(address)
        except OSError:
            return False
    return True
