"""How long from starting the shell until its window is usable, beside windows that only show web pages.

Usable is when the glass shows what it will show: the first picture that equals, within the box that has no
clock in it, the picture of the same window at rest. The peers are measured the same way, in turns with ours.
"""

import statistics
import time

from tests.benchmarks.glass import Picture, seconds_until, still_picture
from tests.benchmarks.measurement import Measurement, beside
from tests.benchmarks.peers import Peer, windows
from tests.benchmarks.world import World

ROUNDS = 5
PAGES = 2


def measure_start(world: World) -> list[Measurement]:
    """Start all in turns, some times over; the first of each warms the disk's cache and is not counted."""
    with windows(world) as all_of_them:
        final = [(one, _at_rest(world, one)) for one in all_of_them]
        seconds: dict[str | None, list[float]] = {one.name: [] for one in all_of_them}
        for _ in range(ROUNDS):
            for one, picture in reversed(final):
                seconds[one.name].append(_time_to(world, one, picture))
    taken = {name: round(statistics.median(values), 3) for name, values in seconds.items()}
    return beside(taken, benchmark="start", metric="start_usable", unit="s")


def _at_rest(world: World, window: Peer) -> Picture:
    empty = still_picture(world.glass)
    process = window.start(PAGES)
    whole = (0, 0, *world.glass.size)
    seconds_until(lambda: not world.glass.shows(empty, whole), time.perf_counter())
    picture = still_picture(world.glass, window.box)
    world.close_window(process)
    return picture


def _time_to(world: World, window: Peer, final: Picture) -> float:
    began = time.perf_counter()
    process = window.start(PAGES)
    taken = seconds_until(lambda: world.glass.shows(final, window.box), began)
    world.close_window(process)
    return taken
