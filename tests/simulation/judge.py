"""Judges what became of everything, when all is quiet."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.journal.conflicts import OPEN
from legacy_bridge.mapping import booking
from legacy_bridge.merge.policy import UNITS, fields_of
from legacy_bridge.records import LinkKey
from legacy_bridge.rehearsal.oracle import Oracle
from legacy_bridge.sides.links import Link, LinkState
from legacy_bridge.sides.listings import ListedConflict
from tests.simulation.journal import SimulatedJournal
from tests.simulation.server import SimulatedServer
from tests.simulation.sight import BOOKING, RECORD, Sight, of_record
from web_modules.decision.words import Authority

_SIDES = ("legacy", "cloud")


class Violation(AssertionError):
    """An invariant does not hold.

    Attributes:
        link: the record whose story tells why, or None.
    """

    def __init__(self, invariant: str, what: str, link: LinkKey | None = None) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant
        self.link = link


class Judge:
    """Knows both sides as people see them, the journals, and the oracle."""

    def __init__(self, sight: Sight, oracle: Oracle, server: SimulatedServer) -> None:
        self._sight = sight
        self._oracle = oracle
        self._server = server
        self.journals: list[SimulatedJournal] = []
        self.has_forgotten = False  # an old journal does not know what was removed since
        self.decided: set[tuple[LinkKey, str]] = set()  # by people, who may well take the older value
        self.kept_back: set[LinkKey] = set()  # withheld when legacy came back
        self.is_in_doubt = False  # a store came back: what is older may rightly win

    def excuse_what_a_restore_took(self) -> None:
        """A store came back from a backup: what only it had is nobody's fault any more."""
        self.is_in_doubt = True
        for place in self._oracle.places():
            link, field = _read(place)
            told = self._listed(link, field, but=OPEN)  # an open conflict tells what is there now
            there = {self._sight.seen(side, link, field) for side in _SIDES if self._was_told(side, link)}
            self._oracle.excuse(place, kept=[*there, *told])

    def legacy_came_back(self) -> None:
        """So did legacy: who was withheld, and is confidential there no more, may not be shown by itself."""
        self.excuse_what_a_restore_took()
        for link, known in self.journals[-1].content.links.items():
            if known.state is LinkState.WITHHELD:
                self.kept_back.add(link)

    def _was_told(self, side: str, link: LinkKey) -> bool:
        """Whether what a side does not have says anything: the cloud may never have had it."""
        known = self.journals[-1].content.links.get(link, Link(key=link))
        is_buried = known.state is LinkState.TOMBSTONE
        return side == "legacy" or is_buried or self._sight.content(link) is not None

    def check(self, links: Sequence[LinkKey]) -> None:
        """Check all that must hold at rest.

        Raises:
            Violation: something does not.
        """
        for place in self._oracle.places():
            link, field = _read(place)
            there, listed = self._there(link, field), self._listed(link, field)
            lost = self._oracle.lost(place, there=there, listed=listed, may_come_back=self.has_forgotten)
            if lost:
                raise Violation("I1", f"lost {lost[0]}; there: {there}; listed: {listed}", link)
        for link in self.kept_back:
            if self._sight.content(link) is not None:
                raise Violation("I20", f"{link} was withheld, and is shown since legacy came back", link)
        for link in self._sight.of_nobody():
            raise Violation("I13", f"{link} is of a patient who was merged into another", link)
        for link in links:
            self._check_equal(link)
        self.check_once()

    def check_once(self) -> None:
        """I8: what the bridge makes, it makes once."""
        made = Counter(
            f"{one['resourceType']} {named['system']}|{named['value']}"
            for resource_type in ("Patient", "Slot", "Schedule", "Appointment", "Practitioner", "Location")
            for one in self._server.resources(resource_type)
            for named in one.get("identifier", [])
            if "/legacy/" in named.get("system", "")
        )
        twice = [name for name, count in made.items() if count > 1]
        if twice:
            raise Violation("I8", f"made twice: {twice[0]}")

    def _check_equal(self, link: LinkKey) -> None:
        journal = self.journals[-1]
        asked = {str(one.link) for one in journal.conflicts()} | {
            one.subject for one in journal.quarantined()
        }
        if str(link) in asked:
            return
        try:
            legacy, cloud = self._sight.readings(link)
        except RecordRefused as refused:
            raise Violation(
                "I16", f"{link} cannot be carried and nobody says so: {refused}", link
            ) from refused
        if legacy is not None and legacy.is_withheld:
            if cloud is not None:
                raise Violation("H05", f"{link} is confidential and in the cloud", link)
            return
        here = {} if legacy is None else legacy.fields
        there = {} if cloud is None else cloud.fields
        if here.get("patient") in self.kept_back:  # nobody is told who it is
            here = {name: value for name, value in here.items() if name not in booking.FIELDS}
            there = {name: value for name, value in there.items() if name not in booking.FIELDS}
        if here != there:
            names = sorted(one for one in {*here, *there} if here.get(one) != there.get(one))
            told = [(name, here.get(name), there.get(name)) for name in names[:2]]
            raise Violation("I2", f"{link} differs: {told}", link)

    def overruled(self) -> int:
        """How often a rule let a value win over one that somebody had made of it: it was no conflict.

        It is listed, so nothing is lost. After a crash between a write and its settlement, and an edit of
        what was written, the bridge cannot always know better; without its write-ahead it never would.
        """
        if self.is_in_doubt:
            return 0
        return sum(self._is_overruled(one) for one in self.journals[-1].conflicts(decided=True))

    def reached(self) -> Counter[str]:
        """How often each rare state of a record was there at the end."""
        content = self.journals[-1].content
        found = Counter(f"conflict {one.state}" for one in content.conflicts.values())
        found.update(f"held: {one.reason}" for one, _ in content.quarantine.values())
        found.update(f"link {one.state.value}" for one in content.links.values())
        found["edit overruled by what it was made of"] = self.overruled()
        return found

    def _is_overruled(self, listed: ListedConflict) -> bool:
        if (listed.link, listed.conflict.unit) in self.decided:
            return False
        won, lost = listed.conflict.legacy, listed.conflict.cloud
        if listed.conflict.winner is Authority.CLOUD:
            won, lost = lost, won
        return listed.conflict.winner is not None and any(
            self._oracle.descends(f"{listed.link} {unit.name}", newer=lost[unit.name], older=won[unit.name])
            for unit in UNITS[listed.link.kind]
            if unit.name in won and unit.name in lost
        )

    def _there(self, link: LinkKey, field: str) -> set[Any]:
        return {self._sight.seen(side, link, field) for side in _SIDES}

    def _listed(self, link: LinkKey, field: str, *, but: str = "") -> set[Any]:
        found: set[Any] = set()
        for journal in self.journals:
            for one in journal.content.conflicts.values():
                if one.link == link and one.state != but and _concerns(one, field):
                    found |= {of_record(said, field) for said in (one.conflict.legacy, one.conflict.cloud)}
        return found


def _read(place: str) -> tuple[LinkKey, str]:
    link, _, field = place.partition(" ")
    return LinkKey.parse(link), field


def _concerns(listed: ListedConflict, field: str) -> bool:
    """Whether a conflict is about a field: of its unit, or of the record as a whole."""
    fields = fields_of(listed.link.kind, listed.conflict.unit)
    if not fields:
        return True
    return field != RECORD and (field in fields or (field == BOOKING and "patient" in fields))
