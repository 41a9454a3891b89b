"""The usual fields of a clinical record: a column, or two, and a place in a resource."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.clinical.codes import code_of, concept_of
from legacy_bridge.mapping.clinical.places import Place
from legacy_bridge.mapping.field import (
    Column,
    Draft,
    FieldMapping,
    FromCloud,
    FromRows,
    ToColumns,
    link_to_column,
    reference_of,
)
from legacy_bridge.mapping.values import (
    PRACTICE_ZONE,
    check_text,
    is_yes,
    link_of,
    moment_columns,
    moment_from_text,
    moment_text,
    text_of,
    whole_moment_of,
)
from legacy_bridge.records import (
    CloudContent,
    Coded,
    Kind,
    LinkKey,
    PartialDate,
    Quantity,
    RowGroup,
    RowValue,
    Value,
)
from legacy_bridge.sides.links import References

NO_DATE = date(1899, 12, 31)
"""What the legacy program writes where there is no date."""
UNKNOWN, YEAR, MONTH, DAY = "U", "Y", "YM", "YMD"
_LENGTHS = {YEAR: len("YYYY"), MONTH: len("YYYY-MM")}
_PRECISIONS = {length: precision for precision, length in _LENGTHS.items()}


def row_of(group: RowGroup, table: str) -> Mapping[str, RowValue]:
    """The first row of a name; an empty one when there is none."""
    rows = group.rows.get(table, ())
    return rows[0] if rows else {}


def field(  # noqa: PLR0913 - what a field is, by name
    name: str,
    resource_type: str,
    place: Place,
    *,
    rows: FromRows,
    read: FromCloud,
    write: Any,
    columns: ToColumns | None = None,
) -> FieldMapping:
    """A field whose value lives at one place; what says the same already is left as it stands there.

    Args:
        name: the field's name.
        resource_type: the resource.
        place: where in it.
        rows: reads it from the rows.
        read: reads it from the resource.
        write: makes of a value, the references and what stands there now what is to stand there.
        columns: writes it to columns.
    """

    def put(draft: Draft, value: Value | None, references: References) -> None:
        resource = draft[resource_type]
        place.put(resource, None if value is None else write(value, references, place.get(resource)))

    return FieldMapping(name=name, from_rows=rows, from_cloud=read, to_draft=put, to_columns=columns)


def text_field(name: str, column: Column, resource_type: str, place: Place) -> FieldMapping:
    """Free text, byte for byte; a character that either side cannot hold refuses the record."""

    def rows(group: RowGroup) -> Value | None:
        text = column.read(group)
        return None if text is None else check_text(text, column=column.name, length=None)

    def columns(value: Value | None) -> Mapping[str, RowValue]:
        return qualified(column.table, resource_table(column), column.write(value))

    return field(
        name,
        resource_type,
        place,
        rows=rows,
        read=lambda content, _: text_of(place.get(content.resources[resource_type])),
        write=lambda value, _references, _before: value,
        columns=columns,
    )


def date_field(
    name: str,
    table: str,
    columns: tuple[str, str],
    resource_type: str,
    place: Place,
    *,
    extends: bool = False,
) -> FieldMapping:
    """A date that may be partial, with its precision; a time of day that the cloud knows stays there."""
    day, precision = columns

    def rows(group: RowGroup) -> Value | None:
        row = row_of(group, table)
        return partial_date(row.get(day), row.get(precision))

    def read(content: CloudContent, _references: References) -> Value | None:
        return partial_date_of(place.get(content.resources[resource_type]))

    def write(value: Value, _references: References, before: Any) -> Any:
        return before if partial_date_of(before) == value else date_text(value)

    def to_columns(value: Value | None) -> Mapping[str, RowValue]:
        written: dict[str, RowValue] = {day: None, precision: UNKNOWN}
        if isinstance(value, PartialDate):
            first = date.fromisoformat(value.text + "-01-01"[len(value.text) - 4 :])
            written = {day: first, precision: _PRECISIONS.get(len(value.text), DAY)}
        return qualified(table, table if extends else "", written)

    return field(name, resource_type, place, rows=rows, read=read, write=write, columns=to_columns)


def moment_field(
    name: str, table: str, columns: tuple[str, str], resource_type: str, place: Place
) -> FieldMapping:
    """A moment to the second, of a date and a time column; without a time it is not there."""
    day, clock = columns

    def rows(group: RowGroup) -> Value | None:
        row = row_of(group, table)
        when, hour = row.get(day), row.get(clock)
        if not isinstance(when, date) or not isinstance(hour, time) or when == NO_DATE:
            return None
        return whole_moment_of(when, hour)

    def read(content: CloudContent, _references: References) -> Value | None:
        return moment_from_text(text_of(place.get(content.resources[resource_type])))

    def write(value: Value, _references: References, before: Any) -> Any:
        return before if moment_from_text(text_of(before)) == value else moment_text(value)

    def to_columns(value: Value | None) -> Mapping[str, RowValue]:
        when, hour = moment_columns(value)
        return {day: when, clock: hour}

    return field(name, resource_type, place, rows=rows, read=read, write=write, columns=to_columns)


def link_field(  # noqa: PLR0913 - what is named, and where
    name: str,
    table: str,
    column: str,
    resource_type: str,
    place: Place,
    *,
    kind: Kind,
    target: str,
    extends: bool = False,
) -> FieldMapping:
    """A record that this one names, and the reference to it."""
    to_column = link_to_column(column)

    def rows(group: RowGroup) -> Value | None:
        return link_of(kind, row_of(group, table).get(column))

    def read(content: CloudContent, references: References) -> Value | None:
        found = reference_of(place.get(content.resources[resource_type]), references)
        return found if found is not None and found.kind is kind else None

    def write(value: Value, references: References, before: Any) -> Any:
        found = references.reference(value, target) if isinstance(value, LinkKey) else None
        is_same = isinstance(before, Mapping) and reference_of(before, references) == value
        return before if is_same else None if found is None else {"reference": found}

    return field(
        name,
        resource_type,
        place,
        rows=rows,
        read=read,
        write=write,
        columns=lambda value: qualified(table, table if extends else "", to_column(value)),
    )


def code_field(  # noqa: PLR0913 - the code, and what it is of
    name: str, table: str, column: str, codes: str, resource_type: str, place: Place, *, kind: Kind
) -> FieldMapping:
    """A code, with every name that it has.

    Args:
        name: the field's name.
        table: the table.
        column: the column of the code's number.
        codes: what the code's own row is called beside the record.
        resource_type: the resource.
        place: where its CodeableConcept is.
        kind: what kinds of codes it takes.
    """

    def rows(group: RowGroup) -> Value | None:
        number = text_of(row_of(group, table).get(column))
        return (
            None if number is None else Coded(number=number, term=text_of(row_of(group, codes).get("Term")))
        )

    def read(content: CloudContent, references: References) -> Value | None:
        return code_of(place.get(content.resources[resource_type]), references.codes, kind)

    def write(value: Value, references: References, before: Any) -> Any:
        if not isinstance(value, Coded):
            return None
        is_same = before is not None and _means(before, value, references, kind)
        return concept_of(references.codes.row(value), before, is_same=is_same)

    def to_columns(value: Value | None) -> Mapping[str, RowValue]:
        return {column: int(value.number) if isinstance(value, Coded) else None}

    return field(name, resource_type, place, rows=rows, read=read, write=write, columns=to_columns)


def number_field(
    name: str, table: str, column: str, unit: str | None, resource_type: str, place: Place
) -> FieldMapping:
    """A number, with its unit where it has one; see `Quantity`."""

    def rows(group: RowGroup) -> Value | None:
        row = row_of(group, table)
        number = row.get(column)
        if not isinstance(number, Decimal | int) or isinstance(number, bool):
            return None
        return Quantity.of(number, None if unit is None else text_of(row.get(unit)))

    def read(content: CloudContent, _references: References) -> Value | None:
        return quantity_of(place.get(content.resources[resource_type]))

    def write(value: Value, _references: References, before: Any) -> Any:
        return before if quantity_of(before) == value else quantity_element(value, before)

    def to_columns(value: Value | None) -> Mapping[str, RowValue]:
        if not isinstance(value, Quantity):
            return {column: None, **({} if unit is None else {unit: None})}
        if value.comparator is not None:
            raise RecordRefused(
                "value-with-comparator",
                "The legacy program holds plain numbers; this one says less than or more than. "
                "Enter it there as text.",
            )
        if unit is None:
            return {column: value.value()}
        return {column: value.value(), unit: check_text(value.unit or "", column=unit, length=60) or None}

    return field(name, resource_type, place, rows=rows, read=read, write=write, columns=to_columns)


def flag_field(name: str, table: str, column: str, resource_type: str, place: Place) -> FieldMapping:
    """A boolean of which no and unknown are alike: it is there, or it is not."""
    return field(
        name,
        resource_type,
        place,
        rows=lambda group: True if is_yes(row_of(group, table), column) else None,
        read=lambda content, _: place.get(content.resources[resource_type]) is True or None,
        write=lambda value, _references, _before: value,
        columns=lambda value: {column: value is True},
    )


def qualified(table: str, extends: str, columns: Mapping[str, RowValue]) -> Mapping[str, RowValue]:
    """Columns by the names that `RowChange` gives them: with their table where it extends the main one."""
    return {f"{table}.{name}": value for name, value in columns.items()} if extends else columns


def resource_table(column: Column) -> str:
    """The name of a column's table when it extends the record's own, else nothing."""
    return column.table if column.extends else ""


def partial_date(day: RowValue, precision: RowValue) -> PartialDate | None:
    """A date column and its precision: never a day or month that nobody knew."""
    if not isinstance(day, date) or isinstance(day, datetime) or day == NO_DATE or precision == UNKNOWN:
        return None
    return PartialDate(text=day.isoformat()[: _LENGTHS.get(str(precision), len("YYYY-MM-DD"))])


def partial_date_of(text: Any) -> PartialDate | None:
    """The practice's day of a FHIR dateTime."""
    known = text_of(text)
    if known is None:
        return None
    moment = moment_from_text(known)
    if moment is not None:
        return PartialDate.of(moment.astimezone(PRACTICE_ZONE).date())
    return PartialDate.parse(known)


