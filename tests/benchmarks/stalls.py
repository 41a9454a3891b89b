"""How long the window's thread is ever busy with something else, while the mirror carries 50 rows a second.

A clock in that thread ticks every 10 ms; what is told is how late a tick came. Meanwhile legacy rows change,
and somebody goes from function to function and from view to view.
"""

import sqlite3
import tempfile
import threading
import time
from array import array
from functools import partial
from itertools import cycle
from pathlib import Path

from tests.benchmarks.measurement import Measurement, percentile
from tests.benchmarks.peers import windows
from tests.benchmarks.switch import started
from tests.benchmarks.watched_shell import TICK_MILLISECONDS
from tests.benchmarks.world import World

SECONDS = 600
ROWS_A_SECOND = 50
PATIENTS = 50
BETWEEN_KEYS = 3.0
KEYS = ("ctrl+2", "alt+2", "ctrl+1", "alt+2")


def measure_stalls(world: World) -> list[Measurement]:
    """Work for ten minutes, and tell the latest tick and the 99.9th percentile; starting does not count."""
    with tempfile.TemporaryDirectory(prefix="banyan-bench-ticks-") as folder, windows(world) as (shell, *_):
        ticks = Path(folder, "ticks")
        watched = partial(
            world.session.start_window,
            world.cloud,
            module="tests.benchmarks.watched_shell",
            more={"BANYAN_TICKS": str(ticks)},
        )
        process = started(world, shell, watched)
        until = time.monotonic() + SECONDS
        keys = threading.Thread(target=_press, args=(world, until))
        keys.start()
        made = _edit(world, until)
        keys.join()
        world.close_window(process)
        late: array[float] = array("d")
        late.frombytes(ticks.read_bytes())
    late = late[-round(SECONDS * 1000 / TICK_MILLISECONDS * 0.95) :]
    return [
        Measurement(benchmark="stalls", metric="rows_changed", unit="rows/s", ours=round(made / SECONDS, 1)),
        Measurement(
            benchmark="stalls", metric="stall_p999", unit="ms", ours=round(1000 * percentile(late, 0.999), 1)
        ),
        Measurement(benchmark="stalls", metric="stall_longest", unit="ms", ours=round(1000 * max(late), 1)),
    ]


def _edit(world: World, until: float) -> int:
    """Change telephone numbers in the legacy program's database; gives how many."""
    connection = sqlite3.connect(world.session.place.database, timeout=30)
    guids = [patient.guid for patient in world.patients(PATIENTS)]
    made = 0
    began = time.monotonic()
    for guid in cycle(guids):
        if time.monotonic() > until:
            break
        connection.execute(
            "UPDATE Admin_Patient SET HomePhone = ? WHERE PatientGuid = ?",
            (f"0113 496 {made % 10_000:04}", guid),
        )
        connection.commit()
        made += 1
        time.sleep(max(0.0, began + made / ROWS_A_SECOND - time.monotonic()))
    connection.close()
    return made


def _press(world: World, until: float) -> None:
    for key in cycle(KEYS):
        if time.monotonic() > until:
            return
        world.hands.press(key)
        time.sleep(BETWEEN_KEYS)
