"""Puts a backup in the place of a database: all of it, or nothing, also when the program is killed."""

import contextlib
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection
from sqlalchemy.exc import SQLAlchemyError

from web_modules.errors import BackupUnusable, DatabaseUnavailable
from web_modules.fhir_store.audit.restored import restore_kept
from web_modules.fhir_store.database.backups import rows
from web_modules.fhir_store.database.backups.sealed_file import unseal
from web_modules.fhir_store.database.connecting import (
    database_url,
    is_embedded,
    opening,
    reason,
    shown,
    writing_engine,
)
from web_modules.fhir_store.database.migrating import (
    Standing,
    is_missing,
    keep_others_out,
    run_steps,
    standing_of,
    upgrade,
)

_AFRESH = "UPDATE practice SET epoch = ?, restored = ? WHERE practice = ?"
_STOP_TELLING = "UPDATE subscription SET status = 'restored' WHERE practice = ? AND status <> 'off'"
"""Whoever looks after them turns them off: a copy must not tell subscribers what the original tells them."""

_IN_USE = "The database {} is in use: stop what serves it, then restore."
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_LOOKS = 20
"""At a server, a tenth of a second apart: a connection that was closed takes a moment to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacing:
    """What of a database that holds records may go.

    Attributes:
        is_allowed: whether records that the backup has may stand in the place of those of their practice.
        dropped: the practices that the backup does not have, and whose records may be gone for good.
    """

    is_allowed: bool = False
    dropped: frozenset[str] = frozenset()


def restore(
    text: str, file: Path, replacing: Replacing | None = None, *, forgotten: Sequence[str] = ()
) -> list[str]:
    """Restore a backup; blocks. Each practice gets a new epoch.

    Args:
        text: the database's URL.
        file: the backup.
        replacing: what may go; nothing, when not given.
        forgotten: tables of which nothing is restored: what they hold was good for a moment only.

    Returns:
        the practices that were restored.

    Raises:
        BackupUnusable: the file is not a whole backup, or of a later Banyan.
        DatabaseUnavailable: the database cannot be opened, is in use, or may not be replaced.
    """
    url = database_url(text)
    replacing = replacing or Replacing()
    with _opened_backup(file, url) as copy:
        _renew(copy, forgotten, restore_kept(file.name, sorted(replacing.dropped)))
        try:
            if is_embedded(url):
                _put_file(copy, url, replacing)
            else:
                _put_server(copy, url, replacing)
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise DatabaseUnavailable(
                f"The database {shown(url)} could not be written ({reason(error)}), and is as it was."
            ) from error
        return sorted(rows.practices_of(copy))


@contextlib.contextmanager
def _opened_backup(file: Path, url: URL) -> Iterator[sqlite3.Connection]:
    """A copy of what the backup holds, with the tables of this Banyan."""
    try:
        with _folder(url) as folder:
            copied = folder / "backup.sqlite"
            unseal(file, copied)
            try:
                upgrade(f"sqlite:///{copied}")
            except DatabaseUnavailable as error:
                raise BackupUnusable(
                    f"The backup {file} is of a later Banyan, or of none: use the one that took it."
                ) from error
            with closing(sqlite3.connect(copied)) as copy:
                copy.execute("PRAGMA journal_mode=DELETE").close()
                yield copy
    except (OSError, sqlite3.Error) as error:
        raise BackupUnusable(
            f"The backup {file} cannot be read and unpacked ({reason(error)}): check the file and the room "
            "on the disk."
        ) from error


@contextlib.contextmanager
def _folder(url: URL) -> Iterator[Path]:
    """Where there is room for a copy that only this user reads."""
    if not is_embedded(url):
        with tempfile.TemporaryDirectory(prefix="banyan-restoring-") as folder:
            yield Path(folder)
        return
    folder = f"{url.database}.restoring"
    shutil.rmtree(folder, ignore_errors=True)  # of one that was killed
    Path(folder).mkdir(mode=0o700)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _renew(copy: sqlite3.Connection, forgotten: Sequence[str], kept: str) -> None:
    with copy:
        for practice in rows.practices_of(copy):
            copy.execute(_AFRESH, (str(uuid.uuid4()), kept, practice))
            copy.execute(_STOP_TELLING, (practice,))
            for table in forgotten:
                copy.execute(f"DELETE FROM {table} WHERE practice = ?", (practice,))  # noqa: S608


def _put_file(copy: sqlite3.Connection, url: URL, replacing: Replacing) -> None:
    """In one transaction of SQLite's, whose journal takes half of it back after a kill."""
    if not is_missing(url):
        known = _known_to_file(url)
        _check(known, rows.practices_of(copy), url, replacing)
    with closing(sqlite3.connect(str(url.database), timeout=1)) as target:
        try:  # refused while anybody has the file open
            target.execute("PRAGMA journal_mode=DELETE").close()
        except sqlite3.OperationalError as error:
            raise DatabaseUnavailable(_IN_USE.format(shown(url))) from error
        target.execute("PRAGMA synchronous=FULL").close()
        copy.backup(target)


def _known_to_file(url: URL) -> dict[str, str]:
    with opening(url):
        engine = writing_engine(url)
    try:
        with engine.begin() as target:
            _refuse_strangers(target, url)
            is_empty = standing_of(target)[0] is Standing.EMPTY
            return {} if is_empty else rows.practices_at(target)
    finally:
        engine.dispose()


def _put_server(copy: sqlite3.Connection, url: URL, replacing: Replacing) -> None:
    with opening(url):
        engine = writing_engine(url)
    try:
        with engine.begin() as server:
            keep_others_out(server)
            _check_alone(server, url)
            _refuse_strangers(server, url)
            if standing_of(server)[0] is not Standing.CURRENT:
                run_steps(server)
            known = rows.practices_at(server)
            _check(known, rows.practices_of(copy), url, replacing)
            rows.put(copy, server)
    finally:
        engine.dispose()


def _check_alone(server: Connection, url: URL) -> None:
    for _ in range(_LOOKS):
        if not server.exec_driver_sql(_OTHERS).scalar():
            return
        server.exec_driver_sql("SELECT pg_sleep(0.1), pg_stat_clear_snapshot()")
    raise DatabaseUnavailable(_IN_USE.format(shown(url)))


def _refuse_strangers(connection: Connection, url: URL) -> None:
    if standing_of(connection)[0] in {Standing.FOREIGN, Standing.NEWER}:
        raise DatabaseUnavailable(
            f"The database {shown(url)} was not made by this Banyan: name another database."
        )


def _check(known: dict[str, str], coming: dict[str, str], url: URL, replacing: Replacing) -> None:
    """Refuse to replace what may not be replaced."""
    if known and not replacing.is_allowed:
        raise DatabaseUnavailable(
            f"The database {shown(url)} holds records of {', '.join(known)}: "
            "name an empty database, or give --replace."
        )
    for practice, environment in coming.items():
        if known.get(practice, environment) != environment:
            raise DatabaseUnavailable(
                f"The backup holds the {environment} environment of {practice} and the database "
                f"{shown(url)} the {known[practice]} one: name another database."
            )
    lost = known.keys() - coming.keys()
    if lost - replacing.dropped:
        named = " ".join(f"--drop {practice}" for practice in sorted(lost))
        raise DatabaseUnavailable(
            f"The database {shown(url)} holds {', '.join(sorted(lost))} and the backup does not, so all "
            f"of it would be gone: name another database, or give {named}."
        )
    if replacing.dropped - lost:
        kept = ", ".join(sorted(replacing.dropped - lost))
        raise DatabaseUnavailable(f"Nothing of {kept} would be dropped: leave that --drop out.")
