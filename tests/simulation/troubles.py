"""What befalls the whole practice: partitions, full disks, wrong clocks, backups, rollouts, two bridges."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from legacy_bridge.sides.links import LEGACY_RESTORED
from tests.legacy_bridge.support.mirror import stages
from web_modules.decision.words import Stage

if TYPE_CHECKING:
    from tests.simulation.world import World

_OFTEN = 40  # against about thirty of all others together


class Troubles:
    """Decides by a seed what befalls the world; each is counted."""

    def __init__(self, seed: int, world: "World", often: str | None) -> None:
        self._random = random.Random(seed)
        self._world = world
        self.reached: Counter[str] = Counter()
        self._known: dict[str, tuple[int, Callable[[], None]]] = {
            "cloud unreachable": (4, lambda: self._lasts("cloud unreachable")),
            "cloud answers lost": (3, lambda: self._lasts("cloud answers lost")),
            "legacy unreachable": (3, lambda: self._lasts("legacy unreachable")),
            "disk full": (2, lambda: self._lasts("disk full writes")),
            "clock jumps": (3, self._jump),
            "rollout changes": (3, self._roll_out),
            "backup": (4, self._back_up),
            "cloud restored": (5, self._restore_cloud),
            "journal restored": (1, self._restore_journal),
            "legacy came back": (3, self._restore_legacy),
            "schema drifts": (1, self._drift),
            "log prefix dropped": (1, self._prune),
            "two bridges": (2, self._second_bridge),
            "killed": (3, self._kill),
        }
        self._often = often
        self._is_journal_wanted = False
        self._is_legacy_wanted = False
        self._released_at: float | None = None
        self._has_legacy_come_back = False

    def befall(self) -> None:
        """Something happens."""
        weights = [_OFTEN if name == self._often else weight for name, (weight, _) in self._known.items()]
        name = self._random.choices(list(self._known), weights)[0]
        self._known[name][1]()

    def end(self) -> None:
        """All that lasts is over."""
        world = self._world
        world.clock.wrong_by = timedelta(0)
        world.database.dropped.clear()
        world.standings = stages(tasks=Stage.LEAD)
        if self._released_at is not None:
            self._released_at = world.clock.elapsed

    def _happened(self, name: str) -> None:
        self.reached[name] += 1
        self._world.tell(f"trouble: {name}")

    def _lasts(self, name: str) -> None:
        self._world.faults.lasts(name, self._random.choice((1.0, 10.0, 60.0)))
        self._world.tell(f"trouble: {name}")

    def _jump(self) -> None:
        if self._released_at is not None:  # the doubt after it goes by the clock
            return
        minutes = self._random.choice((-60, -60, -1, 1, 60, 60))
        self._world.clock.wrong_by += timedelta(minutes=minutes)
        self._happened("clock jumps")

    def _roll_out(self) -> None:
        patients = self._random.choice((Stage.MIRROR, Stage.TRIAL, Stage.LEAD, Stage.LEGACY))
        appointments = self._random.choice((Stage.TRIAL, Stage.LEAD))
        self._world.standings = stages(patients=patients, appointments=appointments, tasks=Stage.LEAD)
        self._happened("rollout changes")

    def _back_up(self) -> None:
        self._random.choice((self._world.server, self._world.database, self._world.bridge.journal)).backup()
        self._happened("backup")

    def _restore_cloud(self) -> None:
        # no restore is so quick that it falls between a write of the bridge and its next look
        content = self._world.bridge.journal.content
        is_busy = content.dirty or any(one.pending is not None for one in content.links.values())
        known = content.checkpoints.get("cloud", "")
        is_right = not self._world.clock.wrong_by  # the doubt after it goes by the clock
        if known.endswith(self._world.server.last_told()) and is_right and not is_busy:
            self._world.server.restore()
            self._world.clock.elapsed += 1.0  # which takes longer than a server's clock is fine
            self._world.people.close_forms()  # see simulation.md: it may say what a form puts back
            self._world.judge.excuse_what_a_restore_took()
            self._happened("cloud restored")

    def _restore_journal(self) -> None:
        self._is_journal_wanted = self._world.is_to_start_again = (
            True  # nobody puts one under a running bridge
        )

    def _restore_legacy(self) -> None:
        # nobody puts one back under a running bridge, and who released the last one has seen its end
        content = self._world.bridge.journal.content
        if self._released_at is None and not content.checkpoints.get(LEGACY_RESTORED):
            self._is_legacy_wanted = self._world.is_to_start_again = True

    def is_released(self) -> bool:
        """Whether somebody has looked at a legacy database that came back, and the bridge may go on."""
        is_time = self._released_at is not None and self._world.clock.elapsed >= self._released_at
        return is_time and not self._world.database.dropped

    def stands_still(self) -> bool:
        """Whether nobody has looked yet."""
        return self._released_at is not None

    def was_released(self) -> None:
        """Note that it went on."""
        self._released_at = None
        self._happened("legacy released")

    def while_it_is_ended(self) -> None:
        """What is done before the bridge starts again."""
        journal = self._world.judge.journals[-1]
        # a journal that has forgotten what was deleted, and brought back, cannot tell it from a deletion
        removed = ("slot deleted", "entry deleted", "patients merged")
        is_right = (
            journal.has_backup()
            and not any(self._world.people.reached[one] for one in removed)
            and not self._has_legacy_come_back
        )
        # the doubt after it goes by the clock
        now, dirty = self._world.clock.now(), journal.content.dirty.values()
        is_timely = not self._world.clock.wrong_by and all(one.since <= now for one in dirty)
        if self._is_legacy_wanted and is_timely:
            self._put_legacy_back()
        self._is_legacy_wanted = False
        if self._is_journal_wanted and is_right:
            journal.restore()
            self._world.people.close_forms()  # it does not know what was written since
            self._world.judge.has_forgotten = True
            self._world.judge.excuse_what_a_restore_took()
            self._happened("journal restored")
        self._is_journal_wanted = False

    def _put_legacy_back(self) -> None:
        world = self._world
        world.database.restore()
        world.people.find_themselves_back()
        world.judge.legacy_came_back()
        self._has_legacy_come_back = True
        wait = self._random.choice((0.0, 3.0, 20.0))
        self._released_at = world.clock.elapsed + (wait if world.faults.is_on else 0.0)
        self._happened("legacy came back")

    def _drift(self) -> None:
        if self._world.database.dropped:
            self._world.database.dropped.clear()
        else:
            self._world.database.dropped.add("Admin_Patient.HomePhone")
        self._happened("schema drifts")

    def _prune(self) -> None:
        outbox = self._world.database.content.outbox
        kept = self._world.database.fence()  # nothing is dropped over a transaction that is still open
        for number in sorted(outbox)[: len(outbox) * 3 // 4]:
            if number <= kept:
                del outbox[number]
        self._happened("log prefix dropped")

    def _second_bridge(self) -> None:
        self._world.is_second_wanted = True
        self._happened("two bridges")

    def _kill(self) -> None:
        self._world.is_to_start_again = True
        self._happened("killed")
