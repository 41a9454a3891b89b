"""Parity: compares both sides whole and counts; it repairs by marking links, never by writing."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import CloudContent, Kind, LinkKey, Reading, RowGroup, Value
from legacy_bridge.references import references_of
from legacy_bridge.sides.links import Link, References
from legacy_bridge.sides.listings import Counted
from legacy_bridge.sides.stores import CloudRecords, Journal, LegacyRecords
from legacy_bridge.sides.walk import Walk

CHUNK = 200
"""Records that are compared at once."""
_STEP = 50  # a live change waits for one step at most: some twenty milliseconds
_KEPT = 1000  # unequal records of a kind that are told one by one; all of them are counted


class Stand(Enum):
    """How the two sides of one record stand."""

    MATCHED = "matched"
    DIFFERENT = "different"
    ONLY_IN_LEGACY = "only_in_legacy"
    ONLY_IN_CLOUD = "only_in_cloud"
    QUARANTINED = "quarantined"  # listed with its reason; a person is at it
    WITHHELD = "withheld"  # confidential, and rightly not on the cloud


UNEQUAL = (Stand.DIFFERENT, Stand.ONLY_IN_LEGACY, Stand.ONLY_IN_CLOUD)
"""What is not as it ought to be, and not listed either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One record, as both sides have it.

    Attributes:
        key: the record.
        stand: how it stands.
        fields: what differs, by the name of the field: in legacy, on the cloud. Values of patients.
    """

    key: LinkKey
    stand: Stand
    fields: Mapping[str, tuple[Value | None, Value | None]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Parity:
    """How equal one kind is, or several.

    Attributes:
        counts: how many records stand how.
        fields: in how many records each field differs.
        unequal: the first of those that are unequal.
    """

    counts: Counter[Stand] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    unequal: list[Compared] = field(default_factory=list)

    def add(self, found: Iterable[Compared]) -> None:
        """Count some records more."""
        for one in found:
            self.counts[one.stand] += 1
            self.fields.update(one.fields.keys())
            if one.stand in UNEQUAL and len(self.unequal) < _KEPT:
                self.unequal.append(one)

    def take_away(self, found: Sequence[Compared]) -> None:
        """Count some records no more."""
        for one in found:
            self.counts[one.stand] -= 1
            self.fields -= Counter(one.fields.keys())
        gone = {one.key for one in found}
        self.unequal = [one for one in self.unequal if one.key not in gone]

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs but what is listed in quarantine."""
        return not any(self.counts[one] for one in UNEQUAL)

    @property
    def percent(self) -> float:
        """How many of a hundred are equal, of those that can be carried and are not withheld."""
        unequal = sum(self.counts[one] for one in UNEQUAL)
        whole = self.counts[Stand.MATCHED] + unequal
        return 100.0 if not unequal else 100.0 * self.counts[Stand.MATCHED] / whole

    def counted(self, at: datetime) -> Counted:
        """What is published: what cannot be carried is missing on a side, what is withheld is not."""
        total = sum(self.counts.values()) - self.counts[Stand.WITHHELD]
        return Counted(matched=self.counts[Stand.MATCHED], total=total, at=at)


