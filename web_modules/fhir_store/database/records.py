"""Reads and writes versions of resources for one practice: the only SQL that changes a record."""

import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from web_modules.fhir_store.changes import position_instant
from web_modules.fhir_store.database.index_rows import IndexWriter
from web_modules.fhir_store.database.tables import PRACTICE, RESOURCE, VERSION
from web_modules.fhir_store.documents import Resource, decode, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """One version of one resource.

    Attributes:
        type: the resource type.
        id: the logical id.
        version: counts from 1.
        updated: microseconds since 1970 UTC; greater than that of every earlier version in the practice.
        method: POST, PUT or DELETE: how it came about.
        content: the JSON as it is served, or None when this version is a deletion.
    """

    type: str
    id: str
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


_COLUMNS = (
    VERSION.c.type,
    VERSION.c.id,
    VERSION.c.version,
    VERSION.c.updated,
    VERSION.c.method,
    VERSION.c.content,
)
_CURRENT = (
    select(*_COLUMNS)
    .select_from(RESOURCE)
    .join(
        VERSION,
        and_(
            VERSION.c.practice == RESOURCE.c.practice,
            VERSION.c.type == RESOURCE.c.type,
            VERSION.c.id == RESOURCE.c.id,
            VERSION.c.version == RESOURCE.c.version,
        ),
    )
    .where(
        RESOURCE.c.practice == bindparam("practice"),
        RESOURCE.c.type == bindparam("type"),
        RESOURCE.c.id == bindparam("id"),
    )
)
_ONE_VERSION = select(*_COLUMNS).where(
    VERSION.c.practice == bindparam("practice"),
    VERSION.c.type == bindparam("type"),
    VERSION.c.id == bindparam("id"),
    VERSION.c.version == bindparam("version"),
)
_POSITION = select(PRACTICE.c.position).where(PRACTICE.c.practice == bindparam("practice"))
_POSITION_FOR_UPDATE = _POSITION.with_for_update()
_MOVE_POSITION = (
    update(PRACTICE).where(PRACTICE.c.practice == bindparam("of")).values(position=bindparam("position"))
)
_ADD_RESOURCE = insert(RESOURCE)
_ADD_VERSION = insert(VERSION)
_MOVE_RESOURCE = (
    update(RESOURCE)
    .where(
        RESOURCE.c.practice == bindparam("of"),
        RESOURCE.c.type == bindparam("of_type"),
        RESOURCE.c.id == bindparam("of_id"),
    )
    .values(version=bindparam("version"), updated=bindparam("updated"), is_deleted=bindparam("is_deleted"))
)


_FORGET_EARLIER = delete(VERSION).where(
    VERSION.c.practice == bindparam("of"),
    VERSION.c.type == bindparam("of_type"),
    VERSION.c.id == bindparam("of_id"),
    VERSION.c.version < bindparam("before"),
)


def stored(row: Sequence[Any]) -> StoredVersion:
    """A row of `VERSION_COLUMNS` as a version."""
    return StoredVersion(
        type=row[0], id=row[1], version=row[2], updated=row[3], method=row[4], content=row[5]
    )


VERSION_COLUMNS = _COLUMNS
"""The columns that `stored` takes, in its order."""


def new_id() -> str:
    """A fresh logical id: a UUID of version 7, so that neighbours in time are neighbours in the indexes."""
    moment = time.time_ns() // 1_000_000
    drawn = int.from_bytes(os.urandom(10), "big")
    value = (moment & (2**48 - 1)) << 80 | drawn
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


