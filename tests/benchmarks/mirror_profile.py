"""Where the processor time of one mirrored record goes, while updates travel both ways.

The bridge runs as it always does, in a process of its own, with a clock around each of its parts: processor
time of the thread, without what the parts inside it take. The cloud's time is that of its whole process.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from time import process_time, thread_time
from types import FrameType
from typing import Any

from tests.benchmarks.measurement import Measurement
from tests.benchmarks.mirror import GIVE_UP_SECONDS, ROWS
from tests.benchmarks.mirror_ours import OurPair, our_mirror
from tests.support.waiting import until

_HALF, _NOBODY = ROWS // 2, range(0)
_TOLD_SECONDS = 10.0


def measure_mirror_profile() -> Iterator[Measurement]:
    """Microseconds of processor a record, part by part, the largest first; then the two processes.

    Raises:
        DemoError: a program does not start or does not do what is asked.
    """
    with tempfile.TemporaryDirectory(prefix="banyan-mirror-") as name:
        told = Path(name) / "parts.json"
        bridge = [sys.executable, "-m", "tests.benchmarks.mirror_profile", str(told)]
        with our_mirror(Path(name) / "ours", bridge=bridge) as pair:
            pair.pause()
            pair.insert("three", range(ROWS), _NOBODY)
            pair.resume()
            _arrive(pair)
            pair.pause()
            pair.edit("three", range(_HALF), range(_HALF, ROWS))
            pair.resume()
            _parts(pair.bridge, told)  # what was before is none of this
            cloud_before = _processor_seconds(pair.server.process)
            _arrive(pair)
            parts = _parts(pair.bridge, told)
            parts["the cloud's process"] = _processor_seconds(pair.server.process) - cloud_before
    for part, seconds in sorted(parts.items(), key=lambda one: -one[1]):
        yield Measurement(
            benchmark="mirror_profile", metric=part, unit="us a record", ours=round(1e6 * seconds / ROWS, 1)
        )


def _arrive(pair: OurPair) -> None:
    """Wait until what was written has arrived, and nothing of it is on its way back."""
    until(pair.has_arrived, "what was written to arrive", seconds=GIVE_UP_SECONDS)
    pair.rest()


def _parts(bridge: subprocess.Popen[bytes], told: Path) -> dict[str, float]:
    """Seconds of each part since the last time it was asked."""
    told.unlink(missing_ok=True)
    bridge.send_signal(signal.SIGUSR1)
    until(told.exists, "the bridge to tell its times", seconds=_TOLD_SECONDS)
    found: dict[str, float] = json.loads(told.read_text())
    return found


def _processor_seconds(process: int | None) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Clock:
    """Adds up the processor time of parts, each without those inside it. Every thread counts for itself."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._guard = threading.Lock()
        self._inside = threading.local()
        self._began = process_time()

    def around(self, owner: Any, method: str, part: str) -> None:
        """Count the calls of a method, or of a function of a module, as a part."""
        right: Callable[..., Any] = getattr(owner, method)

        @wraps(right)
        def counted(*positional: Any, **named: Any) -> Any:
            began, outer = thread_time(), getattr(self._inside, "seconds", 0.0)
            self._inside.seconds = 0.0
            try:
                return right(*positional, **named)
            finally:
                whole = thread_time() - began
                with self._guard:
                    self._seconds[part] = self._seconds.get(part, 0.0) + whole - self._inside.seconds
                self._inside.seconds = outer + whole

        setattr(owner, method, counted)

    def told(self) -> dict[str, float]:
        """What was counted since the last time, the whole process and what is in no part beside it."""
        with self._guard:
            found, self._seconds = self._seconds, {}
        whole, self._began = process_time() - self._began, process_time()
        rest = whole - sum(found.values())
        return {**found, "the rest of the bridge": rest, "the bridge, all in all": whole}


def _count(clock: Clock) -> None:
    from legacy_bridge import echoes, reconciler, service
    from legacy_bridge.cloud import board, feed, resources
    from legacy_bridge.journal import journal
    from legacy_bridge.legacy import rows
    from legacy_bridge.legacy.capture import sqlite

    for owner, method, part in (
        (sqlite.SqliteOutbox, "poll", "legacy: ask what changed"),
        (rows.LegacyRows, "read", "legacy: read rows"),
        (rows.LegacyRows, "write", "legacy: write rows"),
        (rows.LegacyRows, "codes", "legacy: look up codes"),
        (reconciler, "mapped", "map from rows"),
        (echoes, "mapped", "map from rows"),
        (reconciler, "references_of", "look up what is named"),
        (reconciler.Reconciler, "_look", "map from FHIR, merge, map to both"),
        (reconciler.Reconciler, "begin", "put the visit together"),
        (reconciler.Reconciler, "settle", "settle, without the journal"),
        (feed.HistoryFeed, "poll", "cloud: ask what changed"),
        (resources.CloudResources, "read", "cloud: read resources"),
        (resources.CloudResources, "write", "cloud: write, and compare what was stored"),
        (journal.SqlJournal, "take", "journal: take what is next"),
        (journal.SqlJournal, "links", "journal: what was agreed"),
        (journal.SqlJournal, "identities", "journal: ids of what is named"),
        (journal.SqlJournal, "keys_of", "journal: ids of what is named"),
        (journal.SqlJournal, "begin", "journal: write ahead"),
        (journal.SqlJournal, "settle", "journal: settle"),
        (journal.SqlJournal, "absorb", "journal: save what feeds tell"),
        (board.FhirBoard, "publish", "publish how it stands"),
        (service.MirrorService, "publish", "publish how it stands"),
    ):
        clock.around(owner, method, part)


def _run(told: Path, arguments: list[str]) -> None:
    from legacy_bridge.__main__ import main

    clock = Clock()
    _count(clock)

    def tell(_number: int, _frame: FrameType | None) -> None:
        part = told.with_suffix(".part")
        part.write_text(json.dumps(clock.told()))
        part.rename(told)

    signal.signal(signal.SIGUSR1, tell)
    sys.argv[1:] = arguments
    main()


if __name__ == "__main__":
    _run(Path(sys.argv[1]), sys.argv[2:])
