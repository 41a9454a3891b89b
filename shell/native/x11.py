"""The windows of an X11 desktop, seen through Qt's own connection and its native events."""

import ctypes
import struct
from collections.abc import Callable, Collection, Sequence
from typing import Final

from PySide6.QtCore import QAbstractNativeEventFilter, QByteArray, QTimer

from shell.native.interface import Box, FoundWindow, FrameListener, GuestListener
from shell.native.x11_arrival import (
    DESTROY_NOTIFY,
    MAP_NOTIFY,
    REPARENT_NOTIFY,
    UNMAP_NOTIFY,
    Awaited,
    X11Arrival,
)
from shell.native.x11_guest import X11Guest
from shell.native.x11_hidden import X11Hidden
from shell.native.x11_key_hold import X11KeyHold
from shell.native.x11_keys import KeyGrabs
from shell.native.x11_owner import owner_pid
from shell.native.xcb import (
    LAST_PRESS_BUTTON,
    PROPERTY_CHANGE,
    SUBSTRUCTURE_NOTIFY,
    SUBSTRUCTURE_REDIRECT,
    Xcb,
)

_HINTS: Final = "WM_NORMAL_HINTS"
_HAS_LEAST_SIZE: Final = 1 << 4
_LEAST_WIDTH: Final = 5
_LEAST_HEIGHT: Final = 6
_KEY_PRESS: Final = 2
_BUTTON_PRESS: Final = 4
_FOCUS_IN: Final = 9
_FOCUS_OUT: Final = 10
_CREATE_NOTIFY: Final = 16
_PROPERTY_NOTIFY: Final = 28
_GENERIC: Final = 35
_XI_BUTTON_PRESS: Final = 4
_SCREEN_EVENTS: Final = frozenset({DESTROY_NOTIFY, UNMAP_NOTIFY, MAP_NOTIFY, REPARENT_NOTIFY})
_EVENT_BYTES: Final = 32
_OVERRIDE_REDIRECT: Final = 22
"""Where a CreateNotify says that window managers let the window be: it is a menu or a tooltip."""
_FRAME_DEPTH: Final = 4
"""Window managers put a window into at most three frames; what is deeper is inside another program."""
_FOCUS_OF_THE_FRAME: Final = frozenset({0, 2, 3})
"""Ancestor, Inferior, Nonlinear: the top level itself has the keys, not a window inside of it."""
_CLIENT_MESSAGE: Final = 33
_FOCUS_SETTLES_MILLISECONDS: Final = 40
"""A window manager moves the focus in steps; only where it ends counts."""
_POINTER_ROOT: Final = 1
"""Nobody has the focus: without a window manager keys go to what is under the mouse."""
_ICONIC: Final = 3
_SENT: Final = 0x80
"""Of an event's kind: some program sent it, and not the server."""


