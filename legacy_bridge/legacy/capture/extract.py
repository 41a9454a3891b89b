"""Captures the deliveries of an extract: a rehearsal of the whole mirror without touching a live database.

The deliveries are loaded into a copy that belongs to the bridge, which reads that copy, and writes to it.
"""

from collections.abc import Callable, Hashable, Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select

from legacy_bridge.errors import BridgeError, MirrorStopped
from legacy_bridge.legacy.capture.outbox import answering
from legacy_bridge.legacy.capture.sqlite import SqliteOutbox
from legacy_bridge.legacy.database import write_alone
from legacy_bridge.legacy.own_tables import DELIVERED, make
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.sides.feeds import FeedBatch

BULK = "bulk"
"""The folder of the first delivery; the others follow in the order of their names."""


class ExtractCapture:
    """The legacy feed of an extract's folders; see `Capture`."""

    tells_since = True

    def __init__(self, copy: Engine, folder: Path, deliver: Callable[[Connection, Path, bool], None]) -> None:
        """Watch a folder.

        Args:
            copy: the bridge's own database (SQLite), empty at first.
            folder: holds `bulk`, and one folder for each later delivery.
            deliver: loads a delivery, within a transaction; the last argument: whether it is the bulk.
        """
        self._copy = copy
        self._folder = folder
        self._deliver = deliver
        self._outbox = SqliteOutbox(copy)
        self._looks: dict[str, Hashable] = {}

    def install(self) -> None:
        """See `Capture`; loads the deliveries that are there.

        Raises:
            MirrorStopped: a delivery cannot be read.
        """
        with answering(), self._copy.begin() as connection:
            write_alone(connection)
            METADATA.create_all(connection)
            make(connection, DELIVERED)
        self._outbox.install()
        for delivery in self._waiting():
            self._load(delivery)

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """See `sides.ChangeFeed`; a delivery is loaded once it is the same at two looks: it is all there."""
        for delivery in self._waiting():
            look = _look(delivery)
            if self._looks.get(delivery.name) != look:
                self._looks[delivery.name] = look
                break  # the order is kept
            self._load(delivery)
        return self._outbox.poll(checkpoint)

    def data_version(self) -> Hashable:
        """See `Capture`."""
        return self._outbox.data_version()

    def close(self) -> None:
        """See `Capture`."""
        self._outbox.close()

    def _waiting(self) -> Iterator[Path]:
        with answering(), self._copy.connect() as connection:
            known = set(connection.execute(select(DELIVERED.c.delivery)).scalars())
        found = (path for path in self._folder.iterdir() if path.is_dir() and path.name not in known)
        yield from sorted(found, key=lambda path: (path.name != BULK, path.name))

    def _load(self, delivery: Path) -> None:
        try:
            with answering(), self._copy.begin() as connection:
                write_alone(connection)
                self._deliver(connection, delivery, delivery.name == BULK)
                connection.execute(insert(DELIVERED).values(delivery=delivery.name))
        except MirrorStopped:
            raise
        except BridgeError as error:
            raise MirrorStopped(f"The delivery {delivery.name} cannot be loaded. {error}") from error


def _look(delivery: Path) -> Hashable:
    files = sorted(delivery.iterdir())
    return tuple((one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in files)
