"""How long a switch from one function to another takes, both visited before, beside two bare web views.

The clock runs from before the key is pressed until the first picture that equals the other
function's at rest.
"""

import statistics
import subprocess
import time
from functools import partial

from tests.benchmarks.glass import Box, seconds_until, still_picture
from tests.benchmarks.measurement import Measurement
from tests.benchmarks.start import BARE, BARE_BOX, Start
from tests.benchmarks.world import World

ROUNDS = 20
KEYS = ("ctrl+1", "ctrl+2")


def measure_switch(world: World) -> list[Measurement]:
    """Switch to and fro in a bare window, then in the shell's."""
    bare = _switches(world, lambda: subprocess.Popen(BARE, env=world.variables), BARE_BOX)
    ours = _switches(world, lambda: world.session.start_window(world.cloud), world.calm_box)
    return [
        Measurement(
            benchmark="switch",
            metric="switch_function",
            unit="ms",
            ours=round(1000 * statistics.median(ours), 1),
            peer="bare-qtwebengine",
            theirs=round(1000 * statistics.median(bare), 1),
        )
    ]


def _switches(world: World, start: Start, box: Box) -> list[float]:
    empty = still_picture(world.glass)
    process = start()
    whole = (0, 0, *world.glass.size)
    seconds_until(lambda: not world.glass.shows(empty, whole), time.perf_counter())
    still_picture(world.glass, box)  # beside it ages are told by the second
    pictures = {}
    for key in (*KEYS, *KEYS):  # the second visit is the warm one
        world.hands.press(key)
        pictures[key] = still_picture(world.glass, box)
    taken = []
    for number in range(ROUNDS):
        key = KEYS[number % 2]
        began = time.perf_counter()
        world.hands.press(key)
        taken.append(seconds_until(partial(world.glass.shows, pictures[key], box), began))
    world.close_window(process)
    return taken
