"""Which context each window is in: a write under an earlier one is refused (hazards H01, H02)."""

import hashlib
import threading
from collections import OrderedDict

MOST_SESSIONS = 10_000
"""Several days of sign-ins of a large practice; the one that was quiet for longest is forgotten first."""

MOST_CONTEXTS = 10_000
"""Of one session: far more patients than anybody opens in a working day."""


class Contexts:
    """Remembers for each session the contexts that its window had. Safe from every thread.

    A window announces a context by loading a page in it. One that was superseded never becomes current again,
    so a page left behind cannot bring it back. Only this process remembers: after a start, and with several
    web processes, a context that nobody announced here is not known and not refused; the deadline of a write
    holds there alone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: OrderedDict[bytes, OrderedDict[str, None]] = OrderedDict()

    def announce(self, session: str, context: str) -> None:
        """The session's window has gone on to a context, unless it was there before."""
        key = _key(session)
        with self._lock:
            known = self._sessions.setdefault(key, OrderedDict())
            self._sessions.move_to_end(key)
            if context not in known:
                known[context] = None
            if len(known) > MOST_CONTEXTS:
                known.popitem(last=False)
            if len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)

    def is_stale(self, session: str, context: str) -> bool:
        """Whether the session's window has gone on from a context to another."""
        with self._lock:
            known = self._sessions.get(_key(session))
            return known is not None and next(reversed(known)) != context


def _key(session: str) -> bytes:
    """No token lies about in memory for longer than its request."""
    return hashlib.sha256(session.encode()).digest()
