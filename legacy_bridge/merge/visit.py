"""One link's way through a batch: what was read, what is to be done, and how that ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from legacy_bridge.merge.deeds import deeds_of
from legacy_bridge.records import Agreed, CloudContent, LinkKey, Reading, RowGroup
from legacy_bridge.sides.links import (
    Conflict,
    Deed,
    Dirty,
    Doubt,
    Lately,
    Link,
    LinkState,
    Pending,
    Settlement,
)
from legacy_bridge.sides.wishes import MOVED, Wish
from legacy_bridge.sides.writes import CloudPlan, Outcome, OutcomeKind, RowChange

PARENT_ATTEMPTS = 6  # a child waits about twelve seconds for its parent before a person is told
_FIRST_WAIT_SECONDS = 0.2
_CHANGED_WAIT_SECONDS = 0.02  # somebody is at work on it: look again at once, then ever less often
LONGEST_WAIT_SECONDS = 30.0
_WRITTEN = Outcome(kind=OutcomeKind.WRITTEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What was read of one link, and what is to be done about it.

    Attributes:
        dirty: why it is looked at.
        link: what the journal remembers.
        group: the legacy rows, or None.
        content: the FHIR resources, or None.
        base: what was agreed on before, with what an interrupted write had brought about.
        agreed: what is to be agreed on.
        to_legacy: the fields that legacy does not say yet.
        to_cloud: the fields that the cloud does not say yet.
        row_change: the write to legacy, or None.
        plan: the write to the cloud, or None.
        ends_as: the link's state when all writes went well.
        decided: conflicts that a rule decided.
        open: conflicts that wait for a person.
        touched: other links to look at afterwards.
        refusal: why the record cannot be carried (reason, words).
        note: what is wrong with the record although it was dealt with (reason, words).
        waits_for: the parent that has to be on the cloud first.
        lacks: a record that it names and legacy does not have: it was carried without.
        looks_again: this was a first step: visit it again at once.
        looks_later: what hides it is on the cloud yet, and may be shown again before it was looked at.
        deletes: a record is deleted on one side.
        doubt: why differences may be no edits, or None; of legacy's, the link says it.
        forgets: `Type/id` of what is withdrawn, now or by an interrupted visit, its earlier versions too.
        first: links that have to be visited before anything is done about this one; None: it may go on.
        lost: conflicts of other links that this visit decides.
        wishes: decisions of people about it.
        granted: those that this visit carries out, with the conflicts that they end.
        denied: why others cannot be, by their numbers.
        lately: what legacy showed lately, this visit's doing included; None: nothing new.
    """

    dirty: Dirty
    link: Link
    group: RowGroup | None = None
    content: CloudContent | None = None
    base: Agreed = field(default_factory=dict)
    agreed: Agreed | None = None
    to_legacy: frozenset[str] = frozenset()
    to_cloud: frozenset[str] = frozenset()
    row_change: RowChange | None = None
    plan: CloudPlan | None = None
    ends_as: LinkState = LinkState.LINKED
    decided: tuple[Conflict, ...] = ()
    open: tuple[Conflict, ...] = ()
    touched: tuple[LinkKey, ...] = ()
    refusal: tuple[str, str] | None = None
    note: tuple[str, str] | None = None
    waits_for: LinkKey | None = None
    lacks: LinkKey | None = None
    looks_again: bool = False
    looks_later: bool = False
    deletes: bool = False
    doubt: Doubt | None = None
    forgets: frozenset[str] = frozenset()
    first: tuple[LinkKey, ...] | None = None
    lost: tuple[tuple[LinkKey, Conflict], ...] = ()
    wishes: tuple[Wish, ...] = ()
    granted: tuple[tuple[Wish, Conflict], ...] = ()
    denied: Mapping[int, str] = field(default_factory=dict)
    lately: Lately | None = None

    @property
    def writes(self) -> bool:
        """Whether a side is to be written."""
        return self.row_change is not None or self.plan is not None

    @property
    def only_makes(self) -> bool:
        """Whether nothing is written but, at most, something new on the cloud."""
        if not self.writes and not self.forgets:
            return True
        is_made = self.row_change is None and not self.deletes and not self.forgets
        return is_made and self.content is None and self.ends_as is LinkState.LINKED

    @property
    def is_older_than_agreed(self) -> bool:
        """Whether the cloud has an earlier version of something than was agreed on."""
        found = {} if self.content is None else self.content.versions()
        known = self.link.versions
        both = ((found[name], known[name]) for name in found if name in known)
        return any(now.isdigit() and then.isdigit() and int(now) < int(then) for now, then in both)

    def with_what_to_forget(self) -> "Visit":
        """The same, with what is withdrawn, now or by an interrupted visit."""
        plan, pending = self.plan, self.link.pending
        withdrawn = plan.steps if plan is not None and plan.withdraws else ()
        urls = {step.url for step in withdrawn if step.method == "DELETE"}
        forgets = frozenset({*urls, *(pending.forgets if pending is not None else ())})
        return replace(self, forgets=forgets) if forgets else self

    def seen(self, base: Agreed, legacy: Reading | None) -> "Visit":
        """The same, with what was agreed on before and what is to be said of the rows although they flow."""
        if legacy is None or legacy.is_withheld:
            return replace(self, base=base)
        return replace(self, base=base, lacks=legacy.lacks, note=legacy.remark)

    def pending(self) -> Pending:
        """The write-ahead: what is about to be agreed where it is not said yet."""
        names = self.to_legacy | self.to_cloud
        return Pending(
            fields={name: value for name, value in (self.agreed or {}).items() if name in names},
            to_legacy=self.to_legacy,
            to_cloud=self.to_cloud,
            forgets=self.forgets,
            base=None if self.base == self.link.baseline else self.base,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """How the writes of a batch ended, side by side.

    Attributes:
        on_cloud: outcomes of the plans.
        on_legacy: outcomes of the changes of rows.
    """

    on_cloud: Mapping[LinkKey, Outcome]
    on_legacy: Mapping[LinkKey, Outcome]


def settle(visit: Visit, on_cloud: Outcome | None, on_legacy: Outcome | None) -> Settlement:
    """How a visit ended, given how its writes ended (None: there was none)."""
    if visit.refusal is not None:
        return _held(visit, _known_again(visit), visit.refusal)
    if visit.waits_for is not None:
        return _waiting(visit, visit.waits_for)
    if visit.first is not None:
        return Settlement(
            link=visit.link,
            generation=visit.dirty.generation,
            touched=visit.first,
            retry_after_seconds=_after(visit, _CHANGED_WAIT_SECONDS),
        )
    outcomes = (on_cloud or _WRITTEN, on_legacy or _WRITTEN)
    reached = _reached(visit, outcomes[0])
    deeds = deeds_of(visit, on_cloud, on_legacy)
    refusal = next((one.refusal for one in outcomes if one.kind is OutcomeKind.REFUSED), None)
    is_changed = any(one.kind is OutcomeKind.CHANGED for one in outcomes)
    if (refusal is None and is_changed) or (refusal is not None and visit.granted):
        denied = {} if refusal is None else {one.number: refusal[1] for one, _ in visit.granted}
        return _tried(visit, reached, deeds, denied)
    if refusal is not None:
        is_withdrawn = visit.plan is not None and visit.plan.withdraws  # it may not stay: try again
        return replace(
            _held(visit, _unsettled(visit, reached), refusal),
            deeds=deeds,
            retry_after_seconds=_after(visit, _FIRST_WAIT_SECONDS) if is_withdrawn else None,
        )
    return _done(visit, reached, deeds)


def _tried(visit: Visit, reached: Link, deeds: tuple[Deed, ...], denied: Mapping[int, str]) -> Settlement:
    """Nothing, or not all, was written: look again; what a person has decided is still open."""
    return Settlement(
        link=_unsettled(visit, reached),
        generation=visit.dirty.generation,
        open_conflicts=(*visit.open, *(kept for _, kept in visit.granted)),
        wishes=tuple({**visit.denied, **denied}.items()),
        retry_after_seconds=_after(visit, _CHANGED_WAIT_SECONDS),
        deeds=deeds,
    )


def _done(visit: Visit, reached: Link, deeds: tuple[Deed, ...]) -> Settlement:
    is_there = visit.ends_as is LinkState.LINKED
    keeps = is_there or visit.looks_again or visit.open
    baseline = {**visit.base, **(visit.agreed or {})} if keeps else {}
    link = Link(
        key=visit.link.key,
        state=visit.ends_as,
        ids=reached.ids if keeps else {},
        versions=reached.versions if keeps else {},
        baseline=baseline,
        bookings=reached.bookings,
        doubt=visit.link.doubt if visit.looks_again or (visit.open and visit.agreed is None) else None,
    )
    return Settlement(
        link=link,
        generation=visit.dirty.generation,
        open_conflicts=visit.open,
        quarantine=_without(visit.lacks) or visit.note,
        waits_for=visit.lacks,
        retry_after_seconds=0.0 if visit.looks_again else _later(visit),
        touched=visit.touched,
        has_arrived=is_there and visit.link.state is not LinkState.LINKED,
        wishes=_heard(visit),
        deeds=deeds,
    )


def _heard(visit: Visit) -> tuple[tuple[int, str | None], ...]:
    """What became of the decisions: those that nobody could carry out were about what is no more."""
    carried = {one.number for one, _ in visit.granted}
    return tuple(
        (one.number, None if one.number in carried else visit.denied.get(one.number, MOVED))
        for one in visit.wishes
    )


def _without(lacks: LinkKey | None) -> tuple[str, str] | None:
    if lacks is None:
        return None
    words = (
        f"The {lacks.kind.value} that it names is not there, so it was carried without; "
        "it is put right by itself when that arrives."
    )
    return "carried-without", words


def _reached(visit: Visit, on_cloud: Outcome) -> Link:
    """The link with the ids and versions that are known now, whatever else went wrong."""
    content = visit.content
    ids = dict(visit.link.ids)
    versions: dict[str, str] = {}
    if content is not None:
        ids = {name: str(one["id"]) for name, one in content.resources.items() if "id" in one}
        versions = content.versions()
    if on_cloud.kind is not OutcomeKind.WRITTEN or visit.plan is None:
        return Link(key=visit.link.key, ids=ids, versions=versions, bookings=visit.link.bookings)
    return Link(
        key=visit.link.key,
        ids={**ids, **on_cloud.ids},
        versions={**versions, **on_cloud.versions},
        bookings=visit.plan.bookings,
    )


def _unsettled(visit: Visit, reached: Link) -> Link:
    """The link as it was, its write-ahead kept for the next visit to settle, its new ids remembered."""
    return Link(
        key=visit.link.key,
        state=visit.link.state,
        ids=reached.ids,
        versions={},
        baseline=visit.base,
        pending=visit.pending() if visit.writes else visit.link.pending,
        bookings=reached.bookings,
        doubt=visit.link.doubt,
    )


def _held(visit: Visit, link: Link, refusal: tuple[str, str]) -> Settlement:
    return Settlement(
        link=link, generation=visit.dirty.generation, open_conflicts=visit.open, quarantine=refusal
    )


def _known_again(visit: Visit) -> Link:
    """The link, with the ids of what the cloud has under its key: else a deletion there could not be told."""
    if visit.content is None:
        return visit.link
    if visit.link.state not in (LinkState.NEW, LinkState.TOMBSTONE):
        awaited = visit.content.awaited
        known = visit.link.versions
        return visit.link if awaited is None else replace(visit.link, versions={**known, awaited: ""})
    return replace(visit.link, versions=visit.content.versions())


def _after(visit: Visit, first_seconds: float) -> float:
    """Longer with every attempt."""
    return min(first_seconds * 2.0**visit.dirty.attempts, LONGEST_WAIT_SECONDS)


def _later(visit: Visit) -> float | None:
    is_worth_it = visit.looks_later and visit.dirty.attempts < PARENT_ATTEMPTS
    return _after(visit, _FIRST_WAIT_SECONDS) if is_worth_it else None


def _waiting(visit: Visit, parent: LinkKey) -> Settlement:
    if visit.dirty.attempts < PARENT_ATTEMPTS:
        return Settlement(
            link=visit.link,
            generation=visit.dirty.generation,
            open_conflicts=visit.open,
            retry_after_seconds=_after(visit, _FIRST_WAIT_SECONDS),
            waits_for=parent,
        )
    words = (
        f"The {parent.kind.value} that it belongs to is not on the other side yet; "
        "it goes on by itself when that arrives."
    )
    return Settlement(
        link=visit.link,
        generation=visit.dirty.generation,
        open_conflicts=visit.open,
        quarantine=("parent-missing", words),
        waits_for=parent,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a batch came to, in numbers of records."""

    looked_at: int = 0
    written_to_legacy: int = 0
    written_to_cloud: int = 0
    decided: int = 0
    in_conflict: int = 0
    quarantined: int = 0
    to_try_again: int = 0

    def plus(self, other: "Report") -> "Report":
        """Both together."""
        return Report(
            **{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        )


def report(
    visits: Sequence[Visit],
    settlements: Sequence[Settlement],
    carried: Carried,
) -> Report:
    """Count what a batch came to."""

    def written(outcomes: Mapping[LinkKey, Outcome]) -> int:
        return sum(one.kind is OutcomeKind.WRITTEN for one in outcomes.values())

    return Report(
        looked_at=len(visits),
        written_to_legacy=written(carried.on_legacy),
        written_to_cloud=written(carried.on_cloud),
        decided=sum(len(visit.decided) for visit in visits),
        in_conflict=sum(bool(visit.open) for visit in visits),
        quarantined=sum(one.quarantine is not None for one in settlements),
        to_try_again=sum(one.retry_after_seconds is not None for one in settlements),
    )
