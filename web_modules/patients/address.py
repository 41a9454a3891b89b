"""A postal address as six fields, and back into a FHIR Address whose lines say which part they are. Pure."""

from collections.abc import Mapping
from typing import Any

_PART = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-"
"""HL7's own extensions for the parts of an address line (FHIR R4 extension-iso21090-adxp-*)."""

LINES: Mapping[str, str] = {
    "house": _PART + "unitID",
    "street": _PART + "streetAddressLine",
    "village": _PART + "precinct",
}
ELEMENTS: Mapping[str, str] = {"town": "city", "county": "district", "postcode": "postalCode"}
FIELDS = (*LINES, *ELEMENTS)
_UNMARKED: Mapping[int, tuple[str, ...]] = {1: ("street",), 2: ("street", "village")}
"""Which parts lines without a mark are, by their number; three and more fill all three."""


def home_address(patient: Mapping[str, Any]) -> tuple[int | None, Mapping[str, Any]]:
    """Where in the list the address of today's home is, and the address; (None, {}) when there is none."""
    for index, one in enumerate(patient.get("address") or []):
        if one.get("use", "home") == "home" and "end" not in (one.get("period") or {}):
            return index, one
    return None, {}


def address_parts(address: Mapping[str, Any]) -> dict[str, str]:
    """The six fields of an address; those that it does not have are empty."""
    parts = dict.fromkeys(FIELDS, "")
    marks = address.get("_line") or []
    unmarked: list[str] = []
    for index, line in enumerate(address.get("line") or []):
        if not line:
            continue
        mark = (marks[index] if index < len(marks) else None) or {}
        urls = {one.get("url") for one in mark.get("extension") or []}
        part = next((name for name, url in LINES.items() if url in urls and not parts[name]), None)
        if part is None:
            unmarked.append(str(line))
        else:
            parts[part] = str(line)
    free = [name for name in LINES if not parts[name]]
    wanted = [name for name in _UNMARKED.get(len(unmarked), tuple(LINES)) if name in free] or free
    wanted += [name for name in free if name not in wanted]
    for index, text in enumerate(unmarked):
        if index < len(wanted):
            parts[wanted[index]] = text
        else:
            last = wanted[-1] if wanted else "village"
            parts[last] = f"{parts[last]}, {text}"
    for name, element in ELEMENTS.items():
        parts[name] = str(address.get(element) or "")
    return parts


def with_address(patient: Mapping[str, Any], parts: Mapping[str, str]) -> list[dict[str, Any]] | None:
    """The patient's addresses with new parts for today's home; every other address stays as it is.

    Returns:
        the list, or None when nothing is left in it.
    """
    at, found = home_address(patient)
    changed = {name: value for name, value in found.items() if name not in ("line", "_line", "text")}
    present = [(parts[name], url) for name, url in LINES.items() if parts[name]]
    if present:
        changed["line"] = [text for text, _ in present]
        changed["_line"] = [{"extension": [{"url": url, "valueString": text}]} for text, url in present]
    for name, element in ELEMENTS.items():
        if parts[name]:
            changed[element] = parts[name]
        else:
            changed.pop(element, None)
    rest = [dict(one) for one in patient.get("address") or []]
    is_empty = not any(parts.values())
    if at is None:
        rest += [] if is_empty else [{"use": "home", **changed}]
    elif is_empty:
        del rest[at]
    else:
        rest[at] = changed
    return rest or None


def address_lines(address: Mapping[str, Any]) -> tuple[str, ...]:
    """An address as it is written on an envelope."""
    parts = address_parts(address)
    written = [parts[name] for name in FIELDS if parts[name]]
    return tuple(written) or ((str(address["text"]),) if address.get("text") else ())
