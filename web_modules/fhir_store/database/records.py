"""Reads and writes versions of resources for one practice: the only SQL that changes a record."""

import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from web_modules.fhir_store.access import Interaction
from web_modules.fhir_store.audit.book import AuditBook
from web_modules.fhir_store.audit.events import Note
from web_modules.fhir_store.changes import position_instant
from web_modules.fhir_store.database.adding import Adding
from web_modules.fhir_store.database.contexts import is_opened_by_context
from web_modules.fhir_store.database.heads import READ_HEAD, head_of
from web_modules.fhir_store.database.index_rows import IndexWriter
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.database.tables import RESOURCE, VERSION
from web_modules.fhir_store.documents import Resource, decode, encode
from web_modules.fhir_store.elements.contexts import BINARY
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse
from web_modules.fhir_store.search.sql import EVERYTHING, Sql
from web_modules.fhir_store.sight import UNLIMITED, Sight


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
_IS_THERE = """
    SELECT 1 FROM resource AS r WHERE r.practice = ? AND r.type = ? AND r.id = ? AND r.is_deleted = 0
"""
_ANY_OF_TYPE = """
    SELECT 1 FROM resource AS r WHERE r.practice = ? AND r.type = ? AND r.is_deleted = 0
"""
_ONE_VERSION = f"""
    SELECT {VERSION_COLUMNS} FROM version AS v
    WHERE v.practice = ? AND v.type = ? AND v.id = ? AND v.version = ?
"""  # noqa: S608
_ADD_RESOURCE = Adding(RESOURCE, "type", "id", "number", "updated", "is_deleted")
_MOVE_RESOURCE = """
    UPDATE resource SET updated = ?, is_deleted = ? WHERE practice = ? AND type = ? AND id = ?
"""
_ADD_VERSION = Adding(VERSION, "type", "id", "number", "version", "updated", "method", "content")
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


def _not_yours(resource_type: str) -> Refusal:
    """The answer to whoever would write what does not exist, or is hidden: alike."""
    words = f"There is no {resource_type} with this id that you may change. Create a new one with POST."
    return refuse(404, IssueCode.NOT_FOUND, words)


def lock_practice(session: Session, practice: str) -> int:
    """Keep every other writer of a practice out until the transaction ends; its position so far."""
    return session.head(practice).position


def read_position(session: Session, practice: str) -> int:
    """The `lastUpdated` of a practice's newest version in microseconds."""
    return head_of(session.rows(READ_HEAD, (practice,))[0]).position


class Records:
    """One practice's records inside one database transaction, as far as somebody sees them."""

    def __init__(self, session: Session, practice: str, sight: Sight = UNLIMITED) -> None:
        self.session = session
        self.practice = practice
        self.sight = sight

    def current(
        self, resource_type: str, resource_id: str, *, to: Interaction = Interaction.READ
    ) -> StoredVersion | None:
        """The newest version, a deletion too, or None when there never was one or it is hidden.

        Args:
            resource_type: of which it is.
            resource_id: its logical id.
            to: what whoever asks wants to do; who may do it, or read it, finds it.
        """
        key = (self.practice, resource_type, resource_id)
        ask = self.session.rows if self.session.is_touched(key) else self.session.rows_beside
        rows = ask(_CURRENT, key)
        if not rows or all(self.hides(one, resource_type, resource_id) for one in {Interaction.READ, to}):
            return None
        return stored(rows[0])

    def hides(self, interaction: Interaction, resource_type: str, resource_id: str) -> bool:
        """Whether an interaction with a resource is not permitted; with limits, what is deleted is hidden."""
        limit = self.sight.limit(interaction, resource_type)
        if limit is None:
            return False
        key = (self.practice, resource_type, resource_id)
        if self.session.rows(f"{_IS_THERE} AND {limit.text}", (*key, *limit.values)):
            return False
        opened = resource_type == BINARY and is_opened_by_context(
            self.session, self.practice, self.sight, interaction, resource_id
        )
        return not opened

    def version(self, resource_type: str, resource_id: str, version: int) -> StoredVersion | None:
        """One version, or None."""
        rows = self.session.rows(_ONE_VERSION, (self.practice, resource_type, resource_id, version))
        if not rows or self.hides(Interaction.READ, resource_type, resource_id):
            return None
        found = stored(rows[0])
        return found if self.shows(found) else None

    def shows(self, version: StoredVersion) -> bool:
        """Whether a version of what may be seen as it is now may be: a past one by its own content."""
        if version.content is None or self.sight.shows(version.content):
            return True
        key = (self.practice, version.type, version.id, version.updated)
        return bool(self.session.rows(f"{_IS_THERE} AND r.updated = ?", key))

    def is_alone_in_its_second(self, version: StoredVersion) -> bool:
        """Whether it can be told that no version of the resource before this one was stored in its second."""
        if version.version == 1:
            return True
        key = (self.practice, version.type, version.id, version.version - 1)
        before = self.session.rows(_ONE_VERSION, key)
        return bool(before) and stored(before[0]).updated // 1_000_000 < version.updated // 1_000_000

    def withholds(self, resource_type: str, named: Sql = EVERYTHING) -> bool:
        """Whether a label hides any resource `r` of a type that is permitted but for that."""
        hidden = self.sight.withheld(resource_type)
        if hidden is None:
            return False
        statement = f"{_ANY_OF_TYPE} AND {named.text} AND {hidden.text} LIMIT 1"
        return bool(
            self.session.rows(statement, (self.practice, resource_type, *named.values, *hidden.values))
        )

    def position(self) -> int:
        """The `lastUpdated` of the practice's newest version in microseconds."""
        return read_position(self.session, self.practice)


