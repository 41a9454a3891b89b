"""A file with its digest at its end: what was cut off or changed is noticed before use."""

import hashlib
import os
import re
from pathlib import Path

from web_modules.errors import BackupUnusable

_SEAL = "\nBANYAN-BACKUP 1 {digest} {size:016d}\n"
_SEAL_FORM = re.compile(rb"\nBANYAN-BACKUP (\d) ([0-9a-f]{64}) (\d{16})\n")
_SEAL_BYTES = len(_SEAL.format(digest="0" * 64, size=0))
_CHUNK_BYTES = 1 << 20


def seal(file: Path) -> None:
    """Put the digest at the end of a file, and all of it on the disk."""
    digest = hashlib.sha256()
    with file.open("r+b") as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            digest.update(chunk)
        opened.write(_SEAL.format(digest=digest.hexdigest(), size=opened.tell()).encode())
        opened.flush()
        os.fsync(opened.fileno())


def unseal(file: Path, into: Path) -> None:
    """Copy what is sealed, without its seal, into a new file that only this user reads.

    Raises:
        BackupUnusable: the file is not sealed, or what it holds is not what was sealed.
        OSError: it cannot be read, or the copy cannot be written.
    """
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END) - _SEAL_BYTES
        opened.seek(max(size, 0))
        found = _SEAL_FORM.fullmatch(opened.read())
        if found is None or int(found[3]) != size:
            raise BackupUnusable(f"{file} is not a backup, or not all of one: name another file.")
        if found[1] != b"1":
            raise BackupUnusable(f"{file} is a backup of a later Banyan: restore it with that one.")
        opened.seek(0)
        descriptor = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as copy:
            while size > 0:
                chunk = opened.read(min(_CHUNK_BYTES, size))
                if not chunk:
                    break
                digest.update(chunk)
                copy.write(chunk)
                size -= len(chunk)
    if digest.hexdigest().encode() != found[2]:
        raise BackupUnusable(f"The backup {file} is damaged: name another file.")
