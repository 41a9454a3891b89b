"""What is listed and shown: conflicts, quarantine, and how the mirror stands in numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.links import Conflict, links_in
from web_modules.decision.words import Authority, Function


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
        sides = (self.conflict.base, self.conflict.legacy, self.conflict.cloud)
        values = [value for side in sides for value in side.values()]
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
        patients: whom it concerns, as far as can be known: links (`patient/…`), or `Patient/id` as the cloud
            names them.
    """

    subject: str
    reason: str
    words: str
    owner: str | None
    since: datetime
    is_open: bool
    patients: tuple[str, ...] = ()


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
        oldest_held: since when the oldest record is in quarantine, or None; aware.
    """

    waiting: Mapping[Kind, int]
    oldest: Mapping[Kind, datetime]
    linked: Mapping[Kind, int]
    withheld: Mapping[Kind, int]
    conflicts: Mapping[Kind, int]
    quarantined: Mapping[str, int]
    unsure: int = 0
    counted: Mapping[Kind, Counted] = field(default_factory=dict)
    oldest_held: datetime | None = None


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
        patients: the Patient ids of those whom these concern, by link or by `Patient/id`; who is not on the
            cloud is missing.
        stopped: why nothing is carried until a person has looked; empty while it is.
    """

    functions: Mapping[Function, tuple[Authority, bool]]
    standing: Standing
    known: datetime
    now: datetime
    conflicts: tuple[ListedConflict, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    patients: Mapping[str, str] = field(default_factory=dict)
    stopped: str = ""
