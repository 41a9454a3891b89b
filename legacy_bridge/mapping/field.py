"""One field's mapping: a pair of pure functions each way, and the usual ways to build one.

Elements are chosen by key (telecom by system and use, identifiers by system, extensions by address), never
by position, and only the element that changed is touched: what is not mapped stays as it was.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from legacy_bridge.mapping.values import check_text, guid_column, link_of, text_of
from legacy_bridge.records import CloudContent, Kind, LinkKey, RowGroup, RowValue, Value
from legacy_bridge.sides.links import References

Element = dict[str, Any]
Draft = dict[str, Element]
"""Resource type to a copy of the resource that may be changed."""

FromRows = Callable[[RowGroup], Value | None]
ToColumns = Callable[[Value | None], Mapping[str, RowValue]]
FromCloud = Callable[[CloudContent, References], Value | None]
ToDraft = Callable[[Draft, Value | None, References], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """How one field travels.

    Attributes:
        name: the field's name in the record.
        from_rows: read it from the legacy rows; None when absent, empty or blank.
        from_cloud: read it from the resources.
        to_draft: write it into copies of the resources.
        to_columns: write it to columns of the main row, or None when the bridge never writes them.
    """

    name: str
    from_rows: FromRows
    from_cloud: FromCloud
    to_draft: ToDraft
    to_columns: ToColumns | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A text column: its table, name and length in characters; `extends`: the table extends the main one."""

    table: str
    name: str
    length: int | None = None
    extends: bool = False

    def read(self, group: RowGroup) -> str | None:
        """The value of the group's first row of the table; None when blank."""
        rows = group.rows.get(self.table, ())
        return text_of(rows[0].get(self.name)) if rows else None

    def write(self, value: Value | None) -> Mapping[str, RowValue]:
        """The column's new value, checked."""
        if value is None:
            return {self.name: None}
        return {self.name: check_text(str(value), column=self.name, length=self.length)}


def main_row(group: RowGroup) -> Mapping[str, RowValue]:
    """The row that a group is about."""
    return next(iter(group.rows.values()))[0]


def plain_text(name: str, column: Column, resource_type: str, element: str, *, writes: bool) -> FieldMapping:
    """A text column and a plain string element of the same meaning."""

    def put(draft: Draft, value: Value | None, _references: References) -> None:
        set_element(draft[resource_type], element, value)

    return FieldMapping(
        name=name,
        from_rows=column.read,
        from_cloud=lambda content, _: text_of(content.resources[resource_type].get(element)),
        to_draft=put,
        to_columns=column.write if writes else None,
    )


def concept_text(
    name: str, column: Column, resource_type: str, element: str, *, repeats: bool = False
) -> FieldMapping:
    """A text column and the `text` of a CodeableConcept, the first where the element repeats."""

    def concept(resource: Mapping[str, Any]) -> Mapping[str, Any]:
        found = resource.get(element) or ([] if repeats else {})
        if repeats:
            return found[0] if found else {}
        return dict(found)

    def put(draft: Draft, value: Value | None, _references: References) -> None:
        changed = {**concept(draft[resource_type]), "text": value}
        if value is None:
            del changed["text"]
        rest = (draft[resource_type].get(element) or [])[1:] if repeats else []
        whole: Any = [*([changed] if changed else []), *rest] if repeats else changed
        set_element(draft[resource_type], element, whole or None)

    return FieldMapping(
        name=name,
        from_rows=column.read,
        from_cloud=lambda content, _: text_of(concept(content.resources[resource_type]).get("text")),
        to_draft=put,
    )


def telecom(name: str, column: Column, resource_type: str, system: str, use: str | None) -> FieldMapping:
    """A telephone or e-mail column and its ContactPoint; others of that system and use are left alone.

    The bridge marks its ContactPoint by the element's `id` (FHIR R4 element.html), so that another number of
    the same kind, or another order, is not taken for an edit. Without a mark it is the first that fits. While
    others fit, a cleared one stays behind without a value: else the next one would be taken for it.
    """
    mark = name.replace("_", "-")

    def fits(point: Mapping[str, Any]) -> bool:
        same_use = use is None or point.get("use", use if system == "email" else None) == use
        return point.get("system") == system and same_use and "end" not in _period(point)

    def place(points: Sequence[Mapping[str, Any]]) -> int | None:
        marked = (at for at, point in enumerate(points) if point.get("id") == mark and fits(point))
        first = (at for at, point in enumerate(points) if fits(point) and "value" in point)
        return next(marked, next(first, None))

    def get(content: CloudContent, _references: References) -> Value | None:
        points = content.resources[resource_type].get("telecom", [])
        at = place(points)
        return None if at is None else text_of(points[at].get("value"))

    def put(draft: Draft, value: Value | None, _references: References) -> None:
        points = list(draft[resource_type].get("telecom", []))
        at = place(points)
        kept = {} if at is None else {key: one for key, one in points[at].items() if key != "value"}
        point = {"system": system, **({"use": use} if use else {}), **kept, "id": mark}
        if value is not None:
            end = len(points)
            points[slice(end, end) if at is None else slice(at, at + 1)] = [{**point, "value": value}]
        elif at is not None:
            others = [one for index, one in enumerate(points) if index != at and fits(one) and "value" in one]
            points[at : at + 1] = [point] if others else []
        set_element(draft[resource_type], "telecom", points or None)

    return FieldMapping(
        name=name, from_rows=column.read, from_cloud=get, to_draft=put, to_columns=column.write
    )


