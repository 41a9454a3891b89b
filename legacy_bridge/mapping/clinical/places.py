"""Places of a resource where one value lives: an element, or an extension; each is read and put alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from legacy_bridge.mapping.field import Element, extension_of, set_element, set_extension

_OURS = "https://banyan.example/StructureDefinition/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one value lives in a resource.

    Attributes:
        get: read it; None when it is not there.
        put: set it, or remove it with None.
    """

    get: Callable[[Mapping[str, Any]], Any]
    put: Callable[[Element, Any], None]


def element(*path: str) -> Place:
    """An element, by the names on the way to it; none of them repeats."""

    def get(resource: Mapping[str, Any]) -> Any:
        found: Any = resource
        for name in path:
            found = (found or {}).get(name)
        return found

    def put(resource: Element, value: Any) -> None:
        _put(resource, path, value)

    return Place(get=get, put=put)


def extension(name: str, value_type: str) -> Place:
    """An extension of our own, such as `qualifiers` with a `valueString`."""
    address = _OURS + name

    def put(resource: Element, value: Any) -> None:
        set_extension(resource, address, None if value is None else {value_type: value})

    return Place(get=lambda resource: extension_of(resource, address).get(value_type), put=put)


def marked(name: str, mark: str, within: str | None = None) -> Place:
    """The item of a repeating element that the bridge marks by the element's `id`, else the only one.

    Args:
        name: the repeating element.
        mark: the id (FHIR R4 element.html).
        within: the item's element that is meant; None: the whole item.
    """

    def place(items: list[Any]) -> int | None:
        of_mark = [at for at, item in enumerate(items) if item.get("id") == mark]
        plain = [at for at, item in enumerate(items) if "id" not in item]
        return of_mark[0] if of_mark else plain[0] if len(plain) == 1 else None

    def get(resource: Mapping[str, Any]) -> Any:
        items = resource.get(name, [])
        at = place(items)
        if at is None:
            return None
        return items[at] if within is None else items[at].get(within)

    def put(resource: Element, value: Any) -> None:
        items = list(resource.get(name, []))
        at = place(items)
        whole = value if within is None else {within: value}
        if value is None and at is not None:
            kept = {} if within is None else {one: is_in for one, is_in in items[at].items() if one != within}
            items[at : at + 1] = [kept] if set(kept) - {"id"} else []
        elif value is not None and at is None:
            items.append({**whole, "id": mark})
        elif value is not None and at is not None:
            items[at] = {**items[at], **whole, "id": mark}
        set_element(resource, name, items or None)

    return Place(get=get, put=put)


def within(outer: Place, inner: Place) -> Place:
    """A place inside what stands at another place."""

    def put(resource: Element, value: Any) -> None:
        changed = dict(outer.get(resource) or {})
        inner.put(changed, value)
        outer.put(resource, changed or None)

    return Place(get=lambda resource: inner.get(outer.get(resource) or {}), put=put)


def _put(parent: Element, path: tuple[str, ...], value: Any) -> None:
    first, *rest = path
    if not rest:
        set_element(parent, first, value)
        return
    child = dict(parent.get(first) or {})
    _put(child, tuple(rest), value)
    set_element(parent, first, child or None)
