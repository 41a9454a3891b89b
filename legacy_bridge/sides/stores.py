"""What the bridge works with: both sides' records, the journal between them, the public board."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from legacy_bridge.records import CloudContent, Kind, LinkKey, RowGroup
from legacy_bridge.sides.codes import CodeBook, WantedCodes
from legacy_bridge.sides.feeds import FeedBatch
from legacy_bridge.sides.links import Conflict, Dirty, Lately, Link, Pending, Settlement
from legacy_bridge.sides.listings import Counted, KeyPage, ListedConflict, News, Quarantined, Standing
from legacy_bridge.sides.wishes import Wish
from legacy_bridge.sides.writes import CloudPlan, Outcome, RowChange
from web_modules.fhir.mirror_answers import Answer

ContentT_co = TypeVar("ContentT_co", covariant=True)


ChangeT_contra = TypeVar("ChangeT_contra", contravariant=True)


class RecordStore(Protocol[ContentT_co, ChangeT_contra]):
    """One side's records. Blocks; one thread at a time."""

    def read(self, links: Sequence[Link]) -> Mapping[LinkKey, ContentT_co]:
        """Read records; what does not exist, or was deleted, is missing from the answer.

        Raises:
            SideUnavailable: try again later.
        """

    def write(self, changes: Sequence[ChangeT_contra]) -> Mapping[LinkKey, Outcome]:
        """Write each record only if it is still what was read, whole or not at all; one outcome for each.

        Raises:
            SideUnavailable: nothing is known of what was written.
        """


class LegacyRecords(RecordStore[RowGroup, RowChange], Protocol):
    """The legacy database's records of one practice."""

    def page(self, kind: Kind, *, after: str | None, limit: int) -> KeyPage:
        """Some records of a kind that belong to the practice, deleted ones left out.

        Args:
            kind: the kind.
            after: where the page before ended; None for the first.
            limit: how many at most.
        """

    def counts(self, kinds: Collection[Kind]) -> Mapping[Kind, int]:
        """How many records of some kinds belong to the practice; slow where it has many."""

    def dependants(self, key: LinkKey) -> Sequence[LinkKey]:
        """Records that show less, or more, when this one becomes confidential, or ceases to be."""

    def codes(self, wanted: WantedCodes) -> CodeBook:
        """Look codes up, by their numbers and by what SNOMED CT calls them; unknown ones are missing.

        Raises:
            SideUnavailable: try again later.
        """


class CloudRecords(RecordStore[CloudContent, CloudPlan], Protocol):
    """The records of one practice on the cloud."""

    def appointments_of(self, patient: str) -> Sequence[Mapping[str, Any]]:
        """Every Appointment that names a patient (`Patient/1`).

        Raises:
            SideUnavailable: try again later.
        """

    def tasks_of(self, record: LinkKey, patient: str | None) -> Sequence[Mapping[str, Any]]:
        """Every Task of the bridge about a record, or that names a patient (`Patient/1`), also those over.

        Raises:
            SideUnavailable: try again later.
        """

    def contents_of(self, link: Link, content: CloudContent) -> Sequence[Mapping[str, Any]]:
        """What lies beside a record, or lay beside an earlier version of it, and belongs to it alone.

        Raises:
            SideUnavailable: try again later.
        """

    def is_lost(self, reference: str) -> bool:
        """Whether the server has never heard of what it once had: gone with a restore, not deleted.

        Raises:
            SideUnavailable: try again later.
        """

    def forget(self, references: Collection[str]) -> Collection[str]:
        """Remove the earlier versions of what was deleted; may be repeated.

        Returns:
            those of which the server keeps them.

        Raises:
            SideUnavailable: try again later.
        """


class Board(Protocol):
    """Where the mirror says how it is, for everybody to see. Blocks; one thread at a time."""

    def publish(self, news: News) -> None:
        """Show how functions stand, and what waits for a person; each replaces what was shown of it.

        Raises:
            SideUnavailable: try again later.
        """

    def answers(self) -> Sequence[Answer]:
        """What people answered in the Tasks that are shown, each until its Task is published anew.

        Raises:
            SideUnavailable: try again later.
        """

    def tidy(self) -> None:
        """Remove what was said before, where the server can: only the last word is of use.

        Raises:
            SideUnavailable: try again later.
        """