class Records:
    """One practice's records inside one database transaction."""

    def __init__(self, connection: Connection, practice: str) -> None:
        self.connection = connection
        self.practice = practice

    def current(self, resource_type: str, resource_id: str) -> StoredVersion | None:
        """The newest version, a deletion too, or None when there never was one."""
        row = self.connection.execute(
            _CURRENT, {"practice": self.practice, "type": resource_type, "id": resource_id}
        ).one_or_none()
        return None if row is None else stored(row)

    def version(self, resource_type: str, resource_id: str, version: int) -> StoredVersion | None:
        """One version, or None."""
        row = self.connection.execute(
            _ONE_VERSION,
            {"practice": self.practice, "type": resource_type, "id": resource_id, "version": version},
        ).one_or_none()
        return None if row is None else stored(row)

    def flush(self) -> None:
        """Make what this transaction has written findable by its own searches; nothing to do when reading."""

    def position(self) -> int:
        """The `lastUpdated` of the practice's newest version in microseconds."""
        return int(self.connection.execute(_POSITION, {"practice": self.practice}).scalar_one())


class WritableRecords(Records):
    """One practice's records inside the writing transaction.

    Versions get their `lastUpdated` here, under the write lock and strictly increasing: whoever has read the
    history up to a moment can never miss one that was committed later.
    """

    def __init__(self, connection: Connection, practice: str, index: IndexWriter) -> None:
        super().__init__(connection, practice)
        self._index = index
        self._began_at = int(connection.execute(_POSITION_FOR_UPDATE, {"practice": practice}).scalar_one())
        self.reached = self._began_at

    def put(self, resource: Resource, previous: StoredVersion | None, *, method: str) -> StoredVersion:
        """Store a new version.

        Args:
            resource: valid, with its id; its `meta.versionId` and `meta.lastUpdated` are set here.
            previous: the newest version so far, as read in this transaction.
            method: POST or PUT.
        """
        updated = self._next_moment()
        number = 1 if previous is None else previous.version + 1
        meta = {
            **resource.get("meta", {}),
            "versionId": str(number),
            "lastUpdated": position_instant(updated),
        }
        head = {"resourceType": resource["resourceType"], "id": resource["id"], "meta": meta}
        content = encode(head | {key: value for key, value in resource.items() if key not in head})
        version = StoredVersion(
            type=resource["resourceType"],
            id=resource["id"],
            version=number,
            updated=updated,
            method=method,
            content=content,
        )
        self._write(version, is_new=previous is None)
        before = None if previous is None or previous.content is None else decode(previous.content)
        self._index.replace((version.type, version.id), before, resource | {"meta": meta})
        return version

    def delete(self, previous: StoredVersion) -> StoredVersion:
        """Store a deletion as the newest version."""
        version = StoredVersion(
            type=previous.type,
            id=previous.id,
            version=previous.version + 1,
            updated=self._next_moment(),
            method="DELETE",
            content=None,
        )
        self._write(version, is_new=False)
        self._index.replace((version.type, version.id), decode(previous.content or b"null"), None)
        return version

    def forget_earlier(self, current: StoredVersion) -> None:
        """Remove every version before the current one, for good."""
        self.connection.execute(
            _FORGET_EARLIER,
            {
                "of": self.practice,
                "of_type": current.type,
                "of_id": current.id,
                "before": current.version,
            },
        )

    def flush(self) -> None:
        """Make what was written here findable; see `Records.flush`."""
        self._index.flush()

    def finish(self) -> None:
        """Record how far the practice's history has come; call it last, before the commit."""
        self.flush()
        if self.reached > self._began_at:
            self.connection.execute(_MOVE_POSITION, {"of": self.practice, "position": self.reached})

    def _next_moment(self) -> int:
        self.reached = max(time.time_ns() // 1000, self.reached + 1)
        return self.reached

    def _write(self, version: StoredVersion, *, is_new: bool) -> None:
        state = {
            "version": version.version,
            "updated": version.updated,
            "is_deleted": int(version.content is None),
        }
        if is_new:
            key = {"practice": self.practice, "type": version.type, "id": version.id}
            self.connection.execute(_ADD_RESOURCE, key | state)
        else:
            key = {"of": self.practice, "of_type": version.type, "of_id": version.id}
            self.connection.execute(_MOVE_RESOURCE, key | state)
        self.connection.execute(
            _ADD_VERSION,
            {
                "practice": self.practice,
                "type": version.type,
                "id": version.id,
                "version": version.version,
                "updated": version.updated,
                "method": version.method,
                "content": version.content,
            },
        )
