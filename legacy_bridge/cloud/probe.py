"""Tries out, on a resource of the bridge's own, what a server only promises: its guard against lost edits."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from legacy_bridge.cloud.abilities import Abilities, Tag
from legacy_bridge.errors import CloudUnfit
from legacy_bridge.records import BINARY
from web_modules.fhir import errors
from web_modules.fhir.client import FhirClient, TransactionEntry, version_of
from web_modules.fhir.resource_json import Resource

PROBE_IDENTIFIER = "https://banyan.example/Id/mirror-probe"
_EXACT = Decimal("1.10")
_LINK = f"{PROBE_IDENTIFIER}-content"
_NEVER = "never-a-version"


def probed(client: FhirClient, promised: Abilities) -> Abilities:
    """What a server does, where it promised more; some dozen requests.

    Raises:
        CloudUnfit: its resources say no version.
        FhirError: it does not answer, or not as a FHIR server does.
    """
    kept = _kept(client, promised)
    if "versionId" not in kept.get("meta", {}):
        raise CloudUnfit(
            "The cloud's resources say no version: an edit made there meanwhile could not be seen. "
            "Nothing is mirrored to such a server."
        )
    is_exact = str(kept.get("extension", [{}])[0].get("valueDecimal")) == str(_EXACT)
    promised = replace(promised, keeps_digits=is_exact)
    if not _refuses(lambda: client.update(kept, if_match=_NEVER)):
        return replace(promised, tag=Tag.NONE, guards_deletions=False, has_transaction=False)
    found = replace(promised, tag=_tag(client, str(kept["id"])))
    if found.has_transaction:
        step = TransactionEntry(method="PUT", url=_url(kept), resource=kept, if_match=_NEVER)
        found = replace(found, has_transaction=_refuses(lambda: client.transaction([step])))
    is_guarded = _refuses(lambda: client.delete("Basic", str(kept["id"]), if_match=_NEVER))
    if is_guarded and found.has_transaction:
        gone = TransactionEntry(method="DELETE", url=_url(kept), if_match=_NEVER)
        is_guarded = _refuses(lambda: client.transaction([gone]))
    found = replace(found, guards_deletions=is_guarded)
    if not (found.has_transaction and found.keeps_binaries):
        return found
    return replace(found, follows_links=_follows_links(client, str(kept["id"]), found.base))


def _follows_links(client: FhirClient, resource_id: str, base: str) -> bool:
    """Whether two steps of a transaction may name one another, and a second attempt finds the first."""
    full_url = f"urn:uuid:{uuid5(NAMESPACE_URL, PROBE_IDENTIFIER)}"
    content: Resource = {
        "resourceType": BINARY,
        "meta": {"tag": [{"system": PROBE_IDENTIFIER, "code": "content"}]},
        "contentType": "text/plain",
        "securityContext": {"reference": f"Basic/{resource_id}"},
        "data": "dHJpZWQgb3V0",
    }
    made = TransactionEntry(
        method="POST",
        url=BINARY,
        resource=content,
        full_url=full_url,
        if_none_exist=f"_tag={PROBE_IDENTIFIER}|content",
    )
    seen: list[tuple[str, str, str]] = []
    try:
        for _ in range(2):
            kept = client.read("Basic", resource_id)
            kept["extension"] = [
                *(one for one in kept.get("extension", []) if one["url"] != _LINK),
                {"url": _LINK, "valueAttachment": {"contentType": "text/plain", "url": full_url}},
            ]
            naming = TransactionEntry(method="PUT", url=_url(kept), resource=kept)
            said, there = client.transaction([naming, made])
            links = (one["valueAttachment"]["url"] for one in said["extension"] if one["url"] == _LINK)
            context = str(there.get("securityContext", {}).get("reference", ""))
            seen.append((str(there["id"]), next(links), context))
        client.delete(BINARY, seen[0][0])
    except (errors.FhirConflict, errors.FhirRefused, errors.FhirNotFound, errors.FhirGone):
        return False
    except (errors.FhirBroken, KeyError):  # it took it, and stored something else
        return False
    (found, address, context), again = seen
    own = {f"{one}{BINARY}/{found}" for one in ("", f"{base.rstrip('/')}/")}
    return again[0] == found and address in own and context.endswith(f"Basic/{resource_id}")


def _kept(client: FhirClient, promised: Abilities) -> Resource:
    """The resource that is tried on."""
    wanted: Resource = {
        "resourceType": "Basic",
        "identifier": [{"system": PROBE_IDENTIFIER, "value": "guard"}],
        "extension": [{"url": PROBE_IDENTIFIER, "valueDecimal": _EXACT}],
        "code": {"text": "Shows the mirror what this server can do"},
    }
    query = f"identifier={PROBE_IDENTIFIER}|guard"
    found = client.search("Basic", {"identifier": f"{PROBE_IDENTIFIER}|guard"})
    if found:
        return found[0]
    made = client.create(wanted, if_none_exist=query if promised.creates_conditionally else None)
    return client.read("Basic", str(made["id"]))


def _tag(client: FhirClient, resource_id: str) -> Tag:
    """The form of a version by which the server lets it be replaced."""
    for tag in (Tag.WEAK, Tag.STRONG):
        current = client.read("Basic", resource_id)
        version = version_of(current)
        name = version if tag is Tag.WEAK else f'"{version}"'
        if not _refuses(lambda: client.update(current, if_match=name)):  # noqa: B023 - called at once
            return tag
    return Tag.OPAQUE


def _refuses(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (errors.FhirConflict, errors.FhirRefused):
        return True
    return False


def _url(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
