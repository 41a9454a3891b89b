"""Carries a person's decision about a conflict into the merge, or says why it cannot be carried."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from legacy_bridge.merge.presence import DELETABLE, Presence
from legacy_bridge.merge.three_way import Merged
from legacy_bridge.merge.visit import Visit
from legacy_bridge.records import CLINICAL, Agreed, Fields, Kind, Reading, Value
from legacy_bridge.sides.links import Conflict
from legacy_bridge.sides.wishes import MOVED, Wish
from web_modules.decision.words import Authority

_AFTER: Final[Mapping[tuple[Presence, Authority | None], Presence]] = {
    (Presence.ASK_DELETED_IN_CLOUD, Authority.LEGACY): Presence.CREATE,
    (Presence.ASK_DELETED_IN_CLOUD, Authority.CLOUD): Presence.DELETE_LEGACY,
    (Presence.ASK_DELETED_IN_LEGACY, Authority.LEGACY): Presence.DELETE_CLOUD,
    (Presence.ASK_DELETED_IN_LEGACY, Authority.CLOUD): Presence.INSERT,
}
"""What follows from a decision about a record that is on one side only."""
_KINDS: Final = {Presence.DELETE_LEGACY: DELETABLE, Presence.INSERT: CLINICAL}
_NOT_BY_THE_BRIDGE: Final = "The bridge cannot do this: do it on the screen that is to say so."


def decided(wish: Wish, base: Agreed) -> Conflict:
    """What is listed of a decision: both values that the person saw, and which stands."""
    return Conflict(unit=wish.unit, winner=wish.keep, base=base, legacy=wish.legacy, cloud=wish.cloud)


def heard(
    visit: Visit, units: Mapping[str, Collection[str]], legacy: Reading, cloud: Fields
) -> tuple[Visit, tuple[Wish, ...]]:
    """The decisions that still hold for what the sides say, and the visit that carries them out.

    Of what legacy tells less than it knows, such as a confidential patient's booking, only legacy may change
    anything: nobody could decide about what they were not shown.
    """
    if not visit.wishes:
        return visit, ()
    hidden = {
        one.number: _NOT_BY_THE_BRIDGE
        for one in visit.wishes
        if one.keep is not Authority.LEGACY and not legacy.held.isdisjoint(units.get(one.unit, ()))
    }
    denied = {**visit.denied, **hidden}
    found = tuple(
        one
        for one in visit.wishes
        if one.number not in denied
        and one.unit in units
        and one.stands(units[one.unit], legacy.fields, cloud)
    )
    kept = tuple((one, replace(decided(one, {}), winner=None)) for one in found)
    return replace(visit, denied=denied, granted=(*visit.granted, *kept)), found


def base_of(
    base: Agreed,
    before: Agreed,
    wishes: Sequence[Wish],
    held: Sequence[Wish],
    units: Mapping[str, Collection[str]],
) -> Agreed:
    """What was agreed on; where a decision holds no more, what had been agreed on before it was begun.

    A bridge that was killed may have written it to one side: that is an edit of the person's, not agreed on.
    """
    names = {name for one in wishes if one not in held for name in units.get(one.unit, ())}
    if not names:
        return base
    kept = {name: value for name, value in base.items() if name not in names}
    return {**kept, **{name: before[name] for name in names if name in before}}


def granted(
    merged: Merged,
    wishes: Sequence[Wish],
    units: Mapping[str, Collection[str]],
    legacy: Fields,
    cloud: Fields,
    base: Agreed,
) -> Merged:
    """The merge with some decisions carried out."""
    if not wishes:
        return merged
    agreed: dict[str, Value | None] = dict(merged.agreed)
    for one in wishes:
        agreed.update(
            {
                name: next((said for said in (legacy.get(name), cloud.get(name)) if said == value), value)
                for name, value in one.target(units[one.unit]).items()
            }
        )
    names = {one.unit for one in wishes}
    told = [decided(one, {name: base[name] for name in units[one.unit] if name in base}) for one in wishes]
    return replace(
        merged,
        agreed=agreed,
        to_legacy=frozenset(name for name, value in agreed.items() if legacy.get(name) != value),
        to_cloud=frozenset(name for name, value in agreed.items() if cloud.get(name) != value),
        decided=(*(one for one in merged.decided if one.unit not in names), *told),
        open=tuple(one for one in merged.open if one.unit not in names),
    )


def presence_after(
    found: Presence, wish: Wish, kind: Kind, kept: Conflict, held: Collection[str]
) -> tuple[Presence | None, str]:
    """What is to be done with a record that is on one side only; None, and why not.

    Args:
        found: which side has it.
        wish: what was decided.
        kind: of the record.
        kept: what the sides say now.
        held: fields of which legacy tells less than it knows: see `heard`.
    """
    if (dict(wish.legacy), dict(wish.cloud)) != (dict(kept.legacy), dict(kept.cloud)):
        return None, MOVED
    if held and wish.keep is not Authority.LEGACY:
        return None, _NOT_BY_THE_BRIDGE
    after = _AFTER.get((found, wish.keep))
    if after is None or kind not in _KINDS.get(after, Kind):
        return None, _NOT_BY_THE_BRIDGE
    return after, ""
