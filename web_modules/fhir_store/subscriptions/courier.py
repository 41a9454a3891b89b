"""Delivers what one rest-hook subscription is about, in order, until nothing is left or a delivery fails."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import Access
from web_modules.fhir_store.audit.events import Note, note_of
from web_modules.fhir_store.database.records import StoredVersion
from web_modules.fhir_store.refusals import Refusal
from web_modules.fhir_store.subscriptions.desk import Desk
from web_modules.fhir_store.subscriptions.hook import DEADLINE_SECONDS, Hook, Undelivered
from web_modules.fhir_store.subscriptions.ledger import Settlement, Standing
from web_modules.fhir_store.subscriptions.owners import LEFT, Renewed, has_left
from web_modules.fhir_store.subscriptions.wanted import Wanted

SECOND = 1_000_000

LEASE_SECONDS = 2 * DEADLINE_SECONDS
"""How long after the end of a process another one takes over what it was delivering."""

SETTLED_SECONDS = 0.2
"""What was delivered for so long is committed before the next one, and who may see it is asked anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a delivery is tried again.

    Attributes:
        first_pause_seconds: after the first failure; doubled after each further one.
        longest_pause_seconds: at most, for as long as it takes: nothing is given up.
        failures: so many make the Subscription's status `error`; the next success makes it `active` again.
    """

    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 300.0
    failures: int = 5

    def pause(self, failures: int) -> int:
        """Microseconds to wait after so many failures."""
        seconds = self.first_pause_seconds * 2 ** min(failures - 1, 30)
        return int(min(seconds, self.longest_pause_seconds) * SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One subscription to deliver for.

    Attributes:
        standing: as last read.
        wanted: what it asks for.
        owner: what whoever asked for it could see then.
    """

    standing: Standing
    wanted: Wanted
    owner: Access


class Courier:
    """Delivers for one subscription; blocks in a thread of its own, so that no other one waits for it."""

    def __init__(
        self, desk: Desk, hook: Hook, *, renewed: Renewed, patience: Patience, is_closing: Callable[[], bool]
    ) -> None:
        """Be ready.

        Args:
            desk: the practice's subscriptions.
            hook: the subscriber.
            renewed: what an owner may still see.
            patience: with the subscriber.
            is_closing: whether to stop before the next delivery.
        """
        self.hook = hook
        self._desk = desk
        self._renewed = renewed
        self._patience = patience
        self._is_closing = is_closing

    def deliver(self, order: Order, after: int) -> int:
        """Tell the subscriber what was committed after a position; answers up to where it was looked.

        Raises:
            DatabaseSilent: the database does not answer; what is not settled will be delivered again.
        """
        trip = _Trip(self._desk, order)
        position = max(order.standing.position, after)
        while not self._is_closing():
            began_at = time.monotonic()
            owner = self._renewed(order.owner)
            if owner is None or has_left(owner, order.wanted.resource_type):
                trip.end(position)
                self._desk.turn(order.standing, "off", LEFT)
                return position
            try:
                page = self._desk.follower.page(order.wanted, (owner,), position)
            except Refusal as refusal:
                return self._failed(trip, position, refusal.issues[0].words)
            if page.reached is None:
                break
            if page.matches and not trip.is_claimed:
                told = trip.claim(position)
                if told is None:
                    return position  # another process delivers
                if told > position:
                    position = told
                    continue
            following = page.reached
            for version in page.matches:
                try:
                    self.hook.send(version)
                except Undelivered as error:
                    trip.note(owner, version, status=502)
                    return self._failed(trip, position, str(error))
                trip.note(owner, version, status=200)
                position = version.updated
                if time.monotonic() - began_at > SETTLED_SECONDS:
                    following = position
                    break
            position = following
            if trip.is_claimed and not trip.settle(position, held=True):
                return position
            if self._is_closing():
                break
        trip.end(position)
        return position

    def _failed(self, trip: "_Trip", position: int, words: str) -> int:
        if trip.is_claimed or trip.claim(position) is not None:
            trip.fail(position, words, self._patience)
        return position


class _Trip:
    """One claim on a subscription, from its first delivery to its end."""

    def __init__(self, desk: Desk, order: Order) -> None:
        self._desk = desk
        self._standing = order.standing
        self._notes: list[Note] = []
        self.is_claimed = False

    def claim(self, position: int) -> int | None:
        """Be the one who delivers; the position that has been told up to, or None when another one is."""
        now = _now()
        claimed = self._desk.claim(self._standing, now=now, until=now + int(LEASE_SECONDS * SECOND))
        if claimed is None:
            return None
        self._standing = claimed
        self.is_claimed = True
        return max(position, claimed.position)

    def note(self, owner: Access, version: StoredVersion, *, status: int) -> None:
        """What was sent has been disclosed, confirmed or not: as if the owner had read it."""
        path = f"{version.type}/{version.id}/_history/{version.version}"
        words = f"Sent to the subscriber of Subscription/{self._standing.id}."
        request = FhirRequest(method="GET", path=path)
        self._notes.append(note_of(request, owner.agent, moment=_now(), status=status, words=words))

    def settle(self, position: int, *, held: bool) -> bool:
        """Commit what was delivered; False when somebody else delivers by now."""
        until = _now() + int(LEASE_SECONDS * SECOND) if held else 0
        return self._keep(Settlement(position=position, held_until=until), "active")

    def end(self, position: int) -> None:
        """Commit, and let go."""
        if self.is_claimed:
            self.settle(position, held=False)

    def fail(self, position: int, words: str, patience: Patience) -> None:
        """Commit what was delivered before, and when to try the rest."""
        failures = self._standing.failures + 1
        due = _now() + patience.pause(failures)
        status = "error" if failures >= patience.failures else self._standing.status
        self._keep(Settlement(position=position, failures=failures, due=due), status, words)

    def _keep(self, settlement: Settlement, status: str, words: str = "") -> bool:
        notes, self._notes = self._notes, []
        kept = self._desk.settle(self._standing, settlement, notes, status=status, error=words)
        if kept is not None:
            self._standing = kept
        return kept is not None


def _now() -> int:
    return time.time_ns() // 1000


class Couriers:
    """The couriers that are on their way, one a subscription."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: dict[str, Courier] = {}

    def begin(self, subscription: str, courier: Courier, work: Callable[[], None]) -> None:
        """Do something in a thread of its own."""
        with self._lock:
            self._busy[subscription] = courier

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    del self._busy[subscription]

        threading.Thread(target=run, name="subscription", daemon=True).start()

    @property
    def busy(self) -> frozenset[str]:
        """For which subscriptions one is on its way."""
        with self._lock:
            return frozenset(self._busy)

    def cut(self) -> None:
        """End answers that take too long."""
        with self._lock:
            busy = list(self._busy.values())
        for courier in busy:
            courier.hook.cut()
