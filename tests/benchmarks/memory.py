"""How much memory a window takes, all its processes together, with every function visited.

Beside it, a window with one web view and one page. What several processes share is counted once, in parts
(PSS, `/proc/PID/smaps_rollup` of proc(5)). The legacy program is not the shell's, and is left out.
"""

import time
from pathlib import Path

from demo.processes import family
from shell.hosts.desk_page import REST_MILLISECONDS
from tests.benchmarks.measurement import Measurement, beside
from tests.benchmarks.peers import Peer, windows
from tests.benchmarks.switch import find, started
from tests.benchmarks.world import World

PAGES = 1
VISIT_SECONDS = 2.0


def measure_memory(world: World) -> list[Measurement]:
    """Open each window, visit what there is, and count."""
    with windows(world) as all_of_them:
        megabytes = {one.name: _megabytes(world, one) for one in all_of_them}
    return beside(megabytes, benchmark="memory", metric="memory", unit="MB")


def _megabytes(world: World, window: Peer) -> float:
    process = started(world, window, lambda: window.start(PAGES))
    if window.name is None:
        _visit_everything(world, window)
    counted = sum(map(_share, family(process.pid))) / 1024
    world.close_window(process)
    return round(counted, 1)


def _visit_everything(world: World, window: Peer) -> None:
    """Every function with a patient, both panes, the conflict desk."""
    (patient,) = world.patients(1)
    find(world, window, patient.number)
    for key in ("Return", "ctrl+1", "alt+2", "ctrl+2", "alt+2", "ctrl+shift+d", "ctrl+1"):
        world.hands.press(key)
        time.sleep(VISIT_SECONDS)
    time.sleep(REST_MILLISECONDS / 1000 + VISIT_SECONDS)  # the desk's page is looked at seldom, and not kept


def _share(pid: int) -> int:
    """Kilobytes of a process, with its part of what it shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
