"""Tells waiting readers that a practice's records have changed, whichever process wrote them.

For pages (server-sent events), long polls and anything else that must wake at once::

    signal = services.changes                      # one ChangeSignal for the practice that is served
    seen = signal.position                         # take it BEFORE reading what the page shows
    ...read and draw...
    now = await signal.wait_async(seen, 15.0)      # returns as soon as position > seen, or after 15 s
    if now > seen:                                 # something was committed since: read again
        seen = now

`position` is the `lastUpdated` of the practice's newest version in microseconds since 1970 (UTC), so it is
also a point in the `_history` feed: `position_instant(position)` is what `_since` takes. A position is
published only after its commit, so whoever wakes can already read the change. A signal never says what
changed: ask `_history?_since` or read again what is shown. `wait` blocks the calling thread; `wait_async`
blocks nobody and may be used from any number of event loops. Both are safe from every thread.

What this process writes is told at once. What another one may have written is looked up every `LOOK_SECONDS`
as long as anybody waits: one row by its key, which costs less than to have the database tell of every commit
(PostgreSQL's NOTIFY makes commits take turns, those of other practices too). So `position` itself may be
behind another process's writes; a wait that begins there ends at once.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

LOOK_SECONDS = 0.025
"""How late a change at another process may be told; 40 looks a second are less than a hundredth of a core."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_OF_CLOCK = EPOCH.replace(tzinfo=None)  # which is written without an offset


def position_instant(position: int) -> str:
    """The position as a FHIR instant with six decimals, in UTC."""
    moment = _EPOCH_OF_CLOCK + timedelta(microseconds=position)
    return f"{moment.isoformat(timespec='microseconds')}Z"


class ChangeSignal:
    """The newest committed position of one practice, and a way to wait until it moves on."""

    def __init__(self, position: int = 0, look: Callable[[], int | None] | None = None) -> None:
        """Begin.

        Args:
            position: newest committed.
            look: asks the database for it, None where only this process writes; answers None when it cannot.
        """
        self._position = position
        self._look = look
        self._watchers = 0
        self._is_released = False
        self._thread: threading.Thread | None = None
        self._moved = threading.Condition()
        self._sleepers: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    @property
    def position(self) -> int:
        """The newest committed position."""
        return self._position

    @property
    def is_released(self) -> bool:
        """Whether the server ends, and nobody waits any more."""
        return self._is_released

    def advance(self, position: int) -> None:
        """Publish a position after its commit; an older one than the present is ignored. Does not block."""
        with self._moved:
            if position <= self._position:
                return
            self._position = position
            self._wake()

    def wait(self, after: int, timeout_seconds: float) -> int:
        """Block until the position is beyond `after`, at most `timeout_seconds`; answer the position then."""
        with self._watched(), self._moved:
            self._moved.wait_for(lambda: self._position > after or self._is_released, timeout_seconds)
            return self._position

    async def wait_async(self, after: int, timeout_seconds: float) -> int:
        """Like `wait`, without blocking the event loop."""
        event = asyncio.Event()
        sleeper = (asyncio.get_running_loop(), event)
        with self._moved:
            if self._position > after or self._is_released:
                return self._position
            self._sleepers.add(sleeper)
        try:
            with self._watched():
                async with asyncio.timeout(timeout_seconds):
                    await event.wait()
        except TimeoutError:
            pass
        finally:
            with self._moved:
                self._sleepers.discard(sleeper)
        return self._position

    def release(self) -> None:
        """Let whoever waits go, with the position as it is; nobody waits from now on. Does not block."""
        with self._moved:
            self._is_released = True
            self._wake()

    def close(self) -> None:
        """Release, and look at the database no more; blocks while it is being looked at."""
        self.release()
        if self._thread is not None:
            self._thread.join()

    def _wake(self) -> None:
        self._moved.notify_all()
        for loop, event in self._sleepers:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Have the database looked at while the block lasts."""
        if self._look is None:
            yield
            return
        with self._moved:
            self._watchers += 1
            self._moved.notify_all()
            if self._thread is None and not self._is_released:
                self._thread = threading.Thread(target=self._watch, name="changes", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._moved:
                self._watchers -= 1

    def _watch(self) -> None:
        pausing = threading.Event()
        while True:
            with self._moved:
                self._moved.wait_for(lambda: self._watchers or self._is_released)
                if self._is_released:
                    return
            found = None if self._look is None else self._look()
            if found is not None:
                self.advance(found)
            pausing.wait(LOOK_SECONDS)
