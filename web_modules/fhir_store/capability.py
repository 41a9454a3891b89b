"""Says what this store can do, and nothing that it cannot: the CapabilityStatement."""

from typing import Any

from web_modules.fhir_store.audit.reading import PARAMETERS
from web_modules.fhir_store.audit.service import AUDIT_EVENT
from web_modules.fhir_store.elements.parameters import ParameterCatalogue, ParameterKind

FHIR_VERSION = "4.0.1"
_INTERACTIONS = (
    "read",
    "vread",
    "update",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)


def capability_statement(
    catalogue: ParameterCatalogue,
    resource_types: frozenset[str],
    *,
    base_url: str,
    description: str,
    date: str,
) -> dict[str, Any]:
    """The CapabilityStatement of one practice's base.

    Args:
        catalogue: the search parameters that work.
        resource_types: what can be stored.
        base_url: the practice's FHIR base.
        description: what this installation is, its environment's name among it.
        date: when this was put together, as a FHIR dateTime.
    """
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "kind": "instance",
        "software": {"name": "Banyan"},
        "implementation": {"description": description, "url": base_url},
        "fhirVersion": FHIR_VERSION,
        "format": ["json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "`_history` takes `_since` (inclusive), `_count`, `_sort=_lastUpdated` (oldest first). "
                    "With `If-None-Match` of its ETag and `Prefer: wait=SECONDS` it answers as soon as "
                    "something changes. `DELETE [type]/[id]/_history` (R6 delete-history) removes "
                    "the earlier versions of what was deleted."
                ),
                "resource": [
                    _audit() if kind == AUDIT_EVENT else _resource(catalogue, kind)
                    for kind in sorted(resource_types)
                ],
                "interaction": [{"code": code} for code in ("transaction", "batch", "history-system")],
            }
        ],
    }


def _audit() -> dict[str, Any]:
    return {
        "type": AUDIT_EVENT,
        "documentation": "Written by this server for every request; added to, never changed. Newest first.",
        "interaction": [{"code": code} for code in ("read", "create", "search-type")],
        "versioning": "no-version",
        "searchParam": [{"name": code, "type": kind} for code, kind in sorted(PARAMETERS.items())],
    }


def _resource(catalogue: ParameterCatalogue, resource_type: str) -> dict[str, Any]:
    parameters = catalogue.of(resource_type)
    references = sorted(
        f"{resource_type}:{code}" for code, one in parameters.items() if one.kind is ParameterKind.REFERENCE
    )
    made: dict[str, Any] = {
        "type": resource_type,
        "interaction": [{"code": code} for code in _INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "not-match",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical", "local"],
        "searchParam": [
            {"name": code, "definition": one.address, "type": one.kind.value}
            for code, one in sorted(parameters.items())
        ],
    }
    if references:
        made["searchInclude"] = references
    return made
