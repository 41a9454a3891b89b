"""A screen that nobody sees: Xvfb on a free display, with a window manager."""

import os
import shlex
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from PIL import Image, ImageGrab

from demo.check.hands import wait_until
from demo.errors import NoScreen

WIDTH = 1440
HEIGHT = 900
START_SECONDS = 20.0
SERVER = ("-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp", "-noreset")
"""No network; and it stays as it is when its last window closes."""


class VirtualScreen:
    """An X server and a window manager; as a context manager it ends both."""

    def __init__(self, logs: Path) -> None:
        """Name the folder for what they write; nothing is started yet."""
        self._logs = logs
        self._processes: list[subprocess.Popen[bytes]] = []
        self.display = ""

    def __enter__(self) -> Self:
        """Start both.

        Raises:
            NoScreen: they cannot be started.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        read_end, write_end = os.pipe()
        try:
            command = ["Xvfb", "-displayfd", str(write_end), *SERVER, "-fbdir", str(self._logs)]
            self._start(command, pass_descriptor=write_end)
        finally:
            os.close(write_end)
        with os.fdopen(read_end) as said:
            # The server chooses a free number, says it when it is ready, and closes the pipe when it fails.
            number = said.readline().strip()
        if not number:
            raise NoScreen(f"Xvfb did not start; see {self._logs / 'Xvfb.log'}.")
        self.display = f":{number}"
        is_ready = self._logs / "openbox-is-ready"
        is_ready.unlink(missing_ok=True)
        self._start(["openbox", "--sm-disable", "--startup", f"touch {shlex.quote(str(is_ready))}"])
        wait_until(is_ready.exists, seconds=START_SECONDS, what="the window manager to start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End both, the window manager first."""
        for process in reversed(self._processes):
            process.terminate()
            process.wait(START_SECONDS)

    @property
    def variables(self) -> dict[str, str]:
        """What a program needs in its environment to draw here."""
        return {**os.environ, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb", "LIBGL_ALWAYS_SOFTWARE": "1"}

    @property
    def memory(self) -> Path:
        """The file in which the server keeps what is on the glass (XWD)."""
        return self._logs / "Xvfb_screen0"

    def picture(self) -> Image.Image:
        """What is on the glass now."""
        return ImageGrab.grab(xdisplay=self.display)

    def _start(self, command: list[str], *, pass_descriptor: int | None = None) -> None:
        variables = {**os.environ, "DISPLAY": self.display} if self.display else dict(os.environ)
        try:
            with (self._logs / f"{command[0]}.log").open("ab") as log:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=variables,
                    pass_fds=[pass_descriptor] if pass_descriptor is not None else [],
                )
        except OSError as error:
            raise NoScreen(f"{command[0]} cannot be started ({error.strerror}): install it.") from error
        self._processes.append(process)
