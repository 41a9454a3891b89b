"""Opens the legacy side of a bridge: a database, or an extract's folder for a rehearsal."""

import logging
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine

from legacy_bridge.errors import SettingsWrong
from legacy_bridge.journal.beside import open_beside
from legacy_bridge.journal.database import journal_file
from legacy_bridge.legacy.capture.choice import open_capture
from legacy_bridge.legacy.capture.extract import ExtractCapture
from legacy_bridge.legacy.capture.hashes import RowHashes
from legacy_bridge.legacy.capture.interface import Capture
from legacy_bridge.legacy.database import open_database
from legacy_bridge.legacy.extract import files_of
from legacy_bridge.reference_practice.loading import load
from legacy_bridge.settings import BridgeSettings, CaptureWay

EXTRACT = "extract:"
HASHES = ".rows"
"""What the name of the file of a snapshot's hashes ends with, after the journal's."""
_LOG = logging.getLogger(__name__)


def open_legacy(settings: BridgeSettings) -> tuple[Engine, Capture]:
    """The legacy database, and how its changes are seen.

    Raises:
        SettingsWrong: the URL cannot be used.
        SideUnavailable: the database does not answer.
        MirrorStopped: the extract cannot be read.
    """
    if not settings.legacy.startswith(EXTRACT):
        database = open_database(settings.legacy)
        return database, open_capture(database, settings.capture, open_hashes=_hashes(settings))
    if settings.capture is not CaptureWay.AUTO:
        raise SettingsWrong("Of an extract each delivery is loaded: leave the setting capture at auto.")
    folder = Path(settings.legacy.removeprefix(EXTRACT))
    if not folder.is_dir():
        raise SettingsWrong(f"There is no folder {folder}: give the one that holds the extract's deliveries.")
    if "://" in settings.journal:
        raise SettingsWrong(
            "A rehearsal keeps its copy of the extract beside the journal: give a file for it."
        )
    kept = Path(f"{settings.journal}.extract")
    kept.touch(mode=0o600)
    database = open_database(f"sqlite:///{kept}")
    capture = ExtractCapture(database, folder, _deliver)
    capture.install()
    return database, capture


def _hashes(settings: BridgeSettings) -> Callable[[], RowHashes] | None:
    """Opens the file of a snapshot's hashes; None: the journal is in a database server."""
    journal = journal_file(settings.journal)
    if journal is None:
        return None

    def opened() -> RowHashes:
        engine, key = open_beside(journal, HASHES, settings.journal_key)
        return RowHashes(engine, key.rows)

    return opened


def _deliver(connection: Connection, delivery: Path, is_bulk: bool) -> None:
    found = files_of(delivery, is_bulk=is_bulk)
    loaded = load(connection, found.files, progress=lambda _: None, is_bulk=is_bulk)
    _LOG.info(
        "extract delivered",
        extra={
            "delivery": delivery.name,
            "rows": loaded.kept.total(),
            "refused": len(loaded.refusals),
            "noticed": len(found.notices) + len(loaded.notices),
        },
    )
    for refusal in loaded.refusals:
        _LOG.warning("row refused: %s, line %s: %s", refusal.file, refusal.line, refusal.reason)
