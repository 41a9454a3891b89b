"""Finds out which columns the mappings read, by handing them rows that remember what was asked of them."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, Integer, String, Time

from legacy_bridge.errors import RecordRefused
from legacy_bridge.legacy.groups import GROUPS
from legacy_bridge.legacy.schema import GUID_LENGTH, METADATA, ExactDecimal
from legacy_bridge.mapping.catalogue import catalogue
from legacy_bridge.records import Kind, LinkKey, RowGroup

_GUID = "{1858F0D1-0000-4000-8000-000000000001}"


class _Remembering(dict[str, Any]):
    def __init__(self, table: str, values: Mapping[str, Any], seen: set[str]) -> None:
        super().__init__(values)
        self._table = table
        self._seen = seen

    def get(self, name: str, default: Any = None) -> Any:
        self._seen.add(f"{self._table}.{name}")
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self._seen.add(f"{self._table}.{name}")
        return super().__getitem__(name)


def read_columns() -> set[str]:
    """`Table.Column` of every column that some mapping reads."""
    seen: set[str] = set()
    for kind, mapping in catalogue("Y99002").items():
        group = GROUPS[kind]
        main = METADATA.tables[group.main]
        words = frozenset(column.name for column in main.columns if isinstance(column.type, String))
        for absent in (frozenset[str](), words, *(frozenset({name}) for name in main.columns.keys())):  # noqa: SIM118
            rows: dict[str, Any] = {
                group.main: (_Remembering(group.main, _row(group.main, kind, absent), seen),)
            }
            for one in group.beside:
                rows[one.called] = (_Remembering(one.table, _row(one.table, kind, frozenset()), seen),)
            link = LinkKey(kind=kind, key="1858f0d1-0000-4000-8000-000000000001")
            try:
                mapping.from_legacy(RowGroup(link=link, rows=rows, digest=""))
            except RecordRefused:
                continue
    return seen


def _row(table: str, kind: Kind, absent: frozenset[str]) -> dict[str, Any]:
    values = {column.name: _value(column) for column in METADATA.tables[table].columns}
    values |= {"Deleted": False, "IsConfidential": False, "SpineSensitive": False, "_kind": kind.value}
    return values | dict.fromkeys(absent)


def _value(column: Any) -> Any:
    kind = column.type
    samples: tuple[tuple[type, Any], ...] = (
        (ExactDecimal, Decimal("1.5")),
        (Date, date(2026, 1, 2)),
        (Time, time(9)),
        (Boolean, True),
        (BigInteger, 4711),
        (Integer, 7),
    )
    if isinstance(kind, String):
        return _GUID if kind.length == GUID_LENGTH else "A"
    return next((value for of_kind, value in samples if isinstance(kind, of_kind)), None)
