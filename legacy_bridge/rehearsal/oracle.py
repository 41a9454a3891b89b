"""The oracle: it knows only cause and effect, and nothing of the bridge.

Every edit of a person is an edge from the value that the person saw to the value that the person left. When
all is quiet, each of these edges has to lead to a value that is still there, or to one that is in the list of
conflicts; and a value that somebody moved on from is there only if somebody brought it back.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass

Value = Hashable
"""What a place holds; None for empty. Give edits values of their own wherever the field allows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One person's edit of one place.

    Attributes:
        number: its place in the order of all edits.
        place: what was edited: a record and its field, such as `patient/mary home_phone`.
        side: where.
        saw: the value that the person saw.
        left: the value that the person left there.
    """

    number: int
    place: str
    side: str
    saw: Value
    left: Value

    def __str__(self) -> str:
        return f"{self.number}. {self.side}: {self.place}: {self.saw!r} -> {self.left!r}"


class Oracle:
    """Remembers edits, and says which of them are lost."""

    def __init__(self) -> None:
        self._edits: dict[str, list[Edit]] = {}
        self._excused: set[int] = set()
        self._count = 0

    def edited(self, place: str, side: str, *, saw: Value, left: Value) -> Edit:
        """Note an edit that its own side has acknowledged."""
        self._count += 1
        made = Edit(number=self._count, place=place, side=side, saw=saw, left=left)
        self._edits.setdefault(place, []).append(made)
        return made

    def excuse(self, place: str, *, kept: Collection[Value]) -> None:
        """Note that a store came back from a backup, and what of a place survived it or was listed before."""
        self._excused.update(one.number for one in self._lost(place, kept, kept, kept))

    def places(self) -> Iterable[str]:
        """Every place that was edited."""
        return tuple(self._edits)

    def lost(
        self, place: str, *, there: Collection[Value], listed: Collection[Value], may_come_back: bool = False
    ) -> list[Edit]:
        """The edits of a place of which nothing is left.

        Args:
            place: the place.
            may_come_back: what was removed may be there again: the memory of it was lost.
            there: its values now, on every side.
            listed: its values in the lists of conflicts, decided ones too, and of the quarantined.
        """
        held = () if may_come_back else there
        return [one for one in self._lost(place, there, listed, held) if one.number not in self._excused]

    def descends(self, place: str, *, newer: Value, older: Value) -> bool:
        """Whether somebody made one value of another, at however many removes."""
        edits = self._edits.get(place, [])
        found = {newer}
        while added := {one.saw for one in edits if one.left in found} - found:
            found |= added
        return newer != older and older in found

    def story(self, place: str) -> list[str]:
        """What was done to a place, in order."""
        return [str(one) for one in self._edits.get(place, ())]

    def _lost(
        self,
        place: str,
        there: Collection[Value],
        listed: Collection[Value],
        again: Collection[Value],
    ) -> list[Edit]:
        edits = self._edits.get(place, [])
        kept = {*there, *listed}
        reached = set(kept)
        while added := {one.saw for one in edits if one.left in reached} - reached:
            reached |= added
        makers = Counter(one.left for one in edits)
        came_back = {value for value in again if makers[value] < 2}  # what two people left is nobody's own
        return [
            one
            for one in edits
            if one.left not in reached or (one.saw in came_back and kept.isdisjoint(_led_to(one, edits)))
        ]


def _led_to(edit: Edit, edits: Sequence[Edit]) -> set[Value]:
    """What an edit left, and all that later edits made of it."""
    found = {edit.left}
    for later in edits[edits.index(edit) + 1 :]:
        if later.saw in found:
            found.add(later.left)
    return found
