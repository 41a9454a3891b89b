"""How fast records are mirrored, beside Bucardo between two PostgreSQL masters with the same rows.

Three of the legacy program's tables. The mirror is stopped, rows are written on one side or on both, and the
clock runs from the moment when it may go on until as many have arrived on the other. Whoever looks must not
slow down what it measures: what arrived is counted in the database of the side where it arrives, by SQL and
ten times a second, for ours as for its peers. That both sides are equal is looked at once, when the clock has
stopped; if they are not, the run fails. Ours goes from the legacy database to the FHIR store and back, as a
practice starts it; Bucardo copies rows between equal tables. Both commit to the disk. A patient cannot be
made on the cloud, so what is inserted there are coded entries alone.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from demo.errors import DemoError
from tests.benchmarks.bucardo import TUNED, bucardo
from tests.benchmarks.measurement import Measurement, percentile
from tests.benchmarks.mirror_ours import our_mirror
from tests.benchmarks.mirror_peer import PeerPair

ROWS = 12000
"""Of each measurement of throughput, in three tables; with both ways, half of them on each side.

So many that ours is at work for about ten seconds."""
SAMPLES = 100
BETWEEN_SECONDS = 0.05
"""On average, at random: commits do not come in step with anybody's polling."""
GIVE_UP_SECONDS = 120.0
_LOOK_SECONDS = 0.1
_LAG_LOOK_SECONDS = 0.001


class Pair(Protocol):
    """Two sides that are kept equal."""

    def pause(self) -> None:
        """Let the mirror rest."""

    def resume(self) -> None:
        """Let it go on."""

    def insert(self, name: str, here: range, there: range) -> None:
        """Insert rows on one side and on the other."""

    def edit(self, name: str, here: range, there: range) -> None:
        """Update rows of a name on one side and on the other."""

    def has_arrived(self) -> bool:
        """Whether as much as was written since the last pause has arrived; it costs next to nothing."""

    def is_equal(self) -> bool:
        """Whether both sides say the same, and what was written; once, for it reads everything."""

    def rest(self) -> None:
        """Wait until nothing is left to do that is not part of being equal."""

    def commit(self, text: str) -> None:
        """Change one patient's telephone number on one side."""

    def shows(self, text: str) -> bool:
        """Whether the other side has it."""


def measure_mirror() -> Iterator[Measurement]:
    """Measure ours, Bucardo as it comes, and Bucardo tuned, one after the other.

    Raises:
        DemoError: a program is missing or does not do what is asked.
    """
    with tempfile.TemporaryDirectory(prefix="banyan-mirror-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        ours = _measured(lambda: our_mirror(folder / "ours"))
        peers = {
            "bucardo": _measured(lambda: PeerPair.of(bucardo(folder / "bucardo", {}))),
            "bucardo-tuned": _measured(lambda: PeerPair.of(bucardo(folder / "tuned", TUNED))),
        }
    for metric, value in ours.items():
        unit = "s" if metric.startswith("lag") else "rows/s"
        for peer, theirs in peers.items():
            yield Measurement(
                benchmark="mirror",
                metric=metric,
                unit=unit,
                ours=round(value, 4),
                peer=peer,
                theirs=round(theirs[metric], 4),
            )


def _measured(make: Callable[[], AbstractContextManager[Pair]]) -> dict[str, float]:
    half, nobody = ROWS // 2, range(0)
    with make() as pair:
        seconds = {
            "inserts_one_way": _seconds(pair, lambda: pair.insert("one", range(ROWS), nobody)),
            "updates_one_way": _seconds(pair, lambda: pair.edit("one", range(ROWS), nobody)),
            "inserts_both_ways": _seconds(pair, lambda: pair.insert("two", range(half), range(half, ROWS))),
        }
        _seconds(pair, lambda: pair.insert("three", range(ROWS), nobody))  # known to both, and not edited yet
        seconds["updates_both_ways"] = _seconds(
            pair, lambda: pair.edit("three", range(half), range(half, ROWS))
        )
        lags = [_lag(pair, f"01632 {number:06d}") for number in range(SAMPLES)]
    rates = {metric: ROWS / one for metric, one in seconds.items()}
    return {**rates, "lag_p50": percentile(lags, 0.5), "lag_p99": percentile(lags, 0.99)}


def _seconds(pair: Pair, write: Callable[[], None]) -> float:
    pair.pause()
    write()
    began = time.perf_counter()
    pair.resume()
    _until(pair.has_arrived, _LOOK_SECONDS)
    seconds = time.perf_counter() - began
    if not pair.is_equal():
        raise DemoError("As many rows as were written have arrived, and the two sides are not equal.")
    pair.rest()
    return seconds


def _lag(pair: Pair, text: str) -> float:
    time.sleep(random.uniform(0.5, 1.5) * BETWEEN_SECONDS)
    pair.commit(text)
    began = time.perf_counter()
    _until(lambda: pair.shows(text), _LAG_LOOK_SECONDS)
    return time.perf_counter() - began


def _until(is_so: Callable[[], bool], look_seconds: float) -> None:
    began = time.perf_counter()
    while not is_so():
        if time.perf_counter() - began > GIVE_UP_SECONDS:
            raise DemoError(f"What was written had not arrived within {GIVE_UP_SECONDS:.0f} s.")
        time.sleep(look_seconds)
