"""People at work in a rehearsal: some in the legacy program, some in the cloud's pages, on patients' details.

They know nothing of the bridge. Each reads a field, and writes another value if it is still what was read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from threading import Event, Lock, Thread
from typing import Any, Final, Protocol

import orjson
from sqlalchemy import Connection, Engine, column, select, table, update
from sqlalchemy.exc import SQLAlchemyError

from legacy_bridge.rehearsal.diary import Diary, Outcome
from web_modules.fhir.client import FhirClient, version_of
from web_modules.fhir.errors import FhirConflict, FhirError, FhirUnavailable
from web_modules.fhir.transport import FhirRequest, HttpTransport

COLUMNS: Final[Mapping[str, str]] = {
    "home_phone": "HomePhone",
    "mobile_phone": "MobilePhone",
    "email": "EmailAddress",
    "given": "GivenName",
}
"""What is edited, and the column of Admin_Patient that holds it."""
_POINTS: Final = {
    "home_phone": ("phone", "home"),
    "mobile_phone": ("phone", "mobile"),
    "email": ("email", "home"),
}
"""The ContactPoint's system and use."""
_PATIENTS = table("Admin_Patient", *map(column, ("PatientGuid", "OrganisationGuid", *COLUMNS.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One patient, by the names that both sides and the bridge have for them."""

    key: str
    guid: str
    resource_id: str

    def place(self, field: str) -> str:
        """What the oracle calls one of their fields."""
        return f"patient/{self.key} {field}"


class Side(Protocol):
    """A system that people work at."""

    name: str

    def look(self, patient: Patient) -> Mapping[str, str | None]:
        """Every field that people edit.

        Raises:
            Unreached: the system does not answer.
        """

    def write(self, patient: Patient, field: str, *, saw: str | None, left: str) -> Outcome:
        """Write a field, if it is what was seen."""

    def has_had(self, patient: Patient, field: str, value: str) -> bool:
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

    def everybody(self) -> Sequence[str]:
        """The GUID of each patient."""
        with self._engine.connect() as connection:
            return connection.execute(select(_PATIENTS.c.PatientGuid)).scalars().all()

    def look(self, patient: Patient) -> Mapping[str, str | None]:
        """See `Side`."""
        try:
            with self._engine.connect() as connection:
                row = connection.execute(
                    select(*(_PATIENTS.c[name] for name in COLUMNS.values())).where(
                        _PATIENTS.c.PatientGuid == patient.guid
                    )
                ).one()
        except SQLAlchemyError as error:
            raise Unreached from error
        return {field: row[at] for at, field in enumerate(COLUMNS)}

    def write(self, patient: Patient, field: str, *, saw: str | None, left: str) -> Outcome:
        """See `Side`."""
        held = _PATIENTS.c[COLUMNS[field]]
        change = (
            update(_PATIENTS)
            .where(_PATIENTS.c.PatientGuid == patient.guid, held.is_not_distinct_from(saw))
            .values({held: left})
        )
        try:
            with self._engine.begin() as connection:
                return Outcome.DONE if _changed(connection, change) else Outcome.REFUSED
        except SQLAlchemyError:
            return Outcome.UNKNOWN

    def has_had(self, patient: Patient, field: str, value: str) -> bool:
        """See `Side`. Nobody else wrote since: the answer to a write here is lost only with the column."""
        return self.look(patient)[field] == value


class CloudSide:
    """The cloud, as its pages use it: the whole resource, under If-Match."""

    name = "cloud"

    def __init__(self, base: str) -> None:
        self._transport = HttpTransport(base, timeout_seconds=5)
        self._client = FhirClient(self._transport)

    def look(self, patient: Patient) -> Mapping[str, str | None]:
        """See `Side`."""
        resource = self._read(patient)
        return {field: _get(resource, field) for field in COLUMNS}

    def write(self, patient: Patient, field: str, *, saw: str | None, left: str) -> Outcome:
        """See `Side`."""
        try:
            resource = self._client.read("Patient", patient.resource_id)
            if _get(resource, field) != saw:
                return Outcome.REFUSED
            version = version_of(resource)
            _put(resource, field, left)
            self._client.update(resource, if_match=version)
        except FhirConflict:
            return Outcome.REFUSED
        except FhirUnavailable as error:
            return Outcome.UNKNOWN if error.may_have_arrived else Outcome.REFUSED
        except FhirError:
            return Outcome.UNKNOWN
        return Outcome.DONE

    def has_had(self, patient: Patient, field: str, value: str) -> bool:
        """See `Side`."""
        path = f"Patient/{patient.resource_id}/_history"
        query = (("_count", "1000"),)
        try:
            answer = self._transport.send(FhirRequest(method="GET", path=path, query=query))
        except FhirError as error:
            raise Unreached from error
        if answer.status >= 300:
            raise Unreached
        return any(
            _get(one["resource"], field) == value for one in orjson.loads(answer.body).get("entry", [])
        )

    def _read(self, patient: Patient) -> dict[str, Any]:
        try:
            return self._client.read("Patient", patient.resource_id)
        except FhirError as error:
            raise Unreached from error


class People:
    """Works at one side, at a steady pace, until told to stop.

    Args:
        side: the system they work at.
        patients: whose details they edit.
        diary: where they write down what they do.
        seed: whom and what, in which order.
        a_second: edits a second.
        fresh: numbers that nobody had; shared, so that every value is of one edit only.
    """

    def __init__(
        self,
        side: Side,
        patients: Sequence[Patient],
        diary: Diary,
        *,
        seed: str,
        a_second: float,
        fresh: "count[int]",
    ) -> None:
        self._side = side
        self._patients = patients
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
        patient, field = self._dice.choice(self._patients), self._dice.choice(list(COLUMNS))
        try:
            saw = self._side.look(patient)[field]
        except Unreached:
            return
        left = _value(field, next(self._fresh))
        entry = self._diary.intends(patient.place(field), self._side.name, saw=saw, left=left)
        entry.outcome = self._side.write(patient, field, saw=saw, left=left)


def _changed(connection: Connection, change: Any) -> bool:
    return bool(connection.execute(change).rowcount)


def _value(field: str, number: int) -> str:
    if field == "email":
        return f"rehearsal.{number}@example.org"
    if field == "given":
        return "Re" + "".join(chr(ord("a") + int(digit)) for digit in str(number))
    return f"01632 {number:06d}"


def _get(resource: Mapping[str, Any], field: str) -> str | None:
    if field == "given":
        given: str | None = (_official(resource).get("given") or [None])[0]
        return given
    value: str | None = _point(resource, field).get("value")
    return value


def _put(resource: dict[str, Any], field: str, value: str) -> None:
    if field == "given":
        name = _official(resource)
        name["given"] = [value, *(name.get("given") or [])[1:]]
        return
    point = _point(resource, field)
    if not point:
        system, use = _POINTS[field]
        point = {"system": system, "use": use}
        resource.setdefault("telecom", []).append(point)
    point["value"] = value


def _official(resource: Mapping[str, Any]) -> dict[str, Any]:
    names = resource.get("name") or [{}]
    return next((one for one in names if one.get("use") == "official"), names[0])


def _point(resource: Mapping[str, Any], field: str) -> dict[str, Any]:
    system, use = _POINTS[field]
    fitting = (
        one
        for one in resource.get("telecom", [])
        if one.get("system") == system and one.get("use") == use and "end" not in one.get("period", {})
    )
    return next(fitting, {})
