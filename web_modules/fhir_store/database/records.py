"""Reads and writes versions of resources for one practice: the only SQL that changes a record."""

import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from web_modules.fhir_store.audit.book import AuditBook
from web_modules.fhir_store.audit.events import Note
from web_modules.fhir_store.changes import position_instant
from web_modules.fhir_store.database.index_rows import IndexWriter
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.documents import Resource, decode, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """One version of one resource.

    Attributes:
        type: the resource type.
        id: the logical id.
        number: by which the index knows the resource.
        version: counts from 1.
        updated: microseconds since 1970 UTC; greater than that of every earlier version in the practice.
        method: POST, PUT or DELETE: how it came about.
        content: the JSON as it is served, or None when this version is a deletion.
    """

    type: str
    id: str
    number: int
    version: int
    updated: int
    method: str
    content: bytes | None

    @property
    def etag(self) -> str:
        """The weak entity tag (FHIR R4 http.html#concurrency)."""
        return f'W/"{self.version}"'

    @property
    def instant(self) -> str:
        """`lastUpdated`."""
        return position_instant(self.updated)


VERSION_COLUMNS = "v.type, v.id, v.number, v.version, v.updated, v.method, v.content"
"""The columns of `version AS v` that `stored` takes, in its order."""

CURRENT = "resource AS r JOIN version AS v ON v.practice = r.practice AND v.updated = r.updated"
"""Each resource with its newest version."""

_CURRENT = f"""
    SELECT {VERSION_COLUMNS} FROM {CURRENT} WHERE r.practice = ? AND r.type = ? AND r.id = ?
"""  # noqa: S608  (fixed pieces)
_ONE_VERSION = f"""
    SELECT {VERSION_COLUMNS} FROM version AS v
    WHERE v.practice = ? AND v.type = ? AND v.id = ? AND v.version = ?
"""  # noqa: S608
_POSITION = "SELECT position FROM practice WHERE practice = ?"
_MOVE_POSITION = "UPDATE practice SET position = ? WHERE practice = ?"
_ADD_RESOURCE = """
    INSERT INTO resource (practice, type, id, number, updated, is_deleted) VALUES (?, ?, ?, ?, ?, ?)
"""
_MOVE_RESOURCE = """
    UPDATE resource SET updated = ?, is_deleted = ? WHERE practice = ? AND type = ? AND id = ?
"""
_ADD_VERSION = """
    INSERT INTO version (practice, type, id, number, version, updated, method, content)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_FORGET_EARLIER = "DELETE FROM version WHERE practice = ? AND type = ? AND id = ? AND version < ?"


def stored(row: Sequence[Any]) -> StoredVersion:
    """A row of `VERSION_COLUMNS` as a version."""
    return StoredVersion(
        type=row[0],
        id=row[1],
        number=row[2],
        version=row[3],
        updated=row[4],
        method=row[5],
        content=row[6],
    )


def new_id() -> str:
    """A fresh logical id: a UUID of version 7, so that neighbours in time are neighbours in the indexes."""
    moment = time.time_ns() // 1_000_000
    drawn = int.from_bytes(os.urandom(10), "big")
    value = (moment & (2**48 - 1)) << 80 | drawn
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def lock_practice(session: Session, practice: str) -> int:
    """Keep every other writer of a practice out until the transaction ends; its position so far."""
    return int(session.rows_for_change(_POSITION, (practice,))[0][0])


class Records:
    """One practice's records inside one database transaction."""

    def __init__(self, session: Session, practice: str) -> None:
        self.session = session
        self.practice = practice

    def current(self, resource_type: str, resource_id: str) -> StoredVersion | None:
        """The newest version, a deletion too, or None when there never was one."""
        rows = self.session.rows(_CURRENT, (self.practice, resource_type, resource_id))
        return stored(rows[0]) if rows else None

    def version(self, resource_type: str, resource_id: str, version: int) -> StoredVersion | None:
        """One version, or None."""
        rows = self.session.rows(_ONE_VERSION, (self.practice, resource_type, resource_id, version))
        return stored(rows[0]) if rows else None

    def flush(self) -> None:
        """Make what this transaction has written findable by its own searches; nothing to do when reading."""

    def position(self) -> int:
        """The `lastUpdated` of the practice's newest version in microseconds."""
        return int(self.session.rows(_POSITION, (self.practice,))[0][0])


