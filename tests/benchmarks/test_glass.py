"""What the benchmarks see of a virtual screen."""

import struct
from pathlib import Path

import pytest

from tests.benchmarks.glass import Glass, NothingHappened, seconds_until

_WIDTH, _HEIGHT = 64, 200
_COLOURS = 2
_BOX = (0, 100, _WIDTH, _HEIGHT)


def _screen(path: Path) -> Path:
    # the fields of XWDFileHeader, in their order
    header = [100, 7, 2, 24, _WIDTH, _HEIGHT, 0, 0, 32, 0, 32, 32, _WIDTH * 4, 4, 0, 0, 0, 8, 256, _COLOURS]
    path.write_bytes(
        struct.pack(">25I", *header, *[0] * 5) + b"\0" * 12 * _COLOURS + b"\x40" * 4 * _WIDTH * _HEIGHT
    )
    return path


def _draw(path: Path, left: int, top: int, width: int, height: int) -> None:
    with path.open("r+b") as opened:
        for row in range(top, top + height):
            opened.seek(100 + 12 * _COLOURS + 4 * (row * _WIDTH + left))
            opened.write(b"\xf0" * 4 * width)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return _screen(tmp_path / "Xvfb_screen0")


def test_a_picture_has_the_colours_of_the_screen(file: Path) -> None:
    _draw(file, 3, 5, 1, 1)
    image = Glass(file).picture().image((0, 0, _WIDTH, _HEIGHT))
    assert image.getpixel((3, 5)) == (0xF0, 0xF0, 0xF0)
    assert image.getpixel((4, 5)) == (0x40, 0x40, 0x40)


def test_a_change_in_the_box_is_seen_however_small_its_part_of_the_box(file: Path) -> None:
    glass = Glass(file)
    before = glass.picture()
    _draw(file, 10, 113, 20, 6)  # lies between the rows of the first look
    assert not glass.shows(before, _BOX)


def test_a_change_beside_the_box_is_not_looked_at(file: Path) -> None:
    glass = Glass(file)
    before = glass.picture()
    _draw(file, 0, 0, _WIDTH, 99)
    assert glass.shows(before, _BOX)


def test_a_blinking_caret_changes_nothing(file: Path) -> None:
    glass = Glass(file)
    before = glass.picture()
    _draw(file, 10, 110, 2, 40)
    assert glass.shows(before, _BOX)


def test_what_never_comes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.benchmarks.glass.GIVE_UP_SECONDS", 0.0)
    with pytest.raises(NothingHappened):
        seconds_until(lambda: False, 0.0)
