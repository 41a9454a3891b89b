"""A journal in memory: each method one transaction, with backups. It passes the real one's contract tests."""

import copy
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from legacy_bridge.journal.conflicts import DECIDED, OPEN, SETTLED
from legacy_bridge.journal.quarantine import MIRROR
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.feeds import FeedBatch
from legacy_bridge.sides.links import (
    CONFIDENTIALITY_UNREADABLE,
    RAN,
    Conflict,
    Dirty,
    Lately,
    Link,
    LinkState,
    Pending,
    Settlement,
)
from legacy_bridge.sides.listings import Counted, ListedConflict, Quarantined, Standing
from legacy_bridge.sides.wishes import Wish


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row of the dirty list."""

    generation: int
    attempts: int
    since: datetime
    not_before: datetime


@dataclass(slots=True)
class Content:
    """All that the journal keeps; values never change, but are replaced."""

    dirty: dict[LinkKey, Waiting] = field(default_factory=dict)
    links: dict[LinkKey, Link] = field(default_factory=dict)
    references: dict[str, LinkKey] = field(default_factory=dict)
    wishes: dict[int, Wish] = field(default_factory=dict)
    lately: dict[LinkKey, Lately] = field(default_factory=dict)
    checkpoints: dict[str, str] = field(default_factory=dict)
    counted: dict[Kind, Counted] = field(default_factory=dict)
    conflicts: dict[str, ListedConflict] = field(default_factory=dict)
    quarantine: dict[str, tuple[Quarantined, LinkKey | None]] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)

    def copied(self) -> "Content":
        """The same again."""
        return Content(**{one.name: copy.copy(getattr(self, one.name)) for one in fields(self)})


class SimulatedJournal:
    """One practice's journal; see `sides.Journal`."""

    def __init__(self, identity: str = "first") -> None:
        self.identity = identity
        self.content = Content()
        self.told: Callable[[Wish, str | None], None] = lambda _wish, _why_not: None
        self._backup: Content | None = None

    def backup(self) -> None:
        """Save everything."""
        self._backup = self.content.copied()

    def restore(self) -> None:
        """Put back what was saved last."""
        assert self._backup is not None
        self.content = self._backup.copied()

    def has_backup(self) -> bool:
        """Whether there is something to put back."""
        return self._backup is not None

    def take(self, kinds: Collection[Kind], *, limit: int, now: datetime) -> Sequence[Dirty]:
        """See `sides.Journal`."""
        mine = [
            (key, one)
            for key, one in self.content.dirty.items()
            if key.kind in kinds and one.not_before <= now
        ]
        lowest = min((key.kind.rank for key, _ in mine), default=None)
        found = sorted((one.since, key.key, key, one) for key, one in mine if key.kind.rank == lowest)
        return tuple(
            Dirty(key=key, generation=one.generation, since=one.since, attempts=one.attempts)
            for _, _, key, one in found[:limit]
        )

    def links(self, keys: Collection[LinkKey]) -> Mapping[LinkKey, Link]:
        """See `sides.Journal`."""
        found = {key: self.content.links.get(key) or Link(key=key) for key in keys}
        return {key: replace(one, lately=self.content.lately.get(key, {})) for key, one in found.items()}

    def identities(self, keys: Collection[LinkKey]) -> Mapping[LinkKey, Link]:
        """See `sides.Journal`."""
        return {
            key: replace(one, baseline={}, pending=None, lately={}) for key, one in self.links(keys).items()
        }

    def begin(
        self,
        pending: Mapping[LinkKey, Pending],
        decided: Sequence[tuple[LinkKey, Conflict]],
        now: datetime,
        *,
        lately: Mapping[LinkKey, Lately],
    ) -> None:
        """See `sides.Journal`."""
        for key, one in pending.items():
            self.content.links[key] = replace(self.links([key])[key], pending=one)
        for key, conflict in decided:
            listed = _listed(key, conflict, DECIDED, now)
            self.content.conflicts.setdefault(listed.digest, listed)
        self.content.lately.update(lately)

    def wishes(self) -> Sequence[Wish]:
        """See `sides.Journal`."""
        return list(self.content.wishes.values())

    def wish(self, wish: Wish, *, why_not: str = "") -> None:
        """See `sides.Journal`."""
        if why_not:
            self.told(wish, why_not)
        else:
            self.content.wishes[wish.number] = wish

    def assign(self, owner: str, *, digest: str = "", subject: str = "") -> bool:
        """See `sides.Journal`."""
        conflicts, held = self.content.conflicts, self.content.quarantine
        if digest in conflicts:
            conflicts[digest] = replace(conflicts[digest], owner=owner)
        elif subject in held:
            held[subject] = (replace(held[subject][0], owner=owner), held[subject][1])
        else:
            return False
        return True

    def show_again(self, *, digest: str = "", subject: str = "") -> None:
        """See `sides.Journal`."""
        self.content.shown.pop(digest or subject, None)

    def escalate(self, before: datetime) -> int:
        """See `sides.Journal`."""
        return sum(_naive(before) >= one.since for one in self.conflicts() if one.is_escalated)

    def age(self, seconds: float, *, forms_since: float) -> None:
        """See `sides.Journal`."""
        self.content.checkpoints[RAN] = str(seconds)
        for key, shown in list(self.content.lately.items()):
            moments = [one.until for all_ in shown.values() for one in all_]
            if all(until is not None and until < forms_since for until in moments):
                del self.content.lately[key]

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        """See `sides.Journal`."""
        for one in settlements:
            key = one.link.key
            self._settle_conflicts(key, one.open_conflicts, now)
            self.content.links[key] = one.link
            names = {*one.link.versions, *(f"{name}/{found}" for name, found in one.link.ids.items())}
            self.content.references.update(dict.fromkeys(names, key))
            if one.quarantine is None:
                self._release(str(key))
            else:
                self._hold(str(key), one.quarantine, one.waits_for, now)
        for number, why_not in [heard for one in settlements for heard in one.wishes]:
            wish = self.content.wishes.pop(number, None)
            if wish is not None:
                self.told(wish, why_not)
        arrived = [one.link.key for one in settlements if one.has_arrived]
        awaited = [
            LinkKey.parse(subject)
            for subject, (held, waits_for) in self.content.quarantine.items()
            if held.is_open and waits_for in arrived
        ]
        self.mark([*(key for one in settlements for key in one.touched), *awaited], now)
        for one in settlements:
            self._put_off(one, now)
        if arrived:
            self._hasten(min(key.kind.rank for key in arrived), now)
        for one in settlements:
            waiting = self.content.dirty.get(one.link.key)
            is_done = one.retry_after_seconds is None
            if is_done and waiting is not None and waiting.generation == one.generation:
                del self.content.dirty[one.link.key]

    def absorb(self, feed: str, batch: FeedBatch, now: datetime) -> None:
        """See `sides.Journal`."""
        self.mark(batch.touched, now)
        for one in batch.strays:
            self._hold(one.reference, (one.reason, one.words), None, now)
        for reference, key in batch.adopted.items():
            resource_type, _, found = reference.partition("/")
            link = self.content.links.get(key, Link(key=key))
            if link.state is LinkState.NEW and resource_type not in link.ids:
                self.content.links[key] = replace(link, ids={**link.ids, resource_type: found})
                self.content.references[reference] = key
        for subject in batch.ended:
            self._release(subject)
        self.content.checkpoints[feed] = batch.checkpoint

    def mark(self, keys: Collection[LinkKey], now: datetime) -> None:
        """See `sides.Journal`."""
        for key in dict.fromkeys(keys):
            found = self.content.dirty.get(key)
            generation = 1 if found is None else found.generation + 1
            since = now if found is None else found.since
            self.content.dirty[key] = Waiting(generation, 0, since, now)

    def checkpoint(self, feed: str) -> str | None:
        """See `sides.Journal`."""
        return self.content.checkpoints.get(feed)

    def known_keys(
        self, kind: Kind, *, after: str = "", limit: int, buried: bool = False
    ) -> Sequence[LinkKey]:
        """See `sides.Journal`."""
        states = {LinkState.LINKED, LinkState.WITHHELD, *([LinkState.TOMBSTONE] if buried else [])}
        found = (key for key, one in self.content.links.items() if key.kind is kind and one.state in states)
        return sorted((key for key in found if key.key > after), key=str)[:limit]

    def held(self, keys: Collection[LinkKey]) -> Collection[LinkKey]:
        """See `sides.Journal`."""
        listed = {subject for subject, (one, _) in self.content.quarantine.items() if one.is_open}
        return [key for key in keys if str(key) in listed]

    def unsettled(self, keys: Collection[LinkKey]) -> Collection[LinkKey]:
        """See `sides.Journal`."""
        return [key for key in keys if key in self.content.dirty]

    def keys_of(self, references: Collection[str]) -> Mapping[str, LinkKey]:
        """See `sides.Journal`."""
        known = self.content.references
        return {one: known[one] for one in references if one in known}

    def count(self, kind: Kind, counted: Counted) -> None:
        """See `sides.Journal`."""
        self.content.counted[kind] = counted

    def standing(self) -> Standing:
        """See `sides.Journal`."""
        waiting: dict[Kind, int] = {}
        oldest: dict[Kind, datetime] = {}
        for key, one in self.content.dirty.items():
            waiting[key.kind] = waiting.get(key.kind, 0) + 1
            oldest[key.kind] = min(one.since, oldest.get(key.kind, one.since))
        linked, withheld = dict.fromkeys(Kind, 0), dict.fromkeys(Kind, 0)
        for key, link in self.content.links.items():
            linked[key.kind] += link.state is LinkState.LINKED
            withheld[key.kind] += link.state is LinkState.WITHHELD
        conflicts: dict[Kind, int] = {}
        for listed in self.content.conflicts.values():
            if listed.state == OPEN:
                conflicts[listed.link.kind] = conflicts.get(listed.link.kind, 0) + 1
        held: dict[str, int] = {}
        for subject, (one_held, _) in self.content.quarantine.items():
            kind = subject.partition("/")[0]
            name = kind if kind in {MIRROR, *(one.value for one in Kind)} else "stray"
            held[name] = held.get(name, 0) + one_held.is_open
        return Standing(
            waiting=waiting,
            oldest=oldest,
            linked=linked,
            withheld=withheld,
            conflicts=conflicts,
            quarantined={name: count for name, count in held.items() if count},
            counted=dict(self.content.counted),
            unsure=sum(one.reason == CONFIDENTIALITY_UNREADABLE for one in self.quarantined()),
        )

    def hasten(self, now: datetime) -> None:
        """See `sides.Journal`."""
        self._hasten(-1, now)

    def next_try(self, kinds: Collection[Kind]) -> datetime | None:
        """See `sides.Journal`."""
        return min(
            (one.not_before for key, one in self.content.dirty.items() if key.kind in kinds), default=None
        )

    def conflicts(self, *, decided: bool = False) -> list[ListedConflict]:
        """Open conflicts, and those that a rule decided when asked for; oldest first."""
        states = {OPEN, DECIDED} if decided else {OPEN}
        found = [one for one in self.content.conflicts.values() if one.state in states]
        return sorted(found, key=lambda one: (one.since, one.digest))

    def quarantined(self) -> list[Quarantined]:
        """What is in quarantine, oldest first."""
        found = [one for one, _ in self.content.quarantine.values() if one.is_open]
        return sorted(found, key=lambda one: (one.since, one.subject))

    def unpublished(self, limit: int) -> tuple[list[ListedConflict], list[Quarantined]]:
        """See `sides.Journal`."""
        conflicts = [
            one
            for one in self.content.conflicts.values()
            if one.state != DECIDED and self.content.shown.get(one.digest) != one
        ]
        held = [
            one for one, _ in self.content.quarantine.values() if self.content.shown.get(one.subject) != one
        ]
        return conflicts[:limit], held[:limit]

    def notice(self, reason: str, words: str | None, now: datetime) -> None:
        """See `sides.Journal`."""
        subject = f"{MIRROR}/{reason}"
        if words is None:
            self._release(subject)
            return
        found = self.content.quarantine.get(subject)
        if found is None or not found[0].is_open or found[0].words != words:
            self._hold(subject, (reason, words), None, now)

    def published(self, digests: Sequence[str], subjects: Sequence[str]) -> None:
        """See `sides.Journal`."""
        conflicts, held = self.content.conflicts, self.content.quarantine
        self.content.shown |= {digest: conflicts[digest] for digest in digests if digest in conflicts}
        self.content.shown |= {subject: held[subject][0] for subject in subjects if subject in held}

    def _settle_conflicts(self, key: LinkKey, found: Sequence[Conflict], now: datetime) -> None:
        wanted = {one.digest: one for one in (_listed(key, conflict, OPEN, now) for conflict in found)}
        for digest, one in list(self.content.conflicts.items()):
            if one.link == key and one.state == OPEN and digest not in wanted:
                self.content.conflicts[digest] = replace(one, state=SETTLED)
        for digest, one in wanted.items():
            before = self.content.conflicts.get(digest)
            is_known = before is not None and before.state == OPEN
            since = before.since if before is not None and is_known else one.since
            self.content.conflicts[digest] = replace(one, since=since)

    def _hold(self, subject: str, why: tuple[str, str], waits_for: LinkKey | None, now: datetime) -> None:
        before = self.content.quarantine.get(subject)
        since = before[0].since if before is not None and before[0].is_open else _naive(now)
        reason, words = why
        held = Quarantined(subject=subject, reason=reason, words=words, owner=None, since=since, is_open=True)
        self.content.quarantine[subject] = (held, waits_for)

    def _release(self, subject: str) -> None:
        found = self.content.quarantine.get(subject)
        if found is not None and found[0].is_open:
            self.content.quarantine[subject] = (replace(found[0], is_open=False), found[1])

    def _put_off(self, settlement: Settlement, now: datetime) -> None:
        waiting = self.content.dirty.get(settlement.link.key)
        seconds = settlement.retry_after_seconds
        if seconds is not None and waiting is not None and waiting.generation == settlement.generation:
            later = now + timedelta(seconds=seconds)
            self.content.dirty[settlement.link.key] = replace(
                waiting, attempts=waiting.attempts + 1, not_before=later
            )

    def _hasten(self, above_rank: int, now: datetime) -> None:
        for key, one in self.content.dirty.items():
            if key.kind.rank > above_rank and one.not_before > now:
                self.content.dirty[key] = replace(one, not_before=now)


def _listed(key: LinkKey, conflict: Conflict, state: str, now: datetime) -> ListedConflict:
    values = [sorted(one.items(), key=str) for one in (conflict.base, conflict.legacy, conflict.cloud)]
    told = [str(key), conflict.unit] if state == OPEN else [str(key), conflict.unit, values]
    digest = hashlib.sha256(repr((state, told)).encode()).hexdigest()[:32]
    return ListedConflict(digest=digest, link=key, state=state, since=_naive(now), conflict=conflict)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