def date_text(value: Value) -> str | None:
    """A date as FHIR writes it."""
    return value.text if isinstance(value, PartialDate) else None


UCUM = "http://unitsofmeasure.org"
_UCUM_CODES = {
    "kg": "kg", "g": "g", "mg": "mg", "cm": "cm", "mm": "mm", "m": "m", "ml": "mL", "mL": "mL", "L": "L",
    "%": "%", "mmHg": "mm[Hg]", "kg/m2": "kg/m2", "mmol/L": "mmol/L", "umol/L": "umol/L", "nmol/L": "nmol/L",
    "pmol/L": "pmol/L", "g/L": "g/L", "mg/L": "mg/L", "ug/L": "ug/L", "ng/mL": "ng/mL", "pg/mL": "pg/mL",
    "mg/dL": "mg/dL", "fL": "fL", "pg": "pg", "mmol/mol": "mmol/mol", "10*9/L": "10*9/L",
    "10*12/L": "10*12/L", "/min": "/min", "L/min": "L/min", "degrees C": "Cel",
    "iu/L": "[iU]/L", "kU/L": "kU/L", "L/L": "L/L", "mg/mmol": "mg/mmol", "pH": "[pH]",
    "mL/min/1.73m2": "mL/min/{1.73_m2}",
}  # fmt: skip
"""UCUM's codes of units that mean just that; every other unit stays text, and none is made up."""


