"""Looks after one practice's subscriptions: turns them on and off, and sends couriers when there is news."""

import logging
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from web_modules.fhir.errors import FhirError
from web_modules.fhir_store.database.records import Records
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.database.transactions import DatabaseSilent
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.refusals import Refusal
from web_modules.fhir_store.store import Store
from web_modules.fhir_store.subscriptions.circles import via
from web_modules.fhir_store.subscriptions.courier import SECOND, Courier, Couriers, Order, Patience
from web_modules.fhir_store.subscriptions.desk import Desk
from web_modules.fhir_store.subscriptions.hook import Hook
from web_modules.fhir_store.subscriptions.ledger import RESTORED, Ledger, Standing
from web_modules.fhir_store.subscriptions.owners import LEFT, Renewed, has_left, read_access
from web_modules.fhir_store.subscriptions.secrets import Secrets, with_headers
from web_modules.fhir_store.subscriptions.wanted import Channel, EndpointRule, Wanted, read_wanted

TICK_SECONDS = 0.5
"""How soon what other processes commit, what is due and what has ended is noticed."""

GATHER_SECONDS = 0.02
"""What is committed within this time is looked at together."""

KEPT_SECONDS = 60
"""So far back is looked again after a start, at least, for what does not match."""

CLOSE_SECONDS = 0.5

OWNER_SECONDS = 30
"""So often is looked whether whoever asked for a subscription may still hear of it, news or not."""

_AFTER_A_RESTORE = "These records were restored from a backup: ask again for what is to be told from now on."

_LOG = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Known:
    """A subscription as read once.

    Attributes:
        order: what to deliver; None when it cannot be understood.
        fault: why not.
        courier: who delivers, with the connection to the subscriber; None for a websocket.
        looked: everything up to this position has been dealt with.
        asked_again: when to ask next whether the owner has left, by the monotonic clock.
    """

    order: Order | None
    fault: str = ""
    courier: Courier | None = None
    looked: int = 0
    asked_again: float = 0.0


