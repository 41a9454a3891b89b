"""The words of the audit log for what the journal saves: deeds, conflicts, quarantine."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from legacy_bridge.journal.audit import Note, fingerprint
from legacy_bridge.journal.quarantine import MIRROR, Held
from legacy_bridge.records import LinkKey
from legacy_bridge.sides.links import Conflict, Deed, Settlement
from legacy_bridge.sides.wishes import Wish


def of_deeds(connection: Connection, settlements: Iterable[Settlement]) -> list[Note]:
    """What was done to records."""
    return [
        Note(what=deed.what, subject=str(one.link.key), told=_told(connection, deed))
        for one in settlements
        for deed in one.deeds
    ]


def of_conflicts(connection: Connection, what: str, found: Iterable[tuple[LinkKey, Conflict]]) -> list[Note]:
    """Conflicts that were decided or opened; their values are in the list of conflicts."""
    return [Note(what=what, subject=str(key), told=_values(connection, one)) for key, one in found]


def of_conflicts_over(found: Iterable[tuple[LinkKey, str]]) -> list[Note]:
    """Conflicts that are open no more, by their link and unit."""
    return [Note(what="conflict over", subject=str(key), told={"unit": unit}) for key, unit in found]


def of_wish(connection: Connection, wish: Wish, why_not: str = "") -> Note:
    """What a person decided; with `why_not` in vain."""
    told = {
        "unit": wish.unit,
        "by": wish.by,
        "keep": None if wish.keep is None else wish.keep.value,
        "entered": fingerprint(connection, wish.entered) if wish.entered else None,
    }
    return Note(what="decision refused" if why_not else "person decided", subject=str(wish.link), told=told)


def of_wishes(settlements: Iterable[Settlement]) -> list[Note]:
    """Decisions of people that were carried out, or refused; the list of decisions says whose they were."""
    return [
        Note(
            what="decision carried out" if why_not is None else "decision refused",
            subject=str(one.link.key),
            told={"number": number},
        )
        for one in settlements
        for number, why_not in one.wishes
    ]


def of_quarantine(held: Sequence[Held], released: Sequence[str]) -> list[Note]:
    """What went into quarantine, and what came out; of a whole side in the words that are shown."""
    return [
        *(
            Note(
                what="held",
                subject=one.subject,
                told={"reason": one.reason} | ({"words": one.words} if _is_of_a_side(one) else {}),
            )
            for one in held
        ),
        *(Note(what="released", subject=one) for one in released),
    ]


def _is_of_a_side(held: Held) -> bool:
    return held.subject.startswith(f"{MIRROR}/")


def _told(connection: Connection, deed: Deed) -> dict[str, Any]:
    """Field by field where there was something before and after; a record that was made or deleted as one."""
    told: dict[str, Any] = {}
    before, after = deed.before, deed.after
    if before and after:
        told["fields"] = {
            name: [
                fingerprint(connection, {name: side[name]}) if name in side else None
                for side in (before, after)
            ]
            for name in sorted({*before, *after})
        }
    elif before or after:
        told["fields"] = sorted(before or after)
        told["was" if before else "is"] = fingerprint(connection, before or after)
    if deed.versions:
        told["versions"] = dict(deed.versions)
    if deed.forgot:
        told["forgot"] = sorted(deed.forgot)
    return told


def _values(connection: Connection, conflict: Conflict) -> dict[str, Any]:
    sides = {"base": conflict.base, "legacy": conflict.legacy, "cloud": conflict.cloud}
    return {
        "unit": conflict.unit,
        "winner": None if conflict.winner is None else conflict.winner.value,
        **{name: fingerprint(connection, values) if values else None for name, values in sides.items()},
    }
