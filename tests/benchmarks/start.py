"""How long from starting the shell until its window is usable, beside a bare QtWebEngine window.

Usable is when the glass shows what it will show: the first picture that equals, within the box that has no
clock in it, the picture of the same window at rest. The peer is measured the same way, in turns with ours.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from tests.benchmarks.glass import Box, Picture, seconds_until, still_picture
from tests.benchmarks.measurement import Measurement
from tests.benchmarks.world import World

ROUNDS = 5
BARE = [sys.executable, "-m", "tests.benchmarks.bare_window"]
BARE_BOX = (40, 60, 1400, 860)

Start = Callable[[], subprocess.Popen[bytes]]


def measure_start(world: World) -> list[Measurement]:
    """Start both in turns, some times over; the first of each warms the disk's cache and is not counted."""

    def bare() -> subprocess.Popen[bytes]:
        return subprocess.Popen(BARE, env=world.variables)

    def ours() -> subprocess.Popen[bytes]:
        return world.session.start_window(world.cloud)

    final = {name: _at_rest(world, start) for name, start in (("bare", bare), ("ours", ours))}
    seconds: dict[str, list[float]] = {"bare": [], "ours": []}
    for _ in range(ROUNDS):
        seconds["bare"].append(_time_to(world, bare, final["bare"], BARE_BOX))
        seconds["ours"].append(_time_to(world, ours, final["ours"], world.calm_box))
    return [
        Measurement(
            benchmark="start",
            metric="start_usable",
            unit="s",
            ours=round(statistics.median(seconds["ours"]), 3),
            peer="bare-qtwebengine",
            theirs=round(statistics.median(seconds["bare"]), 3),
        )
    ]


def _at_rest(world: World, start: Start) -> Picture:
    empty = still_picture(world.glass)
    process = start()
    whole = (0, 0, *world.glass.size)
    seconds_until(lambda: not world.glass.shows(empty, whole), time.perf_counter())
    picture = still_picture(world.glass)
    world.close_window(process)
    return picture


def _time_to(world: World, start: Start, final: Picture, box: Box) -> float:
    began = time.perf_counter()
    process = start()
    taken = seconds_until(lambda: world.glass.shows(final, box), began)
    world.close_window(process)
    return taken