class WritableRecords(Records):
    """One practice's records inside the writing transaction.

    Versions get their `lastUpdated` here, under the write lock and strictly increasing: whoever has read the
    history up to a moment can never miss one that was committed later.
    """

    def __init__(self, session: Session, practice: str, index: IndexWriter) -> None:
        """Take the practice's lock and write for it.

        Args:
            session: the transaction.
            practice: its ODS code.
            index: its search index, in the same transaction.
        """
        super().__init__(session, practice)
        self._index = index
        self.written: list[str] = []
        self._began_at = lock_practice(session, practice)
        self.reached = self._began_at

    def position(self) -> int:
        """As of this transaction, what it has written included."""
        return self.reached

    def put(self, resource: Resource, previous: StoredVersion | None, *, method: str) -> StoredVersion:
        """Store a new version.

        Args:
            resource: valid, with its id; its `meta.versionId` and `meta.lastUpdated` are set here.
            previous: the newest version so far, as read in this transaction.
            method: POST, PUT or PATCH.
        """
        updated = self._next_moment()
        count = 1 if previous is None else previous.version + 1
        meta = {
            **resource.get("meta", {}),
            "versionId": str(count),
            "lastUpdated": position_instant(updated),
        }
        head = {"resourceType": resource["resourceType"], "id": resource["id"], "meta": meta}
        whole = head | {key: value for key, value in resource.items() if key not in head}
        version = StoredVersion(
            type=resource["resourceType"],
            id=resource["id"],
            number=updated if previous is None else previous.number,
            version=count,
            updated=updated,
            method=method,
            content=encode(whole),
        )
        self._write(version)
        before = None if previous is None or previous.content is None else decode(previous.content)
        self._index.replace(version.number, before, whole)
        return version

    def delete(self, previous: StoredVersion) -> StoredVersion:
        """Store a deletion as the newest version."""
        version = StoredVersion(
            type=previous.type,
            id=previous.id,
            number=previous.number,
            version=previous.version + 1,
            updated=self._next_moment(),
            method="DELETE",
            content=None,
        )
        self._write(version)
        self._index.replace(version.number, decode(previous.content or b"null"), None)
        return version

    def forget_earlier(self, current: StoredVersion) -> None:
        """Remove every version before the current one, for good."""
        self.session.change(_FORGET_EARLIER, (self.practice, current.type, current.id, current.version))

    def flush(self) -> None:
        """Make what was written here findable; see `Records.flush`."""
        self._index.flush()

    def finish(self, book: AuditBook, notes: Sequence[Note]) -> None:
        """Record how far the practice's history has come, and who wrote; call it last, before the commit."""
        self.flush()
        book.append(notes)
        if self.reached > self._began_at:
            self.session.change(_MOVE_POSITION, (self.reached, self.practice))

    def _next_moment(self) -> int:
        self.reached = max(time.time_ns() // 1000, self.reached + 1)
        return self.reached

    def _write(self, version: StoredVersion) -> None:
        key = (self.practice, version.type, version.id)
        self.written.append(f"{version.type}/{version.id}/_history/{version.version}")
        is_deleted = int(version.content is None)
        if version.version == 1:
            self.session.change(_ADD_RESOURCE, (*key, version.number, version.updated, is_deleted))
        else:
            self.session.change(_MOVE_RESOURCE, (version.updated, is_deleted, *key))
        self.session.change(
            _ADD_VERSION,
            (*key, version.number, version.version, version.updated, version.method, version.content),
        )
