"""The few X11 requests that hosting needs, on the connection that Qt itself uses.

Every request is checked and its error thrown away: a foreign window may go at any moment; that is no fault.
Only the thread that runs the window may call.
"""

import ctypes
import struct
from collections.abc import Sequence
from typing import Any, Final

from shell.native.interface import Box

_POINTER = ctypes.c_void_p
_U32 = ctypes.c_uint32
_U16 = ctypes.c_uint16
_I16 = ctypes.c_int16
_U8 = ctypes.c_uint8

PRESS_GRAB_MASK: Final = 4
"""XCB_EVENT_MASK_BUTTON_PRESS"""
ANY_MODIFIER: Final = 0x8000
STRUCTURE_NOTIFY: Final = 1 << 17
SUBSTRUCTURE_NOTIFY: Final = 1 << 19
SUBSTRUCTURE_REDIRECT: Final = 1 << 20
FOCUS_CHANGE: Final = 1 << 21
PROPERTY_CHANGE: Final = 1 << 22
_ASYNC_POINTER: Final = 0
REPLAY_POINTER: Final = 2
ASYNC_KEYBOARD: Final = 3
_UNMAPPED: Final = 0
IS_VIEWABLE: Final = 2
LAST_PRESS_BUTTON: Final = 3
"""Buttons above it are the wheel's: to scroll is not to choose."""
_REVERT_TO_PARENT: Final = 2
"""Not PointerRoot: when a guest with the keys dies, they must not go to whatever is under the mouse."""
_EVENT_MASK_ATTRIBUTE: Final = 1 << 11
_UNMANAGED_ATTRIBUTE: Final = 1 << 9
_INPUT_OUTPUT: Final = 1
_ASYNC: Final = 1
_REPLY_HEADER: Final = 32
_NOW: Final = 0
"""XCB_CURRENT_TIME"""
_CHECKED: Final = 1
"""XCB_REQUEST_CHECKED: the error comes with the reply, not as an event."""

_REQUESTS: Final[dict[str, list[Any]]] = {
    "xcb_change_save_set_checked": [_U8, _U32],
    "xcb_set_input_focus_checked": [_U8, _U32, _U32],
    "xcb_send_event_checked": [_U8, _U32, _U32, ctypes.c_char_p],
    "xcb_grab_button_checked": [_U8, _U32, _U16, _U8, _U8, _U32, _U32, _U8, _U16],
    "xcb_ungrab_button_checked": [_U8, _U32, _U16],
    "xcb_grab_key_checked": [_U8, _U32, _U16, _U8, _U8, _U8],
    "xcb_ungrab_key_checked": [_U8, _U32, _U16],
    "xcb_ungrab_keyboard_checked": [_U32],
    "xcb_allow_events_checked": [_U8, _U32],
    "xcb_change_window_attributes_checked": [_U32, _U32, _POINTER],
    "xcb_configure_window_checked": [_U32, _U16, _POINTER],
    "xcb_map_window_checked": [_U32],
    "xcb_unmap_window_checked": [_U32],
    "xcb_create_window_checked": [_U8, _U32, _U32, _I16, _I16, _U16, _U16, _U16, _U16, _U32, _U32, _POINTER],
    "xcb_reparent_window_checked": [_U32, _U32, _I16, _I16],
    "xcb_change_property_checked": [_U8, _U32, _U32, _U32, _U8, _U32, _POINTER],
    "xcb_delete_property_checked": [_U32, _U32],
}
_QUESTIONS: Final[dict[str, list[Any]]] = {
    "xcb_intern_atom": [_U8, _U16, ctypes.c_char_p],
    "xcb_get_atom_name": [_U32],
    "xcb_get_property": [_U8, _U32, _U32, _U32, _U32, _U32],
    "xcb_query_tree": [_U32],
    "xcb_get_geometry": [_U32],
    "xcb_translate_coordinates": [_U32, _U32, _I16, _I16],
    "xcb_get_window_attributes": [_U32],
    "xcb_get_input_focus": [],
    "xcb_grab_keyboard": [_U8, _U32, _U32, _U8, _U8],
    "xcb_get_keyboard_mapping": [_U8, _U8],
}


class _ScreenIterator(ctypes.Structure):
    _fields_ = (("data", _POINTER), ("rem", ctypes.c_int), ("index", ctypes.c_int))


class _Extension(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("global_id", ctypes.c_int))


class _Request(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_size_t),
        ("extension", ctypes.POINTER(_Extension)),
        ("opcode", _U8),
        ("is_void", _U8),
    )


class _Part(ctypes.Structure):
    _fields_ = (("base", _POINTER), ("length", ctypes.c_size_t))


class Xcb:
    """Requests on an xcb connection given by its address (`QX11Application.connection()`)."""

    def __init__(self, connection: int) -> None:
        self._connection = _POINTER(connection)
        self._xcb = _library()
        self._free = ctypes.CDLL(None).free
        self._free.argtypes = [_POINTER]
        self._free.restype = None
        self._atoms: dict[str, int] = {}
        setup = self._xcb.xcb_get_setup(self._connection)
        self.first_keycode, self.last_keycode = struct.unpack("BB", ctypes.string_at(setup + 34, 2))
        screens = self._xcb.xcb_setup_roots_iterator(setup)
        self.root: int = _U32.from_address(screens.data).value
        self.holder = self._made_holder()
        """A window that is never on the screen, nor is what lies in it."""

    def _made_holder(self) -> int:
        window: int = self._xcb.xcb_generate_id(self._connection)
        value = _U32(1)
        place = (0, 0, 1, 1, 0, _INPUT_OUTPUT, 0)
        self.send("create_window", 0, window, self.root, *place, _UNMANAGED_ATTRIBUTE, ctypes.byref(value))
        return window

    # -- requests ---------------------------------------------------------------------------------

    def flush(self) -> None:
        """Send what is waiting."""
        self._xcb.xcb_flush(self._connection)

    def send(self, request: str, *arguments: object) -> None:
        """Queue a request by its xcb name; whatever error it meets is thrown away."""
        sequence = getattr(self._xcb, f"xcb_{request}_checked")(self._connection, *arguments)
        self._xcb.xcb_discard_reply(self._connection, sequence)

    def _ask(self, question: str, *arguments: object, fixed: int = _REPLY_HEADER) -> bytes | None:
        """The whole reply of a question; None when the window is gone."""
        sequence = getattr(self._xcb, question)(self._connection, *arguments)
        return self._reply(f"{question}_reply", sequence, fixed)

    def _reply(self, function: str, sequence: int, fixed: int) -> bytes | None:
        error = _POINTER()
        reply = getattr(self._xcb, function)(self._connection, sequence, ctypes.byref(error))
        if error.value is not None:
            self._free(error)
        if reply is None:
            return None
        extra: int = _U32.from_address(reply + 4).value * 4
        whole = ctypes.string_at(reply, max(fixed, _REPLY_HEADER + extra))
        self._free(reply)
        return whole

    def ask_extension(self, extension: bytes, minor: int, body: bytes) -> bytes | None:
        """The reply of a request of an extension for which there is no library."""
        known = _Extension(extension, 0)
        request = _Request(1, ctypes.pointer(known), minor, 0)
        content = ctypes.create_string_buffer(b"\0\0\0\0" + body, 4 + len(body))
        # xcb uses the two places before the first for itself
        parts = (_Part * 3)()
        parts[2] = _Part(ctypes.addressof(content), len(content))
        first = ctypes.byref(parts, 2 * ctypes.sizeof(_Part))
        sequence = self._xcb.xcb_send_request(self._connection, _CHECKED, first, ctypes.byref(request))
        return self._reply("xcb_wait_for_reply", sequence, _REPLY_HEADER) if sequence else None

    def idle_milliseconds(self) -> int:
        """Since the last key or move of the mouse (MIT-SCREEN-SAVER, QueryInfo); 0 where nobody knows."""
        reply = self.ask_extension(b"MIT-SCREEN-SAVER", 1, struct.pack("I", self.root))
        return 0 if reply is None else int(struct.unpack_from("I", reply, 16)[0])

    # -- what a window says -----------------------------------------------------------------------

    def atom(self, name: str) -> int:
        """The number of an atom, made when it is not there yet."""
        if name not in self._atoms:
            encoded = name.encode()
            reply = self._ask("xcb_intern_atom", 0, len(encoded), encoded)
            self._atoms[name] = struct.unpack_from("I", reply, 8)[0] if reply else 0
        return self._atoms[name]

    def property_bytes(self, window: int, name: str) -> bytes | None:
        """A property's value; None when the window has none, or is gone."""
        reply = self._ask("xcb_get_property", 0, window, self.atom(name), 0, 0, 16384)
        if reply is None:
            return None
        width, kind, count = reply[1], *struct.unpack_from("I4xI", reply, 8)
        return reply[32 : 32 + count * width // 8] if kind else None

    def property_numbers(self, window: int, name: str) -> tuple[int, ...]:
        """A property made of 32-bit numbers; empty when there is none."""
        value = self.property_bytes(window, name) or b""
        return struct.unpack(f"{len(value) // 4}I", value[: len(value) // 4 * 4])

    def property_text(self, window: int, *names: str) -> str:
        """The first of these properties that is there, as text."""
        for name in names:
            value = self.property_bytes(window, name)
            if value is not None:
                return value.decode("utf-8", errors="replace")
        return ""

    def children(self, window: int) -> tuple[int, ...]:
        """The windows inside a window, lowest first."""
        reply = self._ask("xcb_query_tree", window)
        if reply is None:
            return ()
        count = struct.unpack_from("H", reply, 16)[0]
        return struct.unpack_from(f"{count}I", reply, 32)

    def parent(self, window: int) -> int | None:
        """The window around a window; None when it is gone."""
        reply = self._ask("xcb_query_tree", window)
        return None if reply is None else int(struct.unpack_from("I", reply, 12)[0])

    def box(self, window: int) -> Box | None:
        """Where a window is on the screen; None when it is gone."""
        size = self._ask("xcb_get_geometry", window)
        place = self._ask("xcb_translate_coordinates", window, self.root, 0, 0)
        if size is None or place is None:
            return None
        x, y = struct.unpack_from("hh", place, 12)
        width, height = struct.unpack_from("HH", size, 16)
        return Box(x=x, y=y, width=width, height=height)

    def is_mapped(self, window: int) -> bool:
        """Whether its program has shown a window, wherever it lies."""
        reply = self._ask("xcb_get_window_attributes", window, fixed=44)
        return reply is not None and reply[26] != _UNMAPPED

    def is_viewable(self, window: int) -> bool:
        """Whether a window and all around it are mapped."""
        reply = self._ask("xcb_get_window_attributes", window, fixed=44)
        return reply is not None and reply[26] == IS_VIEWABLE

    def is_unmanaged(self, window: int) -> bool:
        """Whether a window bypasses the window manager: a menu or a tooltip."""
        reply = self._ask("xcb_get_window_attributes", window, fixed=44)
        return reply is None or reply[27] != 0

    def has_window_manager(self) -> bool:
        """Whether somebody else decides what is shown on the screen."""
        return bool(self.property_numbers(self.root, "_NET_SUPPORTING_WM_CHECK"))

    def focused(self) -> int:
        """The window that has the keys."""
        reply = self._ask("xcb_get_input_focus")
        return 0 if reply is None else int(struct.unpack_from("I", reply, 8)[0])

    def keyboard_mapping(self) -> tuple[int, tuple[int, ...]]:
        """How many keysyms a keycode has, and all of them from `first_keycode` on."""
        count = self.last_keycode - self.first_keycode + 1
        reply = self._ask("xcb_get_keyboard_mapping", self.first_keycode, count)
        if reply is None:
            return 1, ()
        return reply[1], struct.unpack_from(f"{(len(reply) - 32) // 4}I", reply, 32)

    # -- what is done to a window -----------------------------------------------------------------

    def select(self, window: int, events: int) -> None:
        """Ask for events of a window beside those that this connection already gets."""
        reply = self._ask("xcb_get_window_attributes", window, fixed=44)
        before = 0 if reply is None else struct.unpack_from("I", reply, 36)[0]
        value = _U32(before | events)
        self.send("change_window_attributes", window, _EVENT_MASK_ATTRIBUTE, ctypes.byref(value))

    def set_focus(self, window: int) -> None:
        """Give a window the keys, at once."""
        self.send("set_input_focus", _REVERT_TO_PARENT, window, _NOW)
        self.flush()

    def hold_keys(self, window: int) -> bool:
        """Have all keys come to this program, whatever has the focus; True when it is so."""
        reply = self._ask("xcb_grab_keyboard", 1, window, _NOW, _ASYNC, _ASYNC)
        return reply is not None and reply[1] == 0

    def hold_presses(self, window: int) -> None:
        """Be told of each press on a window first; mouse and keyboard stand still until `let_press_go_on`."""
        self.send("grab_button", 0, window, PRESS_GRAB_MASK, 0, 0, 0, 0, 0, ANY_MODIFIER)

    def let_presses_pass(self, window: int) -> None:
        """Undo `hold_presses`; a press held at this moment is let go: nothing may stand still for good."""
        self.send("ungrab_button", 0, window, ANY_MODIFIER)
        self.send("allow_events", _ASYNC_POINTER, _NOW)
        self.send("allow_events", ASYNC_KEYBOARD, _NOW)

    def let_press_go_on(self) -> None:
        """Deliver the press that is held, as if it had not been; the keys then go where the focus now is.

        With no time: of a press that waited behind another the server thinks that its own time is too old,
        does nothing, and the keyboard of the whole desktop stands still for good.
        """
        self.send("allow_events", REPLAY_POINTER, _NOW)
        self.flush()

    def let_key_go(self) -> None:
        """End what holds a key, or all keys; the next one goes where the focus now is."""
        self.send("ungrab_keyboard", _NOW)
        self.flush()

    def configure(self, window: int, *, box: Box | None = None, raised: bool = False) -> None:
        """Move, size and raise a window."""
        values = [] if box is None else [box.x & 0xFFFFFFFF, box.y & 0xFFFFFFFF, box.width, box.height]
        mask = (0 if box is None else 15) | (64 if raised else 0)
        packed = (_U32 * (len(values) + 1))(*values, 0)
        self.send("configure_window", window, mask, packed)
        self.flush()

    def reparent(self, window: int, parent: int, box: Box | None) -> None:
        """Put a window into another, at a place in it; shown or hidden as it was."""
        self.send("reparent_window", window, parent, *((box.x, box.y) if box is not None else (0, 0)))
        self.flush()

    def send_event(self, window: int, mask: int, event: bytes) -> None:
        """Send a made-up event (32 bytes)."""
        self.send("send_event", 0, window, mask, event.ljust(32, b"\0"))
        self.flush()

    def set_window_property(self, window: int, name: str, other: int) -> None:
        """Set a property that names another window."""
        self.set_numbers(window, name, "WINDOW", [other])
        self.flush()

    def set_numbers(self, window: int, name: str, kind: str, numbers: Sequence[int]) -> None:
        """Set a property made of 32-bit numbers."""
        packed = (_U32 * len(numbers))(*numbers)
        self.send("change_property", 0, window, self.atom(name), self.atom(kind), 32, len(numbers), packed)


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL("libxcb.so.1")
    for name, arguments in _REQUESTS.items():
        request = getattr(library, name)
        request.argtypes = [_POINTER, *arguments]
        request.restype = ctypes.c_uint
    for name, arguments in _QUESTIONS.items():
        question = getattr(library, name)
        question.argtypes = [_POINTER, *arguments]
        question.restype = ctypes.c_uint
        reply = getattr(library, f"{name}_reply")
        reply.argtypes = [_POINTER, ctypes.c_uint, _POINTER]
        reply.restype = _POINTER
    library.xcb_send_request.argtypes = [_POINTER, ctypes.c_int, _POINTER, _POINTER]
    library.xcb_send_request.restype = ctypes.c_uint
    library.xcb_wait_for_reply.argtypes = [_POINTER, ctypes.c_uint, _POINTER]
    library.xcb_wait_for_reply.restype = _POINTER
    library.xcb_flush.argtypes = [_POINTER]
    library.xcb_generate_id.argtypes = [_POINTER]
    library.xcb_generate_id.restype = ctypes.c_uint
    library.xcb_discard_reply.argtypes = [_POINTER, ctypes.c_uint]
    library.xcb_discard_reply.restype = None
    library.xcb_get_setup.argtypes = [_POINTER]
    library.xcb_get_setup.restype = _POINTER
    library.xcb_setup_roots_iterator.argtypes = [_POINTER]
    library.xcb_setup_roots_iterator.restype = _ScreenIterator
    return library