class Dispatcher:
    """Runs beside the server in every process; who delivers is agreed on in the database."""

    def __init__(
        self,
        desk: Desk,
        store: Store,
        *,
        rule: EndpointRule,
        renewed: Renewed,
        patience: Patience | None = None,
    ) -> None:
        """Look after a practice that is open.

        Args:
            desk: its subscriptions.
            store: where they are.
            rule: where notifications may go.
            renewed: what an owner may still see.
            patience: with subscribers that do not answer.
        """
        self._desk = desk
        self._store = store
        self._rule = rule
        self._renewed = renewed
        self._patience = patience or Patience()
        self._changes = store.changes(desk.practice)
        self._couriers = Couriers()
        self._known: dict[str, _Known] = {}
        self._retired: list[tuple[str, Courier]] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="subscriptions", daemon=True)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run while the server does."""
        self.start()
        try:
            yield
        finally:
            await run_in_threadpool(self.close)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop; a delivery under way may end, one that takes longer is made again after the next start."""
        self._closing.set()
        self._thread.join()
        until = time.monotonic() + CLOSE_SECONDS
        pause = threading.Event()
        while self._couriers.busy and time.monotonic() < until:
            pause.wait(GATHER_SECONDS)
        self._retire(self._known)
        self._part()

    def _run(self) -> None:
        while not self._closing.is_set():
            seen = self._changes.position
            try:
                is_anything = self._look()
            except DatabaseSilent as error:
                _LOG.warning("subscriptions wait for the database: %s", error)
                is_anything = False
            if is_anything:
                self._changes.wait(seen, TICK_SECONDS)
                self._closing.wait(GATHER_SECONDS)
            else:
                self._closing.wait(TICK_SECONDS)

    def _look(self) -> bool:
        """Do what is to be done now; whether there is any subscription."""
        self._couriers.cut()
        self._part()
        with self._store.database.viewing() as session:
            standings = Ledger(session, self._desk.practice).all()
            self._know(session, standings)
            position = Records(session, self._desk.practice).position()
            orders = [one.order for one in self._known.values() if one.order is not None]
            kinds = {one.wanted.resource_type for one in orders}
            newest = {kind: self._desk.follower.newest(session, kind) for kind in kinds}
        self._changes.advance(position)  # another process may have committed it
        now = time.time_ns() // 1000
        for standing in standings:
            known = self._known[standing.id]
            if standing.status == RESTORED:
                self._desk.turn(standing, "off", _AFTER_A_RESTORE)
                continue
            if known.order is None:
                if standing.status != "error":
                    self._desk.turn(standing, "error", known.fault)
                continue
            ends = known.order.wanted.ends
            if ends is not None and ends <= now:
                self._desk.turn(standing, "off")
            elif self._has_left(known, known.order):
                self._desk.turn(standing, "off", LEFT)
            elif standing.status == "requested":
                self._desk.turn(standing, "active")
            elif known.courier is not None:
                self._send(standing, known, newest[known.order.wanted.resource_type], now)
        return bool(standings)

    def _has_left(self, known: _Known, order: Order) -> bool:
        """Whether the owner has left, asked now and then also while nothing happens."""
        if time.monotonic() < known.asked_again:
            return False
        known.asked_again = time.monotonic() + OWNER_SECONDS
        try:
            return has_left(self._renewed(order.owner), order.wanted.resource_type)
        except FhirError:  # the courier says so, when there is something to tell
            return False

    def _know(self, session: Session, standings: Sequence[Standing]) -> None:
        """Read those that are new or changed, and forget those that are gone."""
        before, self._known = self._known, {}
        for standing in standings:
            known = before.get(standing.id)
            if known is None or known.order is None or known.order.standing.updated != standing.updated:
                known = self._read(session, standing)
            else:
                del before[standing.id]
            self._known[standing.id] = known
        self._retire(before)

    def _retire(self, several: Mapping[str, _Known]) -> None:
        self._retired += [(name, one.courier) for name, one in several.items() if one.courier is not None]

    def _part(self) -> None:
        """Close the connections that nobody needs."""
        busy = self._couriers.busy
        for name, known in self._known.items():
            if known.courier is not None and name not in busy:
                known.courier.hook.rest()
        waiting, self._retired = self._retired, []
        for name, courier in waiting:
            if name in busy:
                self._retired.append((name, courier))
            else:
                courier.hook.close()

    def _read(self, session: Session, standing: Standing) -> _Known:
        details = Ledger(session, self._desk.practice).details(standing)
        if details is None:
            return _Known(order=None, fault="This Subscription cannot be found.")
        secret = Secrets(session, self._desk.practice).of(standing.id)
        lines = () if secret is None else secret.lines
        try:
            wanted = read_wanted(with_headers(decode(details[1]), lines), self._rule)
        except Refusal as refusal:
            return _Known(order=None, fault=refusal.issues[0].words)
        order = Order(standing=standing, wanted=wanted, owner=read_access(details[0]))
        return _Known(order=order, courier=self._courier(wanted))

    def _courier(self, wanted: Wanted) -> Courier | None:
        if wanted.channel is not Channel.REST_HOOK or wanted.endpoint is None:
            return None
        return Courier(
            self._desk,
            Hook(wanted, wanted.endpoint, via(self._desk.base_url)),
            renewed=self._renewed,
            patience=self._patience,
            is_closing=self._closing.is_set,
        )

    def _send(self, standing: Standing, known: _Known, newest: int, now: int) -> None:
        """Send the courier when there may be something to deliver."""
        looked = max(standing.position, known.looked)
        is_held = standing.held_until > now or standing.id in self._couriers.busy
        if is_held or standing.due > now or known.order is None or known.courier is None:
            return
        if newest <= looked:
            if looked - standing.position > KEPT_SECONDS * SECOND:
                self._desk.advance(standing.id, looked)
            return
        order = Order(standing=standing, wanted=known.order.wanted, owner=known.order.owner)
        courier = known.courier

        def deliver() -> None:
            try:
                known.looked = courier.deliver(order, looked)
            except (DatabaseSilent, FhirError) as error:
                _LOG.warning("Subscription/%s waits: %s", standing.id, type(error).__name__)

        self._couriers.begin(standing.id, courier, deliver)
