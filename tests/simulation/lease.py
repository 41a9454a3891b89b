"""The lease in the simulated legacy database: what `legacy.lease` does, on one value."""

from collections.abc import Callable

from legacy_bridge.errors import AnotherBridge, RestoreDetected
from legacy_bridge.legacy.lease import BEAT_SECONDS, PATIENCE_SECONDS, Remembered
from tests.simulation.legacy import SimulatedDatabase


class SimulatedLease:
    """The right to write one practice; see `legacy.lease.LegacyLease`."""

    def __init__(
        self,
        database: SimulatedDatabase,
        journal: str,
        seconds: Callable[[], float],
        wait: Callable[[float], None],
        remembered: Remembered,
    ) -> None:
        self._database = database
        self._journal = journal
        self._seconds = seconds
        self._wait = wait
        self._remembered = remembered
        self._epoch = 0
        self._beaten = 0.0

    def take(self, *, releases: bool = False) -> None:
        """Take it, at once from this journal's own holder, else from one that is silent for long."""
        began, seen = self._seconds(), None
        while True:
            self._compare(releases=releases)
            found = self._database.content.lease
            is_silent = seen == found and self._seconds() - began >= PATIENCE_SECONDS
            if found is None or found[0] == self._journal or is_silent:
                break
            if seen is not None and found != seen:
                raise AnotherBridge("Another bridge mirrors the practice.")
            seen = found
            self._wait(1.0)
        self._epoch = 1 if found is None else found[1] + 1
        self._beaten = self._seconds()
        if releases and found is not None:
            self._database.content.lease = (self._journal, self._epoch, found[2])
        else:
            self._write(0 if found is None else found[2] + 1)

    def believe(self) -> None:
        """Count on from the beats of a database that came back from a backup."""
        found = self._database.content.lease
        assert found is not None
        self._remembered.write(found[2])

    def beat(self) -> None:
        """Show that this bridge lives."""
        if self._seconds() - self._beaten >= BEAT_SECONDS:
            self.check()
            found = self._database.content.lease
            assert found is not None
            self._write(found[2] + 1)
            self._database.content.read_upto = self._remembered.position()
            self._beaten = self._seconds()

    def _write(self, beat: int) -> None:
        self._remembered.write(beat)
        self._database.content.lease = (self._journal, self._epoch, beat)

    def _compare(self, *, releases: bool) -> None:
        known, found = self._remembered.read(), self._database.content.lease
        if found is None:
            return
        if known is not None and found[2] < known - 1 and not releases:
            raise RestoreDetected("The legacy database came back from a backup.")
        if found[2] > (known or 0):
            self._remembered.is_behind()
            self._remembered.write(found[2])

    def check(self) -> None:
        """Refuse a write of a bridge that lost it."""
        found = self._database.content.lease
        if found is None or found[:2] != (self._journal, self._epoch):
            raise AnotherBridge("Another bridge took over.")
