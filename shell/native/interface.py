"""What hosting asks of a desktop: find windows, take one in, hold its keys, watch it, give it back.

One implementation a window system. Everything is called, and calls back, on the thread that runs the window.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A place and size on the screen, in device pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundWindow:
    """A top-level window of some program, as the desktop describes it."""

    window_id: int
    title: str
    wm_class: str
    pid: int | None
    """Whose window it is, as the desktop knows it; None when it does not."""
    transient_for: int | None
    """The window that this one is a dialogue of."""
    is_shown: bool
    """Whether it is on the screen, or minimised; not yet, or no longer, otherwise."""


class GuestListener(Protocol):
    """Who is told what happens to a window that was taken in."""

    def on_title(self, title: str) -> None:
        """The window's title changed."""

    def on_pressed(self) -> None:
        """A mouse button went down on the window; the press reaches it after this returns."""

    def on_shell_key(self, key: str) -> None:
        """One of the shell's keys was pressed while the window had the keys; the window never sees it."""

    def on_focused(self) -> None:
        """The window got the keys, whoever gave them."""

    def on_taken_out(self) -> None:
        """Somebody took the window out of its pane: a late window manager."""

    def on_destroyed(self) -> None:
        """The window is no more."""


class Guest(Protocol):
    """A foreign window inside a pane."""

    @property
    def window_id(self) -> int:
        """The desktop's number of the window."""

    def title(self) -> str:
        """The title at this moment."""

    def size(self) -> tuple[int, int]:
        """Width and height at this moment, in device pixels; (0, 0) when the window is gone."""

    def told_place(self, box: Box) -> None:
        """Tell the program where its window now is on the screen, so that its menus open in place."""

    def take_keys(self) -> None:
        """Give the window the keyboard."""

    def begin_keys(self) -> None:
        """Let the program believe that it has the keyboard, so that it takes keys; nobody loses it."""

    def press(self, key: str) -> bool:
        """Press and let go of a key (`F10`, `Ctrl+S`) for this window alone, wherever the keyboard is.

        Returns:
            False: this keyboard does not have it, and nothing was pressed.
        """

    def type_letter(self, letter: str) -> bool:
        """Type one letter, digit or sign into this window alone; answers as `press` does."""

    def end_keys(self) -> None:
        """Undo `begin_keys`."""

    def ask_to_close(self) -> None:
        """Ask as the close button of its title bar does; the program may ask the person back."""

    def release(self) -> None:
        """Undo what was set on the window, after it was put back on the screen."""


class FrameListener(Protocol):
    """Who is told what happens to the shell's own top-level window."""

    def on_frame_focused(self) -> None:
        """The keys are with the top level itself, or with nobody; no key is meant for either."""

    def on_content_focused(self) -> None:
        """The keys have come to rest with what the shell draws."""

    def on_other_focused(self, window_id: int) -> None:
        """The keys have come to rest with another top-level window: a guest's dialogue, or any program's."""

    def on_frame_pressed(self) -> None:
        """A mouse button went down on something that the shell draws."""


class Arrival(Protocol):
    """A program's main window that is waited for."""

    def look(self) -> bool:
        """Look again; True when it was found, and is about to come."""

    def stop(self) -> None:
        """Wait no longer; a window that is under way goes back to the screen."""


class NativeWindows(Protocol):
    """A desktop's windows."""

    def find(
        self, *, wm_class: str | None = None, pids: Collection[int] | None = None
    ) -> Sequence[FoundWindow]:
        """All windows on the screen that are not inside another program's, of a class or of processes."""

    def watch_screen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call back soon after some window came up or went; returns what ends the watch."""

    def expect(
        self,
        is_of_program: Callable[[int], bool],
        is_main: Callable[[FoundWindow], bool],
        came: Callable[[FoundWindow, Box], None],
    ) -> Arrival:
        """Take a program's main window off the screen once, best before it was seen there.

        While it comes up the shell keeps the keys, when it has them: no other window is given them.

        Args:
            is_of_program: whether a process is the program.
            is_main: whether a window is its main window.
            came: told of the window, and where it was, when it is free to be put into a pane.
        """

    def least_size(self, window_id: int) -> tuple[int, int] | None:
        """What a window itself says that it needs, in device pixels; None when it says nothing.

        To be asked before Qt takes the window in: it sets what it thinks in its place.
        """

    def put_back(self, window_id: int, box: Box) -> None:
        """Put a window that was released where it was, visible, and let it say again what size it needs."""

    def adopt(self, window_id: int, listener: GuestListener, shell_keys: Sequence[str]) -> Guest:
        """Set on a window what hosting needs: it outlives the shell; keys and presses are seen first."""

    def keep_dialogue(self, window_id: int, top: int, *, with_keys: bool) -> None:
        """Keep a guest's dialogue above the shell and whole on the screen, and maybe give it the keys."""

    def hide(self, window_id: int) -> None:
        """Take another program's window off the screen; should the shell die meanwhile, it comes back."""

    def show(self, window_id: int) -> None:
        """Put back what `hide` took, unless its program put it away itself meanwhile."""

    def hear_keys(
        self, window_id: int, shell_keys: Sequence[str], on_key: Callable[[str], None]
    ) -> Callable[[], None]:
        """Hear the shell's keys over a guest's dialogue, which never sees them; returns the end of it."""

    def watch_frame(self, top: int, content: int, listener: FrameListener) -> Callable[[], None]:
        """Watch the shell's own window; returns the end of it."""

    def hold_presses(self, top: int, *, held: bool) -> None:
        """While held, what is typed after a press on a frame waits until `on_frame_pressed` has returned."""

    def focus(self, window_id: int) -> None:
        """Give a window the keyboard."""

    def idle_seconds(self) -> float:
        """Since a key or the mouse of this computer was last used; 0 where that cannot be known."""
