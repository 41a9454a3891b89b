"""Opens one practice's records for whoever asks: to read, or to write in one transaction with its audit."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from web_modules.fhir.transport import DEADLINE, FhirRequest
from web_modules.fhir_store.audit.events import note_of, note_of_reading
from web_modules.fhir_store.database.index_rows import IndexWriter
from web_modules.fhir_store.database.records import Records, WritableRecords
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.interactions.asked import Asked
from web_modules.fhir_store.refusals import IssueCode, refuse
from web_modules.fhir_store.sight import Sight
from web_modules.fhir_store.store import Store
from web_modules.fhir_store.subscriptions.circles import told_by
from web_modules.fhir_store.subscriptions.door import SubscriptionDoor, SubscriptionRules
from web_modules.fhir_store.subscriptions.wanted import LOOPBACK_ONLY, EndpointRule

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedPractice:
    """What a service answers for.

    Attributes:
        practice: the ODS code; every statement names it.
        base_url: under which its clients see it, without a trailing slash.
        description: what the CapabilityStatement says of this installation.
        security: `CapabilityStatement.rest.security`; None where nobody is asked to sign in.
        endpoints: where notifications may go.
    """

    practice: str
    base_url: str
    description: str
    security: Mapping[str, object] | None = None
    endpoints: EndpointRule = LOOPBACK_ONLY


class PracticeRecords:
    """The records of one practice. Safe from every thread."""

    def __init__(self, store: Store, served: ServedPractice, rules: SubscriptionRules) -> None:
        """Open the records of a practice that the store has open.

        Args:
            store: where they are.
            served: the practice.
            rules: what it takes as a Subscription.
        """
        self._store = store
        self._served = served
        self._rules = rules

    def view(self, look: Callable[[Session], T]) -> T:
        """Look at the database beneath them."""
        with self._store.database.viewing() as session:
            return look(session)

    @contextmanager
    def reading(self, request: Asked) -> Iterator[Records]:
        """The records as whoever asks sees them, all of one moment."""
        sight, database = self._sight(request), self._store.database
        is_one_look = not sight.is_limited and _asks_one_thing(request)
        with database.looking() if is_one_look else database.viewing() as session:
            yield Records(session, self._served.practice, sight)

    def note_read(self, request: Asked, within: Sequence[FhirRequest]) -> None:
        """Note in the audit what a bundle has read.

        Raises:
            DatabaseSilent: too many notes wait already.
        """
        moment = time.time_ns() // 1000
        note = note_of_reading(request, request.access.agent, within, moment=moment)
        self._store.trail(self._served.practice).note(note)

    def written(self, request: Asked, work: Callable[[WritableRecords], T]) -> T:
        """Do something in a writing transaction, which is noted in the audit; what it returned.

        Raises:
            Refusal: what was refused; nothing was changed.
            DatabaseSilent: nothing was changed, unless it says otherwise.
        """

        def in_transaction(session: Session) -> tuple[T, int]:
            records = self._writable(session, request)
            result = work(records)
            agent = request.access.agent
            note = note_of(request, agent, moment=records.reached, status=200, written=records.written)
            records.finish(self._store.book(session, self._served.practice), [note])
            _check_deadline(request)
            return result, records.reached

        result, reached = self._store.database.write(in_transaction)
        self._store.changes(self._served.practice).advance(reached)
        return result

    def _sight(self, request: Asked) -> Sight:
        return self._store.sight(request.access, self._served.practice, self._served.base_url)

    def _writable(self, session: Session, request: Asked) -> WritableRecords:
        practice = self._served.practice
        index = IndexWriter(session, practice, self._store.indexer, self._served.base_url)
        senders = told_by(request.headers.get("via", ""))
        door = SubscriptionDoor(self._rules, session, practice, request.access, senders)
        return WritableRecords(session, practice, index, self._sight(request), door)


def _asks_one_thing(request: Asked) -> bool:
    """Whether a request needs no view in which several answers fit each other: one record, or one search."""
    is_plain = bool(request.path) and "_history" not in request.path and "$" not in request.path
    return is_plain and not any("include" in name for name, _value in request.query)


def _check_deadline(request: Asked) -> None:
    """The last thing before a commit: a write may have waited for the lock, or the process may have slept."""
    until = request.headers.get(DEADLINE, "")
    if until and not (until.isdecimal() and len(until) < 19 and time.time() * 1000 <= int(until)):
        raise refuse(408, IssueCode.TRANSIENT, "This came too late to be done; nothing was changed.")
