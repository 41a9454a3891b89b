"""Opens a file of the bridge's own beside the journal: encrypted with its key, readable by its owner only."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DatabaseError

from legacy_bridge.errors import SideUnavailable
from legacy_bridge.journal.database import engine_of
from legacy_bridge.journal.key import JournalKey, key_file, read_key
from legacy_bridge.journal.trouble import disk_words, is_damaged


def open_beside(journal: Path, suffix: str, key: Path | None = None) -> tuple[Engine, JournalKey]:
    """Open such a file, which is made where there is none. One that another key wrote is made anew.

    A power cut may take what was written last: it is for what the journal can tell to be older than itself.

    Args:
        journal: the journal's file; it has been opened before.
        suffix: what the file's name ends with after the journal's.
        key: the file of the journal's key; beside the journal when None.

    Raises:
        SettingsWrong: the key is missing.
        SideUnavailable: the file cannot be made.
    """
    file, lock = journal.with_name(f"{journal.name}{suffix}"), key or key_file(str(journal))
    try:
        file.touch(mode=0o600)
        engine = engine_of(f"sqlite:///{file}", lock)
        event.listen(engine, "connect", _let_a_power_cut_take_the_last)
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        except DatabaseError as error:
            engine.dispose()
            if not is_damaged(error):
                raise SideUnavailable(disk_words(f"The file {file}")) from error
            for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
                file.with_name(name).unlink(missing_ok=True)
            file.touch(mode=0o600)
    except OSError as error:
        raise SideUnavailable(
            f"The file {file} cannot be made: check that its folder exists and may be written."
        ) from error
    return engine, read_key(lock)


def _let_a_power_cut_take_the_last(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
