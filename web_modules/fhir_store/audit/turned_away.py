"""Refusals of whoever is not known: each stands in the audit, and a flood of them does not fill it.

The first of its kind from an address is noted at once. What follows within `WINDOW_SECONDS` is counted, and
one more note then says how often that was: nothing is left out, and nobody decides how much we write.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from web_modules.fhir_store.audit.events import STRANGER, Note
from web_modules.fhir_store.audit.filing import OBSERVER
from web_modules.fhir_store.changes import position_instant
from web_modules.fhir_store.documents import encode

WINDOW_SECONDS = 60.0
MOST_KINDS = 200
"""Counted apart; with notes of 600 bytes a flood from everywhere costs 4 kB/s for as long as it lasts."""

ELSEWHERE = "elsewhere"
_NETWORK_ADDRESS = "2"  # http://hl7.org/fhir/network-type: IP address
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """What somebody unknown was refused.

    Attributes:
        type: coding of `AuditEvent.type`.
        subtype: coding of its subtype.
        address: from where, or empty.
        words: why.
        named: what was asked, or who they said to be; of the first of its kind only. Never a secret.
    """

    type: Mapping[str, str]
    subtype: Mapping[str, str]
    address: str
    words: str
    named: str = ""

    @property
    def kind(self) -> tuple[str, ...]:
        """What is counted together."""
        return (self.type["code"], self.subtype["code"], self.address, self.words)

    def note(self, moment: int, *, times: int = 1, since: int | None = None) -> Note:
        """The note of it.

        Args:
            moment: microseconds since 1970 UTC.
            times: how often it was.
            since: when that began, of more than the first.
        """
        agent: dict[str, Any] = {
            "who": {"identifier": {"value": STRANGER.id}, "display": STRANGER.name},
            "requestor": True,
        }
        if self.address:
            agent["network"] = {"address": self.address, "type": _NETWORK_ADDRESS}
        event: dict[str, Any] = {
            "resourceType": "AuditEvent",
            "type": dict(self.type),
            "subtype": [dict(self.subtype)],
            "action": "E",
            "recorded": position_instant(moment),
            "outcome": "4",
            "outcomeDesc": self.words[:_LONGEST],
            "agent": [agent],
            "source": {"observer": {"display": OBSERVER}},
        }
        if since is not None:
            event["period"] = {"start": position_instant(since), "end": position_instant(moment)}
            event["entity"] = [{"detail": [{"type": "times", "valueString": str(times)}]}]
        elif self.named:
            plain = "".join(sign if sign.isprintable() else "?" for sign in self.named[:_LONGEST])
            event["entity"] = [{"name": plain}]
        return Note(moment=moment, agent=STRANGER.id, references=(), content=encode(event))


@dataclass(slots=True, kw_only=True)
class _Counted:
    what: TurnedAway
    since: int
    until: float
    times: int = 0


class Tally:
    """Counts what follows the first of each kind. Safe from every thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing.

        Args:
            clock: seconds that never go back.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._counted: dict[tuple[str, ...], _Counted] = {}

    def first(self, what: TurnedAway) -> Note | None:
        """The note to write now; None when it was counted with others of its kind."""
        moment = _now()
        with self._lock:
            if what.kind not in self._counted and len(self._counted) >= MOST_KINDS:
                what = replace(what, address=ELSEWHERE, words="Refusals from many addresses.", named="")
            counted = self._counted.get(what.kind)
            if counted is not None:
                counted.times += 1
                return None
            until = self._clock() + WINDOW_SECONDS
            self._counted[what.kind] = _Counted(what=what, since=moment, until=until)
        return what.note(moment)

    def over(self, *, is_end: bool = False) -> list[Note]:
        """The notes of what was counted to its end; of everything when this is the end."""
        now, moment = self._clock(), _now()
        with self._lock:
            over = [one for one in self._counted.values() if is_end or one.until <= now]
            for one in over:
                del self._counted[one.what.kind]
        return [one.what.note(moment, times=one.times, since=one.since) for one in over if one.times]

    def seconds_left(self) -> float | None:
        """How long until something is counted to its end; None while nothing is."""
        with self._lock:
            ends = [one.until for one in self._counted.values()]
        return max(0.0, min(ends) - self._clock()) if ends else None


def _now() -> int:
    return time.time_ns() // 1000
