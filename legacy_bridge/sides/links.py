"""What the journal remembers of two keys that are one thing, and how a visit of them ended."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from legacy_bridge.records import Agreed, Fields, LinkKey, Value, names_of
from legacy_bridge.sides.codes import CodeBook
from web_modules.decision.words import Authority

RESTORED = "restored"
"""The checkpoint that holds a `Restore` of the cloud; empty when everything was compared since."""

RAN = "ran"
"""The checkpoint that holds for how many seconds bridges of the practice have run; see `forms.FormTime`."""
FORGOTTEN = "forgotten"
"""The checkpoint that holds a `Restore` of the journal itself; empty when everything was compared since."""

LEGACY_RESTORED = "legacy-restored"
"""The checkpoint that holds a `Restore` of the legacy database; empty when everything was compared since."""

CONFIDENTIALITY_UNREADABLE = "confidentiality-unreadable"
"""The reason of what is withheld because nobody can read whether it is confidential."""


class Doubt(Enum):
    """Why what one side says differently may be no edit: something came back from a backup."""

    OLDER = "older"  # the cloud says what it said before that was agreed
    UNCERTAIN = "uncertain"  # the cloud was changed again after it came back
    FORGOTTEN = "forgotten"  # the journal came back: what it says was agreed on is older than both sides
    LEGACY_OLDER = "legacy older"  # nobody has touched the legacy row since its backup
    LEGACY_UNCERTAIN = "legacy uncertain"  # somebody may have: nobody can tell the edit from the backup


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
        base: what was agreed on by then, where an interrupted write before this one had changed that.
    """

    fields: Agreed
    to_legacy: frozenset[str]
    to_cloud: frozenset[str]
    forgets: frozenset[str] = frozenset()
    base: Agreed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A value that legacy showed before.

    Attributes:
        value: the value; None for empty.
        until: when it was last seen there, in seconds by `forms.FormTime`; None: it is there now.
        is_overwritten: whether the bridge has written the field since.
    """

    value: Value | None
    until: float | None
    is_overwritten: bool = False


Lately = Mapping[str, tuple[Shown, ...]]
"""What legacy showed of each field within the time that a form stays open; see `merge.forms`."""


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
        lately: what legacy showed lately; kept by `Journal.begin` alone.
        doubt: legacy came back from a backup, and nobody has settled yet what it says of the record; None:
            what it says is believed.
    """

    key: LinkKey
    state: LinkState = LinkState.NEW
    ids: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    baseline: Agreed = field(default_factory=dict)
    pending: Pending | None = None
    bookings: int = 0
    lately: Lately = field(default_factory=dict, compare=False)
    doubt: Doubt | None = None


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
    """A side, or the journal, came back from a backup.

    Attributes:
        came_back_from: up to when it had been read before; aware.
        noticed_at: what has waited since then, or longer, was not compared yet; aware.
        position: of the legacy database: how far its outbox had been read when the backup was made, by what
            the backup itself says; empty: nobody knows.
    """

    came_back_from: datetime
    noticed_at: datetime
    position: str = ""

    def __str__(self) -> str:
        return f"{self.came_back_from.isoformat()} {self.noticed_at.isoformat()} {self.position}".rstrip()

    @staticmethod
    def parse(text: str | None) -> "Restore | None":
        """Read what `str` wrote; None when there is none."""
        if not text:
            return None
        came_back_from, noticed_at, *position = text.split(" ", 2)
        return Restore(
            came_back_from=datetime.fromisoformat(came_back_from),
            noticed_at=datetime.fromisoformat(noticed_at),
            position="".join(position),
        )


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
class Deed:
    """What was done to one record, for the audit log.

    Attributes:
        what: such as `wrote cloud`.
        sides: those that were written.
        before: what was agreed on of the touched fields before.
        after: what they were made.
        versions: `Type/id` to the version that the write made.
        forgot: `Type/id` of what was removed from the cloud with its earlier versions.
    """

    what: str
    sides: tuple[str, ...] = ()
    before: Agreed = field(default_factory=dict)
    after: Agreed = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    forgot: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How one visit of a link ended, saved whole or not at all.

    Attributes:
        link: the link as it is to be remembered.
        generation: what may be cleared from the dirty list.
        open_conflicts: all that are open now; those listed before and missing here are settled.
        quarantine: why the record cannot be carried (reason, words), or None when it can.
        patients: whom a record that cannot be carried concerns; see `Quarantined`.
        waits_for: the parent without which it cannot be carried.
        retry_after_seconds: look again by itself after this long; None: when something changes.
        touched: other links that have to be looked at because of this one.
        has_arrived: it is on the cloud now and was not before: what waited for it may go on.
        wishes: decisions of people that are over, by number: carried out (None), or why not.
        deeds: for the audit log: what was written, here or by an interrupted visit before it.
    """

    link: Link
    generation: int
    open_conflicts: tuple[Conflict, ...] = ()
    quarantine: tuple[str, str] | None = None
    patients: tuple[str, ...] = ()
    waits_for: LinkKey | None = None
    retry_after_seconds: float | None = None
    touched: tuple[LinkKey, ...] = ()
    has_arrived: bool = False
    wishes: tuple[tuple[int, str | None], ...] = ()
    deeds: tuple[Deed, ...] = ()

    def after(self, arrived: Collection[LinkKey]) -> "Settlement":
        """The same where some links came to be on the cloud after this one was looked at."""
        if self.waits_for is None or not any(self.waits_for in names_of(one) for one in arrived):
            return self
        return replace(self, touched=(*self.touched, self.link.key))


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """Resolves references between records, from links that were looked up beforehand.

    Attributes:
        of_links: link to the resource types and ids that it has.
        withheld: links that are confidential: nothing on the cloud may name them.
        of_resources: `Type/id` to its link.
        baselines: what was last agreed on of a link: a booking names its session's people.
        codes: the legacy codes that the records name.
    """

    of_links: Mapping[LinkKey, Mapping[str, str]] = field(default_factory=dict)
    withheld: frozenset[LinkKey] = frozenset()
    of_resources: Mapping[str, LinkKey] = field(default_factory=dict)
    baselines: Mapping[LinkKey, Agreed] = field(default_factory=dict)
    codes: CodeBook = field(default_factory=CodeBook)

    def reference(self, key: LinkKey, resource_type: str) -> str | None:
        """`Type/id` of a link, or None while it is not on the cloud."""
        found = self.of_links.get(key, {}).get(resource_type)
        return None if found is None else f"{resource_type}/{found}"


def ids_of(links: Mapping[LinkKey, Link]) -> dict[LinkKey, Mapping[str, str]]:
    """The resources of those links that are on the cloud."""
    return {key: link.ids for key, link in links.items() if link.state is LinkState.LINKED}


def withheld_of(links: Mapping[LinkKey, Link]) -> frozenset[LinkKey]:
    """Those links that are confidential."""
    return frozenset(key for key, link in links.items() if link.state is LinkState.WITHHELD)


def links_in(values: Collection[Value | None]) -> set[LinkKey]:
    """Every link that some values name."""
    found: set[LinkKey] = set()
    for value in values:
        if isinstance(value, LinkKey):
            found.add(value)
        elif isinstance(value, tuple):
            found.update(value)
    return found
