"""Who merges patients' records in the legacy program, and takes them apart again."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from legacy_bridge.legacy.groups import GROUPS
from legacy_bridge.records import Kind, LinkKey
from tests.legacy_bridge.support.small_practice import guid, key
from tests.simulation.legacy import SimulatedDatabase
from tests.simulation.practice import EDITABLE
from tests.simulation.sight import BOOKING, GONE, OWNED, RECORD, THERE, Sight

_FIELDS = tuple(dict.fromkeys(EDITABLE[Kind.PATIENT]))
_LEGACY = "legacy"
_IN_PARTS = 0.3


class Note(Protocol):
    """Writes an edit down; see `People`."""

    def __call__(self, link: LinkKey, name: str, field: str, side: str, saw: Any, left: Any) -> None: ...


class Registrar:
    """Hands the rows of one patient to another, and deletes the first; or only some rows, before the rest."""

    def __init__(
        self,
        chance: random.Random,
        sides: tuple[SimulatedDatabase, Sight],
        names: dict[Kind, list[str]],
        note: Note,
        is_unsettled: Callable[[LinkKey], bool],
        go_on: Callable[[LinkKey, str, Any], None],
        *,
        reached: Counter[str],
    ) -> None:
        self._reached = reached
        self._random = chance
        self._database, self._sight = sides
        self._names = names
        self._note = note
        self._is_unsettled = is_unsettled
        self._go_on = go_on
        self._went: dict[str, Mapping[str, Any]] = {}
        self._merged: dict[str, tuple[str, list[tuple[Kind, str]]]] = {}

    def work(self) -> None:
        """Merge two patients, hand some rows over, or take apart whom somebody merged."""
        if self._merged and self._random.random() < 0.5:
            self._take_apart(self._random.choice(list(self._merged)))
            return
        if len(self._names[Kind.PATIENT]) < 2:
            return
        source, target = self._random.sample(self._names[Kind.PATIENT], 2)
        rows = self._rows(source)
        if not self._are_free([(Kind.PATIENT, source), (Kind.PATIENT, target), *rows]):
            return
        if self._random.random() < _IN_PARTS:
            self._hand_over(rows[: len(rows) // 2], target)
            self._reached["rows handed over"] += 1
            return
        self._hand_over(rows, target)
        self._mark(source, is_deleted=True)
        self._names[Kind.PATIENT].remove(source)
        self._merged[source] = (target, rows)
        self._reached["patients merged"] += 1

    def go_home(self) -> None:
        """Who is merged now stays merged: what was known of them is gone with them."""
        for name, fields in self._went.items():
            for field in _FIELDS:
                self._note(key(Kind.PATIENT, name), name, field, _LEGACY, fields.get(field), None)

    def merged(self) -> list[str]:
        """Whose records were merged into another's."""
        return list(self._merged)

    def find_themselves_back(self) -> None:
        """The legacy database came back from a backup, in which some are not merged yet."""
        rows = self._database.content.tables[_table(Kind.PATIENT)]
        for source in list(self._merged):
            if not (source in rows and rows[source]["Deleted"]):
                del self._merged[source], self._went[source]
        self._names[Kind.PATIENT][:] = [name for name, row in rows.items() if not row["Deleted"]]

    def _take_apart(self, source: str) -> None:
        target, rows = self._merged[source]
        still = [one for one in rows if one in self._rows(target)]
        if self._are_free([(Kind.PATIENT, source), *still]):
            del self._merged[source]
            self._mark(source, is_deleted=False)
            self._names[Kind.PATIENT].append(source)
            self._hand_over(still, source)
            self._reached["patients taken apart"] += 1

    def _rows(self, name: str) -> list[tuple[Kind, str]]:
        tables = self._database.content.tables
        return [
            (kind, row)
            for kind in OWNED
            for row, columns in tables[_table(kind)].items()
            if columns["PatientGuid"] == guid(name)
        ]

    def _are_free(self, rows: list[tuple[Kind, str]]) -> bool:
        return not any(
            self._database.is_held(_table(kind), name)
            or self._is_unsettled(key(kind, name))
            or self._database.row(_table(kind), name).get("IsConfidential")
            for kind, name in rows
        )

    def _hand_over(self, rows: list[tuple[Kind, str]], target: str) -> None:
        for kind, name in rows:
            link = key(kind, name)
            saw = self._sight.seen(_LEGACY, link, BOOKING)
            self._database.edit(_table(kind), name, PatientGuid=guid(target))
            if kind is Kind.SLOT:
                self._note(link, name, BOOKING, _LEGACY, saw, self._sight.seen(_LEGACY, link, BOOKING))

    def _mark(self, name: str, *, is_deleted: bool) -> None:
        link = key(Kind.PATIENT, name)
        if is_deleted:
            self._went[name] = self._sight.legacy(link)
            for field in _FIELDS:
                self._go_on(link, field, self._went[name].get(field))
        else:
            del self._went[name]
        self._database.edit(_table(Kind.PATIENT), name, Deleted=is_deleted)
        self._note(link, name, RECORD, _LEGACY, *((THERE, GONE) if is_deleted else (GONE, THERE)))


def _table(kind: Kind) -> str:
    return GROUPS[kind].main
