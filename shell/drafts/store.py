"""The file of one person's drafts: encrypted by SQLCipher, on the disk when a write has returned."""

import hashlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, MetaData, Table, Text, create_engine, delete, event, insert, select
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlcipher3 import dbapi2

from shell.drafts.draft import Draft
from shell.drafts.errors import DamagedError, DraftsFileError
from shell.drafts.key import key_of

_META: Final = MetaData()
_DRAFTS: Final = Table(
    "drafts",
    _META,
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("patient", "function", "form", "content")),
    *(Column(name, Text, nullable=False) for name in ("began_at", "typed_at", "window")),
)
_BUSY_MILLISECONDS: Final = 2000
"""Another window of this person writes a row at a time."""
_LOCK_SECONDS: Final = 30.0
_FULL: Final = "The disk is full or cannot be written. What is typed is kept only while this window is open."
_DAMAGED: Final = "The file of drafts could not be read."


def drafts_file(folder: Path, owner: str) -> Path:
    """Where somebody's drafts are; the name says nothing of who it is."""
    return folder / f"drafts-{hashlib.sha256(owner.encode()).hexdigest()[:16]}.sqlite"


class DraftStore:
    """The file, open. Two windows of one person may have it open. For one thread.

    Args:
        file: it is made where there is none.
        key: 32 bytes.

    Raises:
        DamagedError: it cannot be read with this key.
        DraftsFileError: it cannot be made or opened now.
    """

    def __init__(self, file: Path, key: bytes) -> None:
        self.file = file
        self._engine = create_engine(f"sqlite:///{file}", module=dbapi2, hide_parameters=True)
        event.listen(self._engine, "connect", lambda connection, _record: _set_up(connection, key))
        with _said():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            _META.create_all(self._engine)

    def read(self) -> list[Draft]:
        """All drafts.

        Raises:
            DraftsFileError: they cannot be read.
        """
        with _said(), self._engine.connect() as connection:
            return [_draft(row) for row in connection.execute(select(_DRAFTS)).mappings()]

    def write(self, drafts: Collection[Draft], gone: Collection[str]) -> None:
        """Put drafts in place of what was kept of them, and delete others; all or nothing.

        Raises:
            DraftsFileError: nothing was changed.
        """
        with _said(), self._engine.begin() as connection:
            ids = [draft.id for draft in drafts] + list(gone)
            connection.execute(delete(_DRAFTS).where(_DRAFTS.c.id.in_(ids)))
            if drafts:
                connection.execute(insert(_DRAFTS), [_row(draft) for draft in drafts])

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()


class StorePlace:
    """Where a person's file is, and its key.

    Args:
        folder: of all files.
        owner: the person, with practice and environment; drafts of two owners never meet (hazard H21).
        key: of an owner; blocks.
    """

    def __init__(self, folder: Path, owner: str, key: Callable[[str], bytes] = key_of) -> None:
        self.file = drafts_file(folder, owner)
        self._key = partial(key, owner)

    def open(self) -> DraftStore:
        """Open the file, one window at a time, so that two that start at once do not make two keys.

        Raises:
            NoKeyStoreError: there is nowhere to keep the key.
            DraftsFileError: as of `DraftStore`.
        """
        with _said():
            self.file.parent.mkdir(parents=True, exist_ok=True)
            # the lock of a plain SQLite file ends with the process that holds it, on every system
            lock = sqlite3.connect(f"{self.file}.lock", isolation_level=None, timeout=_LOCK_SECONDS)
            with closing(lock):
                lock.execute("BEGIN EXCLUSIVE")
                return DraftStore(self.file, self._key())

    def set_aside(self, at: datetime) -> Path:
        """Move a file that cannot be read out of the way, with its log; nothing is deleted.

        Returns:
            where it is now.

        Raises:
            DraftsFileError: it cannot be moved.
        """
        aside = self.file.with_name(f"{self.file.stem}-damaged-{at.astimezone(UTC):%Y%m%dT%H%M%S%f}.sqlite")
        with _said():
            for end in ("-wal", "-shm", ""):
                part = self.file.with_name(self.file.name + end)
                if part.exists():
                    part.replace(aside.with_name(aside.name + end))
        return aside


def _set_up(connection: Any, key: bytes) -> None:
    """Give a fresh connection its key, as it is: it comes from no password, so it is not stretched."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA cipher_log_level=NONE")  # what is wrong is said once, in our words
    cursor.execute(f"PRAGMA key=\"x'{key.hex()}'\"")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # a machine that loses its power keeps what was said to be kept
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


@contextmanager
def _said() -> Iterator[None]:
    """Errors of the disk and of the driver in our words."""
    try:
        yield
    except (OperationalError, dbapi2.OperationalError, sqlite3.OperationalError, OSError) as error:
        raise DraftsFileError(_FULL) from error
    except (DatabaseError, dbapi2.DatabaseError, ValueError) as error:
        raise DamagedError(_DAMAGED) from error


def _row(draft: Draft) -> dict[str, str]:
    values = asdict(draft)
    return values | {name: values[name].isoformat() for name in ("began_at", "typed_at")}


def _draft(row: Mapping[Any, Any]) -> Draft:
    moments = {name: datetime.fromisoformat(row[name]) for name in ("began_at", "typed_at")}
    return Draft(**{**row, **moments})
