"""What the snapshot capture remembers: a keyed hash of each legacy row, in a file of the bridge's own.

It holds keys of rows and hashes, never another value. What a slice found is *proposed*, together with where
the walk stood after it, and is *adopted* only when a later checkpoint shows that the journal absorbed it.
"""

import json
import secrets
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Self

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
)

from legacy_bridge.legacy.database import translated

_DIGEST_BYTES = 16
_CHUNK = 500
_OWN = MetaData()


def _rows(name: str) -> Table:
    return Table(
        name,
        _OWN,
        Column("source", String, primary_key=True),
        Column("place", LargeBinary, primary_key=True),
        Column("digest", LargeBinary),
        Column("named", String),
        sqlite_with_rowid=False,
    )


_KEPT, _PROPOSED = _rows("kept"), _rows("proposed")
_STATE = Table("state", _OWN, Column("name", String, primary_key=True), Column("value", String))
_FAILED = (
    "The file of the legacy rows' hashes, beside the journal, cannot be used: "
    "make room for it, or end the bridge and remove it, and everything is compared"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashed:
    """A row as it is remembered.

    Attributes:
        place: its key, in an order that all files have.
        digest: the hash of all that it holds; None: the row is gone.
        named: the GUIDs of the other records that it names.
    """

    place: bytes
    digest: bytes | None
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the walk is.

    Attributes:
        source: the table that is walked; empty: the walk has not begun.
        after: the key of the last row that was read; empty: none of this table was.
        began: when this walk began.
        known: when the last walk that ended began: everything that was committed before it was seen.
        beats: how often bridges have shown themselves in the legacy database.
        is_first: whether no walk has ended yet: rows are found that were never seen.
    """

    source: str = ""
    after: tuple[Any, ...] = ()
    began: datetime
    known: datetime
    beats: int = 0
    is_first: bool = True

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote."""
        source, after, began, known, beats, is_first = json.loads(text)
        return cls(
            source=source,
            after=tuple(after),
            began=datetime.fromisoformat(began),
            known=datetime.fromisoformat(known),
            beats=beats,
            is_first=is_first,
        )

    def __str__(self) -> str:
        moments = (one.astimezone(UTC).isoformat() for one in (self.began, self.known))
        return json.dumps([self.source, self.after, *moments, self.beats, self.is_first])


class RowHashes:
    """The hashes of the legacy rows, and where the walk stands. Blocks; one thread at a time.

    Attributes:
        standing: where the walk stands; what was proposed is not in it.
    """

    def __init__(self, engine: Engine, key: bytes) -> None:
        """Open the file.

        Args:
            engine: the file, an SQLite database of the bridge's own.
            key: with which rows are hashed.
        """
        self._engine = engine
        self._key = key
        with self._writing() as connection:
            _OWN.create_all(connection)
            said = {str(name): str(value) for name, value in connection.execute(select(_STATE))}
        self._identity = said.get("identity", "")
        self._number = int(said.get("number", "0"))
        self._proposed = said.get("proposed", "")
        self.standing = Standing.parse(said["standing"]) if "standing" in said else _never()

    @property
    def checkpoint(self) -> str:
        """What the journal says when it has absorbed all that was adopted."""
        return f"{self._identity}/{self._number}"

    def begin(self, standing: Standing) -> None:
        """Forget all hashes: every row that is found from now on is a new one."""
        self._identity, self._number, self._proposed = secrets.token_hex(8), 0, ""
        self.standing = standing
        with self._writing() as connection:
            for table in (_KEPT, _PROPOSED, _STATE):
                connection.execute(delete(table))
            _say(connection, identity=self._identity, number="0", standing=str(standing))

    def settle(self, checkpoint: str) -> bool:
        """Adopt or drop what was proposed last, by what the journal has absorbed; False: it fits neither."""
        if self._proposed and checkpoint == f"{self._identity}/{self._number + 1}":
            self._adopt()
            return True
        if self._identity and checkpoint == self.checkpoint:
            self._proposed = ""  # the next proposal takes its place
            return True
        return False

    def propose(self, found: Sequence[tuple[str, Hashed]], standing: Standing) -> str:
        """Note what differs, by table, and where the walk then stands; the checkpoint that adopts it."""
        rows = [
            {"source": source, "place": one.place, "digest": one.digest, "named": json.dumps(one.named)}
            for source, one in found
        ]
        with self._writing() as connection:
            connection.execute(delete(_PROPOSED))
            connection.execute(insert(_PROPOSED), rows)
            _say(connection, proposed=str(standing))
        self._proposed = str(standing)
        return f"{self._identity}/{self._number + 1}"

    def go_on(self, standing: Standing, *, is_saved: bool) -> None:
        """Say where the walk stands when nothing differed; what is not saved is walked again at a start."""
        if is_saved:
            with self._writing() as connection:
                _say(connection, standing=str(standing))
        self.standing = standing

    def digest(self, row: Sequence[Any]) -> bytes:
        """The keyed hash of what a row holds."""
        told = repr(tuple(row)).encode("utf-8", "backslashreplace")
        return blake2b(told, key=self._key, digest_size=_DIGEST_BYTES).digest()

    def between(self, source: str, after: bytes | None, upto: bytes | None) -> Generator[Hashed]:
        """The rows that were there, in the order of their places.

        Args:
            source: the table.
            after: the place before the first one; None: from the beginning.
            upto: the place of the last one; None: to the end.
        """
        wanted = select(_KEPT.c.place, _KEPT.c.digest, _KEPT.c.named).where(_KEPT.c.source == source)
        if after is not None:
            wanted = wanted.where(_KEPT.c.place > after)
        if upto is not None:
            wanted = wanted.where(_KEPT.c.place <= upto)
        with self._reading() as connection:
            for row in connection.execute(wanted.order_by(_KEPT.c.place)).yield_per(_CHUNK):
                yield _hashed(row)

    def find(self, source: str, places: Sequence[bytes]) -> Iterator[Hashed]:
        """The rows that were there of some places."""
        with self._reading() as connection:
            for at in range(0, len(places), _CHUNK):
                wanted = select(_KEPT.c.place, _KEPT.c.digest, _KEPT.c.named).where(
                    _KEPT.c.source == source, _KEPT.c.place.in_(places[at : at + _CHUNK])
                )
                yield from map(_hashed, connection.execute(wanted).all())

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def _adopt(self) -> None:
        with self._writing() as connection:
            connection.exec_driver_sql(
                "DELETE FROM kept WHERE (source, place) IN (SELECT source, place FROM proposed)"
            )
            connection.exec_driver_sql("INSERT INTO kept SELECT * FROM proposed WHERE digest IS NOT NULL")
            connection.execute(delete(_PROPOSED))
            _say(connection, number=str(self._number + 1), standing=self._proposed, proposed="")
        self._number += 1
        self.standing = Standing.parse(self._proposed)
        self._proposed = ""

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with translated(_FAILED), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(_FAILED), self._engine.connect() as connection:
            yield connection


def place_of(key: Collection[Any]) -> bytes:
    """A row's key as one value, in an order of its own: that of its code points."""
    return b"\0".join(str(part).encode("utf-8", "backslashreplace") for part in key)


def key_of(place: bytes) -> list[str]:
    """The parts of a row's key."""
    return place.decode("utf-8").split("\0")


def _hashed(row: Any) -> Hashed:
    return Hashed(place=row.place, digest=row.digest, named=tuple(json.loads(row.named)))


def _never() -> Standing:
    never = datetime.fromtimestamp(0, UTC)
    return Standing(began=never, known=never)


def _say(connection: Connection, **said: str) -> None:
    connection.execute(delete(_STATE).where(_STATE.c.name.in_(list(said))))
    connection.execute(insert(_STATE), [{"name": name, "value": value} for name, value in said.items()])
