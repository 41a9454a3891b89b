"""The whole world of one seed: both sides, the network, the disk, the clock, people, and the real bridge."""

import hashlib
import random
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from threading import Event
from typing import Any

from legacy_bridge.cloud.feed import HistoryFeed
from legacy_bridge.cloud.resources import CloudResources
from legacy_bridge.guards import BlastGuard
from legacy_bridge.mapping.catalogue import catalogue
from legacy_bridge.merge.policy import UNITS
from legacy_bridge.parity import Comparison, Scan
from legacy_bridge.reconciler import Reconciler
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.rehearsal.oracle import Oracle
from legacy_bridge.service import MirrorService, Parts, decided
from legacy_bridge.settings import BridgeSettings
from legacy_bridge.sides.listings import ListedConflict, News
from tests.legacy_bridge.support.mirror import stages
from tests.legacy_bridge.support.small_practice import ODS, guid, key
from tests.simulation.clock import SimulatedClock, SimulatedEvent
from tests.simulation.faults import Faults, Faulty, Killed, Network
from tests.simulation.journal import SimulatedJournal
from tests.simulation.legacy import SimulatedDatabase, SimulatedOutbox, SimulatedRows
from tests.simulation.people import BOOKING, People, booking_in
from tests.simulation.practice import fill
from tests.simulation.server import SimulatedServer
from web_modules.fhir.client import FhirClient

_QUIET_SECONDS = 120.0  # I26: by then everything is carried
_POLL_SECONDS = 0.5


class Violation(AssertionError):
    """An invariant does not hold; the message tells the story."""


class NoBoard:
    """A board that nobody looks at."""

    def publish(self, news: News) -> None:
        """See `sides.Board`."""

    def tidy(self) -> None:
        """See `sides.Board`."""


