"""The content of documents that lies beside them, in a Binary of the same server (FHIR R4 binary.html).

A Binary says nothing of any patient but by its `securityContext`. The bridge may read every one, so it takes
only what is the document's own: of which the context is the document or its patient, or which it took before.
Else somebody could have another patient's content carried into a record that they may read.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from legacy_bridge.mapping.clinical.record import is_labelled
from legacy_bridge.mapping.field import relative
from legacy_bridge.records import BINARY, CLOUD_CONTENT_MISSING
from web_modules.fhir import errors
from web_modules.fhir.client import FhirClient, version_of
from web_modules.fhir.resource_json import Resource

DOCUMENT = "DocumentReference"
CONTEXT = "securityContext"
_KEEPS_NO_HISTORY = frozenset({400, 404, 405, 422, 501})
_MISSING = (
    CLOUD_CONTENT_MISSING,
    "What is in this document (a Binary) is not there: put it back, or put it into the document itself. "
    "It goes on by itself when that arrives.",
)
_FORBIDDEN = (
    "content-forbidden",
    "The cloud does not let the bridge read what is in this document (a Binary): give it leave, and save the "
    "document again.",
)
_UNPROTECTED = (
    "content-unprotected",
    "What is in this document (a Binary) does not say whose it is: name the patient, or this document, as "
    "its securityContext.",
)
_OF_ANOTHER = (
    "content-of-another",
    "What is in this document (a Binary) belongs to something else by its securityContext: make a copy of it "
    "for this document.",
)
_LABELLED = (
    "confidential-in-cloud",
    "What is in this document is confidential and the legacy program would show it to everybody: enter it "
    "there as confidential.",
)
_EARLIER = (
    "content-of-earlier-version",
    "This document names an earlier version of what is in it (a Binary): name the current one.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What lies beside a document.

    Attributes:
        binary: its content; None: there is none, or it cannot be taken.
        unread: why not (reason, words).
        awaited: which it is, as `Type/id`.
    """

    binary: Resource | None = None
    unread: tuple[str, str] | None = None
    awaited: str | None = None


class Binaries:
    """Finds what lies beside documents on one server. Blocks; raises what the client raises."""

    def __init__(self, client: FhirClient, bases: Callable[[], Collection[str]]) -> None:
        """Look at a server.

        Args:
            client: the server.
            bases: its own addresses, by which a document may name what is on it.
        """
        self._client = client
        self._bases = bases

    def beside(self, document: Mapping[str, Any], known: str | None) -> Beside:
        """What a document names as its content, where that is on this server.

        Args:
            document: as read.
            known: the id of the Binary that was taken for its own before.
        """
        named = [found for url in _urls(document) if (found := self._named(url)) is not None]
        if len(named) != 1 or len(document.get("content", [])) != 1:
            return Beside()
        reference, version = named[0]
        try:
            binary = self._read(reference)
        except (errors.FhirNotFound, errors.FhirGone):
            return Beside(unread=_MISSING, awaited=reference)
        except errors.FhirForbidden as error:
            if error.is_signed_out:
                raise
            return Beside(unread=_FORBIDDEN, awaited=reference)
        refusal = self._refusal(document, binary, version, is_known=reference == f"{BINARY}/{known}")
        if refusal is None:
            return Beside(binary=binary)
        awaited = None if refusal == _OF_ANOTHER else reference  # its own document goes on hearing of it
        return Beside(unread=refusal, awaited=awaited)

    def left_behind(self, known: str) -> Resource | None:
        """The content that a document had, which is not there any more itself."""
        try:
            return self._read(f"{BINARY}/{known}")
        except (errors.FhirNotFound, errors.FhirGone):
            return None

    def ever_named(self, document: Mapping[str, Any], known: str | None) -> list[Resource]:
        """Everything that a document, or an earlier version of it, names as its own content.

        Of what is deleted already, only the type and the id: its earlier versions may still be read.
        """
        whole = [document, *self._versions(DOCUMENT, str(document["id"]))]
        found: dict[str, Resource] = {}
        for one in whole:
            for url in _urls(one):
                reference = (self._named(url) or ("", None))[0]
                if reference and reference not in found:
                    binary = self._own(reference, one, known)
                    if binary is not None:
                        found[reference] = binary
        return list(found.values())

    def _own(self, reference: str, document: Mapping[str, Any], known: str | None) -> Resource | None:
        try:
            binary = self._read(reference)
        except errors.FhirNotFound:
            return None
        except errors.FhirGone:
            before = next(self._versions(*reference.split("/", 1)), {})
            binary = {"resourceType": BINARY, "id": reference.partition("/")[2], CONTEXT: before.get(CONTEXT)}
        is_own = reference == f"{BINARY}/{known}" or self._context(binary) in self._owners(document)
        return binary if is_own else None

    def _versions(self, resource_type: str, resource_id: str) -> Iterator[Resource]:
        try:
            for one in self._client.history_of(resource_type, resource_id):
                if one.resource is not None:
                    yield one.resource
        except errors.FhirError as error:
            if error.status not in _KEEPS_NO_HISTORY:
                raise

    def _read(self, reference: str) -> Resource:
        resource_type, resource_id = reference.split("/", 1)
        found = self._client.read(resource_type, resource_id)
        if "://" not in self._context(found):
            return found
        try:  # the server may call itself by another name: a search's answer tells that
            told = self._client.search(resource_type, {"_id": resource_id})
        except (errors.FhirRefused, errors.FhirNotFound):
            return found
        return next((one for one in told if one.get("id") == resource_id), found)

    def _named(self, url: str) -> tuple[str, str | None] | None:
        """`Binary/id` and the version of an address on this server; None: it is elsewhere, or nothing."""
        path = self._on_this_server(url)
        kind, _, rest = path.partition("/")
        resource_id, _, version = rest.partition("/_history/")
        if kind != BINARY or not resource_id or "/" in resource_id + version or "?" in path:
            return None
        return f"{BINARY}/{resource_id}", version or None

    def _on_this_server(self, url: str) -> str:
        for base in self._bases():
            if base and url.startswith(f"{base.rstrip('/')}/"):
                return url.removeprefix(f"{base.rstrip('/')}/")
        return url

    def _refusal(
        self, document: Mapping[str, Any], binary: Resource, version: str | None, *, is_known: bool
    ) -> tuple[str, str] | None:
        context = self._context(binary)
        if not is_known and context not in self._owners(document):
            return _OF_ANOTHER if context else _UNPROTECTED
        if is_labelled(binary):
            return _LABELLED
        return _EARLIER if version not in (None, version_of(binary)) else None

    def _context(self, binary: Mapping[str, Any]) -> str:
        named = str((binary.get(CONTEXT) or {}).get("reference", ""))
        return relative(self._on_this_server(named)) if named else ""

    def _owners(self, document: Mapping[str, Any]) -> set[str]:
        subject = str((document.get("subject") or {}).get("reference", ""))
        patient = relative(self._on_this_server(subject))
        return {f"{DOCUMENT}/{document['id']}", *([patient] if patient.startswith("Patient/") else [])}


def _urls(document: Mapping[str, Any]) -> list[str]:
    attachments = (one.get("attachment") or {} for one in document.get("content", []))
    return [str(one["url"]) for one in attachments if "url" in one]
