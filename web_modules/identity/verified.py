"""Remembers which tokens were verified, so that a signature is not reckoned anew for every request."""

import hashlib
import threading
import time
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_KNOWN = 4_096
"""Of one process: more tokens than are in use at a practice at once."""


class Verified(Generic[T]):
    """What tokens stand for, until they end. Keeps digests, no tokens. Safe from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, tuple[int, T]] = OrderedDict()

    def find(self, token: str) -> T | None:
        """What a token that was verified before stands for, while it is good."""
        digest = _digest(token)
        with self._lock:
            found = self._known.get(digest)
        return None if found is None or found[0] <= time.time() else found[1]

    def keep(self, token: str, meaning: T, *, until: int) -> None:
        """Remember a token that was just verified (until: seconds since 1970 UTC)."""
        with self._lock:
            self._known[_digest(token)] = (until, meaning)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