def identifier(name: str, column: Column, resource_type: str, system: str) -> FieldMapping:
    """A column and the identifier of that system; the bridge never writes the column."""

    def put(draft: Draft, value: Value | None, _references: References) -> None:
        set_identifier(draft[resource_type], system, None if value is None else str(value))

    return FieldMapping(
        name=name,
        from_rows=column.read,
        from_cloud=lambda content, _: identifier_of(content.resources[resource_type], system),
        to_draft=put,
    )


def link_column(table: str, column: str, kind: Kind) -> FromRows:
    """Read a GUID column as a link, when the table has a row."""

    def get(group: RowGroup) -> Value | None:
        rows = group.rows.get(table, ())
        return link_of(kind, rows[0].get(column)) if rows else None

    return get


def link_to_column(column: str) -> ToColumns:
    """Write a link to a GUID column."""

    def put(value: Value | None) -> Mapping[str, RowValue]:
        return {column: guid_column(value.key) if isinstance(value, LinkKey) else None}

    return put


def set_element(resource: Element, element: str, value: Any) -> None:
    """Set an element, or remove it: FHIR has no empty values."""
    if value is None:
        resource.pop(element, None)
    else:
        resource[element] = value


def identifier_of(resource: Mapping[str, Any], system: str) -> str | None:
    """The value of the current identifier of a system."""
    found = (one for one in resource.get("identifier", []) if _is_current(one, system))
    return next((text_of(one.get("value")) for one in found), None)


def set_identifier(resource: Element, system: str, value: str | None, **more: Any) -> None:
    """Replace, add or remove the identifier of a system; all others stay."""
    rest = list(resource.get("identifier", []))
    at = next((index for index, one in enumerate(rest) if _is_current(one, system)), None)
    if value is None:
        if at is not None:
            del rest[at]
    elif at is None:
        rest.append({**more, "system": system, "value": value})
    else:
        rest[at] = {**rest[at], **more, "value": value}
    set_element(resource, "identifier", rest or None)


def extension_of(element: Mapping[str, Any], address: str) -> Mapping[str, Any]:
    """The extension of an address, or an empty one."""
    return next((one for one in element.get("extension", []) if one.get("url") == address), {})


def set_extension(element: Element, address: str, value: Mapping[str, Any] | None) -> None:
    """Replace, add or remove the extension of an address; all others stay."""
    rest = [one for one in element.get("extension", []) if one.get("url") != address]
    if value is not None:
        rest.append({"url": address, **value})
    set_element(element, "extension", rest or None)


def reference_of(element: Mapping[str, Any] | None, references: References) -> LinkKey | None:
    """The link that a Reference element names, or None when it names nothing of ours."""
    if element is None:
        return None
    return references.of_resources.get(relative(str(element.get("reference", ""))))


def relative(reference: str) -> str:
    """`Type/id` of a reference, with or without a version; one to another server is that of nothing here."""
    if "://" in reference:
        return reference
    parts = reference.split("/_history/", maxsplit=1)[0].rstrip("/").split("/")
    return "/".join(parts[-2:])


def references_in(content: CloudContent) -> set[str]:
    """Every `Type/id` that a record's resources refer to."""
    return {
        relative(named)
        for one in objects_in([*content.resources.values(), *content.appointments])
        if isinstance(named := one.get("reference"), str)
    }


def objects_in(values: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """Every JSON object in some resources, those themselves too."""
    waiting = list(values)
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):  # most are text: to ask whether it is a `Mapping` takes many times as long
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _is_current(one: Mapping[str, Any], system: str) -> bool:
    return one.get("system") == system and one.get("use") != "old"


def _period(point: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = point.get("period") or {}
    return found
