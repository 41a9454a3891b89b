"""What SQLite means when a file of the journal fails. Only one that is damaged may ever be given up."""

from typing import Final

from sqlalchemy.exc import DatabaseError

_PRIMARY: Final = 0xFF
"""Of SQLite's result codes; the rest says more closely what."""
_IO, _CORRUPT, _FULL, _CANNOT_OPEN, _NOT_ONE, _READ_ONLY = 10, 11, 13, 14, 26, 8
_BUSY, _LOCKED = 5, 6


def is_damaged(error: DatabaseError) -> bool:
    """Whether it is not what was written, or was written with another key."""
    return _code(error) in {_CORRUPT, _NOT_ONE}


def is_locked(error: DatabaseError) -> bool:
    """Whether another process has it."""
    return _code(error) in {_BUSY, _LOCKED}


def is_of_the_disk(error: DatabaseError) -> bool:
    """Whether it could not be written."""
    return _code(error) in {_IO, _FULL, _CANNOT_OPEN, _READ_ONLY}


def disk_words(what: str) -> str:
    """What is said then.

    Args:
        what: such as `The journal /srv/journal.sqlite`.
    """
    return (
        f"{what} cannot be written: its disk is full, or does not take writes. "
        "Make room and start the bridge again; nothing of what it knew is lost."
    )


def _code(error: DatabaseError) -> int | None:
    """SQLite's result code; None of another database."""
    code: int | None = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY
