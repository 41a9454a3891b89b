"""What people edit in a rehearsal: of each kind of record the fields, and where each side keeps them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import TableClause, column, table

from legacy_bridge.records import Kind

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field that people edit, as text.

    Attributes:
        column: of the legacy table.
        get: reads it from the resource.
        put: writes it there.
        value: makes a value that nobody had, of a number that nobody had.
    """

    column: str
    get: Callable[[Mapping[str, Any]], str | None]
    put: Callable[[Resource, str], None]
    value: Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The fields of one kind of record that people edit.

    Attributes:
        kind: which kind.
        table: the legacy table.
        key: its column of GUIDs.
        resource_type: the resource.
        fields: by their names.
    """

    kind: Kind
    table: str
    key: str
    resource_type: str
    fields: Mapping[str, Field]

    @property
    def rows(self) -> TableClause:
        """The legacy table, with the columns that are used."""
        return table(self.table, *map(column, (self.key, *(one.column for one in self.fields.values()))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record, by the names that both sides and the bridge have for it."""

    sheet: Sheet
    key: str
    guid: str
    resource_id: str

    @property
    def link(self) -> str:
        """What the bridge calls it."""
        return f"{self.sheet.kind.value}/{self.key}"

    def place(self, field: str) -> str:
        """What the oracle calls one of its fields."""
        return f"{self.link} {field}"


def _point_field(name: str, system: str, use: str, value: Callable[[int], str]) -> Field:
    def point(resource: Mapping[str, Any]) -> Resource:
        fitting = (
            one
            for one in resource.get("telecom", [])
            if one.get("system") == system and one.get("use") == use and "end" not in one.get("period", {})
        )
        return next(fitting, {})

    def put(resource: Resource, text: str) -> None:
        found = point(resource)
        if not found:
            found = {"system": system, "use": use}
            resource.setdefault("telecom", []).append(found)
        found["value"] = text

    return Field(column=name, get=lambda resource: point(resource).get("value"), put=put, value=value)


def _official(resource: Mapping[str, Any]) -> Resource:
    names = resource.get("name") or [{}]
    return next((one for one in names if one.get("use") == "official"), names[0])


def _put_given(resource: Resource, text: str) -> None:
    name = _official(resource)
    name["given"] = [text, *(name.get("given") or [])[1:]]


def _dosage(resource: Mapping[str, Any]) -> str | None:
    found: str | None = (resource.get("dosageInstruction") or [{}])[0].get("text")
    return found


def _put_dosage(resource: Resource, text: str) -> None:
    resource["dosageInstruction"] = [{**(resource.get("dosageInstruction") or [{}])[0], "text": text}]


def _telephone(number: int) -> str:
    return f"01632 {number:06d}"


PATIENTS: Final = Sheet(
    kind=Kind.PATIENT,
    table="Admin_Patient",
    key="PatientGuid",
    resource_type="Patient",
    fields={
        "home_phone": _point_field("HomePhone", "phone", "home", _telephone),
        "mobile_phone": _point_field("MobilePhone", "phone", "mobile", _telephone),
        "email": _point_field(
            "EmailAddress", "email", "home", lambda number: f"rehearsal.{number}@example.org"
        ),
        "given": Field(
            column="GivenName",
            get=lambda resource: (_official(resource).get("given") or [None])[0],
            put=_put_given,
            value=lambda number: "Re" + "".join(chr(ord("a") + int(digit)) for digit in str(number)),
        ),
    },
)
DRUGS: Final = Sheet(
    kind=Kind.MEDICATION,
    table="Prescribing_DrugRecord",
    key="DrugRecordGuid",
    resource_type="MedicationRequest",
    fields={
        "dosage": Field(
            column="Dosage",
            get=_dosage,
            put=_put_dosage,
            value=lambda number: f"Take {number} in the rehearsal",
        )
    },
)
SHEETS: Final = (PATIENTS, DRUGS)
"""How somebody is reached, of which a rule may decide, and what they are to take, of which none does."""
