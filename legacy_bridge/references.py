"""Looks up what some records name: the other records' links and the codes."""

from collections.abc import Collection

from legacy_bridge.mapping.clinical.codes import wanted_codes
from legacy_bridge.mapping.field import references_in
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import Agreed, CloudContent, Kind, LinkKey, Reading
from legacy_bridge.sides.codes import CodeBook
from legacy_bridge.sides.links import References, ids_of, links_in, withheld_of
from legacy_bridge.sides.stores import Journal, LegacyRecords


def references_of(
    readings: Collection[Reading], contents: Collection[CloudContent], journal: Journal, legacy: LegacyRecords
) -> References:
    """What resolves every link, reference and code that some records name.

    Raises:
        SideUnavailable: try again later.
    """
    named = links_in([value for one in readings for value in one.fields.values()])
    texts = {text for content in contents for text in references_in(content)}
    of_resources = journal.keys_of(texts)
    links = dict(journal.identities(named | set(of_resources.values())))
    agreed = journal.links([key for key in links if key.kind is Kind.SESSION])
    sessions = {key: link.baseline for key, link in agreed.items()}
    people = links_in([value for one in sessions.values() for value in one.values()])
    links.update(journal.identities(people - set(links)))
    wanted = wanted_codes(readings, contents)
    return References(
        of_links=ids_of(links),
        withheld=withheld_of(links),
        of_resources=of_resources,
        baselines=sessions,
        codes=legacy.codes(wanted) if wanted else CodeBook(),
    )


def missing_parent(
    mapping: ResourceMapping, agreed: Agreed, to_cloud: frozenset[str], references: References
) -> LinkKey | None:
    """The first parent that the cloud would have to refer to and does not have."""
    for name in sorted(mapping.parents & to_cloud):
        for parent in sorted(links_in([agreed.get(name)]), key=str):
            if not references.of_links.get(parent):
                return parent
    return None
