"""What became of a rehearsal: what is wrong, what was in conflict, how much was done."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from legacy_bridge.rehearsal.oracle import Oracle, Value
from legacy_bridge.sides.listings import ListedConflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The end of a rehearsal.

    Attributes:
        violations: what must not be, each in words with the story of its place.
        conflicts: every conflict, decided ones too.
        edits: how many edits were made on each side.
        troubles: how often each trouble came.
        first_load_seconds: until both sides were equal for the first time.
        rest_seconds: until all was quiet, each time that people paused.
    """

    violations: Sequence[str]
    conflicts: Sequence[ListedConflict]
    edits: Mapping[str, int]
    troubles: Mapping[str, int]
    first_load_seconds: float
    rest_seconds: Sequence[float] = field(default=())


def lost_edits(
    oracle: Oracle, there: Mapping[str, Collection[Value]], listed: Mapping[str, Collection[Value]]
) -> list[str]:
    """I1: every edit leads to what is there, or is listed."""
    return [
        f"I1: lost {lost[0]}; there: {sorted(map(str, there[place]))}. " + " | ".join(oracle.story(place))
        for place in oracle.places()
        if (lost := oracle.lost(place, there=there[place], listed=listed.get(place, ())))
    ]
