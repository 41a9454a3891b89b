"""The script of a rehearsal: what goes wrong, and when. A seed decides it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Final

_SECONDS_APART: Final = 20.0
"""About how long it takes from one trouble to the next."""
_AT_LEAST: Final = 0.15
_AT_MOST: Final = 0.45
"""How much of the time until the next trouble one lasts."""


class Trouble(Enum):
    """What goes wrong."""

    BRIDGE_KILLED = "bridge killed"
    CLOUD_KILLED = "cloud killed"
    CLOUD_CUT_OFF = "cloud cut off"  # connections are refused
    CLOUD_SILENT = "cloud silent"  # connections stay open, and nothing comes
    CLOUD_RESTORED = "cloud restored from a backup"
    COLUMN_RENAMED = "legacy column renamed"


ONCE: Final = frozenset({Trouble.CLOUD_RESTORED, Trouble.COLUMN_RENAMED})
"""Troubles that stop everybody's work: one of each a rehearsal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One trouble.

    Attributes:
        at: seconds after the first load.
        lasts: seconds.
        trouble: what goes wrong.
    """

    at: float
    lasts: float
    trouble: Trouble


def script(seed: int, seconds: float) -> Sequence[Step]:
    """Each trouble at least once, some more often, in an order of the seed's.

    Args:
        seed: decides order, time and length.
        seconds: how long people work.
    """
    dice = Random(seed)  # noqa: S311 - a rehearsal is to be repeated, not to be secret
    troubles = list(Trouble)
    often = [one for one in Trouble if one not in ONCE]
    troubles += [dice.choice(often) for _ in range(int(seconds / _SECONDS_APART) - len(troubles))]
    dice.shuffle(troubles)
    apart = seconds / len(troubles)
    return [
        Step(
            at=apart * (number + dice.uniform(0.1, 0.4)),
            lasts=apart * dice.uniform(_AT_LEAST, _AT_MOST),
            trouble=trouble,
        )
        for number, trouble in enumerate(troubles)
    ]
