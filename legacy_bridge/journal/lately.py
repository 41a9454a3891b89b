"""What legacy showed lately: what a form that is still open may put back."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from legacy_bridge.journal.dirty import save
from legacy_bridge.journal.links import by_kind
from legacy_bridge.journal.tables import LATELY
from legacy_bridge.records import LinkKey, value_from_json, value_to_json
from legacy_bridge.sides.links import Lately, Shown


def read(connection: Connection, practice: str, keys: Collection[LinkKey]) -> dict[LinkKey, Lately]:
    """What is remembered of links; those of which nothing is are missing."""
    found: dict[LinkKey, Lately] = {}
    for kind, chunk in by_kind(keys):
        rows = connection.execute(
            select(LATELY.c.key, LATELY.c.fields).where(
                LATELY.c.practice == practice, LATELY.c.kind == kind.value, LATELY.c.key.in_(chunk)
            )
        )
        for row in rows:
            found[LinkKey(kind=kind, key=row.key)] = {
                name: tuple(map(_shown, all_)) for name, all_ in row.fields.items()
            }
    return found


def write(connection: Connection, practice: str, found: Mapping[LinkKey, Lately]) -> None:
    """Remember this of links, in place of what was remembered."""
    rows = [
        {
            "practice": practice,
            "kind": key.kind.value,
            "key": key.key,
            "fields": {name: [_to_json(one) for one in all_] for name, all_ in lately.items()},
            "until": _until(lately),
        }
        for key, lately in found.items()
        if lately
    ]
    save(connection, LATELY, rows, "fields", "until")
    over = [{"b_kind": key.kind.value, "b_key": key.key} for key, lately in found.items() if not lately]
    if over:
        connection.execute(
            delete(LATELY).where(
                LATELY.c.practice == practice,
                LATELY.c.kind == bindparam("b_kind"),
                LATELY.c.key == bindparam("b_key"),
            ),
            over,
        )


def forget(connection: Connection, practice: str, *, before: float) -> None:
    """Forget what was last shown before some second; what is shown now has no end yet."""
    connection.execute(delete(LATELY).where(LATELY.c.practice == practice, LATELY.c.until < before))


def _until(lately: Lately) -> float | None:
    moments = [one.until for all_ in lately.values() for one in all_]
    ended = [until for until in moments if until is not None]
    return max(ended) if len(ended) == len(moments) else None


def _to_json(shown: Shown) -> dict[str, Any]:
    return {
        "value": value_to_json(shown.value),
        "until": shown.until,
        "is_overwritten": shown.is_overwritten,
    }


def _shown(data: Mapping[str, Any]) -> Shown:
    return Shown(
        value=value_from_json(data["value"]), until=data["until"], is_overwritten=data["is_overwritten"]
    )
