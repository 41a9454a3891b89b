"""Watches the glass: when a colour is there, when a picture is complete."""

import time
from collections.abc import Callable

from PIL import Image, ImageChops

from demo.check.virtual_screen import VirtualScreen

Place = tuple[int, int]
GIVE_UP_SECONDS = 60.0
STILL_SECONDS = 1.0
CARET_PIXELS = 100
"""A caret is one or two pixels wide and less than 50 high."""


class NothingHappened(Exception):
    """What was waited for did not come."""


def seconds_until(screen: VirtualScreen, is_there: Callable[[Image.Image], bool], since: float) -> float:
    """Look as fast as the screen can be read (5 ms) until something is on it.

    Args:
        screen: where to look.
        is_there: whether a picture shows it.
        since: `time.perf_counter()` when the clock began.

    Returns:
        When the first picture was taken that shows it.

    Raises:
        NothingHappened: it did not come.
    """
    while True:
        taken = time.perf_counter()
        if is_there(screen.picture()):
            return taken - since
        if taken - since > GIVE_UP_SECONDS:
            raise NothingHappened(f"not seen within {GIVE_UP_SECONDS:.0f} s")


def still_picture(screen: VirtualScreen) -> Image.Image:
    """What the screen shows once it has not changed for a second."""
    last = screen.picture()
    since = began = time.perf_counter()
    while time.perf_counter() - since < STILL_SECONDS:
        now = screen.picture()
        if not is_same(now, last):
            last, since = now, time.perf_counter()
        if time.perf_counter() - began > GIVE_UP_SECONDS:
            raise NothingHappened("the screen does not come to rest")
    return last


def is_same(one: Image.Image, other: Image.Image, box: tuple[int, int, int, int] | None = None) -> bool:
    """Whether two pictures show the same within a box, but for what a blinking caret may hide."""
    if box is not None:
        one, other = one.crop(box), other.crop(box)
    difference = ImageChops.difference(one.convert("L"), other.convert("L"))
    if difference.getbbox() is None:
        return True
    return one.width * one.height - difference.histogram()[0] <= CARET_PIXELS
