"""A side's notice of changes: look again here, nothing more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from legacy_bridge.records import LinkKey

LEGACY, CLOUD = "legacy", "cloud"
"""The checkpoints of the two feeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """Something on the cloud that the legacy program has no counterpart for.

    Attributes:
        reference: `Patient/1`.
        reason: a short word.
        words: why it is not carried, and what to do.
        patients: whom it concerns: `Patient/id`.
    """

    reference: str
    reason: str
    words: str
    patients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBatch:
    """What a feed has to tell: "look again here", nothing more.

    Attributes:
        touched: links to look at.
        strays: what has no counterpart.
        adopted: `Type/id` of what the journal may not know, with its link: by the identifier it bears, or,
            made in the cloud, the one that its new legacy row will have.
        ended: `Type/id` of what was none, or is none any more: deleted, or found its counterpart.
        checkpoint: where to go on from; save it together with `touched`.
        is_whole: False when more is waiting.
        has_gap: the feed has lost something: compare everything.
        came_back_from: the side came back from a backup; up to when it had been read before that.
        known_until: for a feed that finds changes late: what was committed before then has been told. None:
            what was committed before the call.
    """

    touched: tuple[LinkKey, ...]
    strays: tuple[Stray, ...]
    checkpoint: str
    adopted: Mapping[str, LinkKey] = field(default_factory=dict)
    ended: tuple[str, ...] = ()
    is_whole: bool = True
    has_gap: bool = False
    came_back_from: datetime | None = None
    known_until: datetime | None = None


class ChangeFeed(Protocol):
    """One side's notice of changes. Blocks; one thread at a time.

    `poll` may repeat what it told before; it never skips what committed before the call, or before the moment
    that it names.
    """

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """Tell what changed after a checkpoint; None: from now on (legacy) or from the beginning (cloud).

        Raises:
            SideUnavailable: try again later.
            MirrorStopped: a person has to look.
        """
