"""Keys, mouse and clipboard, as the X server's own test extension makes them (XTEST, by xdotool)."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from demo.errors import DemoError

Seen = TypeVar("Seen")

TOOL_SECONDS = 20.0
CLIPBOARD_SECONDS = 5.0
LOOK_SECONDS = 0.05
KEY_MILLISECONDS = 12
"""Between two typed characters: as fast as a quick typist holds down a key, slow enough for no queue."""
COPY_SECONDS = 1.0
"""How long a program may take to offer what was copied; nothing selected offers nothing."""
COPIES = 2
"""A program that is busy for longer is asked again."""
_NOTHING = "(nothing was copied)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window on the screen; its size in pixels."""

    id: str
    title: str
    width: int
    height: int


class Hands:
    """One person's hands at one screen. Everything blocks until it is done.

    No `--clearmodifiers`: it presses again what it finds held down, and while a busy window holds the
    keyboard still, that is the Ctrl or Alt of the key before, which then stays down for good.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Say which screen: by the environment that programs on it are started with."""
        self._variables = dict(variables)

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as xdotool names them: `ctrl+k`, `F7`, `Return`."""
        self._xdotool("key", "--delay", str(KEY_MILLISECONDS), *keys)

    def write(self, text: str) -> None:
        """Type a text."""
        self._xdotool("type", "--delay", str(KEY_MILLISECONDS), text)

    def click(self, window: Window, x: int, y: int) -> None:
        """Move the mouse to a place in a window, counted from its upper left corner, and press its button."""
        self._xdotool("mousemove", "--window", window.id, str(x), str(y), "click", "1")

    def corner(self, window: Window) -> tuple[int, int]:
        """Where a window's upper left corner is on the screen; moves the mouse there."""
        # WORKAROUND(xdotool 3.20160805): getwindowgeometry counts a frame twice; the mouse does not.
        said = self._shell_words("mousemove", "--window", window.id, "0", "0", "getmouselocation", "--shell")
        return int(said["X"]), int(said["Y"])

    def copy(self) -> str:
        """Select all there is where the keys go, copy it, and give it: what the person can see."""
        for _ in range(COPIES):
            self._put(_NOTHING)
            self.press("ctrl+a", "ctrl+c")
            deadline = time.monotonic() + COPY_SECONDS
            while time.monotonic() < deadline:
                text = self._clipboard()
                if text and text != _NOTHING:
                    return text
                time.sleep(LOOK_SECONDS)
        return ""

    def has_keys(self, window: Window) -> bool:
        """Whether a window has the keys."""
        return self._xdotool("getwindowfocus", "-f", check=False).strip() == window.id

    def windows(self, *, wm_class: str = "", name: str = "") -> list[Window]:
        """The visible windows of a class, or those with a text in their title."""
        by = ("--class", wm_class) if wm_class else ("--name", name)
        found = self._xdotool("search", "--onlyvisible", *by, check=False).split()
        return [window for window in map(self._window, found) if window is not None]

    def close_active_window(self) -> None:
        """Close the window that has the keys, by the window manager's key."""
        self.press("alt+F4")

    def _window(self, window: str) -> Window | None:
        try:
            title = self._xdotool("getwindowname", window).rstrip("\n")
            shape = self._shell_words("getwindowgeometry", "--shell", window)
        except DemoError:
            return None  # it is gone
        return Window(
            id=window,
            title=title,
            width=int(shape["WIDTH"]),
            height=int(shape["HEIGHT"]),
        )

    def _shell_words(self, *arguments: str) -> dict[str, str]:
        lines = self._xdotool(*arguments).splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def _put(self, text: str) -> None:
        # xclip stays behind to serve the clipboard; its output must not be waited for.
        self._xclip("-in", text, output=subprocess.DEVNULL)

    def _clipboard(self) -> str:
        """What is on the clipboard; empty while whoever offers it does not give it."""
        try:
            return self._xclip("-out", "", output=subprocess.PIPE)
        except DemoError:
            return ""

    def _xclip(self, way: str, text: str, *, output: int) -> str:
        try:
            done = subprocess.run(
                ["xclip", "-selection", "clipboard", way],
                input=text.encode(),
                stdout=output,
                stderr=subprocess.DEVNULL,
                env=self._variables,
                timeout=CLIPBOARD_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DemoError(f"xclip could not do it: {error}") from error
        return (done.stdout or b"").decode("utf-8", "replace")

    def _xdotool(self, *arguments: str, check: bool = True) -> str:
        return _run(["xdotool", *arguments], self._variables, check=check)


def wait_until(look: Callable[[], Seen | None], *, seconds: float, what: str) -> Seen:
    """Look again and again until what is seen is true.

    Raises:
        DemoError: it did not become so in time; `what` says what was waited for.
    """
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen is not None and seen:
            return seen
        if time.monotonic() > deadline:
            raise DemoError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(LOOK_SECONDS)


def _run(command: Sequence[str], variables: Mapping[str, str], *, check: bool) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=variables, timeout=TOOL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DemoError(f"{command[0]} could not do it: {error}") from error
    if check and done.returncode != 0:
        raise DemoError(f"{' '.join(command[:2])} failed: {done.stderr.strip()[:200]}")
    return done.stdout
