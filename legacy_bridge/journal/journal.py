"""The journal as the reconciler sees it: each method one transaction, checked against the lease."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError, OperationalError

from legacy_bridge.errors import SideUnavailable
from legacy_bridge.journal import (
    audit,
    baselines,
    checkpoints,
    conflicts,
    desk,
    dirty,
    links,
    notes,
    quarantine,
    wishes,
)
from legacy_bridge.journal import lately as shown
from legacy_bridge.journal.database import Lease, now_utc, unreadable
from legacy_bridge.journal.moments import aware, naive
from legacy_bridge.records import Kind, LinkKey, names_of
from legacy_bridge.sides.feeds import FeedBatch
from legacy_bridge.sides.links import (
    CONFIDENTIALITY_UNREADABLE,
    RAN,
    Conflict,
    Dirty,
    Doubt,
    Lately,
    Link,
    LinkState,
    Pending,
    Settlement,
)
from legacy_bridge.sides.listings import Counted, ListedConflict, Quarantined, Standing
from legacy_bridge.sides.wishes import Wish
from web_modules.fhir.audit_chain import Head


class SqlJournal:
    """One practice's journal in a database; see `sides.Journal`. One thread writes."""

    def __init__(self, engine: Engine, practice: str, lease: Lease | None) -> None:
        """Look into a journal.

        Args:
            engine: from `open_journal`.
            practice: the ODS code.
            lease: what allows to write; None for a journal that is only read.
        """
        self._engine = engine
        self.practice = self._practice = practice
        self._lease = lease
        self._counts: Counter[tuple[Kind, LinkState]] | None = None  # known from the first settlement on

    def take(self, kinds: Collection[Kind], *, limit: int, now: datetime) -> Sequence[Dirty]:
        """See `sides.Journal`."""
        with self._reading() as connection:
            return dirty.take(connection, self._practice, kinds, limit=limit, now=naive(now))

    def links(self, keys: Collection[LinkKey]) -> Mapping[LinkKey, Link]:
        """See `sides.Journal`."""
        with self._reading() as connection:
            rows = links.read(connection, self._practice, keys)
            agreed = baselines.read(connection, self._practice, keys)
            lately = shown.read(connection, self._practice, keys)
        return {
            key: _link(key, rows.get(key), *agreed.get(key, ({}, None)), lately.get(key, {})) for key in keys
        }

    def identities(self, keys: Collection[LinkKey]) -> Mapping[LinkKey, Link]:
        """See `sides.Journal`."""
        with self._reading() as connection:
            rows = links.read(connection, self._practice, keys)
        return {key: _link(key, rows.get(key), {}, None) for key in keys}

    def begin(
        self,
        pending: Mapping[LinkKey, Pending],
        decided: Sequence[tuple[LinkKey, Conflict]],
        now: datetime,
        *,
        lately: Mapping[LinkKey, Lately],
    ) -> None:
        """See `sides.Journal`."""
        with self._writing() as connection:
            shown.write(connection, self._practice, lately)
            baselines.begin(connection, self._practice, pending)
            conflicts.decide(connection, self._practice, decided, naive(now))
            told = notes.of_conflicts(connection, "conflict decided", decided)
            audit.append(connection, self._practice, told, now)

    def age(self, seconds: float, *, forms_since: float) -> None:
        """See `sides.Journal`."""
        with self._writing() as connection:
            checkpoints.write(connection, self._practice, RAN, str(seconds), now_utc())
            shown.forget(connection, self._practice, before=forms_since)

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        """See `sides.Journal`."""
        moment = naive(now)
        with self._writing() as connection:
            practice = self._practice
            opened, over = conflicts.settle(
                connection, practice, {one.link.key: one.open_conflicts for one in settlements}, moment
            )
            counts = self._counts or links.counts(connection, practice)
            counts = counts - links.states(connection, practice, [one.link.key for one in settlements])
            links.write(connection, practice, [one.link for one in settlements])
            baselines.write(connection, practice, [one.link for one in settlements])
            held = quarantine.hold(connection, practice, _held(settlements), moment)
            fine = {str(one.link.key) for one in settlements if one.quarantine is None}
            released = quarantine.release(connection, practice, fine, moment)
            arrived = [key for one in settlements if one.has_arrived for key in names_of(one.link.key)]
            touched = [key for one in settlements for key in one.touched]
            dirty.mark(
                connection,
                practice,
                [*touched, *quarantine.waiting_for(connection, practice, arrived)],
                moment,
            )
            later = [
                (one.link.key, one.generation, one.retry_after_seconds)
                for one in settlements
                if one.retry_after_seconds is not None
            ]
            dirty.postpone(connection, practice, later, moment)
            if arrived:
                rank = min(key.kind.rank for key in arrived)
                dirty.hasten(connection, practice, above_rank=rank, now=moment)
            done = [(one.link.key, one.generation) for one in settlements if one.retry_after_seconds is None]
            dirty.clear(connection, practice, done)
            told = [
                *notes.of_deeds(connection, settlements),
                *notes.of_conflicts(connection, "conflict opened", opened),
                *notes.of_conflicts_over(over),
                *notes.of_quarantine(held, released),
                *notes.of_wishes(settlements),
            ]
            audit.append(connection, practice, told, now)
            wishes.close(connection, practice, [heard for one in settlements for heard in one.wishes])
        self._counts = counts + Counter((one.link.key.kind, one.link.state) for one in settlements)

    def wishes(self) -> Sequence[Wish]:
        """See `sides.Journal`."""
        with self._reading() as connection:
            return wishes.waiting(connection, self._practice)

    def wish(self, wish: Wish, *, why_not: str = "") -> None:
        """See `sides.Journal`."""
        with self._writing() as connection:
            wishes.add(connection, self._practice, wish, why_not=why_not)
            audit.append(connection, self._practice, [notes.of_wish(connection, wish, why_not)], wish.at)

    def last_wish(self, key: LinkKey, unit: str) -> tuple[Wish, str, str] | None:
        """The last decision about something, its state, and why it was refused."""
        with self._reading() as connection:
            return wishes.last(connection, self._practice, key, unit)

    def assign(self, owner: str, *, digest: str = "", subject: str = "") -> bool:
        """See `sides.Journal`."""
        with self._writing() as connection:
            about = desk.assign(connection, self._practice, owner=owner, digest=digest, subject=subject)
            if about is not None:
                told = audit.Note(what="given to somebody", subject=about, told={"to": owner})
                audit.append(connection, self._practice, [told], datetime.now(UTC))
        return about is not None

    def show_again(self, *, digest: str = "", subject: str = "") -> None:
        """See `sides.Journal`."""
        with self._writing() as connection:
            desk.show_again(connection, self._practice, digest=digest, subject=subject)

    def look_again(self, key: LinkKey, now: datetime) -> None:
        """Look at a record again: a person wants it. What was withheld on a mere doubt is released."""
        with self._writing() as connection:
            if links.release(connection, self._practice, key):
                told = audit.Note(what="doubt released", subject=str(key))
                audit.append(connection, self._practice, [told], now)
            dirty.mark(connection, self._practice, [key], naive(now))

    def escalate(self, before: datetime) -> int:
        """See `sides.Journal`."""
        with self._writing() as connection:
            return desk.escalate(connection, self._practice, naive(before))

    def absorb(self, feed: str, batch: FeedBatch, now: datetime) -> None:
        """See `sides.Journal`."""
        moment = naive(now)
        with self._writing() as connection:
            links.adopt(connection, self._practice, batch.adopted)
            moved = links.other_kinds(connection, self._practice, batch.touched)
            dirty.mark(connection, self._practice, [*batch.touched, *moved], moment)
            strays = [
                quarantine.Held(
                    subject=one.reference, reason=one.reason, words=one.words, patients=one.patients
                )
                for one in batch.strays
            ]
            held = quarantine.hold(connection, self._practice, strays, moment)
            released = quarantine.release(connection, self._practice, batch.ended, moment)
            audit.append(connection, self._practice, notes.of_quarantine(held, released), now)
            checkpoints.write(connection, self._practice, feed, batch.checkpoint, moment)

    def mark(self, keys: Collection[LinkKey], now: datetime) -> None:
        """See `sides.Journal`."""
        with self._writing() as connection:
            dirty.mark(connection, self._practice, keys, naive(now))

    def checkpoint(self, feed: str) -> str | None:
        """See `sides.Journal`."""
        with self._reading() as connection:
            return checkpoints.read(connection, self._practice, feed)

    def known_keys(
        self, kind: Kind, *, after: str = "", limit: int, buried: bool = False
    ) -> Sequence[LinkKey]:
        """See `sides.Journal`."""
        with self._reading() as connection:
            return links.known_keys(connection, self._practice, kind, after=after, limit=limit, buried=buried)

    def held(self, keys: Collection[LinkKey]) -> Collection[LinkKey]:
        """See `sides.Journal`."""
        with self._reading() as connection:
            return quarantine.held(connection, self._practice, keys)

    def unsettled(self, keys: Collection[LinkKey]) -> Collection[LinkKey]:
        """See `sides.Journal`."""
        with self._reading() as connection:
            return dirty.unsettled(connection, self._practice, keys)

    def keys_of(self, references: Collection[str]) -> Mapping[str, LinkKey]:
        """See `sides.Journal`."""
        with self._reading() as connection:
            return links.keys_of(connection, self._practice, references)

    def count(self, kind: Kind, counted: Counted) -> None:
        """See `sides.Journal`."""
        with self._writing() as connection:
            checkpoints.count(connection, self._practice, kind, counted)

    def standing(self) -> Standing:
        """How the mirror stands, in numbers."""
        with self._reading() as connection:
            waiting = dirty.standing(connection, self._practice)
            counts = self._counts or links.counts(connection, self._practice)
            held_since = quarantine.oldest(connection, self._practice)
            return Standing(
                waiting={kind: count for kind, (count, _) in waiting.items()},
                oldest={kind: aware(since) for kind, (_, since) in waiting.items()},
                linked={kind: counts[kind, LinkState.LINKED] for kind in Kind},
                withheld={kind: counts[kind, LinkState.WITHHELD] for kind in Kind},
                conflicts=conflicts.open_counts(connection, self._practice),
                quarantined=quarantine.counts(connection, self._practice),
                counted=checkpoints.counted(connection, self._practice),
                loading=checkpoints.loading(connection, self._practice),
                unsure=quarantine.count_of(connection, self._practice, CONFIDENTIALITY_UNREADABLE),
                oldest_held=None if held_since is None else aware(held_since),
            )

    def hasten(self, now: datetime) -> None:
        """See `sides.Journal`."""
        with self._writing() as connection:
            dirty.hasten(connection, self._practice, above_rank=-1, now=naive(now))

    def next_try(self, kinds: Collection[Kind]) -> datetime | None:
        """See `sides.Journal`."""
        with self._reading() as connection:
            found = dirty.next_try(connection, self._practice, kinds)
        return None if found is None else aware(found)

    def conflicts(self, *, decided: bool = False) -> list[ListedConflict]:
        """Open conflicts, and those that a rule decided when asked for; oldest first."""
        states = (conflicts.OPEN, conflicts.DECIDED) if decided else (conflicts.OPEN,)
        with self._reading() as connection:
            return conflicts.listed(connection, self._practice, *states)

    def quarantined(self) -> list[Quarantined]:
        """What is in quarantine, oldest first."""
        with self._reading() as connection:
            return quarantine.listed(connection, self._practice)

    def unpublished(self, limit: int) -> tuple[list[ListedConflict], list[Quarantined]]:
        """Conflicts and quarantined records that the public board does not show as they are."""
        with self._reading() as connection:
            found = conflicts.unpublished(connection, self._practice, limit)
            return (
                [
                    replace(
                        one, refused=wishes.refusal(connection, self._practice, one.link, one.conflict.unit)
                    )
                    for one in found
                ],
                quarantine.unpublished(connection, self._practice, limit),
            )

    def notice(self, reason: str, words: str | None, now: datetime) -> None:
        """See `sides.Journal`."""
        subject = f"{quarantine.MIRROR}/{reason}"
        with self._writing() as connection:
            practice, moment = self._practice, naive(now)
            told: list[audit.Note] = []
            if words is None:
                told = notes.of_quarantine([], quarantine.release(connection, practice, [subject], moment))
            elif not quarantine.is_listed(connection, practice, subject, words):
                held = quarantine.Held(subject=subject, reason=reason, words=words)
                quarantine.hold(connection, practice, [held], moment)
                told = notes.of_quarantine([held], [])
            audit.append(connection, practice, told, now)

    def published(self, digests: Sequence[str], subjects: Sequence[str]) -> None:
        """Note that the public board shows them."""
        with self._writing() as connection:
            conflicts.published(connection, self._practice, digests)
            quarantine.published(connection, self._practice, subjects)

    def tell(self, told: audit.Note, now: datetime) -> None:
        """Add to the audit log what a person decided."""
        with self._writing() as connection:
            audit.append(connection, self._practice, [told], now)

    def audited(self, limit: int) -> list[dict[str, Any]]:
        """The newest entries of the audit log, newest first."""
        with self._reading() as connection:
            return audit.listed(connection, self._practice, limit=limit)

    def audit_head(self) -> Head | None:
        """Where the audit log ends; None when it has no end."""
        with self._reading() as connection:
            return audit.head(connection, self._practice)

    def audit_faults(self, known: Sequence[Head] = ()) -> list[str]:
        """What is wrong with the audit log, in words; nothing when it is whole."""
        with self._reading() as connection:
            return audit.faults(connection, self._practice, known)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with _translated(), self._engine.begin() as connection:
            if self._lease is not None:
                self._lease.check(connection)
            yield connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise SideUnavailable("The journal does not take writes: check its disk.") from error
    except DatabaseError as error:
        if type(error) is DatabaseError:
            raise unreadable(error) from error
        raise


def _held(settlements: Sequence[Settlement]) -> list[quarantine.Held]:
    return [
        quarantine.Held(
            subject=str(one.link.key),
            reason=one.quarantine[0],
            words=one.quarantine[1],
            waits_for=one.waits_for,
            patients=one.patients,
        )
        for one in settlements
        if one.quarantine is not None
    ]


def _link(
    key: LinkKey,
    row: Mapping[str, Any] | None,
    agreed: Any,
    pending: Pending | None,
    lately: Lately | None = None,
) -> Link:
    if row is None:
        return Link(key=key, baseline=agreed, pending=pending, lately=lately or {})
    return Link(
        key=key,
        state=LinkState(row["state"]),
        ids=row["ids"],
        versions=row["versions"],
        baseline=agreed,
        pending=pending,
        bookings=row["bookings"],
        doubt=None if row["doubt"] is None else Doubt(row["doubt"]),
        lately=lately or {},
    )
