"""How long a switch takes: to another function, visited before, and to another patient in both panes.

The clock runs from before the key is pressed until the first picture that equals the wanted one at rest.
A function is switched beside windows with two live pages. Nobody else here shows a patient twice.
"""

import subprocess
import time
from collections.abc import Callable
from functools import partial

from tests.benchmarks.glass import Picture, seconds_until, still_picture
from tests.benchmarks.measurement import Measurement, beside, percentile
from tests.benchmarks.peers import Peer, windows
from tests.benchmarks.world import World

ROUNDS = 20
PAGES = 2
SLOWEST = 0.95


def measure_switch(world: World) -> list[Measurement]:
    """Switch to and fro, in each window."""
    with windows(world) as all_of_them:
        seconds = {one.name: percentile(_functions(world, one), SLOWEST) for one in all_of_them}
        patients = percentile(_patients(world, all_of_them[0]), SLOWEST)
    taken = {name: round(1000 * value, 1) for name, value in seconds.items()}
    return [
        *beside(taken, benchmark="switch", metric="switch_function", unit="ms"),
        Measurement(benchmark="switch", metric="switch_patient", unit="ms", ours=round(1000 * patients, 1)),
    ]


def _functions(world: World, window: Peer) -> list[float]:
    process = started(world, window, lambda: window.start(PAGES))
    pictures = {}
    for key in (*window.keys, *window.keys):  # the second visit is the warm one
        world.hands.press(key)
        pictures[key] = still_picture(world.glass, window.box)
    taken = []
    for number in range(ROUNDS):
        key = window.keys[number % 2]
        began = time.perf_counter()
        world.hands.press(key)
        taken.append(seconds_until(partial(world.glass.shows, pictures[key], window.box), began))
    world.close_window(process)
    return taken


def _patients(world: World, window: Peer) -> list[float]:
    """From the Enter that takes who was found, until both panes show them as they stay."""
    one, other = world.patients(2)
    process = started(world, window, lambda: window.start(PAGES))
    world.hands.press("ctrl+1", "alt+2")  # both panes
    still_picture(world.glass, window.box)
    pictures: dict[str, Picture] = {}
    for number in (one.number, other.number) * 2:
        find(world, window, number)
        world.hands.press("Return")
        pictures[number] = still_picture(world.glass, window.box)
    taken = []
    for turn in range(ROUNDS):
        number = (one.number, other.number)[turn % 2]
        find(world, window, number)
        began = time.perf_counter()
        world.hands.press("Return")
        taken.append(seconds_until(partial(world.glass.shows, pictures[number], window.box), began))
        still_picture(world.glass, window.box)
    world.hands.press("ctrl+shift+x")
    world.close_window(process)
    return taken


def find(world: World, window: Peer, number: str) -> None:
    """Open the palette and type a number; who is found is marked by the time that nothing moves."""
    world.hands.press("ctrl+k")
    still_picture(world.glass, window.box)
    world.hands.write(number)
    still_picture(world.glass, window.box)


def started(
    world: World, window: Peer, start: Callable[[], subprocess.Popen[bytes]]
) -> subprocess.Popen[bytes]:
    """Start a window on the empty glass, and wait until it shows what it will show."""
    empty = still_picture(world.glass)
    process = start()
    whole = (0, 0, *world.glass.size)
    seconds_until(lambda: not world.glass.shows(empty, whole), time.perf_counter())
    still_picture(world.glass, window.box)  # beside it ages are told by the second
    return process
