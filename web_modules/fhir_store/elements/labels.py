"""Confidentiality labels of a resource, and of the resources inside it (FHIR R4 security-labels.html).

The strictest label anywhere inside rules the whole: what is shown of a record is all of it. One that nobody
can read may be the strictest, and so counts as that.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from web_modules.fhir.systems import CONFIDENTIALITY
from web_modules.fhir_store.access import OPEN_LABELS, RESTRICTED_LABELS

LABELLED_INSIDE = "_security:inside"
"""Names in the index the labels of the resources inside one; `_security` finds a resource's own only."""

UNREADABLE = "_security:unreadable"
"""Names in the index what has a label that nobody can read; of all types, so that all are soon found."""

STRICTEST = "V"
"""As which such a label counts: it hides the record from most."""

CODES = OPEN_LABELS | RESTRICTED_LABELS
_MEANS_CONFIDENTIALITY = re.compile(r"(?i)confidentiality|2\.16\.840\.1\.113883\.5\.25\b")
"""Other names of HL7's system: STU3's, its OID in CDA, its value set, or a slip of the pen."""


def labels_of(resource: Mapping[str, Any]) -> frozenset[str]:
    """The confidentiality codes of a resource and of everything inside it."""
    return _own(resource) | labels_inside(resource)


def labels_inside(resource: Mapping[str, Any]) -> frozenset[str]:
    """The confidentiality codes of what a resource contains, or carries as a Bundle or as Parameters."""
    found: frozenset[str] = frozenset()
    for inner in _inside(resource):
        found |= labels_of(inner)
    return found


def has_unreadable(resource: Mapping[str, Any]) -> bool:
    """Whether a resource, or anything inside it, has a label of which nobody can tell what it hides.

    None is stored any more (`validation.invariants`); an earlier Banyan did not look.
    """
    labels = resource.get("meta", {}).get("security", ())
    return any(map(is_unreadable, labels)) or any(map(has_unreadable, _inside(resource)))


def is_unreadable(label: Mapping[str, Any]) -> bool:
    """Whether a label may be one of confidentiality, and nobody can tell which."""
    system = label.get("system")
    if system == CONFIDENTIALITY:
        return label.get("code") not in CODES
    return not system or _MEANS_CONFIDENTIALITY.search(system) is not None


def _own(resource: Mapping[str, Any]) -> frozenset[str]:
    labels = resource.get("meta", {}).get("security", ())
    if any(map(is_unreadable, labels)):
        return frozenset({STRICTEST})
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
