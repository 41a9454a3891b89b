"""Encrypts a journal file at rest, by SQLCipher: its pages, and those of its write-ahead log."""

import os
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from legacy_bridge.errors import SettingsWrong, SideUnavailable

_PLAIN = b"SQLite format 3\x00"
"""What a file begins with that is not encrypted (SQLite fileformat2.html#the_database_header)."""


def is_new(file: Path) -> bool:
    """Whether nothing was ever written to a journal."""
    return not file.exists() or file.stat().st_size == 0


def is_plain(file: Path) -> bool:
    """Whether a journal was written without encryption."""
    with file.open("rb") as reading:
        return reading.read(len(_PLAIN)) == _PLAIN


def unlock(cursor: Any, key: bytes) -> None:
    """Give a fresh connection the key; nothing is read yet.

    The key is used as it is (SQLCipher's raw key): it comes from no password, so it is not stretched.
    """
    cursor.execute("PRAGMA cipher_log_level=NONE")  # what is wrong is said once, in our words
    cursor.execute(f"PRAGMA key={_raw(key)}")


def encrypt(file: Path, key: bytes) -> None:
    """Encrypt a plain journal, whole or not at all: a copy is made beside it, compared, and put in its place.

    Raises:
        SettingsWrong: it is in use.
        SideUnavailable: there is no room for the copy, or it cannot be written.
    """
    made = file.with_name(f"{file.name}.encrypting")
    made.unlink(missing_ok=True)  # of an attempt that was interrupted
    try:
        with closing(dbapi2.connect(str(file), isolation_level=None, timeout=0)) as plain:
            plain.execute("PRAGMA locking_mode=EXCLUSIVE")
            (mode,) = plain.execute("PRAGMA journal_mode=DELETE").fetchone()  # its log goes into the file
            if mode != "delete":  # which nobody can change while another one uses it
                raise _in_use(file)
            plain.execute("BEGIN EXCLUSIVE")
            plain.execute("COMMIT")
            plain.execute("ATTACH DATABASE ? AS made KEY " + _raw(key), (str(made),))
            plain.execute("SELECT sqlcipher_export('made')")
            for table in _tables(plain):
                (there,) = plain.execute(f'SELECT count(*) FROM main."{table}"').fetchone()  # noqa: S608
                (here,) = plain.execute(f'SELECT count(*) FROM made."{table}"').fetchone()  # noqa: S608
                if there != here:
                    raise SideUnavailable(f"The journal {file} could not be encrypted: {table} is not whole.")
            plain.execute("DETACH DATABASE made")
            _reach_disk(made)
            os.replace(made, file)
            _reach_disk(file.parent)
    except dbapi2.OperationalError as error:
        if "locked" in str(error):
            raise _in_use(file) from error
        raise _failed(file) from error
    except (dbapi2.DatabaseError, OSError) as error:
        raise _failed(file) from error
    finally:
        made.unlink(missing_ok=True)


def _in_use(file: Path) -> SettingsWrong:
    return SettingsWrong(
        f"The journal {file} is not encrypted, and in use: end the bridge that uses it, then run it again."
    )


def _failed(file: Path) -> SideUnavailable:
    return SideUnavailable(
        f"The journal {file} could not be encrypted and is as it was: check that its disk has room for two."
    )


def _tables(connection: Any) -> list[str]:
    rows = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
    return [name for (name,) in rows]


def _reach_disk(place: Path) -> None:
    if os.name == "nt" and place.is_dir():
        return  # a folder cannot be flushed there
    descriptor = os.open(place, os.O_RDONLY if place.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _raw(key: bytes) -> str:
    return f"\"x'{key.hex()}'\""
