"""Where a reference points, as far as its address says. FHIR R4 references.html#literal."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_ID = r"[A-Za-z0-9\-.]{1,64}"
_LITERAL = re.compile(rf"(https?://\S+/)?([A-Za-z]+)(?:/{_ID}(?:/_history/{_ID})?|\?.+)")
_GAP = re.compile(r"\s")

Targets = Mapping[str, str]
"""The types of the resources that are sent along, by the addresses that stand for them there."""

NOWHERE: Targets = {}


def contained_targets(resource: Mapping[str, Any], around: Targets) -> Targets:
    """What references in a resource and in those that it contains may point to, beside what is around it."""
    inside = {f"#{one['id']}": one["resourceType"] for one in resource["contained"] if _is_named(one)}
    return {**around, "#": resource["resourceType"], **inside}


def entry_targets(entries: Iterable[Mapping[str, Any]]) -> Targets:
    """What references of a Bundle's entries to one another point to."""
    found: dict[str, str] = {}
    for entry in entries:
        address, resource = entry.get("fullUrl"), entry.get("resource")
        if isinstance(address, str) and isinstance(resource, dict) and "resourceType" in resource:
            found[address] = found["/".join(address.rsplit("/", maxsplit=2)[-2:])] = resource["resourceType"]
    return found


def pointed_type(address: str, targets: Targets, resource_types: frozenset[str]) -> str | None:
    """The type of what an address points to; None when that cannot be told from here.

    Raises:
        ValueError: it points nowhere; the message says why.
    """
    known = targets.get(address)
    if known is not None:
        return known
    literal = _LITERAL.fullmatch(address)
    if literal is not None:
        base, kind = literal.groups()
        if kind in resource_types:
            return str(kind)
        if base is None:
            raise ValueError("FHIR R4 has no resource type of the name that this reference begins with.")
        return None
    if address.startswith("#"):
        raise ValueError("No contained resource has this id.")
    is_bare = "/" not in address  # NHS England's examples hold such a reference: an id without its type
    if _GAP.search(address) or (not is_bare and address.partition("/")[0] in resource_types):
        raise ValueError("This is not a reference, such as Patient/1, #1 or a whole URL.")
    return None


def _is_named(resource: Any) -> bool:
    return (
        isinstance(resource, dict)
        and isinstance(resource.get("id"), str)
        and isinstance(resource.get("resourceType"), str)
    )
