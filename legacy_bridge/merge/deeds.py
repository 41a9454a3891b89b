"""What one visit did to a record, for the audit log: what was written and where, or found written."""

from typing import TYPE_CHECKING

from legacy_bridge.records import Agreed
from legacy_bridge.sides.links import Deed, LinkState
from legacy_bridge.sides.writes import Outcome, OutcomeKind

if TYPE_CHECKING:
    from legacy_bridge.merge.visit import Visit

_BECAME = {
    LinkState.NEW: "forgotten",
    LinkState.LINKED: "linked",
    LinkState.WITHHELD: "withheld",
    LinkState.TOMBSTONE: "buried",
}


def deeds_of(visit: "Visit", on_cloud: Outcome | None, on_legacy: Outcome | None) -> tuple[Deed, ...]:
    """What a visit did, given how its writes ended (None: there was none)."""
    found = _found_written(visit)
    outcomes = (("legacy", on_legacy), ("cloud", on_cloud))
    sides = tuple(name for name, one in outcomes if one is not None and one.kind is OutcomeKind.WRITTEN)
    names = visit.to_legacy | visit.to_cloud
    before: Agreed = {name: visit.base[name] for name in names if name in visit.base}
    after: Agreed = {name: value for name, value in (visit.agreed or {}).items() if name in names}
    if visit.deletes or visit.ends_as is LinkState.WITHHELD:
        before = visit.base
    if sides:
        verb = "deleted" if visit.deletes else "withdrew" if visit.ends_as is LinkState.WITHHELD else "wrote"
        what = f"{verb} {' and '.join(sides)}"
    elif visit.ends_as is not visit.link.state and not visit.writes:
        what, after = _BECAME[visit.ends_as], visit.agreed or {}
    elif visit.forgets and not visit.writes:
        what = "removed earlier versions"
    else:
        return found
    versions = on_cloud.versions if on_cloud is not None else {}
    return (
        *found,
        Deed(what=what, sides=sides, before=before, after=after, versions=versions, forgot=visit.forgets),
    )


def _found_written(visit: "Visit") -> tuple[Deed, ...]:
    """What an interrupted visit had written, by what the sides say now."""
    link = visit.link
    if link.pending is None:
        return ()
    base = link.baseline if link.pending.base is None else link.pending.base
    after = {name: value for name, value in visit.base.items() if name not in base or base[name] != value}
    if not after:
        return ()
    before = {name: base[name] for name in after if name in base}
    return (Deed(what="found written", before=before, after=after),)
