"""How long the legacy program's forms stay open, by a clock that no wrong time of day moves."""

from collections.abc import Callable

from legacy_bridge.merge.forms import remembered
from legacy_bridge.merge.three_way import Merged
from legacy_bridge.records import Agreed, Fields
from legacy_bridge.sides.links import RAN, Lately
from legacy_bridge.sides.stores import Journal


class FormTime:
    """Counts the seconds that bridges of a practice have run, over restarts. One thread.

    A time of day that jumps forward would forget, without a word, what a form still shows (invariant I19);
    these seconds only ever run late: a bridge that was killed, or did not run, remembers for longer.

    Args:
        journal: where they are kept.
        seconds: seconds that only ever go forward, while this process lives.
        minutes: how long a form stays open.
    """

    def __init__(self, journal: Journal, seconds: Callable[[], float], *, minutes: float) -> None:
        self._journal = journal
        self._seconds = seconds
        self._keeps_seconds = minutes * 60
        self._began: float | None = None

    def remembered(self, lately: Lately, base: Agreed, legacy: Fields, merged: Merged) -> Lately | None:
        """What has to be remembered of what legacy showed; None when nothing is new."""
        if not lately and not merged.to_legacy and all(legacy.get(name) == base[name] for name in base):
            return None
        found = remembered(
            lately,
            base,
            legacy,
            merged.agreed,
            merged.to_legacy,
            now=self._now(),
            keeps_seconds=self._keeps_seconds,
        )
        return None if found == lately else found

    def save(self) -> None:
        """Keep the count, and forget what forms showed that are closed by now.

        Raises:
            SideUnavailable: the journal did not answer.
        """
        now = self._now()
        self._journal.age(now, forms_since=now - self._keeps_seconds)

    def _now(self) -> float:
        if self._began is None:
            self._began = self._seconds() - float(self._journal.checkpoint(RAN) or 0.0)
        return self._seconds() - self._began
