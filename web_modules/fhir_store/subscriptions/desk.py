"""One practice's subscriptions in the database: who delivers, what was delivered, what the status says."""

import uuid
from collections.abc import Sequence

from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import OURSELVES, Access, Interaction
from web_modules.fhir_store.audit.events import Note, note_of
from web_modules.fhir_store.database.index_rows import IndexWriter
from web_modules.fhir_store.database.records import Records, WritableRecords, lock_practice
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.store import Store
from web_modules.fhir_store.subscriptions.following import Follower
from web_modules.fhir_store.subscriptions.ledger import Ledger, Settlement, Standing
from web_modules.fhir_store.subscriptions.wanted import SUBSCRIPTION


class Desk:
    """Every method blocks, and raises `DatabaseSilent`. Safe from every thread."""

    def __init__(self, store: Store, practice: str, base_url: str) -> None:
        self.follower = Follower(store, practice, base_url)
        self.holder = str(uuid.uuid4())
        """By what other processes know this one."""
        self._store = store
        self.practice = practice
        self.base_url = base_url

    def claim(self, standing: Standing, *, now: int, until: int) -> Standing | None:
        """Be the one who delivers for a subscription; None when somebody else is."""
        return self._store.database.write(
            lambda session: Ledger(session, self.practice).claim(standing, self.holder, now=now, until=until)
        )

    def settle(
        self, standing: Standing, settlement: Settlement, notes: Sequence[Note], *, status: str, error: str
    ) -> Standing | None:
        """Commit what was delivered, with the notes of it, and what the status is now.

        Returns:
            how it stands now; None when somebody else delivers by now, or the Subscription was changed. The
            notes are kept even so: what was sent was sent.
        """

        def settled(session: Session) -> tuple[Standing | None, int]:
            reached = lock_practice(session, self.practice)
            ledger = Ledger(session, self.practice)
            is_ours = ledger.settle(standing, self.holder, settlement)
            if is_ours and status != standing.status:
                reached = self._turn(session, standing, status, error, notes)
            else:
                self._store.book(session, self.practice).append(notes)
            return (ledger.one(standing.id) if is_ours else None), reached

        kept, reached = self._store.database.write(settled)
        self._store.changes(self.practice).advance(reached)
        return kept

    def standing(self, subscription: str) -> Standing | None:
        """How a subscription stands, or None."""
        with self._store.database.viewing() as session:
            return Ledger(session, self.practice).one(subscription)

    def details(self, subscription: str) -> tuple[Standing, tuple[str, bytes]] | None:
        """How it stands, its owner's access as text, and the Subscription; None when it is gone."""
        with self._store.database.viewing() as session:
            ledger = Ledger(session, self.practice)
            standing = ledger.one(subscription)
            details = None if standing is None else ledger.details(standing)
            return None if standing is None or details is None else (standing, details)

    def may_read(self, access: Access, subscription: str) -> bool:
        """Whether somebody may see a Subscription."""
        sight = self._store.sight(access, self.practice, self.base_url)
        with self._store.database.viewing() as session:
            found = Records(session, self.practice, sight).current(SUBSCRIPTION, subscription)
        return found is not None and sight.allows(Interaction.READ, SUBSCRIPTION)

    def advance(self, subscription: str, position: int) -> None:
        """Keep that everything up to a position has been dealt with."""
        self._store.database.write(
            lambda session: Ledger(session, self.practice).advance(subscription, position)
        )

    def turn(self, standing: Standing, status: str, error: str = "") -> None:
        """Write a new status, unless the Subscription was changed meanwhile."""

        def turned(session: Session) -> int:
            reached = lock_practice(session, self.practice)
            now = Ledger(session, self.practice).one(standing.id)
            if now is None or now.updated != standing.updated:
                return reached
            return self._turn(session, standing, status, error, ())

        self._store.changes(self.practice).advance(self._store.database.write(turned))

    def _turn(
        self, session: Session, standing: Standing, status: str, error: str, notes: Sequence[Note]
    ) -> int:
        index = IndexWriter(session, self.practice, self._store.indexer, self.base_url)
        records = WritableRecords(session, self.practice, index)
        current = records.current(SUBSCRIPTION, standing.id)
        if current is None or current.content is None:
            return records.reached
        resource = decode(current.content) | {"status": status}
        resource.pop("error", None)
        if error:
            resource["error"] = error
        version = records.put(resource, current, method="PUT")
        Ledger(session, self.practice).turn(standing.id, updated=version.updated, status=status)
        request = FhirRequest(method="PUT", path=f"{SUBSCRIPTION}/{standing.id}")
        note = note_of(request, OURSELVES.agent, moment=records.reached, status=200, written=records.written)
        records.finish(self._store.book(session, self.practice), [*notes, note])
        return records.reached
