"""The seams of the mirror: both sides' feeds and records, the journal between them, the public board."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol, TypeVar

from legacy_bridge.records import Agreed, CloudContent, Fields, Kind, LinkKey, RowGroup, RowValue, Value
from web_modules.decision.words import Authority, Function

ContentT_co = TypeVar("ContentT_co", covariant=True)
ChangeT_contra = TypeVar("ChangeT_contra", contravariant=True)


RESTORED = "restored"
"""The checkpoint that holds a `Restore` of the cloud; empty when everything was compared since."""

CONFIDENTIALITY_UNREADABLE = "confidentiality-unreadable"
"""The reason of what is withheld because nobody can read whether it is confidential."""


class LinkState(Enum):
    """How far two keys have come to be one thing."""

    NEW = "new"  # nothing was ever agreed
    LINKED = "linked"
    WITHHELD = "withheld"  # confidential: not on the cloud, which is no deletion
    TOMBSTONE = "tombstone"  # deleted on both sides; what comes back by itself stays out


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What was about to be agreed when the bridge wrote: the write-ahead.

    Attributes:
        fields: the values, None for empty.
        to_legacy: the fields for which legacy was to be written.
        to_cloud: the fields for which the cloud was to be written.
        forgets: `Type/id` of what was to be withdrawn from the cloud, its earlier versions too.
    """

    fields: Agreed
    to_legacy: frozenset[str]
    to_cloud: frozenset[str]
    forgets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One record's two keys, and what the journal remembers of it.

    Attributes:
        key: kind and legacy key.
        state: see `LinkState`.
        ids: FHIR resource type to logical id; empty while the cloud has none.
        versions: `Type/id` to the version last agreed on: a change feed that tells of it tells nothing new.
        baseline: what both sides last agreed on.
        pending: a write that was begun and not yet settled.
        bookings: how many Appointments were made for this slot; names the next one, so that a reply that was
            lost does not make a second.
    """

    key: LinkKey
    state: LinkState = LinkState.NEW
    ids: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    baseline: Agreed = field(default_factory=dict)
    pending: Pending | None = None
    bookings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dirty:
    """A link at least one side of which may differ from its baseline.

    Attributes:
        key: which link.
        generation: goes up each time it is marked; only the generation that was taken is cleared.
        since: when it was marked first; aware.
        attempts: how often it was tried since it last went well.
    """

    key: LinkKey
    generation: int
    since: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """The cloud came back from a backup.

    Attributes:
        came_back_from: up to when it had been read before; aware.
        noticed_at: what has waited since then, or longer, was not compared yet; aware.
    """

    came_back_from: datetime
    noticed_at: datetime

    def __str__(self) -> str:
        return f"{self.came_back_from.isoformat()} {self.noticed_at.isoformat()}"

    @staticmethod
    def parse(text: str | None) -> "Restore | None":
        """Read what `str` wrote; None when there is none."""
        if not text:
            return None
        came_back_from, noticed_at = map(datetime.fromisoformat, text.split(" "))
        return Restore(came_back_from=came_back_from, noticed_at=noticed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Both sides changed something since they last agreed.

    Attributes:
        unit: the fields that are decided together, by their common name.
        winner: the side whose value stands; None while a person has to decide, and both are kept.
        base: what was agreed on before; a field that was never agreed is missing.
        legacy: the legacy values.
        cloud: the cloud values.
    """

    unit: str
    winner: Authority | None
    base: Agreed
    legacy: Fields
    cloud: Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How one visit of a link ended, saved whole or not at all.

    Attributes:
        link: the link as it is to be remembered.
        generation: what may be cleared from the dirty list.
        open_conflicts: all that are open now; those listed before and missing here are settled.
        quarantine: why the record cannot be carried (reason, words), or None when it can.
        waits_for: the parent without which it cannot be carried.
        retry_after_seconds: look again by itself after this long; None: when something changes.
        touched: other links that have to be looked at because of this one.
        has_arrived: it is on the cloud now and was not before: what waited for it may go on.
        did: for the audit list: what was written, in a word; empty when nothing was.
        detail: for the audit list: the names of the fields; never their values.
    """

    link: Link
    generation: int
    open_conflicts: tuple[Conflict, ...] = ()
    quarantine: tuple[str, str] | None = None
    waits_for: LinkKey | None = None
    retry_after_seconds: float | None = None
    touched: tuple[LinkKey, ...] = ()
    has_arrived: bool = False
    did: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedConflict:
    """A conflict as the journal lists it.

    Attributes:
        digest: the journal's key of it.
        link: the record.
        state: open, decided or settled.
        since: when it was found.
        conflict: the values.
    """

    digest: str
    link: LinkKey
    state: str
    since: datetime
    conflict: Conflict

    def patients(self) -> set[LinkKey]:
        """The patients whom it concerns."""
        values = [*self.conflict.legacy.values(), *self.conflict.cloud.values()]
        named = {key for key in links_in(values) if key.kind is Kind.PATIENT}
        return named or ({self.link} if self.link.kind is Kind.PATIENT else set())


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A record that cannot be carried, as the journal lists it.

    Attributes:
        subject: the link (`slot/…`), or `Type/id` of what is only on the cloud.
        reason: a short word for counting.
        words: what is wrong and what to do.
        owner: who looks after it, or None while nobody does.
        since: when it was found.
        is_open: False once it can be carried.
    """

    subject: str
    reason: str
    words: str
    owner: str | None
    since: datetime
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How equal the sides were when one kind was counted.

    Attributes:
        matched: records equal on both.
        total: records counted; the withheld, which are rightly on one side only, left out.
        at: when; aware.
    """

    matched: int
    total: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the mirror stands, in numbers by kind.

    Attributes:
        waiting: links to look at.
        oldest: since when the oldest of them waits.
        linked: records on both sides.
        withheld: confidential records.
        conflicts: open ones.
        quarantined: records that cannot be carried; the key `stray` is what is only on the cloud,
            `mirror` what concerns a whole side.
        counted: how equal the sides were at the last count; kinds that were never counted are missing.
        unsure: of the withheld, those of which nobody can read whether they are confidential.
    """

    waiting: Mapping[Kind, int]
    oldest: Mapping[Kind, datetime]
    linked: Mapping[Kind, int]
    withheld: Mapping[Kind, int]
    conflicts: Mapping[Kind, int]
    quarantined: Mapping[str, int]
    unsure: int = 0
    counted: Mapping[Kind, Counted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What the board is to show.

    Attributes:
        functions: which side leads each mirrored function, and whether it is mirrored now.
        standing: the numbers.
        known: up to when both feeds were read.
        now: when this was put together.
        conflicts: those that the board does not show as they are.
        quarantined: the same.
        patients: the Patient ids of those whom the conflicts concern.
    """

    functions: Mapping[Function, tuple[Authority, bool]]
    standing: Standing
    known: datetime
    now: datetime
    conflicts: tuple[ListedConflict, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    patients: Mapping[LinkKey, str] = field(default_factory=dict)


class OutcomeKind(Enum):
    """How one guarded write ended."""

    WRITTEN = "written"
    CHANGED = "changed"  # it was no longer what had been read; nothing was written
    REFUSED = "refused"  # the side will never take it; nothing was written


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the write of one record ended.

    Attributes:
        kind: see `OutcomeKind`.
        ids: resource type to logical id of what was written (cloud).
        versions: `Type/id` to the version that the write made (cloud).
        refusal: reason and words when refused.
    """

    kind: OutcomeKind
    ids: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    refusal: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """A guarded write of one record's row: changed columns only.

    Attributes:
        link: which record.
        digest: the row group must still hash to this.
        columns: column to new value; empty with `delete`.
        delete: mark the row deleted.
    """

    link: LinkKey
    digest: str
    columns: Mapping[str, RowValue]
    delete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudStep:
    """One entry of a transaction; the names are FHIR's (http.html#transaction).

    Attributes:
        method: POST, PUT or DELETE.
        url: `Patient` for a create, `Patient/1` for the others.
        resource: the content; None for a deletion.
        full_url: `urn:uuid:…` when other steps refer to what this one creates.
        if_match: the version that must still be current.
        if_none_exist: the search that must find nothing for a create.
    """

    method: str
    url: str
    resource: Mapping[str, Any] | None = None
    full_url: str | None = None
    if_match: str | None = None
    if_none_exist: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPlan:
    """A guarded write of one record's resources: all steps or none.

    Attributes:
        link: which record.
        steps: in order.
        bookings: how many Appointments the slot has had after this.
        withdraws: what it deletes is confidential: its earlier versions have to go too.
    """

    link: LinkKey
    steps: tuple[CloudStep, ...]
    bookings: int = 0
    withdraws: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """Something on the cloud that the legacy program has no counterpart for.

    Attributes:
        reference: `Patient/1`.
        reason: a short word.
        words: why it is not carried, and what to do.
    """

    reference: str
    reason: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBatch:
    """What a feed has to tell: "look again here", nothing more.

    Attributes:
        touched: links to look at.
        strays: what has no counterpart.
        ended: `Type/id` of what was none, or is none any more: deleted, or found its counterpart.
        checkpoint: where to go on from; save it together with `touched`.
        is_whole: False when more is waiting.
        has_gap: the feed has lost something: compare everything.
        came_back_from: the side came back from a backup; up to when it had been read before that.
    """

    touched: tuple[LinkKey, ...]
    strays: tuple[Stray, ...]
    checkpoint: str
    ended: tuple[str, ...] = ()
    is_whole: bool = True
    has_gap: bool = False
    came_back_from: datetime | None = None


class ChangeFeed(Protocol):
    """One side's notice of changes. Blocks; one thread at a time.

    `poll` may repeat what it told before; it never skips what committed before the call.
    """

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """Tell what changed after a checkpoint; None: from now on (legacy) or from the beginning (cloud).

        Raises:
            SideUnavailable: try again later.
            MirrorStopped: a person has to look.
        """


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

    def keys(self, kind: Kind) -> Sequence[LinkKey]:
        """All records of a kind that belong to the practice, deleted ones left out."""

    def dependants(self, key: LinkKey) -> Sequence[LinkKey]:
        """Records that show less, or more, when this one becomes confidential, or ceases to be."""


class CloudRecords(RecordStore[CloudContent, CloudPlan], Protocol):
    """The records of one practice on the cloud."""

    def appointments_of(self, patient: str) -> Sequence[Mapping[str, Any]]:
        """Every Appointment that names a patient (`Patient/1`).

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

    def begin(
        self, pending: Mapping[LinkKey, Pending], decided: Sequence[tuple[LinkKey, Conflict]], now: datetime
    ) -> None:
        """Save what is about to be agreed, and every value that loses by it, before a side is written."""

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        """Save how a batch ended."""

    def absorb(self, feed: str, batch: FeedBatch, now: datetime) -> None:
        """Save a feed's news and its checkpoint, together."""

    def mark(self, keys: Collection[LinkKey], now: datetime) -> None:
        """Mark links dirty."""

    def checkpoint(self, feed: str) -> str | None:
        """Where a feed stands; None before the first `absorb`."""

    def all_keys(self, kind: Kind, *, buried: bool = False) -> Sequence[LinkKey]:
        """All links of a kind that are linked or withheld; with `buried`, those that were deleted too."""

    def keys_of(self, references: Collection[str]) -> Mapping[str, LinkKey]:
        """`Type/id` to the link that it belongs to; unknown ones are missing."""

    def count(self, kind: Kind, counted: Counted) -> None:
        """Save how equal the sides are."""

    def standing(self) -> Standing:
        """How the mirror stands, in numbers."""

    def next_try(self, kinds: Collection[Kind]) -> datetime | None:
        """When the next waiting link of some kinds may be tried; None when nothing waits."""

    def unpublished(self, limit: int) -> tuple[list[ListedConflict], list[Quarantined]]:
        """Conflicts and quarantined records that the public board does not show as they are."""

    def notice(self, reason: str, words: str | None, now: datetime) -> None:
        """List once, in quarantine, what concerns a whole side; None: it is over."""

    def published(self, digests: Sequence[str], subjects: Sequence[str]) -> None:
        """Note that the public board shows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """Resolves references between records, from links that were looked up beforehand.

    Attributes:
        of_links: link to the resource types and ids that it has.
        of_resources: `Type/id` to its link.
        baselines: what was last agreed on of a link: a booking names its session's people.
    """

    of_links: Mapping[LinkKey, Mapping[str, str]] = field(default_factory=dict)
    of_resources: Mapping[str, LinkKey] = field(default_factory=dict)
    baselines: Mapping[LinkKey, Agreed] = field(default_factory=dict)

    def reference(self, key: LinkKey, resource_type: str) -> str | None:
        """`Type/id` of a link, or None while it is not on the cloud."""
        found = self.of_links.get(key, {}).get(resource_type)
        return None if found is None else f"{resource_type}/{found}"


def links_in(values: Collection[Value | None]) -> set[LinkKey]:
    """Every link that some values name."""
    found: set[LinkKey] = set()
    for value in values:
        if isinstance(value, LinkKey):
            found.add(value)
        elif isinstance(value, tuple):
            found.update(value)
    return found