class X11Windows(QAbstractNativeEventFilter):
    """See `shell.native.interface.NativeWindows`. Installed as the application's native event filter."""

    def __init__(self, connection: int) -> None:
        super().__init__()
        self._xcb = Xcb(connection)
        self._guests: dict[int, X11Guest] = {}
        self._dialogue_keys: dict[int, KeyGrabs] = {}
        self._frames: dict[int, tuple[int, FrameListener]] = {}
        self._arrivals: list[X11Arrival] = []
        self._key_hold = X11KeyHold(self._xcb, self._frames)
        self._held: set[int] = set()
        self._hints: dict[int, tuple[int, ...]] = {}
        self._hidden = X11Hidden(self._xcb)
        self._screen_watchers: list[Callable[[], None]] = []
        self._title_atoms = {self._xcb.atom("_NET_WM_NAME"), self._xcb.atom("WM_NAME")}
        self._arrival_atoms = {*self._title_atoms, self._xcb.atom("WM_CLASS"), self._xcb.atom("WM_STATE")}
        self._client_list_atom = self._xcb.atom("_NET_CLIENT_LIST")
        self._focus_settles = QTimer(singleShot=True, interval=_FOCUS_SETTLES_MILLISECONDS)
        self._focus_settles.timeout.connect(self._see_where_focus_is)
        self._look_again = QTimer(singleShot=True, interval=0)
        self._look_again.timeout.connect(self._screen_changed)

    # -- NativeWindows ----------------------------------------------------------------------------

    def find(
        self, *, wm_class: str | None = None, pids: Collection[int] | None = None
    ) -> Sequence[FoundWindow]:
        """All client windows of the screen that match, hidden ones too; menus and tooltips are none."""
        found = []
        for window in self._clients(self._xcb.root, _FRAME_DEPTH):
            described = self._describe(window)
            if wm_class is not None and wm_class not in described.wm_class.split("\0"):
                continue
            if pids is not None and described.pid not in pids:
                continue
            found.append(described)
        return found

    def watch_screen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call back after windows came or went; many changes at once are one call."""
        if not self._screen_watchers:
            self._xcb.select(self._xcb.root, SUBSTRUCTURE_NOTIFY | PROPERTY_CHANGE)
            self._xcb.flush()
        self._screen_watchers.append(changed)
        return lambda: self._screen_watchers.remove(changed)

    def expect(
        self,
        is_of_program: Callable[[int], bool],
        is_main: Callable[[FoundWindow], bool],
        came: Callable[[FoundWindow, Box], None],
    ) -> X11Arrival:
        """See the protocol, and `x11_arrival`."""

        def arrived(found: FoundWindow, home: Box) -> None:
            came(found, home)
            self._key_hold.came()

        arrival = X11Arrival(
            self._xcb,
            Awaited(is_of_program=is_of_program, is_main=is_main),
            self.find,
            self._describe,
            arrived,
            lambda: self._arrivals.remove(arrival),
        )
        self._arrivals.append(arrival)
        return arrival

    def least_size(self, window_id: int) -> tuple[int, int] | None:
        """PMinSize of its WM_NORMAL_HINTS (ICCCM 4.1.2.3), which `put_back` writes again."""
        hints = self._hints[window_id] = self._xcb.property_numbers(window_id, _HINTS)
        if len(hints) <= _LEAST_HEIGHT or not hints[0] & _HAS_LEAST_SIZE:
            return None
        return hints[_LEAST_WIDTH], hints[_LEAST_HEIGHT]

    def put_back(self, window_id: int, box: Box) -> None:
        """Place, size and map a window that lies on the screen itself, with the hints that it came with."""
        hints = self._hints.pop(window_id, ())
        if hints:
            self._xcb.set_numbers(window_id, _HINTS, "WM_SIZE_HINTS", hints)
        self._xcb.configure(window_id, box=box)
        self._xcb.send("map_window", window_id)
        self._xcb.flush()

    def adopt(self, window_id: int, listener: GuestListener, shell_keys: Sequence[str]) -> X11Guest:
        """See the protocol; call it after the window was put into its pane."""
        guest = X11Guest(self._xcb, window_id, listener, shell_keys, self._give_away)
        self._guests[window_id] = guest
        return guest

    def keep_dialogue(self, window_id: int, top: int, *, with_keys: bool) -> None:
        """Make the dialogue one of the shell's top level, which window managers keep above it."""
        self._xcb.set_window_property(window_id, "WM_TRANSIENT_FOR", top)
        screen, box = self._xcb.box(self._xcb.root), self._xcb.box(window_id)
        if box is None or screen is None:
            return
        inside = Box(
            x=max(0, min(box.x, screen.width - box.width)),
            y=max(0, min(box.y, screen.height - box.height)),
            width=box.width,
            height=box.height,
        )
        self._xcb.configure(window_id, box=inside if inside != box else None, raised=True)
        if not with_keys:
            return
        if self._xcb.has_window_manager():
            activate = self._xcb.atom("_NET_ACTIVE_WINDOW")
            event = struct.pack("<BBHIIII", _CLIENT_MESSAGE, 32, 0, window_id, activate, 2, 0)
            self._xcb.send_event(self._xcb.root, SUBSTRUCTURE_NOTIFY | SUBSTRUCTURE_REDIRECT, event)
        elif self._xcb.is_viewable(window_id):
            self.focus(window_id)

    def hide(self, window_id: int) -> None:
        """See the protocol, and `x11_hidden`."""
        self._hidden.hide(window_id)

    def show(self, window_id: int) -> None:
        """See the protocol."""
        self._hidden.show(window_id)

    def hear_keys(
        self, window_id: int, shell_keys: Sequence[str], on_key: Callable[[str], None]
    ) -> Callable[[], None]:
        """Grab the keys on the window; a grab goes with its window by itself."""
        grabs = self._dialogue_keys[window_id] = KeyGrabs(self._xcb, window_id, shell_keys, on_key)

        def hear_no_more() -> None:
            if self._dialogue_keys.pop(window_id, None) is not None:
                grabs.release()

        return hear_no_more

    def watch_frame(self, top: int, content: int, listener: FrameListener) -> Callable[[], None]:
        """Watch the top level (FocusIn of its own) and what is drawn in it (presses)."""
        self._frames[top] = (content, listener)
        return lambda: self._frames.pop(top, None) and None

    def hold_presses(self, top: int, *, held: bool) -> None:
        """Grab the buttons on the content, so that no key overtakes the press before it."""
        if top not in self._frames:
            return
        content, listener = self._frames[top]
        if held and self._xcb.focused() in (top, _POINTER_ROOT):
            # the keys would follow the mouse into what now lies inside the top level
            listener.on_frame_focused()
        if held and content not in self._held:
            self._held.add(content)
            self._xcb.hold_presses(content)
        elif not held and content in self._held:
            self._xcb.let_presses_pass(content)
            self._held.discard(content)
        self._xcb.flush()

    def _give_away(self, window_id: int) -> None:
        """Give a guest the keys; what is typed from now on is meant for it."""
        self._key_hold.end()
        self.focus(window_id)

    def focus(self, window_id: int) -> None:
        """Give a window the keyboard; one that is not on the glass yet gets none: that is seen later."""
        self._xcb.set_focus(window_id)
        self._focus_settles.start()

    # -- events -----------------------------------------------------------------------------------

    def idle_seconds(self) -> float:
        """See `NativeWindows`; by the X server, which sees what foreign windows get too."""
        return self._xcb.idle_milliseconds() / 1000

    def nativeEventFilter(  # noqa: N802 - Qt's name
        self, event_type: QByteArray | bytes | bytearray | memoryview, message: int
    ) -> object:
        """Look at every X event before Qt does; swallow those of our own grabs."""
        if event_type != b"xcb_generic_event_t":
            return False, 0
        raw = ctypes.string_at(int(message), _EVENT_BYTES)
        return self._handle(raw[0] & 0x7F, raw), 0

    def _handle(self, kind: int, raw: bytes) -> bool:
        if kind in (_KEY_PRESS, _BUTTON_PRESS):
            return self._grab_fired(kind, raw)
        first, second = struct.unpack_from("II", raw, 4)
        if kind == _FOCUS_IN:
            self._focus_came(first, detail=raw[1], mode=raw[8])
        elif kind == _FOCUS_OUT:
            self._focus_settles.start()
        elif kind == _PROPERTY_NOTIFY:
            if first in self._guests and second in self._title_atoms:
                self._guests[first].renamed()
            elif first == self._xcb.root and second == self._client_list_atom:
                self._look_soon()
            elif second in self._arrival_atoms:
                for arrival in tuple(self._arrivals):
                    arrival.changed(first)
        elif kind == _GENERIC and struct.unpack_from("H", raw, 8)[0] == _XI_BUTTON_PRESS:
            self._pressed(struct.unpack_from("I", raw, 24)[0], struct.unpack_from("I", raw, 16)[0])
        elif kind == _CREATE_NOTIFY and first == self._xcb.root:
            self._made(second, is_unmanaged=bool(raw[_OVERRIDE_REDIRECT]))
        elif kind in _SCREEN_EVENTS:
            self._structure_changed(kind, first, second, is_sent=bool(raw[0] & _SENT))
        return False

    def _grab_fired(self, kind: int, raw: bytes) -> bool:
        window = struct.unpack_from("I", raw, 12)[0]
        if kind == _BUTTON_PRESS and window in self._held:
            try:
                self._pressed(window, raw[1])
            finally:
                self._xcb.let_press_go_on()
            return True
        guest = self._guests.get(window)
        if guest is not None and guest.is_released:
            guest = None
        keys = guest.keys if guest is not None else self._dialogue_keys.get(window)
        if kind == _BUTTON_PRESS and guest is not None:
            guest.pressed(raw[1])
        elif kind == _KEY_PRESS and keys is not None:
            keys.pressed(raw[1], struct.unpack_from("H", raw, 28)[0])
        else:
            return False
        return True

    def _focus_came(self, window: int, *, detail: int, mode: int) -> None:
        if window in self._frames and detail in _FOCUS_OF_THE_FRAME:
            self._frames[window][1].on_frame_focused()
        elif window in self._guests:
            self._guests[window].focused(detail, mode)

    def _see_where_focus_is(self) -> None:
        """Tell where the keys ended, above all when that is nobody: a window manager let go of a window."""
        focused = self._xcb.focused()
        is_under_way = any(arrival.is_under_way for arrival in self._arrivals)
        self._key_hold.rested(focused, is_awaited=bool(self._arrivals), is_under_way=is_under_way)
        window: int | None = focused
        for _ in range(_FRAME_DEPTH * 2):
            if window is None or window in (0, _POINTER_ROOT, self._xcb.root):
                break
            if window in self._guests:
                return
            for top, (content, listener) in list(self._frames.items()):
                if window in (top, content):
                    (listener.on_content_focused if window == content else listener.on_frame_focused)()
                    return
            if self._xcb.property_bytes(window, "WM_CLASS") is not None:
                for _, listener in list(self._frames.values()):
                    listener.on_other_focused(window)
                return
            window = self._xcb.parent(window)
        for top, (_, listener) in list(self._frames.items()):
            if self._xcb.is_viewable(top):
                listener.on_frame_focused()

    def _pressed(self, window: int, button: int) -> None:
        if button > LAST_PRESS_BUTTON:
            return
        for top, (content, listener) in list(self._frames.items()):
            if window in (top, content) or self._is_inside(window, content):
                listener.on_frame_pressed()

    def _is_inside(self, window: int, content: int) -> bool:
        """Whether a window is one that Qt made inside `content` (a child that something made native)."""
        parent: int | None = window
        for _ in range(_FRAME_DEPTH):
            parent = self._xcb.parent(parent) if parent else None
            if parent == content:
                return True
        return False

    def _structure_changed(self, kind: int, event: int, window: int, *, is_sent: bool) -> None:
        if event == self._xcb.root:
            self._look_soon()
        self._hidden.saw(kind, window, is_sent=is_sent)
        for arrival in tuple(self._arrivals):
            arrival.moved(kind, window)
        guest = self._guests.get(window)
        if guest is None or event != window:
            return
        if kind == DESTROY_NOTIFY:
            del self._guests[window]
            self._hints.pop(window, None)
            guest.destroyed()
        elif kind == REPARENT_NOTIFY:
            guest.reparented()

    def _made(self, window: int, *, is_unmanaged: bool) -> None:
        """Some program made a window: is it the one that is waited for, or one that comes before it?"""
        if self._arrivals:
            pid = owner_pid(self._xcb, window)
            for arrival in tuple(self._arrivals):
                if pid is not None and arrival.awaited.is_of_program(pid):
                    self._key_hold.hold(pid)
                    if not is_unmanaged:
                        arrival.created(window)

    def _look_soon(self) -> None:
        if self._screen_watchers:
            self._look_again.start()

    def _screen_changed(self) -> None:
        for arrival in tuple(self._arrivals):
            arrival.look()
        for watcher in tuple(self._screen_watchers):
            watcher()

    # -- the screen -------------------------------------------------------------------------------

    def _clients(self, window: int, depth: int) -> list[int]:
        clients = []
        for child in self._xcb.children(window):
            if self._xcb.property_bytes(child, "WM_CLASS") is not None:
                if not self._xcb.is_unmanaged(child):
                    clients.append(child)
            elif depth > 1:
                clients += self._clients(child, depth - 1)
        return clients

    def _describe(self, window: int) -> FoundWindow:
        transient = self._xcb.property_numbers(window, "WM_TRANSIENT_FOR")
        return FoundWindow(
            window_id=window,
            title=self._xcb.property_text(window, "_NET_WM_NAME", "WM_NAME"),
            wm_class=self._xcb.property_text(window, "WM_CLASS"),
            pid=owner_pid(self._xcb, window),
            transient_for=transient[0] if transient else None,
            is_shown=self._xcb.is_viewable(window)
            or self._xcb.property_numbers(window, "WM_STATE")[:1] == (_ICONIC,),
        )
