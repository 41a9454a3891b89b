"""Which of what legacy says, since it came back from a backup, only a person can decide about."""

from collections.abc import Callable, Collection

from legacy_bridge.merge.policy import Policy, Unit
from legacy_bridge.merge.three_way import is_moved
from legacy_bridge.records import Agreed, Fields, Kind, LinkKey, Reading
from legacy_bridge.sides.links import Doubt, Link, links_in


def asked_about(
    units: Collection[Unit],
    base: Agreed,
    legacy: Reading,
    cloud: Fields,
    link: Link,
    there: Callable[[Collection[LinkKey]], Collection[LinkKey]],
) -> frozenset[str]:
    """The fields that are asked about; where it says anything else, legacy is told what was agreed.

    That is where somebody may have edited the row, where the bridge may not write it, where a person had been
    asked already, and where legacy would be told of a patient whom the backup lacks.

    Args:
        units: of the kind.
        base: what was agreed on.
        legacy: what legacy says.
        cloud: what the cloud says.
        link: with the doubt.
        there: those of some records that legacy has.
    """
    moved = [unit for unit in units if is_moved(unit, base, legacy.fields, cloud)]
    named = links_in([cloud.get(name) for unit in moved for name in unit.fields])
    patients = {key for key in named if key.kind is Kind.PATIENT}
    missing = patients - set(there(patients)) if patients else set[LinkKey]()
    return frozenset(
        name
        for unit in moved
        if link.doubt is Doubt.LEGACY_UNCERTAIN
        or unit.policy is Policy.LEGACY
        or not legacy.held.isdisjoint(unit.fields)
        or any(shown.until is None for name in unit.fields for shown in link.lately.get(name, ()))
        or not missing.isdisjoint(links_in([cloud.get(name) for name in unit.fields]))
        for name in unit.fields
    )
