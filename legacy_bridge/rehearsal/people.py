"""People at work in a rehearsal: some in the legacy program, some in the cloud's pages.

They know nothing of the bridge. Each reads a field, and writes another value if it is still what was read.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from random import Random
from threading import Event, Lock, Thread
from typing import Any, Protocol

import orjson
from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import SQLAlchemyError

from legacy_bridge.rehearsal.diary import Diary, Outcome
from legacy_bridge.rehearsal.sheets import Record, Sheet
from web_modules.fhir.client import FhirClient, version_of
from web_modules.fhir.errors import FhirConflict, FhirError, FhirUnavailable
from web_modules.fhir.transport import FhirRequest, HttpTransport


class Side(Protocol):
    """A system that people work at."""

    name: str

    def look(self, record: Record) -> Mapping[str, str | None]:
        """Every field that people edit.

        Raises:
            Unreached: the system does not answer.
        """

    def write(self, record: Record, field: str, *, saw: str | None, left: str) -> Outcome:
        """Write a field, if it is what was seen."""

    def has_had(self, record: Record, field: str, value: str) -> bool:
        """Whether a field had a value at any time.

        Raises:
            Unreached: the system does not answer.
        """


class Unreached(Exception):
    """A system does not answer."""


class LegacySide:
    """The legacy database, as a legacy program uses it: changed fields only, refused when the row changed."""

    name = "legacy"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def everything(self, sheet: Sheet) -> Sequence[str]:
        """The GUID of each record of a kind."""
        with self._engine.connect() as connection:
            return connection.execute(select(sheet.rows.c[sheet.key])).scalars().all()

    def look(self, record: Record) -> Mapping[str, str | None]:
        """See `Side`."""
        sheet, rows = record.sheet, record.sheet.rows
        try:
            with self._engine.connect() as connection:
                row = connection.execute(
                    select(*(rows.c[one.column] for one in sheet.fields.values())).where(
                        rows.c[sheet.key] == record.guid
                    )
                ).one()
        except SQLAlchemyError as error:
            raise Unreached from error
        return {field: row[at] for at, field in enumerate(sheet.fields)}

    def write(self, record: Record, field: str, *, saw: str | None, left: str) -> Outcome:
        """See `Side`."""
        sheet, rows = record.sheet, record.sheet.rows
        held = rows.c[sheet.fields[field].column]
        change = (
            update(rows)
            .where(rows.c[sheet.key] == record.guid, held.is_not_distinct_from(saw))
            .values({held: left})
        )
        try:
            with self._engine.begin() as connection:
                return Outcome.DONE if _changed(connection, change) else Outcome.REFUSED
        except SQLAlchemyError:
            return Outcome.UNKNOWN

    def has_had(self, record: Record, field: str, value: str) -> bool:
        """See `Side`. Nobody else wrote since: the answer to a write here is lost only with the column."""
        return self.look(record)[field] == value


class CloudSide:
    """The cloud, as its pages use it: the whole resource, under If-Match."""

    name = "cloud"

    def __init__(self, base: str) -> None:
        self._transport = HttpTransport(base, timeout_seconds=5)
        self._client = FhirClient(self._transport)

    def look(self, record: Record) -> Mapping[str, str | None]:
        """See `Side`."""
        resource = self._read(record)
        return {name: field.get(resource) for name, field in record.sheet.fields.items()}

    def write(self, record: Record, field: str, *, saw: str | None, left: str) -> Outcome:
        """See `Side`."""
        try:
            resource = self._client.read(record.sheet.resource_type, record.resource_id)
            if record.sheet.fields[field].get(resource) != saw:
                return Outcome.REFUSED
            version = version_of(resource)
            record.sheet.fields[field].put(resource, left)
            self._client.update(resource, if_match=version)
        except FhirConflict:
            return Outcome.REFUSED
        except FhirUnavailable as error:
            return Outcome.UNKNOWN if error.may_have_arrived else Outcome.REFUSED
        except FhirError:
            return Outcome.UNKNOWN
        return Outcome.DONE

    def has_had(self, record: Record, field: str, value: str) -> bool:
        """See `Side`."""
        path = f"{record.sheet.resource_type}/{record.resource_id}/_history"
        query = (("_count", "1000"),)
        try:
            answer = self._transport.send(FhirRequest(method="GET", path=path, query=query))
        except FhirError as error:
            raise Unreached from error
        if answer.status >= 300:
            raise Unreached
        return any(
            record.sheet.fields[field].get(one["resource"]) == value
            for one in orjson.loads(answer.body).get("entry", [])
        )

    def _read(self, record: Record) -> dict[str, Any]:
        try:
            return self._client.read(record.sheet.resource_type, record.resource_id)
        except FhirError as error:
            raise Unreached from error


class People:
    """Works at one side, at a steady pace, until told to stop.

    Args:
        side: the system they work at.
        records: which they edit.
        diary: where they write down what they do.
        seed: whom and what, in which order.
        a_second: edits a second.
        fresh: numbers that nobody had; shared, so that every value is of one edit only.
    """

    def __init__(
        self,
        side: Side,
        records: Sequence[Record],
        diary: Diary,
        *,
        seed: str,
        a_second: float,
        fresh: "count[int]",
    ) -> None:
        self._side = side
        self._records = records
        self._diary = diary
        self._dice = Random(seed)  # noqa: S311 - see script
        self._pause = 1 / a_second
        self._fresh = fresh
        self._works = Event()
        self._at_work = Lock()
        self._ended = Event()
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def work(self) -> None:
        """Begin, or go on."""
        self._works.set()

    def rest(self) -> None:
        """Stop after the edit that is under way."""
        self._works.clear()
        with self._at_work:
            pass

    def end(self) -> None:
        """Stop for good."""
        self._ended.set()
        self._works.set()
        self._thread.join()

    def _work(self) -> None:
        while self._works.wait() and not self._ended.wait(self._pause):
            with self._at_work:
                if self._works.is_set():
                    self._edit_one()

    def _edit_one(self) -> None:
        record = self._dice.choice(self._records)
        field = self._dice.choice(list(record.sheet.fields))
        try:
            saw = self._side.look(record)[field]
        except Unreached:
            return
        left = record.sheet.fields[field].value(next(self._fresh))
        entry = self._diary.intends(record.place(field), self._side.name, saw=saw, left=left)
        entry.outcome = self._side.write(record, field, saw=saw, left=left)


def _changed(connection: Connection, change: Any) -> bool:
    return bool(connection.execute(change).rowcount)