class World:
    """One afternoon."""

    def __init__(self, seed: int, *, length: int = 25) -> None:
        self.seed = seed
        random.seed(seed)  # the bridge's own jitter
        self.clock = SimulatedClock()
        self.reached: Counter[str] = Counter()
        self.log: list[str] = []
        self.database = SimulatedDatabase()
        self.server = SimulatedServer(self.clock.true_time)
        self.journal = SimulatedJournal()
        self.oracle = Oracle()
        self.faults = Faults(seed, self.clock.seconds)
        self.faults.meanwhile = self._meanwhile
        self.faults.pause = self._pause
        self.mappings = dict(catalogue(ODS))
        self.people = People(seed + 1, self.database, self.server, self.mappings, self.oracle, self.tell)
        self.standings = stages()
        self.network = Network(self.server, self.faults)
        self._random = random.Random(seed + 2)
        self._left = length
        self._next_work = 1.0
        self._quiet_since: float | None = None
        self._idle_since: float | None = None
        self._is_inside = False
        fill(self.database)

    def run(self) -> "World":
        """Let the afternoon pass, and judge it."""
        self.faults.is_on = False
        self.start()
        self.service.step()
        self.faults.is_on = True
        self._live()
        self.check()
        return self

    def digest(self) -> str:
        """A hash of all that happened."""
        return hashlib.sha256("\n".join(self.log).encode()).hexdigest()

    def tell(self, what: str) -> None:
        """Add to the story."""
        self.log.append(f"{self.clock.elapsed:8.2f} {what}")

    def start(self) -> None:
        """Start the bridge, or start it again after it was killed."""
        self.stop: Event = SimulatedEvent(self._pause)
        self.moved: Event = SimulatedEvent(self._pause)
        journal: Any = Faulty(
            self.journal,
            "journal",
            self.faults,
            reads="take links keys_of checkpoint",
            writes="begin settle absorb mark",
            lasting=("disk full writes",),
        )
        legacy: Any = Faulty(
            SimulatedRows(self.database, guid("org"), lambda: None),
            "legacy",
            self.faults,
            reads="read keys",
            writes="write",
            lasting=("legacy unreachable",),
        )
        feed: Any = Faulty(
            SimulatedOutbox(self.database),
            "legacy",
            self.faults,
            reads="poll",
            writes="",
            lasting=("legacy unreachable",),
        )
        client = FhirClient(self.network)
        cloud = CloudResources(client, self.mappings, ODS)
        reconciler = Reconciler(
            ods=ODS,
            legacy=legacy,
            cloud=cloud,
            journal=journal,
            mappings=self.mappings,
            authority=lambda kind: decided(self.standings, kind.function)[0],
            clock=self.clock.now,
            blast_guard=BlastGuard(),
        )
        parts = Parts(
            legacy_feed=feed,
            cloud_feed=HistoryFeed(client, self.mappings, ODS, keys_of=journal.keys_of, links=journal.links),
            legacy=legacy,
            journal=journal,
            reconciler=reconciler,
            board=NoBoard(),
            standings=lambda: self.standings,
            data_version=feed.data_version,
            check=lambda: None,
            beat=lambda: None,
            scan=Scan(
                Comparison(legacy=legacy, cloud=cloud, journal=journal, mappings=self.mappings),
                journal,
                self.clock.now,
            ),
            cloud_moved=self.moved,
            clock=self.clock.now,
            seconds=self.clock.seconds,
        )
        settings = BridgeSettings(
            practice=ODS,
            legacy="",
            fhir="",
            flags=Path(),
            journal="",
            batch=5,
            legacy_poll_seconds=_POLL_SECONDS,
        )
        self.service = MirrorService(parts, settings)

    def _live(self) -> None:
        while True:
            try:
                self.service.run(self.stop)
                return
            except Killed:
                self.tell("bridge: killed")
                self._pause(self._random.choice((0.1, 5.0)))
                self.start()

    def _pause(self, seconds: float) -> None:
        """Let time pass: people work, faults end, and at last it is quiet."""
        self.clock.elapsed += max(seconds, 0.001)
        if self._is_inside:
            return
        self._is_inside = True
        try:
            self._go_on()
        finally:
            self._is_inside = False

    def _go_on(self) -> None:
        if self._quiet_since is not None:
            self._come_to_rest(self._quiet_since)
            return
        while self._left and self.clock.elapsed >= self._next_work:
            self._work()
        if not self._left:
            self._quieten()

    def _work(self) -> None:
        self._left -= 1
        self._next_work += self._random.choice((0.01, 0.1, 0.3, 1.0, 3.0))
        self.people.work()
        self._signal()

    def _meanwhile(self) -> None:
        if self._left and not self._is_inside:
            self._is_inside = True
            self._work()
            self._is_inside = False

    def _signal(self) -> None:
        if self._random.random() < 0.9:  # a signal may be lost, a row is not
            self.moved.set()

    def _quieten(self) -> None:
        self.faults.is_on = False
        self._quiet_since = self.clock.elapsed
        self.tell("quiet")

    def _come_to_rest(self, since: float) -> None:
        is_idle = not self.journal.content.dirty
        if not is_idle:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = self.clock.elapsed
        elif self.clock.elapsed - self._idle_since > 4.5:  # each feed was asked twice since
            self.stop.set()
        if self.clock.elapsed - since > _QUIET_SECONDS:
            self._fail(f"I26: {len(self.journal.content.dirty)} links still wait", "")

    def check(self) -> None:
        """Judge what became of everything."""
        excused = {one.subject for one in self.journal.quarantined()}
        for place in self.oracle.places():
            link_text, _, field = place.partition(" ")
            link = LinkKey.parse(link_text)
            there = {
                self._value(fields, field)
                for fields in (self.people.legacy_fields(link), self.people.cloud_fields(link))
            }
            lost = self.oracle.lost(place, there=there, listed=self.listed(link, field))
            if lost:
                self._fail(f"I1: lost: {lost[0]}; there: {there}", place)
        asked = {str(one.link) for one in self.journal.conflicts()}
        for kind, names in self.people.names.items():
            for name in names:
                self._check_equal(kind, name, asked | excused)

    def _check_equal(self, kind: Kind, name: str, excused: Collection[str]) -> None:
        link = key(kind, name)
        if str(link) in excused:
            return
        here, there = self.people.legacy_fields(link), self.people.cloud_fields(link)
        if here != there:
            differing = sorted(one for one in {*here, *there} if here.get(one) != there.get(one))
            self._fail(f"I2: {kind.value}/{name} differs in {differing}", str(link))

    def listed(self, link: LinkKey, field: str) -> set[Any]:
        """The values of a place in the conflict log."""
        found: set[Any] = set()
        for one in self.journal.content.conflicts.values():
            if one.link == link:
                found |= self._in_conflict(one, field)
        return found

    def _in_conflict(self, one: ListedConflict, field: str) -> set[Any]:
        unit = next((unit for unit in UNITS[one.link.kind] if unit.name == one.conflict.unit), None)
        if unit is not None and field not in unit.fields and unit.name != field:
            return set()
        return {self._value(fields, field) for fields in (one.conflict.legacy, one.conflict.cloud)}

    @staticmethod
    def _value(fields: Any, field: str) -> Any:
        return booking_in(fields) if field == BOOKING else fields.get(field)

    def _fail(self, what: str, place: str) -> None:
        story = [one for one in self.log if not place or place.partition(" ")[2] in one or "bridge" in one]
        known = "\n".join(self.oracle.story(place)) if place else ""
        raise Violation(f"seed {self.seed}: {what}\n{known}\n--\n" + "\n".join(story[-60:]))
