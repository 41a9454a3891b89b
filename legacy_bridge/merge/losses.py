"""What is listed of what goes where nothing is merged, or nobody knows: none is lost without a word."""

from datetime import datetime

from legacy_bridge.merge.policy import UNITS, Unit
from legacy_bridge.records import Agreed, Fields, Kind, LinkKey
from legacy_bridge.sides.links import Conflict, Pending
from web_modules.decision.words import Authority


def lost_values(kind: Kind, base: Agreed, legacy: Fields | None, cloud: Fields) -> tuple[Conflict, ...]:
    """What the cloud alone says of a record that is taken off it: neither agreed on, nor in legacy.

    Without a reading of legacy (None), all that was not agreed on: that a value was removed, too.
    """
    return tuple(
        _lost_to_legacy(unit, base, legacy or {}, cloud)
        for unit in UNITS[kind]
        if any(base.get(name) != cloud.get(name) for name in unit.fields)
        and (legacy is None or any(legacy.get(name) != cloud.get(name) for name in unit.fields))
    )


def cleared_meanwhile(
    kind: Kind, base: Agreed, pending: Pending | None, legacy: Fields, cloud: Fields
) -> tuple[Conflict, ...]:
    """What may have been cleared on the cloud between an interrupted write and its settlement.

    Such a field was never agreed on: legacy's value comes back, as an empty one beats none.
    """
    if pending is None:
        return ()
    cleared = {
        name
        for name in pending.to_cloud
        if name not in base and name not in cloud and name in legacy and pending.fields.get(name) is not None
    }
    return tuple(
        _lost_to_legacy(unit, {}, legacy, cloud) for unit in UNITS[kind] if cleared.intersection(unit.fields)
    )


def lost_booking(patient: LinkKey, booked_at: datetime | None) -> Conflict:
    """What is listed of a booking that could not be carried before its patient was withdrawn."""
    booked = {"patient": patient, "booked_at": booked_at}
    cloud = {name: value for name, value in booked.items() if value is not None}
    return Conflict(unit="booking", winner=Authority.LEGACY, base={}, legacy={}, cloud=cloud)


def _lost_to_legacy(unit: Unit, base: Agreed, legacy: Fields, cloud: Fields) -> Conflict:
    """What is listed of one unit: what was agreed on, and each side's values."""
    return Conflict(
        unit=unit.name,
        winner=Authority.LEGACY,
        base={name: base[name] for name in unit.fields if name in base},
        legacy={name: legacy[name] for name in unit.fields if name in legacy},
        cloud={name: cloud[name] for name in unit.fields if name in cloud},
    )
