"""The whole world of one seed: both sides, the network, the disk, the clock, people, and the real bridge."""

import hashlib
import random
from collections import Counter
from functools import cache

from legacy_bridge.errors import AnotherBridge, MirrorStopped, SideUnavailable
from legacy_bridge.mapping.catalogue import catalogue
from legacy_bridge.records import LinkKey
from legacy_bridge.rehearsal.oracle import Oracle
from tests.legacy_bridge.support.mirror import stages
from tests.legacy_bridge.support.small_practice import ODS, key
from tests.simulation.bridge import Bridge
from tests.simulation.clock import SimulatedClock
from tests.simulation.faults import Faults, Killed, Network
from tests.simulation.journal import SimulatedJournal
from tests.simulation.judge import Judge, Violation
from tests.simulation.legacy import SimulatedDatabase
from tests.simulation.people import People
from tests.simulation.practice import fill
from tests.simulation.server import SimulatedServer
from tests.simulation.sight import Sight
from tests.simulation.troubles import Troubles
from web_modules.decision.words import Stage

_QUIET_SECONDS = 120.0  # I26: by then everything is carried
_TROUBLE_SHARE = 0.12
_STORY_LINES = 60


class World:
    """One afternoon."""

    def __init__(
        self,
        seed: int,
        *,
        length: int = 25,
        often: str | None = None,
        is_calm: bool = False,
        is_counted: bool = False,
    ) -> None:
        """Prepare an afternoon.

        Args:
            seed: decides everything.
            length: how many things people do.
            often: a trouble that befalls it often.
            is_calm: nothing goes wrong but what `faults.fail_at` says.
            is_counted: the bridge counts both sides after each start, and looks again at what differs. That
                puts right whatever a feed has missed, so it is left out where a loss has to show.
        """
        self.seed = seed
        random.seed(seed)  # the bridge's own jitter
        self.log: list[str] = []
        self.clock = SimulatedClock()
        self.faults = Faults(seed, self.clock.seconds)
        self.faults.is_on = not is_calm
        self.faults.meanwhile = self._meanwhile
        self.faults.pause = self._pause
        self.database = SimulatedDatabase()
        self.server = SimulatedServer(self.clock.true_time)
        self.network = Network(self.server, self.faults)
        self.mappings = dict(catalogue(ODS))
        self.oracle = Oracle()
        sight = Sight(self.database, self.server, self.mappings)
        self.judge = Judge(sight, self.oracle, self.server)
        self.people = People(
            seed + 1,
            (self.database, self.server, sight),
            self.mappings,
            self.oracle,
            self.tell,
            lambda link: self.bridge.journal.links([link])[link].pending is not None,
            self._was_seen,
            lambda: self.bridge.journal,
        )
        self.judge.decided = self.people.decided
        self.people.hides = self.judge.kept_back.discard
        self.troubles = Troubles(seed + 3, self, often)
        self.standings = stages(tasks=Stage.LEAD)
        self.is_to_start_again = False
        self.is_second_wanted = False
        self._is_counted = is_counted
        self._random = random.Random(seed + 2)
        self._left = length
        self._next_work = 1.0
        self._quiet_since: float | None = None
        self._idle_since: float | None = None
        self._is_inside = False
        self._is_releasing = False
        self._start(SimulatedJournal())
        if seed % 4:  # the first load is part of every fourth afternoon only
            carried = _carried()
            self.database.content = carried.database.content.copied()
            self.server.hold(carried.server.content)
            self.bridge.journal.content = carried.bridge.journal.content.copied()
            self.clock.elapsed = carried.clock.elapsed
            self._next_work += self.clock.elapsed
        else:
            fill(self.database)
        for store in (self.database, self.server, self.bridge.journal):
            store.backup()

    def run(self) -> "World":
        """Let the afternoon pass, and judge it.

        Raises:
            Violation: an invariant does not hold.
        """
        try:
            self._live()
            self.judge.check(self.links())
        except Violation as violation:
            violation.add_note("\n".join(self.story(violation.link)))
            raise
        return self

    def links(self) -> list[LinkKey]:
        """Every record that ever was."""
        return [key(kind, name) for kind, names in self.people.ever().items() for name in names]

    def reached(self) -> Counter[str]:
        """How often each fault and each rare state was reached."""
        return self.faults.reached + self.people.reached + self.troubles.reached + self.judge.reached()

    def digest(self) -> str:
        """A hash of all that happened."""
        return hashlib.sha256("\n".join(self.log).encode()).hexdigest()

    def tell(self, what: str) -> None:
        """Add to the story."""
        self.log.append(f"{self.clock.elapsed:8.2f} {what}")

    def story(self, link: LinkKey | None) -> list[str]:
        """The story of one record, with what befell the bridge; or the end of it all."""
        names = {
            str(key(kind, name)): f"{kind.value}/{name} "
            for kind, all_ in self.people.ever().items()
            for name in all_
        }
        wanted = ("bridge:", "trouble:", "quiet", "" if link is None else names[str(link)])
        told = [one for one in self.log if any(word in one for word in wanted)]
        return [f"seed {self.seed}", *told[-_STORY_LINES:]]

    def _was_seen(self, link: LinkKey) -> bool:
        journal = self.bridge.journal
        told = journal.checkpoint("legacy")
        return (
            told == self.database.place(self.database.content.last_number)
            and link not in journal.content.dirty
        )

    def _start(self, journal: SimulatedJournal) -> None:
        if journal not in self.judge.journals:
            self.judge.journals.append(journal)
        self.bridge = Bridge(
            journal,
            (self.database, self.network, self.mappings),
            self.faults,
            self.clock,
            lambda: self.standings,
            is_counted=self._is_counted,
        )

    def _live(self) -> None:
        waits = 0.0
        while True:
            try:
                self._is_releasing = True  # nothing stands still yet
                self._pause(waits)
                self._start(self.judge.journals[-1])
                self._is_releasing = self.troubles.is_released()
                if self._is_releasing:
                    self.bridge.release()
                    self.troubles.was_released()
                self.bridge.run()
                return
            except Killed:
                self.tell("bridge: killed")
            except AnotherBridge:
                self.tell("bridge: another took over")
            except (SideUnavailable, MirrorStopped) as error:
                self.tell(f"bridge: not released: {error}")
            self.is_to_start_again = False
            self.troubles.while_it_is_ended()
            waits = self._random.choice((0.1, 5.0))

    def _pause(self, seconds: float) -> None:
        """Let time pass: people work, faults end, and at last it is quiet."""
        self.clock.elapsed += max(seconds, 0.001)
        if self._is_inside:
            return
        self._is_inside = True
        try:
            self._go_on()
            if self.troubles.is_released() and not self._is_releasing:  # ends the one that stands still
                self.is_to_start_again = True
        finally:
            self._is_inside = False
        if self.is_to_start_again:
            raise Killed

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
        if self.faults.is_on and self._random.random() < _TROUBLE_SHARE:
            self.troubles.befall()
        self.people.work()
        if self._random.random() < 0.9:  # a signal may be lost, a row is not
            self.bridge.moved.set()

    def _meanwhile(self) -> None:
        if self._left and not self._is_inside:
            self._is_inside = True
            self._work()
            self._is_inside = False
            if self.is_second_wanted:
                self._run_second()

    def _run_second(self) -> None:
        """While this bridge stands still, another one goes on with a copy of its journal, and stays."""
        self.is_second_wanted = False
        if self.database.dropped or self.troubles.stands_still():
            return  # a bridge that stops before it has the lease takes nothing over
        self.is_to_start_again = True  # the one that stood still does what it was about to do, and ends
        self.people.deletes_in_cloud = (
            False  # see simulation.md: a create on its way makes again what was deleted
        )
        first, lease = self.bridge, self.database.content.lease
        copy = SimulatedJournal()
        copy.content = self.bridge.journal.content.copied()
        copy.backup()
        self._start(copy)
        try:
            for _ in range(3):
                try:
                    self.bridge.service.step()
                except (SideUnavailable, MirrorStopped):
                    self.clock.elapsed += 1.0
        except Killed:
            pass
        if self.database.content.lease == lease:  # it never took over: the one that stood still goes on
            self.judge.journals.remove(copy)
            self.bridge = first

    def _quieten(self) -> None:
        self.faults.is_on = False
        self.faults.fail_at = lambda _number, _site: None
        self.people.go_home()
        self.troubles.end()
        self._quiet_since = self.clock.elapsed
        self.tell("quiet")

    def _come_to_rest(self, since: float) -> None:
        told = self.bridge.journal.checkpoint
        last = self.database.place(self.database.fence())
        has_told_all = told("legacy") == last and self.server.was_told(told("cloud"))
        is_idle = has_told_all and not self.bridge.journal.content.dirty
        if not is_idle:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = self.clock.elapsed
        elif self.clock.elapsed - self._idle_since > 4.5:  # each feed was asked twice since
            self.bridge.stop.set()
        if self.clock.elapsed - since > _QUIET_SECONDS:
            waiting = list(self.bridge.journal.content.dirty)
            raise Violation("I26", f"{len(waiting)} links still wait", waiting[0] if waiting else None)


@cache
def _carried() -> World:
    """A practice that was carried once, and nothing else happened."""
    made = World(0, length=0)
    made.faults.is_on = False
    return made.run()
