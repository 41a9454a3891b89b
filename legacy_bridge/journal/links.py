"""Links: which legacy key and which FHIR ids are the same thing."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update

from legacy_bridge.journal.dirty import CHUNK, save
from legacy_bridge.journal.tables import LINK_RESOURCES, LINKS
from legacy_bridge.records import ENTRIES, Kind, LinkKey
from legacy_bridge.sides.links import Link, LinkState

_SAVED = ("state", "ids", "versions", "bookings", "doubt")


def read(
    connection: Connection, practice: str, keys: Collection[LinkKey]
) -> dict[LinkKey, Mapping[str, Any]]:
    """The rows of links, by key; unknown ones are missing."""
    found: dict[LinkKey, Mapping[str, Any]] = {}
    for kind, chunk in by_kind(keys):
        rows = connection.execute(
            select(LINKS).where(
                LINKS.c.practice == practice, LINKS.c.kind == kind.value, LINKS.c.key.in_(chunk)
            )
        ).mappings()
        found.update({LinkKey(kind=kind, key=row["key"]): dict(row) for row in rows})
    return found


def write(connection: Connection, practice: str, links: Sequence[Link]) -> None:
    """Save links, and which resources belong to them."""
    if not links:
        return
    rows = [
        {
            "practice": practice,
            "kind": link.key.kind.value,
            "key": link.key.key,
            "state": link.state.value,
            "ids": dict(link.ids),
            "versions": dict(link.versions),
            "bookings": link.bookings,
            "doubt": None if link.doubt is None else link.doubt.value,
        }
        for link in links
    ]
    save(connection, LINKS, rows, *_SAVED)
    resources = [
        {"practice": practice, "reference": reference, "kind": link.key.kind.value, "key": link.key.key}
        for link in links
        for reference in {*link.versions, *(f"{name}/{found}" for name, found in link.ids.items())}
    ]
    save(connection, LINK_RESOURCES, resources, "kind", "key")


def keys_of(connection: Connection, practice: str, references: Collection[str]) -> dict[str, LinkKey]:
    """`Type/id` to the link that it belongs to; unknown ones are missing."""
    wanted = list(references)
    found: dict[str, LinkKey] = {}
    for at in range(0, len(wanted), CHUNK):
        rows = connection.execute(
            select(LINK_RESOURCES.c.reference, LINK_RESOURCES.c.kind, LINK_RESOURCES.c.key).where(
                LINK_RESOURCES.c.practice == practice,
                LINK_RESOURCES.c.reference.in_(wanted[at : at + CHUNK]),
            )
        )
        found.update({row.reference: LinkKey(kind=Kind(row.kind), key=row.key) for row in rows})
    return found


def other_kinds(connection: Connection, practice: str, keys: Collection[LinkKey]) -> list[LinkKey]:
    """Links by which entries of these keys are known as something else: an entry whose code changed moves."""
    wanted = sorted({key.key for key in keys if key.kind in ENTRIES})
    found: list[LinkKey] = []
    for at in range(0, len(wanted), CHUNK):
        rows = connection.execute(
            select(LINKS.c.kind, LINKS.c.key).where(
                LINKS.c.practice == practice,
                LINKS.c.kind.in_([kind.value for kind in ENTRIES]),
                LINKS.c.key.in_(wanted[at : at + CHUNK]),
                LINKS.c.state != LinkState.TOMBSTONE.value,
            )
        )
        found += [LinkKey(kind=Kind(row.kind), key=row.key) for row in rows]
    return found


def adopt(connection: Connection, practice: str, adopted: Mapping[str, LinkKey]) -> None:
    """Give what the cloud has its link, unless that knows of it, or of something else."""
    known = read(connection, practice, adopted.values())
    found: dict[LinkKey, Link] = {}
    for reference, key in adopted.items():
        resource_type, _, resource_id = reference.partition("/")
        row = known.get(key)
        if row is None or (row["state"] == LinkState.NEW.value and resource_type not in row["ids"]):
            before = {} if row is None else row["ids"]
            ids = {**before, **(found[key].ids if key in found else {}), resource_type: resource_id}
            bookings = 0 if row is None else row["bookings"]
            found[key] = Link(key=key, ids=ids, bookings=bookings)
    write(connection, practice, list(found.values()))


def release(connection: Connection, practice: str, key: LinkKey) -> bool:
    """Believe of a record that was withheld what legacy says; whether it had been doubted."""
    done = connection.execute(
        update(LINKS)
        .where(
            LINKS.c.practice == practice,
            LINKS.c.kind == key.kind.value,
            LINKS.c.key == key.key,
            LINKS.c.state == LinkState.WITHHELD.value,
            LINKS.c.doubt.is_not(None),
        )
        .values(doubt=None)
    )
    return done.rowcount > 0


def known_keys(
    connection: Connection, practice: str, kind: Kind, *, after: str, limit: int, buried: bool
) -> list[LinkKey]:
    """Links of a kind that are linked or withheld, by key; with `buried`, those that were deleted too."""
    states = [LinkState.LINKED, LinkState.WITHHELD, *([LinkState.TOMBSTONE] if buried else [])]
    rows = connection.execute(
        select(LINKS.c.key)
        .where(
            LINKS.c.practice == practice,
            LINKS.c.kind == kind.value,
            LINKS.c.key > after,
            LINKS.c.state.in_([one.value for one in states]),
        )
        .order_by(LINKS.c.key)
        .limit(limit)
    )
    return [LinkKey(kind=kind, key=row.key) for row in rows]


def counts(connection: Connection, practice: str) -> Counter[tuple[Kind, LinkState]]:
    """How many links of each kind are in each state; it takes a second for some ten million."""
    rows = connection.execute(
        select(LINKS.c.kind, LINKS.c.state, func.count())
        .where(LINKS.c.practice == practice)
        .group_by(LINKS.c.kind, LINKS.c.state)
    )
    return Counter({(Kind(kind), LinkState(state)): count for kind, state, count in rows})


def states(
    connection: Connection, practice: str, keys: Collection[LinkKey]
) -> Counter[tuple[Kind, LinkState]]:
    """How many of some links are in each state; unknown ones are in none."""
    found: Counter[tuple[Kind, LinkState]] = Counter()
    for kind, chunk in by_kind(keys):
        rows = connection.execute(
            select(LINKS.c.state).where(
                LINKS.c.practice == practice, LINKS.c.kind == kind.value, LINKS.c.key.in_(chunk)
            )
        )
        found.update((kind, LinkState(row.state)) for row in rows)
    return found


def by_kind(keys: Collection[LinkKey]) -> Sequence[tuple[Kind, list[str]]]:
    """Keys in chunks of one kind each, small enough for one statement."""
    sorted_keys: dict[Kind, list[str]] = {}
    for key in dict.fromkeys(keys):
        sorted_keys.setdefault(key.kind, []).append(key.key)
    return [
        (kind, found[at : at + CHUNK])
        for kind, found in sorted_keys.items()
        for at in range(0, len(found), CHUNK)
    ]
