"""Confidentiality labels of a resource, and of the resources inside it (FHIR R4 security-labels.html).

The strictest label anywhere inside rules the whole: what is shown of a record is all of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from web_modules.fhir.systems import CONFIDENTIALITY

LABELLED_INSIDE = "_security:inside"
"""Names in the index the labels of the resources inside one; `_security` finds a resource's own only."""


def labels_of(resource: Mapping[str, Any]) -> frozenset[str]:
    """The confidentiality codes of a resource and of everything inside it."""
    return _own(resource) | labels_inside(resource)


def labels_inside(resource: Mapping[str, Any]) -> frozenset[str]:
    """The confidentiality codes of what a resource contains, or carries as a Bundle or as Parameters."""
    found: frozenset[str] = frozenset()
    for inner in _inside(resource):
        found |= labels_of(inner)
    return found


def _own(resource: Mapping[str, Any]) -> frozenset[str]:
    labels = resource.get("meta", {}).get("security", ())
    return frozenset(one.get("code", "") for one in labels if one.get("system") == CONFIDENTIALITY)


def _inside(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("contained", ())
    match resource.get("resourceType"):
        case "Bundle":
            for entry in resource.get("entry", ()):
                yield from _carried(entry, "resource")
                yield from _carried(entry.get("response", {}), "outcome")
        case "Parameters":
            waiting = list(resource.get("parameter", ()))
            while waiting:
                one = waiting.pop()
                yield from _carried(one, "resource")
                waiting.extend(one.get("part", ()))


def _carried(node: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    if key in node:
        yield node[key]
