"""The first load, and every whole comparison after it: mark everything, and let the reconciler do the rest.

There is no second way to write: a first load is the reconciler at work on every link of the practice. It goes
page by page, so that neither the keys nor the list of what waits grow with the practice.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.feeds import LEGACY, FeedBatch
from legacy_bridge.sides.links import FORGOTTEN, Restore
from legacy_bridge.sides.listings import LOADING, Loading, loading_from_text, loading_to_text
from legacy_bridge.sides.stores import Journal, LegacyRecords
from legacy_bridge.sides.walk import Walk, pages

_SHORTEST_PAGE_SECONDS = 0.5  # with a limit: a live change waits no longer for the page before it
_RATE_PAGES = 20  # over which the rate is told

JOURNAL_RESTORED = "journal-restored"
_BEAT = "beat"
_JOURNAL_RESTORED = (
    "The bridge's journal came back from an earlier backup. Every record is compared again: what differs is "
    "listed as a conflict, and nothing is deleted without asking."
)


class BeatMemory:
    """What the journal remembers of its life in the legacy database; see `legacy.lease.Remembered`."""

    def __init__(self, *, legacy: LegacyRecords, journal: Journal, clock: Callable[[], datetime]) -> None:
        self._legacy = legacy
        self._journal = journal
        self._clock = clock

    def read(self) -> int | None:
        """How often it has shown that it lives; None when it never did."""
        found = self._journal.checkpoint(_BEAT)
        return None if found is None else int(found)

    def write(self, beat: int) -> None:
        """Remember a number that is about to be written."""
        self._journal.absorb(_BEAT, FeedBatch(touched=(), strays=(), checkpoint=str(beat)), self._clock())

    def position(self) -> str | None:
        """Up to where the journal has what the outbox tells; None when it has nothing."""
        return self._journal.checkpoint(LEGACY)

    def is_behind(self) -> None:
        """The journal has forgotten some of it: doubt what it says."""
        doubt_the_journal(legacy=self._legacy, journal=self._journal, now=self._clock())


class FirstLoad:
    """Marks the records of the kinds that were not loaded yet: the next page when the one before is done.

    Where it stands is a checkpoint, saved with each page: a bridge that was killed goes on there. The feed's
    checkpoint must have been saved before: what changes from then on is told by the feed.
    """

    def __init__(
        self,
        *,
        legacy: LegacyRecords,
        journal: Journal,
        clock: Callable[[], datetime],
        seconds: Callable[[], float],
        page: int,
        rows_a_second: float = 0.0,
    ) -> None:
        """Prepare.

        Args:
            legacy: the legacy records.
            journal: the journal.
            clock: the time of day, aware.
            seconds: seconds that only ever go forward.
            page: how many records are marked at once.
            rows_a_second: how many at most; 0: as fast as it goes.
        """
        self._legacy = legacy
        self._journal = journal
        self._clock = clock
        self._seconds = seconds
        self._limit = max(0.0, rows_a_second)
        self._page = max(1, min(page, int(self._limit * _SHORTEST_PAGE_SECONDS))) if self._limit else page
        self._all: dict[Kind, Loading] = {}
        self._left: list[Kind] = []
        self._last: Kind | None = None
        self._next_at = float("-inf")
        self._recent: deque[tuple[float, int]] = deque(maxlen=_RATE_PAGES)

    def begin(self, kinds: Collection[Kind]) -> None:
        """Begin, or go on, with kinds; those that were loaded stay so."""
        self._all = loading_from_text(self._journal.checkpoint(LOADING))
        unknown = [kind for kind in kinds if kind not in self._all]
        new = [kind for kind in unknown if self._journal.checkpoint(f"{LOADING}:{kind.value}") is None]
        self._all |= {kind: Loading(total=0, is_done=True) for kind in unknown if kind not in new}
        if new:
            self._all |= {kind: Loading(total=count) for kind, count in self._legacy.counts(new).items()}
            self._save(self._all, ())
        left = [kind for kind in kinds if not self._all[kind].is_done]
        self._left = sorted(left, key=lambda one: one.rank)

    def carried(self, kinds: Collection[Kind]) -> list[Kind]:
        """Which of some kinds may be carried now: those that are loaded, and the one that is being loaded."""
        return [kind for kind in kinds if kind not in self._left[1:]]

    def wait_seconds(self) -> float | None:
        """After how long the next page is due; None: everything is loaded."""
        return max(0.0, self._next_at - self._seconds()) if self._left else None

    def mark_more(self, carried: Kind | None = None) -> bool:
        """Mark the next page, if it is due; of several kinds where the first of them ends in it.

        Args:
            carried: the kind of what still waits, or None where nothing does; the page before has to be at
                its last kind.

        Returns:
            whether more may be waiting now.

        Raises:
            SideUnavailable: the next call tries the same page.
        """
        if self.wait_seconds() != 0.0 or carried not in (None, self._last):
            return False
        went, left, keys = dict(self._all), list(self._left), list[LinkKey]()
        while left and len(keys) < self._page:
            loading = went[left[0]]
            page = self._legacy.page(left[0], after=loading.ends, limit=self._page - len(keys))
            keys += page.keys
            went[left[0]] = replace(
                loading,
                marked=loading.marked + len(page.keys),
                ends=page.ends,
                is_done=page.ends is None,
                rows_a_second=self._rate(),
            )
            if page.ends is None:
                del left[0]
        self._save(went, keys)
        self._all, self._left = went, left
        self._last = keys[-1].kind if keys else self._last
        now = self._seconds()
        self._recent.append((now, len(keys)))
        if self._limit:
            self._next_at = now + len(keys) / self._limit
        return True

    def _rate(self) -> float | None:
        """Rows a second from the oldest of the last pages until now."""
        seconds = self._seconds() - self._recent[0][0] if self._recent else 0.0
        return round(sum(rows for _, rows in self._recent) / seconds, 1) if seconds > 0 else None

    def _save(self, went: Mapping[Kind, Loading], keys: Sequence[LinkKey]) -> None:
        batch = FeedBatch(touched=tuple(keys), strays=(), checkpoint=loading_to_text(went))
        self._journal.absorb(LOADING, batch, self._clock())


def doubt_the_journal(*, legacy: LegacyRecords, journal: Journal, now: datetime) -> None:
    """The journal came back from a backup: compare everything, and until then take no difference for an edit.

    May be interrupted, and is then done again: whoever noticed it remembers that only afterwards.
    """
    doubt = Restore(came_back_from=now, noticed_at=now)
    journal.absorb(FORGOTTEN, FeedBatch(touched=(), strays=(), checkpoint=str(doubt)), now)
    journal.notice(JOURNAL_RESTORED, _JOURNAL_RESTORED, now)
    mark_everything(list(Kind), legacy=legacy, journal=journal, now=now)


def mark_everything(
    kinds: Collection[Kind], *, legacy: LegacyRecords, journal: Journal, now: datetime
) -> int:
    """Mark every record of the kinds, on either side: a feed has lost something, or a person asks.

    Returns:
        how many were marked.
    """
    marked = 0
    for kind in sorted(kinds, key=lambda one: one.rank):
        for keys in pages(Walk(kind, legacy=legacy, journal=journal, buried=True)):
            journal.mark(keys, now)
            marked += len(keys)
    return marked
