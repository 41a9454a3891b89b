"""Knows the bridge's own writes to legacy again when the feed tells of them: nothing needs to be done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.merge.visit import Visit
from legacy_bridge.readings import mapped
from legacy_bridge.records import Agreed, Kind, LinkKey, Reading
from legacy_bridge.sides.feeds import ChangeFeed, FeedBatch
from legacy_bridge.sides.links import Link, LinkState, Settlement
from legacy_bridge.sides.stores import LegacyRecords

_MOST = 20_000
"""Writes that are remembered at once: as many as legacy is told in some seconds."""


class OwnWrites:
    """What this process wrote to legacy, and what it agreed on then, until the feed has told of it.

    Forgetting it, as a restart does, costs only time: the record is then visited as any other.
    """

    def __init__(self) -> None:
        self._agreed: dict[LinkKey, Agreed] = {}

    def forget(self, keys: Iterable[LinkKey]) -> None:
        """What was agreed on of some links is about to change; how that ends, nobody may live to tell."""
        for key in keys:
            self._agreed.pop(key, None)

    def remember(self, visits: Sequence[Visit], settlements: Sequence[Settlement]) -> None:
        """Remember what was written, and is settled on both sides."""
        for visit, settlement in zip(visits, settlements, strict=True):
            if visit.row_change is not None and _is_settled(settlement):
                self._agreed[settlement.link.key] = settlement.link.baseline
        while len(self._agreed) > _MOST:
            del self._agreed[next(iter(self._agreed))]

    def taken(self, keys: Sequence[LinkKey]) -> dict[LinkKey, Agreed]:
        """What was agreed on of those of some links that were written; each is remembered once."""
        return {key: self._agreed.pop(key) for key in keys if key in self._agreed}


class FeedWithoutEchoes:
    """A legacy feed that leaves out what says exactly what the bridge wrote; see `sides.ChangeFeed`.

    That is looked at in the rows themselves, once for many: whoever changed them since, in whichever order
    it is told, makes them say something else. The cloud's side of these records has a feed of its own.
    """

    def __init__(
        self,
        feed: ChangeFeed,
        own: OwnWrites,
        *,
        legacy: LegacyRecords,
        mappings: Mapping[Kind, ResourceMapping],
    ) -> None:
        self._feed = feed
        self._own = own
        self._legacy = legacy
        self._mappings = mappings

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """See `sides.ChangeFeed`."""
        batch = self._feed.poll(checkpoint)
        own = self._own.taken(batch.touched)
        if not own:
            return batch
        groups = self._legacy.read([Link(key=key) for key in own])
        readings, _ = mapped(self._mappings, own, groups)
        echoes = {key for key, agreed in own.items() if readings.get(key) == _as_read(agreed)}
        return replace(batch, touched=tuple(key for key in batch.touched if key not in echoes))


def _is_settled(settlement: Settlement) -> bool:
    """Whether both sides say what was agreed on, and nothing is left to do or to be asked."""
    is_quiet = not settlement.open_conflicts and settlement.retry_after_seconds is None
    return is_quiet and settlement.quarantine is None and settlement.link.state is LinkState.LINKED


def _as_read(agreed: Agreed) -> Reading:
    """The record that legacy then says: all of it, of which nothing is held back or withheld."""
    return Reading(fields={name: value for name, value in agreed.items() if value is not None})
