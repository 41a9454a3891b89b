"""A legacy database that came back from a backup: what it says is doubted until it was compared.

The feed stops the bridge; `release` lets it go on. From then on each record is compared once. One that nobody
has touched since its backup is older than what was agreed, and is told again; of one that somebody may have
touched, before or after, a person is asked. Which these are says the database itself: its outbox, from where
it had been read by the time of the backup (`banyan_read`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from legacy_bridge.errors import RestoreDetected
from legacy_bridge.first_load import mark_everything
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.feeds import LEGACY, ChangeFeed, FeedBatch
from legacy_bridge.sides.links import LEGACY_RESTORED, Dirty, Doubt, Restore
from legacy_bridge.sides.stores import Journal, LegacyRecords

_RESTORED = (
    "The legacy database came back from an earlier backup. Every record is compared again: what was agreed "
    "is told to it again, and what cannot be decided is listed."
)


class LegacyRestore:
    """What the bridge knows of a legacy database's return from a backup. One thread."""

    def __init__(
        self, *, feed: ChangeFeed, legacy: LegacyRecords, journal: Journal, clock: Callable[[], datetime]
    ) -> None:
        self._feed = feed
        self._legacy = legacy
        self._journal = journal
        self._clock = clock
        self._began: Restore | None = None
        self._read_upto = ""
        self._noted: set[str] | None = None

    def release(self, position: str | None) -> None:
        """Let the bridge go on: a person has looked. Everything is compared.

        May be interrupted, and is then done again: until its end the feed stops the bridge.

        Args:
            position: how far the outbox had been read, by the database itself; None: it does not say.

        Raises:
            SideUnavailable: the database or the journal did not answer.
        """
        fresh = self._feed.poll(None).checkpoint
        now = self._clock()
        found = Restore(came_back_from=now, noticed_at=now, position=position or "")
        self._journal.absorb(LEGACY_RESTORED, _checkpoint(str(found)), now)
        self._journal.notice(LEGACY_RESTORED, _RESTORED, now)
        mark_everything(list(Kind), legacy=self._legacy, journal=self._journal, now=now)
        self._journal.absorb(LEGACY, _checkpoint(fresh), now)

    def doubts(self, batch: Sequence[Dirty]) -> Mapping[LinkKey, Doubt]:
        """Why what legacy says of some records may be no edit; none for those that were compared since.

        Called after their rows were read: an edit that the rows show is then in the outbox.

        Raises:
            SideUnavailable: try again later.
        """
        restore = Restore.parse(self._journal.checkpoint(LEGACY_RESTORED))
        waiting = [] if restore is None else [one for one in batch if one.since <= restore.noticed_at]
        if restore is None or not waiting:
            return {}
        self._look(restore)
        held = set(self._journal.held([one.key for one in waiting]))
        return {
            one.key: Doubt.LEGACY_OLDER
            if self._noted is not None
            and one.key.key not in self._noted
            and one.since == restore.noticed_at  # else it had not been settled when the database came back
            and one.key not in held
            else Doubt.LEGACY_UNCERTAIN
            for one in waiting
        }

    def _look(self, restore: Restore) -> None:
        """Read on in the outbox; nothing is known of what was touched where it is cut."""
        if restore != self._began:
            self._began, self._read_upto = restore, restore.position
            self._noted = set() if restore.position else None
        is_whole = False
        while self._noted is not None and not is_whole:
            try:
                batch = self._feed.poll(self._read_upto)
            except RestoreDetected:  # the position is of another history
                self._noted = None
                return
            self._noted = None if batch.has_gap else self._noted | {key.key for key in batch.touched}
            self._read_upto, is_whole = batch.checkpoint, batch.is_whole


def _checkpoint(text: str) -> FeedBatch:
    return FeedBatch(touched=(), strays=(), checkpoint=text)