class Door(Protocol):
    """Stands in the way of what is written."""

    def admitted(self, resource: Resource, sight: Sight) -> Resource:
        """The resource as it is to be stored.

        Raises:
            Refusal: it may not be stored.
        """

    def stored(self, version: StoredVersion) -> None:
        """It is stored, or deleted, in this transaction."""


class WritableRecords(Records):
    """One practice's records inside the writing transaction.

    Versions get their `lastUpdated` here, under the write lock and strictly increasing: whoever has read the
    history up to a moment can never miss one that was committed later.
    """

    def __init__(
        self,
        session: Session,
        practice: str,
        index: IndexWriter,
        sight: Sight = UNLIMITED,
        door: Door | None = None,
    ) -> None:
        """Take the practice's lock and write for it.

        Args:
            session: the transaction.
            practice: its ODS code.
            index: its search index, in the same transaction.
            sight: of whoever writes.
            door: in the way of what is written, or None where this program writes for itself.
        """
        super().__init__(session, practice, sight)
        self._index = index
        self._door = door
        self.written: list[str] = []
        self.reached = lock_practice(session, practice)

    def current(
        self, resource_type: str, resource_id: str, *, to: Interaction = Interaction.READ
    ) -> StoredVersion | None:
        """The newest version, a deletion too, or None when there never was one; see `Records.current`.

        Raises:
            Refusal: 404, somebody with limits sees none. Nothing may be stored in the place of one that is
                hidden; and no condition is looked at, which would tell hidden and absent apart.
        """
        found = super().current(resource_type, resource_id, to=to)
        if found is None and self.sight.is_limited:
            raise _not_yours(resource_type)
        return found

    def position(self) -> int:
        """As of this transaction, what it has written included."""
        return self.reached

    def put(self, resource: Resource, previous: StoredVersion | None, *, method: str) -> StoredVersion:
        """Store a new version.

        Args:
            resource: valid, with its id; its `meta.versionId` and `meta.lastUpdated` are set here.
            previous: the newest version so far, as read in this transaction.
            method: POST, PUT or PATCH.

        Raises:
            Refusal: 403, it may not be stored; 404, it would take the place of one that is hidden.
        """
        is_new = previous is None or previous.content is None
        interaction = Interaction.CREATE if is_new else Interaction.UPDATE
        resource_type, resource_id = resource["resourceType"], resource["id"]
        self._require(interaction, resource_type, "" if is_new else resource_id)
        if is_new and method != "POST" and self.sight.is_limited:
            raise _not_yours(resource_type)  # as for one that is hidden
        if self._door is not None:
            resource = self._door.admitted(resource, self.sight)
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
        is_permitted = self.sight.takes(interaction, whole)
        if not is_permitted or self.hides(interaction, resource_type, resource_id):
            raise refuse(403, IssueCode.FORBIDDEN, "You may not store a record with this content.")
        if self._door is not None:
            self._door.stored(version)
        return version

    def delete(self, previous: StoredVersion) -> StoredVersion:
        """Store a deletion as the newest version.

        Raises:
            Refusal: 403, it may not be deleted.
        """
        self._require(Interaction.DELETE, previous.type, previous.id)
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
        if self._door is not None:
            self._door.stored(version)
        return version

    def forget_earlier(self, current: StoredVersion) -> None:
        """Remove every version before the current one, for good.

        Raises:
            Refusal: 403, not by whoever has limits.
        """
        if self.sight.is_limited:
            raise refuse(403, IssueCode.FORBIDDEN, "You may not remove the history of records.")
        self.session.change(_FORGET_EARLIER, (self.practice, current.type, current.id, current.version))

    def finish(self, book: AuditBook, notes: Sequence[Note]) -> None:
        """Record how far the practice's history has come, and who wrote; call it last, before the commit."""
        book.append(notes)
        head = self.session.head(self.practice)
        if self.reached > head.position:
            self.session.move_head(self.practice, replace(head, position=self.reached))

    def _require(self, interaction: Interaction, resource_type: str, resource_id: str) -> None:
        is_allowed = self.sight.allows(interaction, resource_type)
        if not is_allowed or (resource_id and self.hides(interaction, resource_type, resource_id)):
            raise refuse(403, IssueCode.FORBIDDEN, f"You may not do that with {resource_type}.")

    def _next_moment(self) -> int:
        self.reached = max(time.time_ns() // 1000, self.reached + 1)
        return self.reached

    def _write(self, version: StoredVersion) -> None:
        key = (self.practice, version.type, version.id)
        self.written.append(f"{version.type}/{version.id}/_history/{version.version}")
        is_deleted = int(version.content is None)
        self.session.touch(key)
        if version.version == 1:
            self.session.add(_ADD_RESOURCE, [(*key, version.number, version.updated, is_deleted)])
        else:
            self.session.change_later(_MOVE_RESOURCE, [(version.updated, is_deleted, *key)])
        row = (*key, version.number, version.version, version.updated, version.method, version.content)
        self.session.add(_ADD_VERSION, [row])
