"""The file of a snapshot's hashes, as a bridge has it."""

from collections.abc import Callable
from pathlib import Path

from legacy_bridge.journal.beside import open_beside
from legacy_bridge.journal.key import key_file, make_key
from legacy_bridge.legacy.capture.hashes import RowHashes
from legacy_bridge.legacy.capture.interface import Capture


def hashes_in(folder: Path) -> Callable[[], RowHashes]:
    """What opens the file beside a journal in some folder."""
    journal = folder / "journal.sqlite"
    make_key(key_file(str(journal)))

    def opened() -> RowHashes:
        engine, key = open_beside(journal, ".rows")
        return RowHashes(engine, key.rows)

    return opened


def settled(feed: Capture) -> str:
    """The checkpoint of a bridge that has heard all that there is so far."""
    checkpoint = feed.poll(None).checkpoint
    while (batch := feed.poll(checkpoint)).touched:
        checkpoint = batch.checkpoint
    return batch.checkpoint
