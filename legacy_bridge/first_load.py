"""The first load, and every whole comparison after it: mark everything, and let the reconciler do the rest.

There is no second way to write: a first load is the reconciler at work on every link of the practice.
"""

from collections.abc import Collection
from datetime import datetime

from legacy_bridge.records import Kind
from legacy_bridge.sides.feeds import FeedBatch
from legacy_bridge.sides.stores import Journal, LegacyRecords


def begin_first_load(
    kinds: Collection[Kind], *, legacy: LegacyRecords, journal: Journal, now: datetime
) -> int:
    """Mark every record of the kinds that were not loaded yet.

    The legacy feed's checkpoint must have been saved before: what changes from then on is told by the feed.

    Returns:
        how many were marked.
    """
    marked = 0
    for kind in sorted(kinds, key=lambda one: one.rank):
        name = f"load:{kind.value}"
        if journal.checkpoint(name) is None:
            keys = tuple(legacy.keys(kind))
            journal.absorb(name, FeedBatch(touched=keys, strays=(), checkpoint=str(len(keys))), now)
            marked += len(keys)
    return marked


def mark_everything(
    kinds: Collection[Kind], *, legacy: LegacyRecords, journal: Journal, now: datetime
) -> int:
    """Mark every record of the kinds, on either side: a feed has lost something, or a person asks.

    Returns:
        how many were marked.
    """
    marked = 0
    for kind in sorted(kinds, key=lambda one: one.rank):
        keys = {*legacy.keys(kind), *journal.all_keys(kind, buried=True)}
        journal.mark(sorted(keys, key=str), now)
        marked += len(keys)
    return marked
