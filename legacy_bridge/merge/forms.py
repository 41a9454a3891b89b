"""What legacy showed lately, and what a form puts back that was opened before the bridge wrote.

A legacy program saves a form whole: also the fields that nobody touched, as they were when it was opened.
What the bridge has written since then goes back to its value before, which looks like an edit and is none. So
a value that legacy stopped showing within the time that a form stays open, and that the bridge has written
over since, is asked about when it comes back. A backup of the whole database puts old values back too.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from legacy_bridge.records import Agreed, Fields, Value
from legacy_bridge.sides.links import Lately, Shown

_LONGEST = 50  # values of one field: a form opened before so many others were shown is not known again


def put_back(base: Agreed, legacy: Fields, lately: Lately) -> frozenset[str]:
    """The fields of which legacy says again what the bridge has written over."""
    return frozenset(
        name
        for name, shown in lately.items()
        if name in base and base[name] != (now := legacy.get(name)) and _is_overwritten(now, shown)
    )


def base_since(base: Agreed, legacy: Fields, lately: Lately) -> Agreed:
    """What was agreed on, where somebody went on from a value that a form had put back.

    They saw that value, and not what the bridge had written over it: both sides have changed it.
    """
    found = {
        name: one.value
        for name, shown in lately.items()
        for one in shown
        if name in base and one.until is None and one.is_overwritten
        if legacy.get(name) not in (one.value, base[name])
    }
    return {**base, **found} if found else base


def came_back(lately: Lately, base: Agreed, legacy: Fields, names: Collection[str]) -> Lately:
    """The same, where a backup has put some fields back: they are asked about until a person has decided."""
    found = dict(lately)
    for name in names:
        said = legacy.get(name)
        if base.get(name) != said:
            others = tuple(one for one in lately.get(name, ()) if one.value != said)
            found[name] = (*others, Shown(value=said, until=None, is_overwritten=True))
    return found


def remembered(  # noqa: PLR0913 - what was, what is, and what is about to be
    lately: Lately,
    base: Agreed,
    legacy: Fields,
    agreed: Agreed,
    to_legacy: frozenset[str],
    *,
    now: float,
    keeps_seconds: float,
) -> Lately:
    """What has to be remembered of what legacy showed, before a visit writes anything.

    Args:
        lately: what was remembered.
        base: what was agreed on before.
        legacy: what legacy says.
        agreed: what is about to be agreed on; what is asked about is missing.
        to_legacy: the fields that the bridge is about to write there.
        now: seconds, by a clock that only goes forward while a bridge runs.
        keeps_seconds: how long a form stays open.
    """
    changed = {name for name, value in base.items() if value != legacy.get(name)}
    found = {
        name: _remembered(name, lately.get(name, ()), base, legacy, agreed, to_legacy, now)
        for name in {*lately, *changed, *to_legacy}
    }
    oldest = now - keeps_seconds
    kept = {
        name: tuple(one for one in shown if one.until is None or one.until >= oldest)[-_LONGEST:]
        for name, shown in found.items()
    }
    return {name: shown for name, shown in kept.items() if shown}


def _remembered(  # noqa: PLR0913, PLR0917 - see `remembered`
    name: str,
    before: tuple[Shown, ...],
    base: Agreed,
    legacy: Fields,
    agreed: Agreed,
    to_legacy: frozenset[str],
    now: float,
) -> tuple[Shown, ...]:
    said = legacy.get(name)
    shown = {
        one.value: replace(one, until=now) if one.until is None and one.value != said else one
        for one in before
    }

    def show(value: Value | None, until: float | None) -> None:
        is_overwritten = value in shown and shown.pop(value).is_overwritten
        shown[value] = Shown(value=value, until=until, is_overwritten=is_overwritten)

    if name in base and base[name] != said:
        show(base[name], now)
    if name in to_legacy:
        show(said, now)
        shown.pop(agreed.get(name), None)
        return tuple(replace(one, is_overwritten=True) for one in shown.values())
    if name in agreed:
        shown.pop(said, None)
    elif name in base and base[name] != said:
        show(said, None)  # it is shown until a person has decided, however long that takes
    return tuple(shown.values())


def _is_overwritten(value: Value | None, shown: Iterable[Shown]) -> bool:
    return any(one.is_overwritten and one.value == value for one in shown)
