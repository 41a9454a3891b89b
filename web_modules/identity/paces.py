"""Keeps one program that runs wild from taking the whole server: so many requests a minute each."""

import threading
import time
from collections.abc import Callable

WINDOW_SECONDS = 60.0


class Paces:
    """Counts the requests of people and applications, in this process. Safe from every thread."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count.

        Args:
            most: requests of one of them within a minute; 0: any number.
            clock: seconds that never go back.
        """
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._until = float("-inf")

    def seconds_over(self, agent: str) -> int:
        """Count one request; how long it has to wait, or 0."""
        if not self._most:
            return 0
        with self._lock:
            now = self._clock()
            if now >= self._until:
                self._counts, self._until = {}, now + WINDOW_SECONDS
            self._counts[agent] = count = self._counts.get(agent, 0) + 1
            return 0 if count <= self._most else max(1, round(self._until - now))
