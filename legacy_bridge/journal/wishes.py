"""Decisions of people: written by whoever decides, carried out by the bridge that runs."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, literal, select, update

from legacy_bridge.journal.baselines import agreed_from_json, agreed_to_json
from legacy_bridge.journal.moments import aware, naive
from legacy_bridge.journal.tables import WISHES
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.wishes import Wish
from web_modules.decision.words import Authority

WAITING, DONE, REFUSED = "waiting", "done", "refused"


def add(connection: Connection, practice: str, wish: Wish, *, why_not: str = "") -> None:
    """Note a decision; its number is the next one. The first statement writes: no other can come between."""
    row = {
        "practice": practice,
        "kind": wish.link.kind.value,
        "key": wish.link.key,
        "unit": wish.unit,
        "keep": None if wish.keep is None else wish.keep.value,
        "legacy": agreed_to_json(wish.legacy),
        "cloud": agreed_to_json(wish.cloud),
        "entered": agreed_to_json(wish.entered),
        "by": wish.by,
        "at": naive(wish.at),
        "state": REFUSED if why_not else WAITING,
        "words": why_not,
    }
    number = select(func.coalesce(func.max(WISHES.c.number), 0) + 1).where(WISHES.c.practice == practice)
    values = [literal(value, WISHES.c[name].type) for name, value in row.items()]
    connection.execute(
        insert(WISHES).from_select(["number", *row], select(number.scalar_subquery(), *values))
    )


def waiting(connection: Connection, practice: str) -> list[Wish]:
    """Those that are not carried out yet, oldest first."""
    rows = connection.execute(
        select(WISHES)
        .where(WISHES.c.practice == practice, WISHES.c.state == WAITING)
        .order_by(WISHES.c.number)
    ).mappings()
    return [_wish(row) for row in rows]


def last(connection: Connection, practice: str, key: LinkKey, unit: str) -> tuple[Wish, str, str] | None:
    """The last decision about something, its state, and why it was refused."""
    row = (
        connection.execute(
            select(WISHES)
            .where(
                WISHES.c.practice == practice,
                WISHES.c.kind == key.kind.value,
                WISHES.c.key == key.key,
                WISHES.c.unit == unit,
            )
            .order_by(WISHES.c.number.desc())
        )
        .mappings()
        .first()
    )
    return None if row is None else (_wish(row), row["state"], row["words"])


def refusal(connection: Connection, practice: str, key: LinkKey, unit: str) -> str:
    """Why the last decision about something was not carried out; empty."""
    found = last(connection, practice, key, unit)
    return found[2] if found is not None and found[1] == REFUSED else ""


def close(connection: Connection, practice: str, ended: Collection[tuple[int, str | None]]) -> None:
    """Note what became of decisions: carried out (None), or why not."""
    if ended:
        connection.execute(
            update(WISHES)
            .where(WISHES.c.practice == practice, WISHES.c.number == bindparam("b_number"))
            .values(state=bindparam("b_state"), words=bindparam("b_words")),
            [
                {"b_number": number, "b_state": DONE if why is None else REFUSED, "b_words": why or ""}
                for number, why in ended
            ],
        )


def _wish(row: Mapping[Any, Any]) -> Wish:
    return Wish(
        number=row["number"],
        link=LinkKey(kind=Kind(row["kind"]), key=row["key"]),
        unit=row["unit"],
        keep=None if row["keep"] is None else Authority(row["keep"]),
        legacy=agreed_from_json(row["legacy"]),
        cloud=agreed_from_json(row["cloud"]),
        entered=agreed_from_json(row["entered"]),
        by=row["by"],
        at=aware(row["at"]),
    )
