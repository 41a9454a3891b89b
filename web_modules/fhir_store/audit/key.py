"""The key that signs the audit: kept in a file, away from the database."""

import os
import secrets
from pathlib import Path

from web_modules.errors import DatabaseUnavailable

SHORTEST_KEY = 32


def load_key(file: Path) -> bytes:
    """The key in a file that only this user reads; made when it is not there, once for all processes.

    Raises:
        DatabaseUnavailable: the file cannot be read or made.
    """
    try:
        if not file.exists():
            _make(file)
    except OSError as error:
        raise _unreadable(file) from error
    return read_key(file)


def read_key(file: Path) -> bytes:
    """The key in a file; it is not made.

    Raises:
        DatabaseUnavailable: the file is missing, or holds no key.
    """
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii"))
    except FileNotFoundError as error:
        raise DatabaseUnavailable(
            f"The key of the audit is missing: {file} is not there. Put it back, or name its file."
        ) from error
    except (OSError, ValueError) as error:
        raise _unreadable(file) from error
    if len(key) < SHORTEST_KEY:
        raise _unreadable(file)
    return key


def _unreadable(file: Path) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The key of the audit cannot be kept in {file}: check that you may read and write there, "
        "and that nobody changed it."
    )


def _make(file: Path) -> None:
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as writing:
            writing.write(secrets.token_hex(32))
            writing.flush()
            os.fsync(writing.fileno())
        os.link(fresh, file)
    except FileExistsError:  # another process was quicker
        pass
    finally:
        fresh.unlink()
