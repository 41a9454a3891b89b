"""Waiting for a condition, never for a time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

_LOOK_EVERY_SECONDS = 0.02
_Value = TypeVar("_Value")


def until(condition: Callable[[], _Value], what: str, *, seconds: float = 15) -> _Value:
    """Wait until a condition is true and return its value; fail with `what` when it does not become so."""
    pause = threading.Event()
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        pause.wait(_LOOK_EVERY_SECONDS)
