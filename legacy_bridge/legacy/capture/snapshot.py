"""Captures by comparison: walks all rows again and again, a slice a look, and compares their hashes.

It needs the right to read, and the bridge's own lease. What changed is told when the walk comes by, or at the
next look where the database marks what was written (`watermark.py`).
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from legacy_bridge.legacy.absent import absent_tables
from legacy_bridge.legacy.capture.hashes import Hashed, RowHashes, Standing, key_of, place_of
from legacy_bridge.legacy.capture.outbox import PAGE, answering, restored
from legacy_bridge.legacy.capture.slices import (
    ReadRow,
    key_columns,
    most_rows,
    read_slice,
    still_there,
)
from legacy_bridge.legacy.capture.sources import SOURCES, touched_of
from legacy_bridge.legacy.capture.watermark import Watermark
from legacy_bridge.legacy.database import translated, write_alone
from legacy_bridge.legacy.own_tables import LEASE, make
from legacy_bridge.sides.feeds import FeedBatch

_SHARE = 0.05  # of the time, at most: of one core here, and of the database's
_FIRST_SHARE = 0.5  # while the first walk goes on, as the first load does
_SLICE_SECONDS = 0.05  # what a slice may cost; the service looks every 2 s whatever the pace
_FEWEST = 50  # rows a slice, however slow the database
_TABLES = tuple(SOURCES)
_FAILED = "The legacy database does not let the bridge make its lease"


@dataclass(slots=True)
class _Found:
    """What a slice has found so far.

    Attributes:
        differences: the rows that differ, by table and place.
        noted: the GUIDs that they name, and named.
    """

    differences: dict[tuple[str, bytes], Hashed]
    noted: set[tuple[str, str | None]]

    def note(self, source: str, now: Hashed, *before: Hashed) -> None:
        self.differences[source, now.place] = now
        own = dict(zip(key_columns(source), key_of(now.place), strict=False))
        self.noted.update((source, own[name]) for name in SOURCES[source][1] if name in own)
        self.noted.update((source, guid) for one in (now, *before) for guid in one.named)


class SnapshotCapture:
    """The legacy feed of a database in which the bridge may make no trigger; see `Capture`."""

    tells_since = False

    def __init__(
        self,
        engine: Engine,
        open_hashes: Callable[[], RowHashes],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: Callable[[], float] = monotonic,
        page: int = PAGE,
    ) -> None:
        """Prepare to walk.

        Args:
            engine: the legacy database.
            open_hashes: opens the file of what the walk remembers.
            clock: the time of day, aware UTC.
            seconds: seconds that only ever go forward.
            page: how many rows a slice has at most.
        """
        self._engine = engine
        self._open_hashes = open_hashes
        self._opened: RowHashes | None = None
        self._clock = clock
        self._seconds = seconds
        self._page = page
        self._limit = page
        self._slices_due = 0
        self._due = float("-inf")
        self._watermark = Watermark() if engine.dialect.name == "postgresql" else None
        self._new_due = float("-inf")
        self._new_cost = 0.0

    def install(self) -> None:
        """See `Capture`; nothing but the lease, by whose beats a database from a backup is noticed."""
        with translated(_FAILED), self._engine.begin() as connection:
            write_alone(connection)
            make(connection, LEASE)

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """See `sides.ChangeFeed`; what differs in one slice."""
        began, self._new_cost = self._seconds(), 0.0
        hashes = self._hashes()
        with answering(), self._engine.connect() as connection:
            beats = int(connection.execute(select(func.sum(LEASE.c.beat + LEASE.c.epoch))).scalar() or 0)
            if checkpoint is None or not hashes.settle(checkpoint):
                batch = self._anew(hashes, beats, has_gap=checkpoint is not None)
            elif beats < hashes.standing.beats:
                raise restored(
                    f"The bridge showed {hashes.standing.beats} times that it lives, and {beats} are left"
                )
            else:
                batch = self._slice(connection, hashes, beats)
        cost = max(self._seconds() - began - self._new_cost, 1e-6)
        fitting = int(self._limit * _SLICE_SECONDS / cost)
        self._limit = min(self._page, max(_FEWEST, fitting))
        share = _FIRST_SHARE if hashes.standing.is_first else _SHARE
        self._due = self._seconds() + cost * (1 / share - 1)
        return batch

    def data_version(self) -> Hashable:
        """See `Capture`: another one when the next slice may be read; nothing is asked."""
        if self._seconds() >= self._due:
            self._slices_due += 1
            self._due = float("inf")
        return self._slices_due

    def close(self) -> None:
        """See `Capture`."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _hashes(self) -> RowHashes:
        if self._opened is None:
            self._opened = self._open_hashes()
        return self._opened

    def _anew(self, hashes: RowHashes, beats: int, *, has_gap: bool) -> FeedBatch:
        """Begin without knowing any row: all are compared by others now, and told once as they are found."""
        now = self._clock()
        hashes.begin(Standing(source=_TABLES[0], began=now, known=now, beats=beats))
        return FeedBatch(
            touched=(), strays=(), checkpoint=hashes.checkpoint, has_gap=has_gap, known_until=now
        )

    def _slice(self, connection: Connection, hashes: RowHashes, beats: int) -> FeedBatch:
        standing = replace(hashes.standing, beats=beats)
        if (standing.source, standing.after) == (_TABLES[0], ()):
            standing = replace(standing, began=self._clock())
        found = _Found(differences={}, noted=set())
        self._look_at_new(connection, hashes, found)
        left = self._limit
        while True:
            wanted = min(left, most_rows(standing.source))
            is_there = standing.source not in absent_tables(connection)
            rows = read_slice(connection, standing.source, standing.after, wanted) if is_there else []
            is_end = len(rows) < wanted
            self._compare(connection, hashes, standing, rows, found, is_end=is_end)
            if len(found.differences) >= 2 * self._page:  # many rows are gone: their slice is read again
                break
            left -= len(rows)
            last = standing
            standing = _onward(standing, rows, is_end=is_end)
            if left <= 0 or (is_end and last.source == _TABLES[-1]):
                break
        return self._told(connection, hashes, found, standing)

    def _look_at_new(self, connection: Connection, hashes: RowHashes, found: _Found) -> None:
        """Note what the database marks as written since the last look; it takes its share of the time."""
        began = self._seconds()
        if self._watermark is None or began < self._new_due:
            return
        for source, rows in self._watermark.read(connection, self._page):
            now = {place_of(row.key): row for row in rows}
            before = {one.place: one for one in hashes.find(source, list(now))}
            for place, row in now.items():
                there = Hashed(place=place, digest=hashes.digest(row.content), named=row.named)
                known = before.get(place)
                if known is None or known.digest != there.digest:
                    found.note(source, there, *([known] if known is not None else []))
        self._new_cost = self._seconds() - began
        self._new_due = self._seconds() + self._new_cost * (1 / _SHARE - 1)

    def _told(
        self, connection: Connection, hashes: RowHashes, found: _Found, standing: Standing
    ) -> FeedBatch:
        if found.differences:
            proposed = [(source, one) for (source, _), one in found.differences.items()]
            checkpoint = hashes.propose(proposed, standing)
        else:
            hashes.go_on(standing, is_saved=standing.beats != hashes.standing.beats)  # every few seconds
            checkpoint = hashes.checkpoint
        return FeedBatch(
            touched=touched_of(connection, found.noted),
            strays=(),
            checkpoint=checkpoint,
            known_until=standing.known,
        )

    def _compare(
        self,
        connection: Connection,
        hashes: RowHashes,
        standing: Standing,
        rows: Sequence[ReadRow],
        found: _Found,
        *,
        is_end: bool,
    ) -> None:
        """Note what differs between the rows of a slice and what is remembered of its stretch.

        Databases sort texts by rules of their own, and here they are sorted by code points. So what is
        missing in a slice is asked for before it is called gone, and what is not remembered in its stretch
        is looked up elsewhere. Nothing is left out: in whatever order slices end, each place lies between
        the two ends of one.
        """
        source = standing.source
        now = {place_of(row.key): row for row in rows}
        unknown = {
            place: Hashed(place=place, digest=hashes.digest(row.content), named=row.named)
            for place, row in now.items()
        }
        missing: list[Hashed] = []

        def match(before: Hashed) -> None:
            there = unknown.pop(before.place)
            if there.digest != before.digest:
                found.note(source, there, before)

        after = place_of(standing.after) if standing.after else None
        upto = None if is_end else place_of(rows[-1].key)
        with closing(hashes.between(source, after, upto)) as remembered:
            for before in remembered:
                if before.place in unknown:
                    match(before)
                    continue
                missing.append(before)
                if len(missing) >= self._page:
                    _note_gone(connection, source, missing, found)
                    missing = []
                    if len(found.differences) >= 2 * self._page:
                        break
        _note_gone(connection, source, missing, found)
        for before in list(hashes.find(source, list(unknown))):
            match(before)
        for there in unknown.values():
            found.note(source, there)


def _note_gone(connection: Connection, source: str, missing: Iterable[Hashed], found: _Found) -> None:
    by_place = {one.place: one for one in missing}
    keys = [key_of(place) for place in by_place]
    width = len(key_columns(source))
    for key in still_there(connection, source, [key for key in keys if len(key) == width]):
        by_place.pop(place_of(key), None)
    for place, one in by_place.items():
        found.note(source, Hashed(place=place, digest=None, named=()), one)


def _onward(standing: Standing, rows: Sequence[ReadRow], *, is_end: bool) -> Standing:
    if not is_end:
        return replace(standing, after=_saved_key(rows[-1].key))
    at = _TABLES.index(standing.source) + 1
    if at < len(_TABLES):
        return replace(standing, source=_TABLES[at], after=())
    return replace(standing, source=_TABLES[0], after=(), known=standing.began, is_first=False)


def _saved_key(key: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(part if isinstance(part, str | int | float) else str(part) for part in key)
