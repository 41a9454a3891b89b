"""Makes rows in legacy: of what was made in the cloud, and of what a backup of legacy lacks."""

from collections.abc import Callable, Collection
from dataclasses import replace

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.merge.presence import Presence
from legacy_bridge.merge.sayings import MISSING, PATIENT_GONE, SAYINGS
from legacy_bridge.merge.visit import Visit
from legacy_bridge.records import CLINICAL, CloudContent, Fields, Kind, LinkKey, Reading, RowGroup, Value
from legacy_bridge.sides.links import Conflict, links_in
from web_modules.decision.words import Authority

There = Callable[[Collection[LinkKey]], Collection[LinkKey]]
"""Tells which of some records the legacy program has and shows."""


def lacks_patient(values: Collection[Value | None], there: There) -> bool:
    """Whether a patient whom values name was removed in legacy, or merged into another, or never was."""
    patients = {key for key in links_in(values) if key.kind is Kind.PATIENT}
    return bool(patients) and not patients <= set(there(patients))


def insert(
    visit: Visit, mapping: ResourceMapping, cloud: Reading, content: CloudContent, there: There
) -> Visit:
    """Make the rows of what was made in the cloud; the next visit tells the cloud its key.

    Rows that are there and marked as deleted are shown again, with what the cloud has changed since.

    Raises:
        RecordRefused: only the legacy program makes such, it needs what the cloud does not say, or nobody
            would ever see the rows there.
    """
    if lacks_patient(cloud.fields.values(), there):
        raise RecordRefused(*PATIENT_GONE)
    if visit.group is not None:
        return _shown_again(visit, mapping, visit.group, cloud.fields)
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
    visit: Visit, mapping: ResourceMapping, cloud: Reading, content: CloudContent, there: There
) -> Visit:
    """Make the rows of a record that the backup lacks, under its own key; else say that it is missing."""
    if mapping.kind not in CLINICAL or visit.group is not None or lacks_patient(cloud.fields.values(), there):
        return replace(visit, refusal=MISSING)
    try:
        made = insert(visit, mapping, cloud, content, there)
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


def _shown_again(visit: Visit, mapping: ResourceMapping, group: RowGroup, said: Fields) -> Visit:
    changed = frozenset(name for name in {*visit.base, *said} if visit.base.get(name) != said.get(name))
    return replace(
        visit,
        agreed={**visit.base, **{name: said.get(name) for name in changed}},
        to_legacy=changed,
        row_change=mapping.undeletion(group, said, changed),
        looks_again=True,
    )
