"""Watches the glass: when a colour is there, when a picture is complete.

The virtual screen's memory is read as it lies there. To ask the X server for a picture costs it and the
reader 20 ms, which would be taken from the programs that are measured.
"""

import mmap
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels."""

GIVE_UP_SECONDS = 60.0
STILL_SECONDS = 1.0
CARET_PIXELS = 100
"""A caret is one or two pixels wide and less than 50 high."""
_LOOK_SECONDS = 0.001
_EVERY_ROW = 16
_CARET_ROWS = 4  # of every sixteenth
_BYTES_A_PIXEL = 4
_HEADER = struct.Struct(">25I")  # XWDFile.h of the X Window System
_COLOUR_BYTES = 12


class NothingHappened(Exception):
    """What was waited for did not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What was on the glass at a moment.

    Attributes:
        pixels: rows from the top; blue, green, red and a byte that says nothing.
        size: width and height.
    """

    pixels: bytes
    size: tuple[int, int]

    def image(self, box: Box) -> Image.Image:
        """What a box shows."""
        return Image.frombytes("RGB", self.size, self.pixels, "raw", "BGRX").crop(box)


class Glass:
    """A virtual screen's memory, as `Xvfb -fbdir` lays it into a file of the format XWD."""

    def __init__(self, file: Path) -> None:
        """Open it; it stays readable for as long as the screen lives."""
        with file.open("rb") as opened:
            self._memory = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        header = _HEADER.unpack_from(self._memory)
        header_bytes, width, height, line_bytes, colours = (header[at] for at in (0, 4, 5, 12, 19))
        if line_bytes != width * _BYTES_A_PIXEL:
            raise ValueError(f"{file} has pixels of another depth than 24 bits")
        self.size = (width, height)
        self._at = header_bytes + colours * _COLOUR_BYTES

    def picture(self) -> Picture:
        """What is there now."""
        width, height = self.size
        end = self._at + width * height * _BYTES_A_PIXEL
        return Picture(pixels=self._memory[self._at : end], size=self.size)

    def shows(self, picture: Picture, box: Box) -> bool:
        """Whether a box shows what a picture shows there; costs next to nothing while it does not."""
        left, top, right, bottom = box
        others = 0
        for row in range(top, bottom, _EVERY_ROW):
            begin, end = (_BYTES_A_PIXEL * (row * self.size[0] + column) for column in (left, right))
            if self._memory[self._at + begin : self._at + end] != picture.pixels[begin:end]:
                others += 1
                if others > _CARET_ROWS:
                    return False
        return is_same(self.picture(), picture, box)


def seconds_until(is_there: Callable[[], bool], since: float) -> float:
    """Look every thousandth of a second until something is on the glass.

    Args:
        is_there: whether it is.
        since: `time.perf_counter()` when the clock began.

    Returns:
        When the first look was taken that found it.

    Raises:
        NothingHappened: it did not come.
    """
    while True:
        taken = time.perf_counter()
        if is_there():
            return taken - since
        if taken - since > GIVE_UP_SECONDS:
            raise NothingHappened(f"not seen within {GIVE_UP_SECONDS:.0f} s")
        time.sleep(_LOOK_SECONDS)


def still_picture(glass: Glass, box: Box | None = None) -> Picture:
    """What the glass shows once it, or a box of it, has not changed for a second."""
    box = box or (0, 0, *glass.size)
    last = glass.picture()
    since = began = time.perf_counter()
    while time.perf_counter() - since < STILL_SECONDS:
        time.sleep(_LOOK_SECONDS)
        if not glass.shows(last, box):
            last, since = glass.picture(), time.perf_counter()
        if time.perf_counter() - began > GIVE_UP_SECONDS:
            raise NothingHappened("the screen does not come to rest")
    return last


def is_same(one: Picture, other: Picture, box: Box) -> bool:
    """Whether two pictures show the same within a box, but for what a blinking caret may hide."""
    difference = ImageChops.difference(one.image(box).convert("L"), other.image(box).convert("L"))
    if difference.getbbox() is None:
        return True
    return difference.width * difference.height - difference.histogram()[0] <= CARET_PIXELS
