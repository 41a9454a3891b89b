"""What people did in a rehearsal: written down before it is done, and confirmed or struck out after."""

from dataclasses import dataclass
from enum import Enum
from threading import Lock

from legacy_bridge.rehearsal.oracle import Oracle, Value


class Outcome(Enum):
    """What became of an edit."""

    UNKNOWN = "unknown"  # the answer was lost
    DONE = "done"
    REFUSED = "refused"


@dataclass(slots=True, kw_only=True)
class Entry:
    """One person's edit; see `legacy_bridge.rehearsal.oracle.Edit`."""

    place: str
    side: str
    saw: Value
    left: Value
    outcome: Outcome = Outcome.UNKNOWN


class Diary:
    """Safe to write from several threads. The oracle is told of what is known, in the order of writing."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._lock = Lock()
        self._untold: list[Entry] = []
        self.done = {"legacy": 0, "cloud": 0}

    def intends(self, place: str, side: str, *, saw: Value, left: Value) -> Entry:
        """Write down an edit before it is made: somebody on the other side may build on it at once."""
        entry = Entry(place=place, side=side, saw=saw, left=left)
        with self._lock:
            self._untold.append(entry)
        return entry

    def unknown(self) -> list[Entry]:
        """The edits whose answer was lost."""
        with self._lock:
            return [one for one in self._untold if one.outcome is Outcome.UNKNOWN]

    def tell(self) -> None:
        """Tell the oracle of all edits that were made since. Nobody works meanwhile, and none is unknown."""
        with self._lock:
            told, self._untold = self._untold, []
        for one in told:
            if one.outcome is Outcome.DONE:
                self.done[one.side] += 1
                self._oracle.edited(one.place, one.side, saw=one.saw, left=one.left)
