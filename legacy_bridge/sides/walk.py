"""Goes through every record of a kind on either side, page by page: all keys are never held at once."""

from collections.abc import Iterator, Sequence

from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.links import LinkState
from legacy_bridge.sides.stores import Journal, LegacyRecords

PAGE = 2000  # keys a page: some 200 kB


class Walk:
    """First what the journal knows of a kind, then what only legacy has.

    A page that could not be read is read again by the next call. What comes to be meanwhile may be missing:
    the feeds tell of it.
    """

    def __init__(self, kind: Kind, *, legacy: LegacyRecords, journal: Journal, buried: bool = False) -> None:
        """Begin.

        Args:
            kind: the kind.
            legacy: the legacy records.
            journal: the journal.
            buried: also what was deleted on both sides.
        """
        self._kind = kind
        self._legacy = legacy
        self._journal = journal
        self._buried = buried
        self._after = ""
        self._ends: str | None = None
        self._is_known_done = False
        self.is_done = False

    def page(self, size: int = PAGE) -> Sequence[LinkKey]:
        """The next records; there may be none of them although it is not done yet.

        Raises:
            SideUnavailable: try again later.
        """
        if not self._is_known_done:
            known = self._journal.known_keys(self._kind, after=self._after, limit=size, buried=self._buried)
            if known:
                self._after = known[-1].key
                return known
            self._is_known_done = True
        found = self._legacy.page(self._kind, after=self._ends, limit=size)
        links = self._journal.identities(found.keys)
        self._ends = found.ends
        self.is_done = found.ends is None
        seen = {LinkState.LINKED, LinkState.WITHHELD, *([LinkState.TOMBSTONE] if self._buried else [])}
        return [key for key in found.keys if links[key].state not in seen]


def pages(walk: Walk) -> Iterator[Sequence[LinkKey]]:
    """Every page of a walk.

    Raises:
        SideUnavailable: the walk cannot go on.
    """
    while not walk.is_done:
        yield walk.page()