class Comparison:
    """Compares a practice's sides; reads only."""

    def __init__(
        self,
        *,
        legacy: LegacyRecords,
        cloud: CloudRecords,
        journal: Journal,
        mappings: Mapping[Kind, ResourceMapping],
    ) -> None:
        self._legacy = legacy
        self._cloud = cloud
        self._journal = journal
        self._mappings = mappings

    def walk(self, kind: Kind) -> Walk:
        """Every record of a kind, on either side."""
        return Walk(kind, legacy=self._legacy, journal=self._journal)

    def count(self, kind: Kind, *, on_chunk: Callable[[Sequence[Compared]], None] = lambda _: None) -> Parity:
        """Compare every record of a kind; what differs is looked at twice, for it may be on its way.

        Args:
            kind: the kind.
            on_chunk: told of every few records.

        Raises:
            SideUnavailable: a side or the journal does not answer.
        """
        parity, walk = Parity(), self.walk(kind)
        while not walk.is_done:
            found = self.compare(walk.page(CHUNK))
            parity.add(found)
            on_chunk(found)
        doubtful = list(parity.unequal)
        parity.take_away(doubtful)
        for at in range(0, len(doubtful), CHUNK):
            parity.add(self.compare([one.key for one in doubtful[at : at + CHUNK]]))
        return parity

    def compare(self, keys: Sequence[LinkKey]) -> list[Compared]:
        """How some records stand.

        Raises:
            SideUnavailable: a side or the journal does not answer.
        """
        links = list(self._journal.links(keys).values())
        groups, contents = self._legacy.read(links), self._cloud.read(links)
        readings = [one for group in groups.values() if (one := self._reading(group)) is not None]
        references = references_of(readings, contents.values(), self._journal, self._legacy)
        found = [
            self._compare(link, groups.get(link.key), contents.get(link.key), references) for link in links
        ]
        listed = set(self._journal.held([one.key for one in found if one.stand in UNEQUAL]))
        return [Compared(key=one.key, stand=Stand.QUARANTINED) if one.key in listed else one for one in found]

    def _reading(self, group: RowGroup) -> Reading | None:
        try:
            return self._mappings[group.link.kind].from_legacy(group)
        except RecordRefused:
            return None

    def _compare(
        self, link: Link, group: RowGroup | None, content: CloudContent | None, references: References
    ) -> Compared:
        mapping, key = self._mappings[link.key.kind], link.key
        try:
            legacy = mapping.known(mapping.from_legacy(group), group, references)
            cloud = mapping.from_cloud(content, references)
        except RecordRefused:
            is_hidden = mapping.hides(group) is not False
            return Compared(
                key=key, stand=Stand.WITHHELD if is_hidden and content is None else Stand.QUARANTINED
            )
        if legacy is not None and legacy.is_withheld:
            shown = {} if cloud is None else {"confidentiality": ("withheld", "shown")}
            return Compared(key=key, stand=Stand.WITHHELD if cloud is None else Stand.DIFFERENT, fields=shown)
        if legacy is None or cloud is None:
            there = Stand.ONLY_IN_CLOUD if legacy is None else Stand.ONLY_IN_LEGACY
            return Compared(key=key, stand=Stand.MATCHED if legacy is cloud else there)
        names = {*legacy.fields, *cloud.fields} - legacy.unknown
        fields = {
            name: (legacy.fields.get(name), cloud.fields.get(name))
            for name in sorted(names)
            if legacy.fields.get(name) != cloud.fields.get(name)
        }
        return Compared(key=key, stand=Stand.DIFFERENT if fields else Stand.MATCHED, fields=fields)


class Scan:
    """Counts how equal the sides are, a little at a time; what differs is looked at again."""

    def __init__(self, comparison: Comparison, journal: Journal, clock: Callable[[], datetime]) -> None:
        self._comparison = comparison
        self._journal = journal
        self._clock = clock
        self._kinds: list[Kind] = []
        self._walk: Walk | None = None
        self._page: Sequence[LinkKey] = ()
        self._parity = Parity()

    def start(self, kinds: Collection[Kind]) -> None:
        """Begin a round through some kinds."""
        self._kinds = sorted(kinds, key=lambda one: one.rank)
        self._walk = self._comparison.walk(self._kinds[0]) if self._kinds else None
        self._page, self._parity = (), Parity()

    def step(self, size: int = _STEP) -> bool:
        """Compare the next few records; a kind that is done is saved.

        Returns:
            whether the round goes on.

        Raises:
            SideUnavailable: a side did not answer; the next step tries these records again.
        """
        if self._walk is None:
            return False
        self._page = self._page or self._walk.page(self._kinds[0].at_once(size))
        found = self._comparison.compare(self._page)
        differing = [one.key for one in found if one.stand in UNEQUAL]
        if differing:
            self._journal.mark(differing, self._clock())
        self._parity.add(found)
        self._page = ()
        if self._walk.is_done:
            self._journal.count(self._kinds[0], self._parity.counted(self._clock()))
            self.start(self._kinds[1:])
        return bool(self._kinds)
