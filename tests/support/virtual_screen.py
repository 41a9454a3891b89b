"""A virtual screen of a test's own, with or without a window manager; keys and mouse as a person has them."""

import contextlib
import os
import random
import select
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from PIL import ImageGrab

from tests.support.waiting import until

_FIRST_DISPLAY: Final = 90
_LAST_DISPLAY: Final = 490
_START_SECONDS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualScreen:
    """A running screen; keys and mouse come through XTEST and cannot be told from real ones."""

    display: str
    is_managed: bool = False
    """Whether a window manager runs on it."""

    def environment(self) -> dict[str, str]:
        """The environment for programs on this screen, none of this process's Qt settings in it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("QT", "BANYAN_"))}
        return kept | {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb", "QT_QUICK_BACKEND": "software"}

    def do(self, *arguments: str) -> str:
        """Run xdotool and return what it says."""
        return self.run("xdotool", *arguments)

    def run(self, *command: str) -> str:
        """Run a program on this screen and return what it says."""
        done = subprocess.run(
            command, check=False, env=self.environment(), capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout.strip()

    def run_if_found(self, *command: str) -> str:
        """What a program on this screen says; empty when it fails, as a search does that finds nothing."""
        done = subprocess.run(
            command, check=False, env=self.environment(), capture_output=True, text=True, timeout=30
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    def key(self, *keys: str) -> None:
        """Press and let go of keys (`ctrl+k`)."""
        self.do("key", "--delay", "5", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self.do("type", "--delay", "8", text)

    def point(self, x: int, y: int) -> None:
        """Move the mouse pointer and leave it there."""
        self.do("mousemove", "--sync", str(x), str(y)) if self.pointer() != (x, y) else None

    def pointer(self) -> tuple[int, int]:
        """Where the mouse pointer is."""
        x, y, *_ = self.do("getmouselocation").split()
        return int(x.removeprefix("x:")), int(y.removeprefix("y:"))

    def click(self, x: int, y: int) -> None:
        """Click a place on the screen."""
        self.point(x, y)
        self.do("click", "1")

    def picture(self, path: Path) -> None:
        """Save what is on the screen."""
        ImageGrab.grab(xdisplay=self.display).save(path)


@contextlib.contextmanager
def virtual_screen(*, window_manager: bool = False, size: str = "1280x800") -> Iterator[VirtualScreen]:
    """Start Xvfb on a free display, and openbox on it when asked; ends both."""
    for program in ("Xvfb", "xdotool", *(["openbox"] if window_manager else [])):
        if shutil.which(program) is None:
            pytest.skip(f"needs the program {program}")
    with contextlib.ExitStack() as stack:
        screen = VirtualScreen(display=_start_server(stack, size), is_managed=window_manager)
        if window_manager:
            manager = _start(stack, ["openbox", "--sm-disable"], screen.environment())
            until(lambda: _has_window_manager(screen) or manager.poll() is not None, "openbox is there")
        yield screen


def _has_window_manager(screen: VirtualScreen) -> bool:
    return "window id" in screen.run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK")


def _start_server(stack: contextlib.ExitStack, size: str) -> str:
    # the server itself says when it listens, and fails when the number is taken
    for number in random.sample(range(_FIRST_DISPLAY, _LAST_DISPLAY), 20):
        read_end, write_end = os.pipe()
        command = ["Xvfb", f":{number}", "-screen", "0", f"{size}x24", "-nolisten", "tcp", "-noreset"]
        server = subprocess.Popen(
            [*command, "-displayfd", str(write_end)],
            pass_fds=[write_end],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write_end)
        said = _line(read_end)
        os.close(read_end)
        stack.callback(_end, server)
        if said.endswith(b"\n"):
            return f":{number}"
    raise AssertionError("Xvfb found no free display")


def _line(read_end: int) -> bytes:
    """A whole line: the server writes the number and its end apart, and dies of a pipe closed in between."""
    said = b""
    while not said.endswith(b"\n"):
        ready, _, _ = select.select([read_end], [], [], _START_SECONDS)
        piece = os.read(read_end, 16) if ready else b""
        if not piece:
            break
        said += piece
    return said


def _start(
    stack: contextlib.ExitStack, command: list[str], environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
