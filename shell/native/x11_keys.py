"""The names of the shell's keys, and where the keyboard has them."""

from collections.abc import Iterable
from dataclasses import dataclass
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
    **{f"F{number}": 0xFFBD + number for number in range(1, 13)},
}


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
    width, keysyms = xcb.keyboard_mapping()
    found = []
    for name in names:
        *modifier_names, key = name.split("+")
        modifiers = sum(_MODIFIERS[modifier] for modifier in modifier_names)
        wanted = _NAMED_KEYSYMS.get(key, ord(key[0].lower()))
        for level, extra in ((0, 0), (1, SHIFT)):
            column = keysyms[level::width] if width > level else ()
            if wanted in column:
                keycode = xcb.first_keycode + column.index(wanted)
                found.append(KeyPlace(name=name, keycode=keycode, modifiers=modifiers | extra))
                break
    return tuple(found)
