"""Faults at every side effect of the bridge: before it, after it, and somebody else's edit just before it."""

import random
from collections.abc import Callable
from typing import Any

EFFECTS = ("write", "begin", "settle", "absorb", "mark", "forget")


class Killed(BaseException):
    """The bridge was killed: nothing catches this but the simulation."""


class Faults:
    """Decides, by a seed, what goes wrong; `count` side effects in, or by chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.is_on = True
        self.chance = 0.12
        self.kill_at: int | None = None
        self.count = 0
        self.meanwhile: Callable[[], None] | None = None

    def wrap(self, side: Any) -> Any:
        """The same side, with faults before and after its side effects."""
        return _Faulty(side, self)

    def around(self, effect: Callable[[], Any]) -> Any:
        """Do a side effect, or not, or do it and lose the answer."""
        if not self.is_on:
            return effect()
        self.count += 1
        if self.meanwhile is not None and self.random.random() < 0.4:
            self.meanwhile()
        if self._kills(2 * self.count):
            raise Killed
        answer = effect()
        if self._kills(2 * self.count + 1):
            raise Killed
        return answer

    def _kills(self, moment: int) -> bool:
        if self.kill_at is not None:
            return moment == self.kill_at
        return self.random.random() < self.chance / 2


class _Faulty:
    def __init__(self, side: Any, faults: Faults) -> None:
        self._side = side
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._side, name)
        if name not in EFFECTS:
            return found
        return lambda *positional, **named: self._faults.around(lambda: found(*positional, **named))


def killed_before(owner: type, method: str) -> Callable[[Any], Any]:
    """What wraps the sides of a bridge that is killed whenever it is about to call a method of one."""
    return lambda side: _KilledBefore(side, method) if isinstance(side, owner) else side


class _KilledBefore:
    def __init__(self, side: Any, method: str) -> None:
        self._side = side
        self._method = method

    def __getattr__(self, name: str) -> Any:
        return self._die if name == self._method else getattr(self._side, name)

    def _die(self, *_positional: Any, **_named: Any) -> Any:
        raise Killed
