"""A foreign X11 window inside a pane, with what plain Qt gets wrong put right.

Seen with plain Qt, and why each thing is here: the window died with the shell (save set); keys followed
the mouse (button grab, focus on the guest alone); shell keys reached the guest (key grabs); menus opened
elsewhere after a move (a made-up ConfigureNotify); nobody heard of its end (DestroyNotify).
"""

import struct
from collections.abc import Callable, Sequence
from typing import Final

from shell.native.interface import Box, GuestListener
from shell.native.x11_keys import KeyGrabs, KeyPlace, place_of_letter, places
from shell.native.xcb import (
    FOCUS_CHANGE,
    LAST_PRESS_BUTTON,
    PROPERTY_CHANGE,
    STRUCTURE_NOTIFY,
    Xcb,
)

_CONFIGURE_NOTIFY: Final = 22
_KEY_PRESS: Final = 2
_KEY_RELEASE: Final = 3
_CLIENT_MESSAGE: Final = 33
_FOCUS_IN: Final = 9
_FOCUS_OUT: Final = 10
_NONLINEAR: Final = 3
_NORMAL_FOCUS: Final = 0
_DEPTH: Final = 8
"""Toolkits focus a window of their own inside the one that is hosted."""
_TO_ITS_PROGRAM: Final = 0
"""No mask: an event goes to whoever made the window, and to nobody else. GTK asks for no core key events."""
_FOCUS_OF_ITS_OWN: Final = frozenset({0, 1, 2, 3, 4})
"""Ancestor, Virtual, Inferior, Nonlinear, NonlinearVirtual: the keys came to it or into it, not past it."""


class X11Guest:
    """See `shell.native.interface.Guest`. Events reach it from `X11Windows` alone."""

    def __init__(
        self,
        xcb: Xcb,
        window_id: int,
        listener: GuestListener,
        shell_keys: Sequence[str],
        focus: Callable[[int], None],
    ) -> None:
        self._xcb = xcb
        self._focus = focus
        self._window_id = window_id
        self._listener = listener
        self._pane = xcb.parent(window_id)
        self.is_released = False
        self._believes = False
        xcb.send("change_save_set", 0, window_id)
        # the press, and what is typed after it, wait until the guest has the keys
        xcb.hold_presses(window_id)
        self.keys = KeyGrabs(xcb, window_id, shell_keys, listener.on_shell_key)
        xcb.select(window_id, STRUCTURE_NOTIFY | FOCUS_CHANGE | PROPERTY_CHANGE)
        xcb.flush()

    @property
    def window_id(self) -> int:
        """The X11 window."""
        return self._window_id

    def title(self) -> str:
        """The title at this moment; empty when the window is gone."""
        return self._xcb.property_text(self._window_id, "_NET_WM_NAME", "WM_NAME")

    def size(self) -> tuple[int, int]:
        """As the X server has it."""
        box = self._xcb.box(self._window_id)
        return (0, 0) if box is None else (box.width, box.height)

    def told_place(self, box: Box) -> None:
        """Send the ConfigureNotify that a window manager would (ICCCM 4.1.5)."""
        event = struct.pack(
            "<BBHIIIhhHHHBx",
            _CONFIGURE_NOTIFY,
            0,
            0,
            self._window_id,
            self._window_id,
            0,
            box.x,
            box.y,
            box.width,
            box.height,
            0,
            0,
        )
        self._xcb.send_event(self._window_id, STRUCTURE_NOTIFY, event)

    def take_keys(self) -> None:
        """Focus the window itself: what is under the mouse outside of it then gets nothing."""
        self._focus(self._window_id)

    def begin_keys(self) -> None:
        """Send a FocusIn to the program alone: Tk and Qt refuse keys while they have no focus.

        The focus stays where it is, and so does what a person types.
        """
        if not self._believes and not self._has_focus():
            self._believes = True
            self._send_focus(_FOCUS_IN)

    def press(self, key: str) -> bool:
        """Send a key press and release to this window alone; some programs refuse what is sent."""
        return self._send_key(next(iter(places(self._xcb, [key])), None))

    def type_letter(self, letter: str) -> bool:
        """Send the key of a letter."""
        return self._send_key(place_of_letter(self._xcb, letter))

    def end_keys(self) -> None:
        """Send the FocusOut, unless the window has got the focus meanwhile."""
        if self._believes:
            self._believes = False
            if not self._has_focus():
                self._send_focus(_FOCUS_OUT)

    def _has_focus(self) -> bool:
        inner: int | None = self._xcb.focused()
        for _ in range(_DEPTH):
            if inner is None or inner == self._window_id:
                return inner is not None
            inner = self._xcb.parent(inner)
        return False

    def _send_focus(self, kind: int) -> None:
        event = struct.pack("<BBHIB", kind, _NONLINEAR, 0, self._window_id, _NORMAL_FOCUS)
        self._xcb.send_event(self._window_id, _TO_ITS_PROGRAM, event)

    def _send_key(self, place: KeyPlace | None) -> bool:
        if place is None:
            return False
        for kind in (_KEY_PRESS, _KEY_RELEASE):
            event = struct.pack(
                "<BBHIIIIhhhhHBx",
                kind,
                place.keycode,
                0,
                0,
                self._xcb.root,
                self._window_id,
                0,
                0,
                0,
                0,
                0,
                place.modifiers,
                1,
            )
            self._xcb.send_event(self._window_id, _TO_ITS_PROGRAM, event)
        return True

    def ask_to_close(self) -> None:
        """Send WM_DELETE_WINDOW (ICCCM 4.2.8.1)."""
        protocols, delete = self._xcb.atom("WM_PROTOCOLS"), self._xcb.atom("WM_DELETE_WINDOW")
        event = struct.pack("<BBHIIII", _CLIENT_MESSAGE, 32, 0, self._window_id, protocols, delete, 0)
        self._xcb.send_event(self._window_id, 0, event)

    def release(self) -> None:
        """Take the grabs and the save set off the window."""
        self.is_released = True
        self._xcb.let_presses_pass(self._window_id)
        self.keys.release()
        self._xcb.send("change_save_set", 1, self._window_id)
        self._xcb.flush()

    # -- events, from X11Windows ------------------------------------------------------------------

    def pressed(self, button: int) -> None:
        """The button grab fired: keys first, then the press goes on to the program. A wheel takes no keys."""
        try:
            if button <= LAST_PRESS_BUTTON:
                self._listener.on_pressed()
        finally:
            self._xcb.let_press_go_on()

    def focused(self, detail: int, mode: int) -> None:
        """A FocusIn that is not part of a grab."""
        if mode == _NORMAL_FOCUS and detail in _FOCUS_OF_ITS_OWN:
            self._listener.on_focused()

    def renamed(self) -> None:
        """The title property changed."""
        self._listener.on_title(self.title())

    def reparented(self) -> None:
        """The window was moved. Told when it now is elsewhere: the event may be an old one."""
        if not self.is_released and self._xcb.parent(self._window_id) not in (self._pane, None):
            self._listener.on_taken_out()

    def destroyed(self) -> None:
        """The window is no more."""
        self.is_released = True
        self._listener.on_destroyed()
