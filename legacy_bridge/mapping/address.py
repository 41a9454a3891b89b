"""A postal address: six columns and one FHIR Address, whose lines say which part they are."""

import re
from collections.abc import Mapping
from typing import Any

from legacy_bridge.mapping.field import Column, Draft, FieldMapping, set_element
from legacy_bridge.mapping.values import text_of
from legacy_bridge.records import CloudContent, RowGroup, Value
from legacy_bridge.sides.links import References

# HL7's own extensions for the parts of an address line (FHIR R4 extension-iso21090-adxp-*)
_PART = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-"
_LINES: Mapping[str, str] = {
    "address_flat": _PART + "unitID",
    "address_street": _PART + "streetAddressLine",
    "address_village": _PART + "precinct",
}
_ELEMENTS: Mapping[str, str] = {
    "address_town": "city",
    "address_county": "district",
    "address_postcode": "postalCode",
}
ADDRESS_FIELDS = (*_LINES, *_ELEMENTS)
_COLUMNS: Mapping[str, tuple[str, int]] = {
    "address_flat": ("HouseNameFlatNumber", 50),
    "address_street": ("NumberAndStreet", 50),
    "address_village": ("Village", 50),
    "address_town": ("Town", 50),
    "address_county": ("County", 50),
    "address_postcode": ("Postcode", 7),
}
_UNMARKED: Mapping[int, tuple[str, ...]] = {
    1: ("address_street",),
    2: ("address_street", "address_village"),
}
"""Which parts lines without a mark are, by their number; three and more fill all three."""


def address_fields(table: str, resource_type: str, *, repeats: bool) -> tuple[FieldMapping, ...]:
    """The six fields of an address.

    Args:
        table: the legacy table that holds the columns.
        resource_type: the resource that holds the address.
        repeats: whether its `address` is a list; then the home address, or the first without a use, is ours.
    """
    return tuple(_field(name, table, resource_type, repeats=repeats) for name in ADDRESS_FIELDS)


def _field(name: str, table: str, resource_type: str, *, repeats: bool) -> FieldMapping:
    column = Column(table=table, name=_COLUMNS[name][0], length=_COLUMNS[name][1])

    def from_rows(group: RowGroup) -> Value | None:
        value = column.read(group)
        return _spaced(value) if name == "address_postcode" and value else value

    def from_cloud(content: CloudContent, _references: References) -> Value | None:
        found = _ours(content.resources[resource_type], repeats=repeats)[1]
        return _parts(found).get(name)

    def to_draft(draft: Draft, value: Value | None, _references: References) -> None:
        resource = draft[resource_type]
        at, found = _ours(resource, repeats=repeats)
        parts = {**_parts(found), name: value}
        changed = _with_parts(found, parts)
        if not repeats:
            set_element(resource, "address", changed or None)
            return
        rest = list(resource.get("address", []))
        if set(changed) <= {"use"}:
            if at is not None:
                del rest[at]
        elif at is None:
            rest.append({"use": "home", **changed})
        else:
            rest[at] = changed
        set_element(resource, "address", rest or None)

    def to_columns(value: Value | None) -> Mapping[str, Any]:
        if name == "address_postcode" and isinstance(value, str) and _is_postcode(value):
            return column.write(value.replace(" ", ""))  # seven characters: a full one fits only like this
        return column.write(value)

    return FieldMapping(
        name=name, from_rows=from_rows, from_cloud=from_cloud, to_draft=to_draft, to_columns=to_columns
    )


def _ours(resource: Mapping[str, Any], *, repeats: bool) -> tuple[int | None, Mapping[str, Any]]:
    if not repeats:
        return None, resource.get("address") or {}
    current = [
        (index, one)
        for index, one in enumerate(resource.get("address", []))
        if one.get("use", "home") == "home" and "end" not in (one.get("period") or {})
    ]
    return current[0] if current else (None, {})


def _parts(found: Mapping[str, Any]) -> dict[str, Value | None]:
    lines = found.get("line") or []
    marks = found.get("_line") or []
    parts: dict[str, Value | None] = {}
    unmarked: list[str] = []
    for index, line in enumerate(lines):
        text = text_of(line)
        if text is None:
            continue
        extensions = (marks[index] or {}).get("extension", []) if index < len(marks) else []
        urls = {one.get("url") for one in extensions}
        part = next((name for name, url in _LINES.items() if url in urls and name not in parts), None)
        if part is None:
            unmarked.append(text)
        else:
            parts[part] = text
    free = [name for name in _LINES if name not in parts]
    wanted = [name for name in _UNMARKED.get(len(unmarked), tuple(_LINES)) if name in free] or free
    wanted += [name for name in free if name not in wanted]
    for index, text in enumerate(unmarked):
        if index < len(wanted):
            parts[wanted[index]] = text
        elif parts:
            last = wanted[-1] if wanted else "address_village"
            parts[last] = f"{parts[last]}, {text}"
    for name, element in _ELEMENTS.items():
        value = text_of(found.get(element))
        if value is not None:
            parts[name] = _spaced(value) if name == "address_postcode" else value
    return parts


def _with_parts(found: Mapping[str, Any], parts: Mapping[str, Value | None]) -> dict[str, Any]:
    changed = {name: value for name, value in found.items() if name not in ("line", "_line", "text")}
    present = [(parts[name], url) for name, url in _LINES.items() if parts.get(name) is not None]
    if present:
        changed["line"] = [value for value, _ in present]
        changed["_line"] = [{"extension": [{"url": url, "valueString": value}]} for value, url in present]
    for name, element in _ELEMENTS.items():
        set_element(changed, element, parts.get(name))
    return changed


def _spaced(postcode: str) -> str:
    """`LS177DF` as people write it, `LS17 7DF`; what is no postcode stays as it is."""
    tight = postcode.replace(" ", "").upper()
    return f"{tight[:-3]} {tight[-3:]}" if _is_postcode(postcode) else postcode


def _is_postcode(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z]{1,2}[0-9][A-Za-z0-9]? *[0-9][A-Za-z]{2}", text) is not None
