"""Takes a program's window in as it comes up: before it is seen where that can be, at once where it cannot.

A window that its program has made and named, but not yet shown, goes into a holder that is never on the
screen; once its program shows it, it is there. No window manager has seen it, and no key has gone to it.
Some toolkits show a window in the same breath as they make it: a window manager has it first, and lets go of
it as ICCCM 4.1.4 asks. Or it was asked to show the window just before that was held, and leaves it
at that, so that nobody shows it: it is taken as it is then.
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer

from shell.native.interface import Box, FoundWindow
from shell.native.xcb import (
    PROPERTY_CHANGE,
    STRUCTURE_NOTIFY,
    SUBSTRUCTURE_NOTIFY,
    SUBSTRUCTURE_REDIRECT,
    Xcb,
)

UNMAP_NOTIFY: Final = 18
MAP_NOTIFY: Final = 19
REPARENT_NOTIFY: Final = 21
DESTROY_NOTIFY: Final = 17
_WITHDRAWN: Final = 0
_WITHDRAW_MILLISECONDS: Final = 1000
"""How long a window manager may take to let go of a window before it is taken all the same."""
_SHOW_MILLISECONDS: Final = 2000
"""How long a window that a window manager may have been asked to show is waited for in the holder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What is waited for."""

    is_of_program: Callable[[int], bool]
    """Whether a process is the program."""
    is_main: Callable[[FoundWindow], bool]
    """Whether a window is the program's main window."""


class X11Arrival(QObject):
    """See `shell.native.interface.Arrival`. Events reach it from `X11Windows` alone.

    Args:
        xcb: the connection.
        awaited: the program and its window.
        screen: all windows on the screen that are not inside another program's.
        describe: what a window says of itself.
        came: told of the window, and where it was, when it lies on no screen and in no manager's hands.
        ended: told when nothing is waited for any longer.
    """

    def __init__(
        self,
        xcb: Xcb,
        awaited: Awaited,
        screen: Callable[[], Iterable[FoundWindow]],
        describe: Callable[[int], FoundWindow],
        came: Callable[[FoundWindow, Box], None],
        ended: Callable[[], None],
    ) -> None:
        super().__init__()
        self.awaited = awaited
        self._xcb = xcb
        self._screen = screen
        self._describe = describe
        self._is_wanted = awaited.is_main
        self._came = came
        self._ended = ended
        self._new: set[int] = set()
        self._taken: FoundWindow | None = None
        self._home: Box | None = None
        self._is_held = False
        self._patience = QTimer(self, singleShot=True)
        # not from within an event: the reparenting that follows makes more of them
        self._soon = QTimer(self, singleShot=True, interval=0)
        for timer in (self._patience, self._soon):
            timer.timeout.connect(self._arrived)

    def look(self) -> bool:
        """See whether the window is on the screen already; True once it was found."""
        if self._taken is None:
            found = (one for one in self._screen() if one.is_shown and self._is_wanted(one))
            window = next(found, None)
            if window is not None:
                self._withdraw(window)
        return self.is_under_way

    @property
    def is_under_way(self) -> bool:
        """Whether the window was found."""
        return self._taken is not None

    def is_of(self, window: int) -> bool:
        """Whether this is the window that was found."""
        return self._taken is not None and self._taken.window_id == window

    def stop(self) -> None:
        """Wait no longer; what was taken goes back to the screen."""
        self._put_back()
        self._ended()

    # -- events, from X11Windows ------------------------------------------------------------------

    def created(self, window: int) -> None:
        """The program made a window, which is not the awaited one before it is named so."""
        if self._taken is None:
            self._xcb.select(window, STRUCTURE_NOTIFY | PROPERTY_CHANGE)
            self._new.add(window)
            self.changed(window)

    def changed(self, window: int) -> None:
        """A window says something else of itself."""
        if self.is_of(window):
            self._see_withdrawn()
        elif window in self._new and self._taken is None:
            found = self._describe(window)
            if not self._is_wanted(found):
                return
            if found.is_shown:
                self._withdraw(found)
            elif not self._is_managed(window):
                self._hold(found)

    def moved(self, kind: int, window: int) -> None:
        """A window was shown, hidden, put elsewhere or ended."""
        if kind == DESTROY_NOTIFY:
            self._new.discard(window)
        elif kind == MAP_NOTIFY and window in self._new:
            self.changed(window)
            return
        if not self.is_of(window):
            return
        if kind == DESTROY_NOTIFY:
            self._patience.stop()
            self._soon.stop()
            self._taken = None
        elif not self._is_held:
            self._see_withdrawn()
        elif self._xcb.parent(window) != self._xcb.holder:
            # a window manager had been asked to show it already
            self._withdraw(self._describe(window))
        elif kind == MAP_NOTIFY:
            self._soon.start()

    # -- inside -----------------------------------------------------------------------------------

    def _put_back(self) -> None:
        self._patience.stop()
        self._soon.stop()
        taken, self._taken = self._taken, None
        if taken is None:
            return
        if self._is_held:
            self._xcb.reparent(taken.window_id, self._xcb.root, self._home)
        else:
            self._xcb.configure(taken.window_id, box=self._home)
            self._xcb.send("map_window", taken.window_id)
        self._xcb.send("change_save_set", 1, taken.window_id)
        self._xcb.flush()

    def _hold(self, found: FoundWindow) -> None:
        self._take(found)
        self._is_held = True
        self._xcb.reparent(found.window_id, self._xcb.holder, self._home)
        if self._xcb.is_mapped(found.window_id):
            self._soon.start()
        elif self._xcb.has_window_manager():
            self._patience.start(_SHOW_MILLISECONDS)

    def _withdraw(self, found: FoundWindow) -> None:
        self._take(found)
        self._is_held = False
        self._xcb.send("unmap_window", found.window_id)
        event = struct.pack("<BBHIIB", UNMAP_NOTIFY, 0, 0, self._xcb.root, found.window_id, 0)
        self._xcb.send_event(self._xcb.root, SUBSTRUCTURE_NOTIFY | SUBSTRUCTURE_REDIRECT, event)
        self._patience.start(_WITHDRAW_MILLISECONDS)
        self._see_withdrawn()

    def _take(self, found: FoundWindow) -> None:
        self._taken, self._home = found, self._xcb.box(found.window_id)
        self._new.discard(found.window_id)
        self._xcb.select(found.window_id, STRUCTURE_NOTIFY | PROPERTY_CHANGE)
        # from now on the window comes back by itself when the shell ends
        self._xcb.send("change_save_set", 0, found.window_id)

    def _is_managed(self, window: int) -> bool:
        state = self._xcb.property_numbers(window, "WM_STATE")[:1]
        return state not in ((), (_WITHDRAWN,)) or self._xcb.parent(window) not in (self._xcb.root, None)

    def _see_withdrawn(self) -> None:
        if self._taken is not None and not self._is_held and not self._is_managed(self._taken.window_id):
            self._soon.start()

    def _arrived(self) -> None:
        self._patience.stop()
        self._soon.stop()
        taken = self._taken
        if taken is None:
            return
        home = self._xcb.box(taken.window_id)
        if home is None:
            self._taken = None  # its end is told by whoever watches the program
        elif self._is_held and not self._is_wanted(self._describe(taken.window_id)):
            self._put_back()  # it took another name before it was shown
        else:
            self._taken = None
            # a window that was held has had no place yet but the one that its program gave it
            self._came(taken, home if self._is_held or self._home is None else self._home)
