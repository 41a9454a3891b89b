"""Baselines: what both sides last agreed on, and what was about to be agreed when the bridge wrote."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from legacy_bridge.journal.dirty import save
from legacy_bridge.journal.links import by_kind
from legacy_bridge.journal.tables import BASELINES
from legacy_bridge.records import Agreed, LinkKey, value_from_json, value_to_json
from legacy_bridge.sides.links import Link, Pending


def read(
    connection: Connection, practice: str, keys: Collection[LinkKey]
) -> dict[LinkKey, tuple[Agreed, Pending | None]]:
    """Baselines and write-aheads, by key; unknown ones are missing."""
    found: dict[LinkKey, tuple[Agreed, Pending | None]] = {}
    for kind, chunk in by_kind(keys):
        rows = connection.execute(
            select(BASELINES.c.key, BASELINES.c.fields, BASELINES.c.pending).where(
                BASELINES.c.practice == practice, BASELINES.c.kind == kind.value, BASELINES.c.key.in_(chunk)
            )
        )
        for row in rows:
            found[LinkKey(kind=kind, key=row.key)] = agreed_from_json(row.fields), _pending(row.pending)
    return found


def begin(connection: Connection, practice: str, pending: Mapping[LinkKey, Pending]) -> None:
    """Save what is about to be agreed beside what was agreed before."""
    rows = [
        {
            "practice": practice,
            "kind": key.kind.value,
            "key": key.key,
            "fields": {},
            "pending": _pending_to_json(one),
        }
        for key, one in pending.items()
    ]
    save(connection, BASELINES, rows, "pending")


def write(connection: Connection, practice: str, links: Sequence[Link]) -> None:
    """Save baselines; a write-ahead that is done goes."""
    rows = [
        {
            "practice": practice,
            "kind": link.key.kind.value,
            "key": link.key.key,
            "fields": agreed_to_json(link.baseline),
            "pending": None if link.pending is None else _pending_to_json(link.pending),
        }
        for link in links
    ]
    save(connection, BASELINES, rows, "fields", "pending")


def agreed_to_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Write fields; None is "agreed on empty"."""
    return {name: value_to_json(value) for name, value in fields.items()}


def agreed_from_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """Read what `agreed_to_json` wrote."""
    return {name: value_from_json(value) for name, value in data.items()}


def _pending_to_json(pending: Pending) -> dict[str, Any]:
    return {
        "fields": agreed_to_json(pending.fields),
        "to_legacy": sorted(pending.to_legacy),
        "to_cloud": sorted(pending.to_cloud),
        "forgets": sorted(pending.forgets),
        **({} if pending.base is None else {"base": agreed_to_json(pending.base)}),
    }


def _pending(data: Mapping[str, Any] | None) -> Pending | None:
    if data is None:
        return None
    return Pending(
        fields=agreed_from_json(data["fields"]),
        to_legacy=frozenset(data["to_legacy"]),
        to_cloud=frozenset(data["to_cloud"]),
        forgets=frozenset(data.get("forgets", ())),
        base=agreed_from_json(data["base"]) if "base" in data else None,
    )
