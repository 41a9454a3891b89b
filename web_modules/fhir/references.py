"""Makes a server's references to itself relative, and leaves those to others alone (FHIR R4 references.html).

A server may name its own resources by their whole address. `Patient/1` and `https://cloud.example/fhir/Patient/1`
are then one patient, and `https://elsewhere.example/fhir/Patient/1` is another.
"""

import re
from typing import Any

from web_modules.fhir.resource_json import Resource

_ABSOLUTE = re.compile(rb'"reference"\s*:\s*"https?:')


def are_absolute(body: bytes) -> bool:
    """Whether some JSON text refers to anything by its whole address."""
    return _ABSOLUTE.search(body) is not None


def with_own_references(resource: Resource, full_url: str) -> Resource:
    """The same, with what lies beside it on its server named relative.

    Args:
        resource: of a Bundle's entry.
        full_url: of the entry; empty where the server does not say it.
    """
    name = f"{resource.get('resourceType')}/{resource.get('id')}"
    if not full_url.endswith(f"/{name}"):
        return resource
    found: Resource = _relative(resource, full_url.removesuffix(name))
    return found


def _relative(value: Any, root: str) -> Any:
    if isinstance(value, dict):
        return {
            name: one.removeprefix(root)
            if name == "reference" and isinstance(one, str)
            else _relative(one, root)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_relative(one, root) for one in value]
    return value
