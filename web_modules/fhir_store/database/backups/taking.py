"""Takes a backup while the database is served: one moment of it, whole or not at all."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, create_engine
from sqlalchemy.exc import SQLAlchemyError

from web_modules.errors import BackupUnusable, DatabaseUnavailable
from web_modules.fhir_store.database.backups import rows
from web_modules.fhir_store.database.backups.sealed_file import seal
from web_modules.fhir_store.database.connecting import (
    database_url,
    is_embedded,
    opening,
    reading_engine,
    reason,
    shown,
)
from web_modules.fhir_store.database.migrating import Standing, run_steps, standing_at


def take_backup(text: str, file: Path) -> list[str]:
    """Take a backup of everything in a database; blocks, whoever serves it goes on.

    Args:
        text: the database's URL.
        file: does not exist yet; it does when this has returned, and never in part.

    Returns:
        the practices that are in it.

    Raises:
        DatabaseUnavailable: the database cannot be opened, or has no tables of ours.
        BackupUnusable: the file cannot be written; nothing of it is left.
    """
    url = database_url(text)
    standing, step = standing_at(text)
    if standing not in {Standing.CURRENT, Standing.OLDER}:
        raise DatabaseUnavailable(
            f"The database {shown(url)} has no tables of this Banyan: check --database."
        )
    if file.exists():
        raise BackupUnusable(f"{file} exists, and a backup replaces nothing: name another file.")
    with _written_whole(file) as part:
        if is_embedded(url):
            _copy_file(url, part)
        else:
            _copy_server(url, step, part)
        with closing(sqlite3.connect(part)) as copy:
            if copy.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise DatabaseUnavailable(
                    f"The database {shown(url)} is damaged: take an earlier backup back."
                )
            return sorted(rows.practices_of(copy))


@contextlib.contextmanager
def _written_whole(file: Path) -> Iterator[Path]:
    """A file under another name, which becomes the file when the block has ended well."""
    folder = file.with_name(f"{file.name}.part")
    part = folder / "backup.sqlite"
    try:
        shutil.rmtree(folder, ignore_errors=True)  # of one that was killed
        folder.mkdir(mode=0o700)
        yield part
        part.chmod(0o600)
        seal(part)
        part.replace(file)
        _sync_folder(file.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupUnusable(
            f"The backup {file} could not be written ({reason(error)}), and nothing of it was kept: "
            "check the folder and the room on its disk."
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_file(url: URL, part: Path) -> None:
    """SQLite's own online backup: in one step, so that it is of one moment; writers go on beside it."""
    source = sqlite3.connect(f"{Path(str(url.database)).absolute().as_uri()}?mode=rw", uri=True)
    with closing(source), closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE").close()


def _copy_server(url: URL, step: str, part: Path) -> None:
    """Row by row, as one transaction sees them."""
    making = create_engine(f"sqlite:///{part.absolute()}")
    with making.begin() as connection:
        run_steps(connection, step)
    making.dispose()
    with opening(url):
        engine = reading_engine(url, isolation="REPEATABLE READ", size=1)
    try:
        with closing(sqlite3.connect(part)) as copy, engine.begin() as server:
            copy.execute("PRAGMA synchronous=OFF").close()  # sealing brings it to the disk
            with copy:
                rows.fetch(server, copy)
    except SQLAlchemyError as error:
        raise DatabaseUnavailable(
            f"The database {shown(url)} stopped answering ({reason(error)}): try again."
        ) from error
    finally:
        engine.dispose()


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
