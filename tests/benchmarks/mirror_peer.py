"""Two PostgreSQL masters and Bucardo, as the benchmark of the mirror asks for a pair."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from sqlalchemy import select, update

from legacy_bridge.legacy.schema import METADATA
from tests.benchmarks.bucardo import Bucardo
from tests.benchmarks.mirror_rows import (
    KEYS,
    PATIENTS,
    PEOPLE,
    count,
    edit,
    guid,
    people,
    plus,
    rows_of,
    sizes,
    store,
)

_ORGANISATION, _DOCTOR = guid("organisation"), guid("doctor")


@dataclass(slots=True, kw_only=True)
class PeerPair:
    """See `tests.benchmarks.mirror.Pair`."""

    mirror: Bucardo
    rows: dict[str, int] = field(default_factory=lambda: {PATIENTS: PEOPLE})
    edited: dict[str, int] = field(default_factory=dict)
    is_edited: bool = False

    @staticmethod
    @contextmanager
    def of(made: AbstractContextManager[Bucardo]) -> Iterator["PeerPair"]:
        """A pair with the patients that everything is about."""
        with made as mirror:
            store(mirror.one, {PATIENTS: people(_ORGANISATION, _DOCTOR)})
            yield PeerPair(mirror=mirror)

    def pause(self) -> None:
        """See `Pair`."""
        self.mirror.pause()

    def resume(self) -> None:
        """See `Pair`."""
        self.mirror.resume()

    def insert(self, name: str, here: range, there: range) -> None:
        """See `Pair`."""
        mine, theirs = (rows_of(name, part, _ORGANISATION, _DOCTOR) for part in (here, there))
        store(self.mirror.one, mine)
        store(self.mirror.other, theirs)
        self.rows = plus(self.rows, sizes(mine, theirs))
        self.is_edited = False

    def edit(self, name: str, here: range, there: range) -> None:
        """See `Pair`."""
        mine, theirs = (rows_of(name, part, _ORGANISATION, _DOCTOR) for part in (here, there))
        edit(self.mirror.one, mine)
        edit(self.mirror.other, theirs)
        self.edited = plus(self.edited, sizes(mine, theirs))
        self.is_edited = True

    def has_arrived(self) -> bool:
        """See `Pair`."""
        wanted = plus(self.edited if self.is_edited else self.rows, {})
        sides = (self.mirror.other, self.mirror.one)
        return all(count(side, edited=self.is_edited) == wanted for side in sides)

    def is_equal(self) -> bool:
        """See `Pair`."""
        sides = (self.mirror.one, self.mirror.other)
        return all(
            count(side) == plus(self.rows, {}) and count(side, edited=True) == plus(self.edited, {})
            for side in sides
        )

    def rest(self) -> None:
        """See `Pair`: equal is all that it makes them."""

    def commit(self, text: str) -> None:
        """See `Pair`."""
        table = METADATA.tables[PATIENTS]
        wanted = table.c[KEYS[PATIENTS]] == guid("known patient 0")
        with self.mirror.one.begin() as connection:
            connection.execute(update(table).where(wanted).values(HomePhone=text))

    def shows(self, text: str) -> bool:
        """See `Pair`."""
        table = METADATA.tables[PATIENTS]
        wanted = table.c[KEYS[PATIENTS]] == guid("known patient 0")
        with self.mirror.other.connect() as connection:
            return bool(connection.execute(select(table.c.HomePhone).where(wanted)).scalar() == text)