class Journal(Protocol):
    """The bridge's own durable memory. Every method is one transaction, durable when it returns."""

    def take(self, kinds: Collection[Kind], *, limit: int, now: datetime) -> Sequence[Dirty]:
        """The dirty links of the lowest rank among `kinds` that may be tried now, oldest first."""

    def links(self, keys: Collection[LinkKey]) -> Mapping[LinkKey, Link]:
        """What is remembered of links; a fresh `Link` for each that is not known."""

    def identities(self, keys: Collection[LinkKey]) -> Mapping[LinkKey, Link]:
        """The same without what was agreed and the write-ahead: which ids and versions they have."""

    def begin(
        self,
        pending: Mapping[LinkKey, Pending],
        decided: Sequence[tuple[LinkKey, Conflict]],
        now: datetime,
        *,
        lately: Mapping[LinkKey, Lately],
    ) -> None:
        """Save what is about to be agreed, every value that loses by it, and what legacy showed until now."""

    def wishes(self) -> Sequence[Wish]:
        """Decisions of people that wait to be carried out, oldest first."""

    def wish(self, wish: Wish, *, why_not: str = "") -> None:
        """Note what a person has decided; with `why_not` it is refused at once."""

    def assign(self, owner: str, *, digest: str = "", subject: str = "") -> bool:
        """Say who looks after a conflict (`digest`) or a record that is held back (`subject`)."""

    def conflicts(self) -> Sequence[ListedConflict]:
        """The open conflicts, oldest first."""

    def quarantined(self) -> Sequence[Quarantined]:
        """What is in quarantine, oldest first."""

    def show_again(self, *, digest: str = "", subject: str = "") -> None:
        """Let the public board show a conflict, or a record that is held back, as it is now."""

    def escalate(self, before: datetime) -> int:
        """Note that what has waited since before a moment waits too long; how many are new among those."""

    def age(self, seconds: float, *, forms_since: float) -> None:
        """Save how long bridges have run, and forget what forms showed that are closed by now."""

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        """Save how a batch ended."""

    def absorb(self, feed: str, batch: FeedBatch, now: datetime) -> None:
        """Save a feed's news and its checkpoint, together."""

    def mark(self, keys: Collection[LinkKey], now: datetime) -> None:
        """Mark links dirty."""

    def checkpoint(self, feed: str) -> str | None:
        """Where a feed stands; None before the first `absorb`."""

    def known_keys(
        self, kind: Kind, *, after: str = "", limit: int, buried: bool = False
    ) -> Sequence[LinkKey]:
        """Links of a kind that are linked or withheld, by key; with `buried`, those that were deleted too."""

    def held(self, keys: Collection[LinkKey]) -> Collection[LinkKey]:
        """Those of some links that are in quarantine."""

    def unsettled(self, keys: Collection[LinkKey]) -> Collection[LinkKey]:
        """Those of some links that are dirty."""

    def keys_of(self, references: Collection[str]) -> Mapping[str, LinkKey]:
        """`Type/id` to the link that it belongs to; unknown ones are missing."""

    def count(self, kind: Kind, counted: Counted) -> None:
        """Save how equal the sides are."""

    def standing(self) -> Standing:
        """How the mirror stands, in numbers."""

    def hasten(self, now: datetime) -> None:
        """Let everything that waits be tried at once: the clock by which it was put off was wrong."""

    def next_try(self, kinds: Collection[Kind]) -> datetime | None:
        """When the next waiting link of some kinds may be tried; None when nothing waits."""

    def unpublished(self, limit: int) -> tuple[list[ListedConflict], list[Quarantined]]:
        """Conflicts and quarantined records that the public board does not show as they are."""

    def notice(self, reason: str, words: str | None, now: datetime) -> None:
        """List once, in quarantine, what concerns a whole side; None: it is over."""

    def published(self, digests: Sequence[str], subjects: Sequence[str]) -> None:
        """Note that the public board shows them."""
