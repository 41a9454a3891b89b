"""Makes rows in legacy: of what was made in the cloud, and of what a backup of legacy lacks."""

from dataclasses import replace

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.merge.presence import Presence
from legacy_bridge.merge.sayings import MISSING, SAYINGS
from legacy_bridge.merge.visit import Visit
from legacy_bridge.records import CLINICAL, CloudContent, Kind, Reading
from legacy_bridge.sides.links import Conflict, Link, links_in
from legacy_bridge.sides.stores import LegacyRecords
from web_modules.decision.words import Authority


def insert(visit: Visit, mapping: ResourceMapping, cloud: Reading, content: CloudContent) -> Visit:
    """Make the rows of what was made in the cloud; the next visit tells the cloud its key.

    Raises:
        RecordRefused: only the legacy program makes such, or it needs what the cloud does not say.
    """
    change = mapping.insertion(visit.link, cloud.fields, content)
    if change is None:
        raise RecordRefused(*SAYINGS[Presence.UNKNOWN_TO_LEGACY])
    return replace(
        visit,
        agreed=cloud.fields,
        to_legacy=frozenset(cloud.fields),
        row_change=change,
        looks_again=True,
    )


def insert_again(
    visit: Visit, mapping: ResourceMapping, cloud: Reading, content: CloudContent, legacy: LegacyRecords
) -> Visit:
    """Make the rows of a record that the backup lacks, under its own key; else say that it is missing."""
    patients = [key for key in links_in(list(cloud.fields.values())) if key.kind is Kind.PATIENT]
    is_whose = len(legacy.read([Link(key=key) for key in patients])) == len(patients)
    if mapping.kind not in CLINICAL or visit.group is not None or not is_whose:
        return replace(visit, refusal=MISSING)
    try:
        made = insert(visit, mapping, cloud, content)
    except RecordRefused as refused:
        return replace(visit, refusal=(MISSING[0], f"{MISSING[1]} {refused.words}"))
    told = Conflict(
        unit=Presence.INSERT_AGAIN.value,
        winner=Authority.CLOUD,
        base=visit.base,
        legacy={},
        cloud=cloud.fields,
    )
    return replace(made, decided=(told,))