def quantity_of(found: Any) -> Quantity | None:
    """A FHIR Quantity's value, unit and comparator.

    Raises:
        RecordRefused: its unit's text and its unit's code say different things.
    """
    if not isinstance(found, Mapping) or not isinstance(found.get("value"), Decimal | int):
        return None
    unit, code = text_of(found.get("unit")), text_of(found.get("code"))
    if unit is not None and code is not None and _UCUM_CODES.get(unit, code) != code and unit != code:
        raise RecordRefused(
            "unit-contradicts-itself",
            "The unit of this value is said in two ways that differ. Enter the value again in the new page.",
        )
    by_code = next((text for text, known in _UCUM_CODES.items() if known == code), code)
    return Quantity.of(found["value"], unit or by_code, text_of(found.get("comparator")))


def quantity_element(value: Value, before: Any) -> dict[str, Any] | None:
    """A quantity as FHIR writes it; nothing is kept of one that says something else."""
    if not isinstance(value, Quantity):
        return None
    found: dict[str, Any] = {"value": value.value()}
    if isinstance(before, Mapping) and "id" in before:
        found["id"] = before["id"]
    if value.comparator is not None:
        found["comparator"] = value.comparator
    if value.unit is not None:
        found["unit"] = value.unit
        if value.unit in _UCUM_CODES:
            found |= {"system": UCUM, "code": _UCUM_CODES[value.unit]}
    return found


def _means(concept: Any, value: Coded, references: References, kind: Kind) -> bool:
    try:
        return code_of(concept, references.codes, kind) == value
    except RecordRefused:
        return False
