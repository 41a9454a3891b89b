"""Time that passes only when somebody waits: one clock of the day, which may be wrong, and one of seconds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event

_BEGAN = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)  # the night in which the clocks go back


class SimulatedClock:
    """The clocks of one machine."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.wrong_by = timedelta(0)

    def true_time(self) -> datetime:
        """What time it is."""
        return _BEGAN + timedelta(seconds=self.elapsed)

    def now(self) -> datetime:
        """What the machine thinks that the time is."""
        return self.true_time() + self.wrong_by

    def seconds(self) -> float:
        """Seconds that only ever go forward."""
        return self.elapsed


class SimulatedEvent(Event):
    """An event on which nobody sleeps: the world goes on meanwhile."""

    def __init__(self, pause: Callable[[float], None]) -> None:
        super().__init__()
        self._pause = pause

    def wait(self, timeout: float | None = None) -> bool:
        """Let time pass until it is set, or for so many seconds."""
        if not self.is_set():
            self._pause(timeout or 0.0)
        return self.is_set()
