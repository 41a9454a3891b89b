"""Parity: compares both sides whole and counts; it repairs by marking links, never by writing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.field import references_in
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import CloudContent, Kind, LinkKey, RowGroup
from legacy_bridge.sides import CloudRecords, Journal, LegacyRecords, Link, References

_CHUNK = 200


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
        keys = sorted({*self._legacy.keys(kind), *self._journal.all_keys(kind)}, key=str)
        outcomes: dict[str, list[LinkKey]] = {"matched": [], "withheld": [], "refused": [], "differing": []}
        for at in range(0, len(keys), _CHUNK):
            chunk = keys[at : at + _CHUNK]
            links = list(self._journal.links(chunk).values())
            groups, contents = self._legacy.read(links), self._cloud.read(links)
            references = self._references(contents.values())
            for link in links:
                outcome = self._compare(link, groups.get(link.key), contents.get(link.key), references)
                outcomes[outcome].append(link.key)
        return Parity(
            kind=kind,
            total=len(keys),
            matched=len(outcomes["matched"]),
            withheld=len(outcomes["withheld"]),
            refused=len(outcomes["refused"]),
            differing=tuple(outcomes["differing"]),
        )

    def _references(self, contents: Collection[CloudContent]) -> References:
        texts = {text for content in contents for text in references_in(content)}
        return References(of_resources=self._journal.keys_of(texts))

    def _compare(
        self, link: Link, group: RowGroup | None, content: CloudContent | None, references: References
    ) -> str:
        mapping = self._mappings[link.key.kind]
        try:
            legacy = mapping.from_legacy(group)
            cloud = mapping.from_cloud(content, references)
        except RecordRefused:
            return "refused"
        if legacy is not None and legacy.is_withheld:
            return "withheld" if cloud is None else "differing"
        is_equal = (None if legacy is None else dict(legacy.fields)) == (
            None if cloud is None else dict(cloud.fields)
        )
        return "matched" if is_equal else "differing"
