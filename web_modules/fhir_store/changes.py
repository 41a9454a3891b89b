"""Tells waiting readers, inside this process, that a practice's records have changed.

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
"""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def position_instant(position: int) -> str:
    """The position as a FHIR instant with six decimals, in UTC."""
    moment = EPOCH + timedelta(microseconds=position)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}Z"


class ChangeSignal:
    """The newest committed position of one practice, and a way to wait until it moves on."""

    def __init__(self, position: int = 0) -> None:
        self._position = position
        self._moved = threading.Condition()
        self._sleepers: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    @property
    def position(self) -> int:
        """The newest committed position."""
        return self._position

    def advance(self, position: int) -> None:
        """Publish a position after its commit; an older one than the present is ignored. Does not block."""
        with self._moved:
            if position <= self._position:
                return
            self._position = position
            self._moved.notify_all()
            sleepers = tuple(self._sleepers)
        for loop, event in sleepers:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def wait(self, after: int, timeout_seconds: float) -> int:
        """Block until the position is beyond `after`, at most `timeout_seconds`; answer the position then."""
        with self._moved:
            self._moved.wait_for(lambda: self._position > after, timeout_seconds)
            return self._position

    async def wait_async(self, after: int, timeout_seconds: float) -> int:
        """Like `wait`, without blocking the event loop."""
        event = asyncio.Event()
        sleeper = (asyncio.get_running_loop(), event)
        with self._moved:
            if self._position > after:
                return self._position
            self._sleepers.add(sleeper)
        try:
            async with asyncio.timeout(timeout_seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            with self._moved:
                self._sleepers.discard(sleeper)
        return self._position
