"""Parity: compares both sides whole and counts; it repairs by marking links, never by writing."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import CloudContent, Kind, LinkKey, Reading, RowGroup
from legacy_bridge.references import references_of
from legacy_bridge.sides.links import Link, References
from legacy_bridge.sides.listings import Counted
from legacy_bridge.sides.stores import CloudRecords, Journal, LegacyRecords

_CHUNK = 200
_STEP = 50  # a live change waits for one step at most: some twenty milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How equal one kind is.

    Attributes:
        kind: the kind.
        total: records counted, on either side.
        matched: equal on both.
        withheld: confidential and not on the cloud.
        refused: cannot be expressed, on one side or the other.
        differing: the others.
    """

    kind: Kind
    total: int
    matched: int
    withheld: int
    refused: int
    differing: tuple[LinkKey, ...]


def parity_of(kind: Kind, outcomes: Mapping[LinkKey, str]) -> Parity:
    """Count what a comparison found."""
    counts = Counter(outcomes.values())
    return Parity(
        kind=kind,
        total=len(outcomes),
        matched=counts["matched"],
        withheld=counts["withheld"],
        refused=counts["refused"],
        differing=tuple(key for key, one in outcomes.items() if one == "differing"),
    )


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

    def count(self, kind: Kind) -> Parity:
        """Compare every record of a kind."""
        return parity_of(kind, self.compare(self.keys(kind)))

    def keys(self, kind: Kind) -> list[LinkKey]:
        """Every record of a kind, on either side."""
        return sorted({*self._legacy.keys(kind), *self._journal.all_keys(kind)}, key=str)

    def compare(self, keys: Sequence[LinkKey]) -> dict[LinkKey, str]:
        """How records stand: matched, withheld, refused or differing."""
        found: dict[LinkKey, str] = {}
        for at in range(0, len(keys), _CHUNK):
            links = list(self._journal.links(keys[at : at + _CHUNK]).values())
            groups, contents = self._legacy.read(links), self._cloud.read(links)
            readings = [one for group in groups.values() if (one := self._reading(group)) is not None]
            references = references_of(readings, contents.values(), self._journal, self._legacy)
            for link in links:
                found[link.key] = self._compare(
                    link, groups.get(link.key), contents.get(link.key), references
                )
        return found

    def _reading(self, group: RowGroup) -> Reading | None:
        try:
            return self._mappings[group.link.kind].from_legacy(group)
        except RecordRefused:
            return None

    def _compare(
        self, link: Link, group: RowGroup | None, content: CloudContent | None, references: References
    ) -> str:
        mapping = self._mappings[link.key.kind]
        try:
            legacy = mapping.known(mapping.from_legacy(group), group, references)
            cloud = mapping.from_cloud(content, references)
        except RecordRefused:
            is_hidden = mapping.hides(group) is not False
            return "withheld" if is_hidden and content is None else "refused"
        if legacy is not None and legacy.is_withheld:
            return "withheld" if cloud is None else "differing"
        if legacy is None or cloud is None:
            return "matched" if legacy is cloud else "differing"
        there = {name: value for name, value in cloud.fields.items() if name not in legacy.unknown}
        return "matched" if dict(legacy.fields) == there else "differing"


class Scan:
    """Counts how equal the sides are, a little at a time; what differs is looked at again."""

    def __init__(self, comparison: Comparison, journal: Journal, clock: Callable[[], datetime]) -> None:
        self._comparison = comparison
        self._journal = journal
        self._clock = clock
        self._kinds: list[Kind] = []
        self._left: list[LinkKey] = []
        self._found: dict[LinkKey, str] = {}

    def start(self, kinds: Collection[Kind]) -> None:
        """Begin a round through some kinds."""
        self._kinds = sorted(kinds, key=lambda one: one.rank)
        self._left, self._found = self._comparison.keys(self._kinds[0]) if self._kinds else [], {}

    def step(self, size: int = _STEP) -> bool:
        """Compare the next few records; a kind that is done is saved.

        Returns:
            whether the round goes on.

        Raises:
            SideUnavailable: a side did not answer; the next step tries these records again.
        """
        if not self._kinds:
            return False
        self._found.update(self._comparison.compare(self._left[:size]))
        self._left = self._left[size:]
        if not self._left:
            self._save(parity_of(self._kinds[0], self._found))
            self.start(self._kinds[1:])
        return bool(self._kinds)

    def _save(self, parity: Parity) -> None:
        now = self._clock()
        self._journal.mark(parity.differing, now)
        counted = Counted(matched=parity.matched, total=parity.total - parity.withheld, at=now)
        self._journal.count(parity.kind, counted)
