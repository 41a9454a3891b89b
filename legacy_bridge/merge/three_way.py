"""The merge: what both sides last agreed on, what each says now, and what is to be agreed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from legacy_bridge.merge.policy import Policy, Unit
from legacy_bridge.records import Agreed, Fields, Value
from legacy_bridge.sides.links import Conflict, Doubt, Pending
from web_modules.decision.words import Authority

LEGACY_DOUBTS = frozenset({Doubt.LEGACY_OLDER, Doubt.LEGACY_UNCERTAIN})
"""What legacy says, and not what the cloud says, is in doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge found.

    Attributes:
        agreed: the fields that can be agreed on now, None for empty; those of an open conflict are missing.
        to_legacy: the fields that legacy does not say yet.
        to_cloud: the fields that the cloud does not say yet.
        decided: conflicts that a rule decided; the losing value is in them.
        open: conflicts that wait for a person.
    """

    agreed: Agreed
    to_legacy: frozenset[str]
    to_cloud: frozenset[str]
    decided: tuple[Conflict, ...]
    open: tuple[Conflict, ...]


def settled_base(baseline: Agreed, pending: Pending | None, legacy: Fields, cloud: Fields) -> Agreed:
    """The baseline, with what an interrupted write had already brought about.

    Where the side that was to be written says what was about to be agreed, it was written: the difference
    from the old baseline is the bridge's own doing, not a person's edit. Where it says anything else, the old
    baseline stands, and the merge asks or decides in the open.
    """
    if pending is None:
        return baseline
    settled = dict(baseline if pending.base is None else pending.base)
    for name, value in pending.fields.items():
        wrote_legacy = name in pending.to_legacy and legacy.get(name) == value
        wrote_cloud = name in pending.to_cloud and cloud.get(name) == value
        if wrote_legacy or wrote_cloud:
            settled[name] = value
    return settled


def merge(  # noqa: PLR0913 - the three values, and what decides
    units: Collection[Unit],
    base: Agreed,
    legacy: Fields,
    cloud: Fields,
    *,
    authority: Authority,
    held: Collection[str] = (),
    doubt: Doubt | None = None,
    put_back: Collection[str] = (),
) -> Merged:
    """Merge field by field, unit by unit.

    Args:
        units: the kind's units.
        base: what was agreed before. A field that is missing was never agreed: then an empty value does not
            beat a value, and two different values are a conflict.
        legacy: what legacy says.
        cloud: what the cloud says.
        authority: the side that leads.
        held: fields of which legacy tells less than it knows: the cloud's change of those does not travel.
        doubt: a side's differences may be no edits: none is taken without a word. Which of legacy's are asked
            about then, `put_back` says.
        put_back: fields that may have gone back to their value before with a form that was opened before the
            bridge wrote: a person is asked.
    """
    if not base and not cloud:  # new: there is nothing that could contradict it
        told = {name: legacy.get(name) for unit in units for name in unit.fields}
        there = frozenset(name for name, value in told.items() if value is not None)
        return Merged(agreed=told, to_legacy=frozenset(), to_cloud=there, decided=(), open=())
    agreed = {name: legacy.get(name) for unit in units for name in unit.fields}
    unlike = {name for name, value in agreed.items() if cloud.get(name) != value}
    decided: list[Conflict] = []
    waiting: list[Conflict] = []
    is_legacys = doubt in LEGACY_DOUBTS
    differing: set[str] = set()
    for unit in units:
        if unlike.isdisjoint(unit.fields):  # whatever is in doubt: that is what both say
            continue
        differing.update(unit.fields)
        if unit.is_barrier or ((unit.is_in_form or is_legacys) and not set(put_back).isdisjoint(unit.fields)):
            side, is_conflict = None, True
        elif doubt is Doubt.FORGOTTEN:
            side, is_conflict = _forgotten(unit, legacy, cloud, authority, held=set(held))
        elif is_legacys and is_moved(unit, base, legacy, cloud):
            side, is_conflict = Authority.CLOUD, True
        elif doubt is None or is_legacys or not is_moved(unit, base, cloud, legacy):
            side, is_conflict = _side(unit, base, legacy, cloud, authority, held=set(held))
        else:
            side, is_conflict = _in_doubt(unit, base, legacy, cloud, doubt), True
        if is_conflict:
            conflict = _conflict(unit, side, base, legacy, cloud)
            (decided if side is not None else waiting).append(conflict)
        for name in unit.fields:
            del agreed[name]
        if side is not None:
            winner = legacy if side is Authority.LEGACY else cloud
            agreed.update({name: winner.get(name) for name in unit.fields})
    return Merged(
        agreed=agreed,
        to_legacy=frozenset(one for one in differing if one in agreed and legacy.get(one) != agreed[one]),
        to_cloud=frozenset(one for one in differing if one in agreed and cloud.get(one) != agreed[one]),
        decided=tuple(decided),
        open=tuple(waiting),
    )


def told(before: Fields, agreed: Agreed) -> Fields:
    """What a side is to say: what it says now, with what is agreed in place of it."""
    kept = {name: value for name, value in before.items() if name not in agreed}
    return {**kept, **{name: value for name, value in agreed.items() if value is not None}}


def _side(
    unit: Unit,
    base: Agreed,
    legacy: Fields,
    cloud: Fields,
    authority: Authority,
    *,
    held: set[str],
) -> tuple[Authority | None, bool]:
    """The side whose value is taken of two (None: a person decides), and whether that is a conflict."""
    mine, theirs = _values(unit, legacy), _values(unit, cloud)
    has_base = all(name in base for name in unit.fields)
    was = _values(unit, base)
    if has_base and theirs == was:
        return Authority.LEGACY, False
    is_held = not held.isdisjoint(unit.fields)
    if has_base and mine == was and not is_held and unit.policy is not Policy.LEGACY:
        return Authority.CLOUD, False
    if not has_base and _is_empty(theirs):
        return Authority.LEGACY, False
    if not has_base and _is_empty(mine) and not is_held and unit.policy is not Policy.LEGACY:
        return Authority.CLOUD, False
    return _decide(unit, legacy, cloud, authority, is_held=is_held), True


def is_moved(unit: Unit, base: Agreed, side: Fields, other: Fields) -> bool:
    """Whether a side says neither what was agreed nor what the other side says."""
    said = _values(unit, side)
    return all(name in base for name in unit.fields) and said not in (
        _values(unit, base),
        _values(unit, other),
    )


def _forgotten(
    unit: Unit, legacy: Fields, cloud: Fields, authority: Authority, *, held: set[str]
) -> tuple[Authority | None, bool]:
    """The same where nobody remembers what was agreed on: every difference is listed, an empty value too."""
    return _decide(unit, legacy, cloud, authority, is_held=not held.isdisjoint(unit.fields)), True


def _in_doubt(unit: Unit, base: Agreed, legacy: Fields, cloud: Fields, doubt: Doubt) -> Authority | None:
    """Who wins over what the cloud says since it came back: what was agreed, or a person decides."""
    if doubt is Doubt.OLDER and _values(unit, legacy) == _values(unit, base):
        return Authority.LEGACY
    return _decide(unit, legacy, cloud, Authority.LEGACY, is_held=False)


def _decide(
    unit: Unit, legacy: Fields, cloud: Fields, authority: Authority, *, is_held: bool
) -> Authority | None:
    if unit.policy is Policy.ASK:
        return None
    # of a held unit only what the cloud adds is asked: that legacy tells less is no disagreement
    differs = any(legacy.get(name) != cloud.get(name) for name in unit.ask_on)
    if differs and (not is_held or any(cloud.get(name) is not None for name in unit.ask_on)):
        return None
    return Authority.LEGACY if is_held or unit.policy is Policy.LEGACY else authority


def _is_empty(values: tuple[Value | None, ...]) -> bool:
    return all(one is None for one in values)


def _values(unit: Unit, fields: Mapping[str, Value | None]) -> tuple[Value | None, ...]:
    return tuple(map(fields.get, unit.fields))


def _conflict(unit: Unit, side: Authority | None, base: Agreed, legacy: Fields, cloud: Fields) -> Conflict:
    return Conflict(
        unit=unit.name,
        winner=side,
        base={name: base[name] for name in (*unit.fields, "patient") if name in base},  # whose record it is
        legacy={name: legacy[name] for name in unit.fields if name in legacy},
        cloud={name: cloud[name] for name in unit.fields if name in cloud},
    )
