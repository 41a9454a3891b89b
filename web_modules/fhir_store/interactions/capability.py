"""Says what this store can do, and nothing that it cannot: the CapabilityStatement."""

from collections.abc import Mapping, Sequence
from typing import Any

from web_modules.fhir.systems import RESTORE_EPOCH
from web_modules.fhir_store.access import AUDIT_EVENT
from web_modules.fhir_store.audit.reading import PARAMETERS
from web_modules.fhir_store.elements.contexts import BINARY
from web_modules.fhir_store.elements.parameters import ParameterCatalogue, ParameterKind
from web_modules.fhir_store.interactions.patching import JSON_PATCH
from web_modules.fhir_store.subscriptions.wanted import SUBSCRIPTION
from web_modules.fhir_store.validation.constraints import ENFORCED

FHIR_VERSION = "4.0.1"
_DEFINITIONS = "http://hl7.org/fhir"
_OF_EVERY_TYPE = (
    ("_id", "id", "token"),
    ("_lastUpdated", "lastUpdated", "date"),
    ("_profile", "profile", "uri"),
    ("_security", "security", "token"),
    ("_source", "source", "uri"),
    ("_tag", "tag", "token"),
)
_WEBSOCKET = f"{_DEFINITIONS}/StructureDefinition/capabilitystatement-websocket"
_OF_THE_WHOLE = ("transaction", "batch", "history-system", "search-system")
_SUBSCRIPTIONS = (
    "Channels rest-hook and websocket; payload application/fhir+json (rest-hook: PUT to "
    "[endpoint]/[type]/[id]) or none (an empty POST, or a ping). The server sets the status; a client may "
    "set it to `off`. Criteria are those of a search of one type. Each committed version that matches is "
    "told of at least once and in order, as far as whoever last wrote the Subscription may see it; deletions "
    "are not told of."
)
_BINARIES = (
    "Read and vread answer with the content itself, as a file, unless Accept or `_format` names FHIR's "
    "JSON. POST and PUT take content of any media type but JSON, up to 24 MB, with `X-Security-Context`; "
    "JSON must be a Binary. Who has limits reads and writes one with a `securityContext` when they may read "
    "that, by id alone, in its current version; searches and histories leave it out for them."
)
_OPERATIONS = (("validate", "Resource-validate"), ("meta", "Resource-meta"))
_PATIENT_OPERATIONS = (("everything", "Patient-everything"),)
_INTERACTIONS = (
    "read",
    "vread",
    "update",
    "patch",
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
    security: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The CapabilityStatement of one practice's base.

    Args:
        catalogue: the search parameters that work.
        resource_types: what can be stored.
        base_url: the practice's FHIR base.
        description: what this installation is, its environment's name among it.
        date: when this was put together, as a FHIR dateTime.
        security: `rest.security`, how clients become known; None where nobody is asked for.
    """
    pointing = _pointing(catalogue, resource_types - {AUDIT_EVENT})
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "kind": "instance",
        "software": {"name": "Banyan"},
        "implementation": {"description": description, "url": base_url},
        "fhirVersion": FHIR_VERSION,
        "format": ["json", "application/fhir+json"],
        "patchFormat": [JSON_PATCH],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "`_history` takes `_since` (inclusive), `_at`, `_count`, "
                    "`_sort=_lastUpdated` (oldest first). "
                    "With `If-None-Match` of its ETag and `Prefer: wait=SECONDS` it answers as soon as "
                    f"something changes. Its Bundles have a tag of {RESTORE_EPOCH}, another one after a "
                    "backup was restored: compare everything then. "
                    "`DELETE [type]/[id]/_history` (R6 delete-history) removes the earlier versions "
                    "of what was deleted. PATCH works "
                    "under a condition too. A client without limits may create under an id of its own choice "
                    "(`updateCreate`); others create with POST. What a batch or transaction reads is read "
                    "after what it writes. Searches take chains, `_has`, `_include` and `_revinclude` with "
                    "`:iterate`, `_summary`, `_elements`, `_total`, `_list`; token `:not`, `:text`, `:in`, "
                    "`:not-in` (value sets in this store that list their codes), `:of-type`; uri `:above`, "
                    "`:below`; reference `:identifier`, `:[type]`; string `:exact`, `:contains`; `:missing`. "
                    "`Patient/[id]/[type]` searches a patient's compartment. "
                    "Bodies may be packed with gzip both ways; `_pretty=true` lays out what has up to 1 MB; "
                    "`Prefer` takes `return` (`minimal`, `representation`, `OperationOutcome`) and "
                    "`handling=strict`. "
                    "Confidentiality labels (`meta.security`, v3-Confidentiality) R and V are enforced: who "
                    "may not see a record neither reads, finds, counts nor changes it; a label on anything "
                    "inside a record rules the whole of it; a search or history of a type or patient of "
                    "which one is hidden says so by an issue `suppressed`. "
                    f"Of HL7's invariants these are enforced: {', '.join(ENFORCED)}."
                ),
                "extension": [{"url": _WEBSOCKET, "valueUri": socket_address(base_url)}],
                **({} if security is None else {"security": dict(security)}),
                "resource": [
                    _audit() if kind == AUDIT_EVENT else _resource(catalogue, kind, pointing[kind])
                    for kind in sorted(resource_types)
                ],
                "interaction": [{"code": code} for code in _OF_THE_WHOLE],
                "searchParam": [
                    {
                        "name": name,
                        "definition": f"{_DEFINITIONS}/SearchParameter/Resource-{kind}",
                        "type": of,
                    }
                    for name, kind, of in _OF_EVERY_TYPE
                ],
                "compartment": [f"{_DEFINITIONS}/CompartmentDefinition/patient"],
            }
        ],
    }


def socket_address(base_url: str) -> str:
    """Where websockets are opened, below a base."""
    scheme, _, rest = base_url.partition("://")
    return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/websocket"


def _audit() -> dict[str, Any]:
    return {
        "type": AUDIT_EVENT,
        "documentation": "Written by this server for every request; added to, never changed. Newest first.",
        "interaction": [{"code": code} for code in ("read", "vread", "create", "search-type")],
        "versioning": "versioned",
        "searchParam": [{"name": code, "type": kind} for code, kind in sorted(PARAMETERS.items())],
    }


def _resource(catalogue: ParameterCatalogue, resource_type: str, pointing: Sequence[str]) -> dict[str, Any]:
    parameters = catalogue.of(resource_type)
    operations = (*_OPERATIONS, *(_PATIENT_OPERATIONS if resource_type == "Patient" else ()))
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
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical", "local"],
        "searchParam": [
            {"name": code, "definition": one.address, "type": one.kind.value}
            for code, one in sorted(parameters.items())
        ],
    }
    documentation = {SUBSCRIPTION: _SUBSCRIPTIONS, BINARY: _BINARIES}.get(resource_type)
    if documentation is not None:
        made["documentation"] = documentation
    made["searchInclude"] = ["*", *references]
    made["searchRevInclude"] = ["*", *pointing]
    made["operation"] = [
        {"name": name, "definition": f"{_DEFINITIONS}/OperationDefinition/{of}"} for name, of in operations
    ]
    return made


def _pointing(catalogue: ParameterCatalogue, resource_types: frozenset[str]) -> dict[str, list[str]]:
    """By type, what may point to it."""
    found: dict[str, list[str]] = {kind: [] for kind in resource_types}
    for source in sorted(resource_types):
        for code, one in sorted(catalogue.of(source).items()):
            if one.kind is ParameterKind.REFERENCE:
                for target in one.targets or resource_types:
                    if target in found:
                        found[target].append(f"{source}:{code}")
    return found
