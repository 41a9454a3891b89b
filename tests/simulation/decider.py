"""Who decides on the conflict desk."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from legacy_bridge.merge.policy import fields_of
from legacy_bridge.records import LinkKey
from legacy_bridge.rehearsal.oracle import Oracle
from legacy_bridge.sides.wishes import Wish
from tests.simulation.journal import SimulatedJournal
from tests.simulation.sight import BOOKING
from web_modules.decision.words import Authority


class Decider:
    """Looks at a conflict, and keeps a side or enters a third value; it is carried out later, or refused."""

    def __init__(
        self,
        chance: random.Random,
        journal: Callable[[], SimulatedJournal],
        number: Callable[[], int],
        name_of: Callable[[LinkKey], str],
        oracle: Oracle,
        told: Callable[[str], None],
        *,
        reached: Counter[str],
    ) -> None:
        self._reached = reached
        self.decided: set[tuple[LinkKey, str]] = set()
        self._random = chance
        self._journal = journal
        self._number = number
        self._name_of = name_of
        self._oracle = oracle
        self._told = told

    def work(self) -> None:
        """Decide one conflict that nobody has decided."""
        journal = self._journal()
        waiting = {(one.link, one.unit) for one in journal.wishes()}
        listed = [one for one in journal.conflicts() if (one.link, one.conflict.unit) not in waiting]
        if not listed:
            return
        chosen = self._random.choice(listed)
        conflict, kind = chosen.conflict, chosen.link.kind
        keep = self._random.choice((Authority.LEGACY, Authority.CLOUD, None))
        texts = fields_of(kind, conflict.unit)
        is_text = all(isinstance(conflict.legacy.get(name, ""), str) for name in texts)
        if keep is None and (not texts or not is_text or conflict.unit == BOOKING):
            keep = Authority.CLOUD
        wish = Wish(
            number=self._number(),
            link=chosen.link,
            unit=conflict.unit,
            keep=keep,
            legacy=conflict.legacy,
            cloud=conflict.cloud,
            entered={name: f"d{self._number()}" for name in texts} if keep is None else {},
            by="Ann",
            at=datetime.now(UTC),
        )
        journal.told = self._carried_out
        journal.wish(wish)
        self._reached["decided by a person"] += 1
        self._told(f"desk: {self._name_of(chosen.link)} {conflict.unit}: {keep} {wish.entered}")

    def _carried_out(self, wish: Wish, why_not: str | None) -> None:
        self._reached["decision carried out" if why_not is None else "decision refused"] += 1
        self._told(f"desk: {self._name_of(wish.link)} {wish.unit}: {why_not or 'carried out'}")
        self.decided.add((wish.link, wish.unit))
        for name, value in wish.entered.items() if why_not is None else ():
            self._oracle.edited(f"{wish.link} {name}", "desk", saw=wish.legacy.get(name), left=value)
