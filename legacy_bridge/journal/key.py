"""The key of a journal, in a file of its own: it opens the journal, and signs the journal's audit log."""

import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from legacy_bridge.errors import SettingsWrong

_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JournalKey:
    """What is made of the secret in a key file.

    Attributes:
        encryption: opens the journal.
        audit: signs the audit log, and what stands in it for a patient's data.
        rows: hashes the legacy rows.
    """

    encryption: bytes
    audit: bytes
    rows: bytes


def key_file(database: str) -> Path:
    """Where the key of a journal lies when nobody says where: beside it."""
    return Path(f"{database}.key")


def make_key(file: Path) -> JournalKey:
    """The key in a file, which is made when it is not there, for this user alone; once for all processes.

    Raises:
        SettingsWrong: the file cannot be read or made.
    """
    try:
        if not file.exists():
            _make(file)
    except OSError as error:
        raise _unusable(file) from error
    return read_key(file)


def read_key(file: Path) -> JournalKey:
    """The key in a file, which is not made: a journal that was written with it has no other.

    Raises:
        SettingsWrong: the file is missing, or holds no key.
    """
    try:
        secret = bytes.fromhex(file.read_text(encoding="ascii"))
    except FileNotFoundError as error:
        raise SettingsWrong(
            f"The key of the journal is missing: {file} is not there. Put it back, or name its file by "
            "journal_key. If it is lost, nobody can read the journal: begin with a new one."
        ) from error
    except (OSError, ValueError) as error:
        raise _unusable(file) from error
    if len(secret) < _BYTES:
        raise _unusable(file)
    return JournalKey(
        encryption=hmac.digest(secret, b"banyan-bridge journal", "sha256"),
        audit=hmac.digest(secret, b"banyan-bridge audit", "sha256"),
        rows=hmac.digest(secret, b"banyan-bridge rows", "sha256"),
    )


def _unusable(file: Path) -> SettingsWrong:
    return SettingsWrong(
        f"The key of the journal cannot be kept in {file}: check that you may read and write there, "
        "and that nobody changed it."
    )


def _make(file: Path) -> None:
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as writing:
            writing.write(secrets.token_hex(_BYTES))
            writing.flush()
            os.fsync(writing.fileno())
        os.link(fresh, file)
    except FileExistsError:  # another process was quicker
        pass
    finally:
        fresh.unlink()
