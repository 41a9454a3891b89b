"""The names of the shell's keys, where the keyboard has them, and their grabs on a foreign window."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from shell.native.xcb import Xcb

SHIFT: Final = 1
CAPS_LOCK: Final = 2
CONTROL: Final = 4
ALT: Final = 8
NUM_LOCK: Final = 16
LOCKS: Final = (0, CAPS_LOCK, NUM_LOCK, CAPS_LOCK | NUM_LOCK)
"""A grab holds for exactly its modifiers, so each key is grabbed with and without the locks."""
_MODIFIERS: Final = {"Shift": SHIFT, "Ctrl": CONTROL, "Alt": ALT}
_NAMED_KEYSYMS: Final = {
    "Escape": 0xFF1B,
    "Return": 0xFF0D,
    "Tab": 0xFF09,
    "Space": 0x20,
    "Backspace": 0xFF08,
    "Insert": 0xFF63,
    "Delete": 0xFFFF,
    "Home": 0xFF50,
    "Left": 0xFF51,
    "Up": 0xFF52,
    "Right": 0xFF53,
    "Down": 0xFF54,
    "PageUp": 0xFF55,
    "PageDown": 0xFF56,
    "End": 0xFF57,
    **{f"F{number}": 0xFFBD + number for number in range(1, 13)},
}
_BEHIND_LATIN_1: Final = 0x100
_UNICODE_MARK: Final = 0x1000000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlace:
    """Where a key is on this keyboard."""

    name: str
    keycode: int
    modifiers: int


def places(xcb: Xcb, names: Iterable[str]) -> tuple[KeyPlace, ...]:
    """Find keys by name (`Ctrl+Shift+X`); a key that this keyboard does not have is left out.

    A sign that needs Shift on this keyboard (`/` on a German one) is found with it.
    """
    keyboard = xcb.keyboard_mapping()
    found = []
    for name in names:
        *modifier_names, key = name.split("+")
        modifiers = sum(_MODIFIERS[modifier] for modifier in modifier_names)
        place = _place(xcb, keyboard, name, _NAMED_KEYSYMS.get(key, ord(key[0].lower())))
        if place is not None:
            found.append(replace(place, modifiers=modifiers | place.modifiers))
    return tuple(found)


def place_of_letter(xcb: Xcb, letter: str) -> KeyPlace | None:
    """Where a letter, digit or sign is on this keyboard, with Shift where needed; None: it is not there."""
    code = ord(letter)
    # keysyms of Latin-1 are its codes, those of all others Unicode's behind a mark (X11 protocol, appendix A)
    keysym = code if code < _BEHIND_LATIN_1 else code | _UNICODE_MARK
    return _place(xcb, xcb.keyboard_mapping(), letter, keysym)


def _place(xcb: Xcb, keyboard: tuple[int, tuple[int, ...]], name: str, keysym: int) -> KeyPlace | None:
    width, keysyms = keyboard
    for level, modifiers in ((0, 0), (1, SHIFT)):
        column = keysyms[level::width] if width > level else ()
        if keysym in column:
            keycode = xcb.first_keycode + column.index(keysym)
            return KeyPlace(name=name, keycode=keycode, modifiers=modifiers)
    return None


class KeyGrabs:
    """The shell's keys on a foreign window and all inside of it: heard here, never by its program.

    Args:
        xcb: the connection.
        window_id: the window.
        names: the keys.
        on_key: told the name of one that was pressed; what is typed after it waits until this returns.
    """

    def __init__(self, xcb: Xcb, window_id: int, names: Iterable[str], on_key: Callable[[str], None]) -> None:
        self._xcb = xcb
        self._window_id = window_id
        self._keys = places(xcb, names)
        self._on_key = on_key
        for key in self._keys:
            for lock in LOCKS:
                # synchronous for the keyboard: what is typed after the key waits for the new focus
                xcb.send("grab_key", 0, window_id, key.modifiers | lock, key.keycode, 1, 0)
        xcb.flush()

    def pressed(self, keycode: int, state: int) -> None:
        """A grab fired. It ends at once, so that the next key goes where the keys now are."""
        try:
            for key in self._keys:
                if (key.keycode, key.modifiers) == (keycode, state & 0xFF & ~(CAPS_LOCK | NUM_LOCK)):
                    self._on_key(key.name)
        finally:
            self._xcb.let_key_go()

    def release(self) -> None:
        """Let the window have the keys."""
        for key in self._keys:
            for lock in LOCKS:
                self._xcb.send("ungrab_key", key.keycode, self._window_id, key.modifiers | lock)
        self._xcb.flush()
