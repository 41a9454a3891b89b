"""Binaries as what they hold: sent and served in their own media type (FHIR R4 binary.html).

What people store may be a page with scripts: it is served as a file to be kept, never as a page of ours.
"""

import base64
import re
from dataclasses import replace
from typing import Any

from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.database.records import StoredVersion
from web_modules.fhir_store.documents import Resource, decode
from web_modules.fhir_store.elements.contexts import BINARY, CONTEXT
from web_modules.fhir_store.formats import is_json_named, is_sent_as_json
from web_modules.fhir_store.refusals import IssueCode, refuse

CONTEXT_HEADER = "x-security-context"
HEADERS = ("accept", "content-type", CONTEXT_HEADER)
"""Of requests for a Binary, beside those of every request."""

LARGEST_CONTENT_BYTES = 24_000_000
"""As base64 it is as large as the largest body."""

_OF_UNKNOWN_KIND = "application/octet-stream"
_SAFE = re.compile(r"[\x20-\x7e]+")
_RUN_BY_PAGES = re.compile(r"(?i)script|css|wasm")
"""What a page would run that names its address; ours take what comes from their own origin."""

_VARIES = {"vary": "accept"}

_AS_A_FILE = {
    "content-disposition": "attachment",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
}


def is_of_binary(path: str) -> bool:
    """Whether a path is that of a Binary, or of all of them."""
    return path.split("/", maxsplit=1)[0] == BINARY


def is_wanted(request: FhirRequest) -> bool:
    """Whether a reader wants what a Binary holds: whoever does not name FHIR's JSON."""
    accept = request.headers.get("accept")
    asks_for_format = any(name == "_format" for name, _value in request.query)
    return accept is not None and not asks_for_format and not is_json_named(accept)


def is_sent(request: FhirRequest, resource_type: str) -> bool:
    """Whether what is sent is to be the content of a Binary."""
    kind = request.headers.get("content-type", "")
    return resource_type == BINARY and bool(kind) and not is_sent_as_json(kind)


def binary_of(request: FhirRequest, resource_id: str) -> Resource:
    """The Binary that holds what was sent; still to be checked.

    Raises:
        Refusal: 413, it is too large.
    """
    if len(request.body) > LARGEST_CONTENT_BYTES:
        raise refuse(413, IssueCode.TOO_COSTLY, "This is larger than a Binary may be: 24 MB.")
    made: dict[str, Any] = {"resourceType": BINARY}
    if resource_id:
        made["id"] = resource_id
    made["contentType"] = request.headers["content-type"].strip()
    context = request.headers.get(CONTEXT_HEADER, "").strip()
    if context:
        made[CONTEXT] = {"reference": context}
    if request.body:
        made["data"] = base64.b64encode(request.body).decode()
    return made


def varying(answer: FhirResponse, version: StoredVersion) -> FhirResponse:
    """An answer that says, of a Binary, that another `Accept` would get another one (RFC 9110, 12.5.5)."""
    return replace(answer, headers={**answer.headers, **_VARIES}) if version.type == BINARY else answer


def content_of(version: StoredVersion, headers: dict[str, str]) -> FhirResponse:
    """What a Binary holds, with the headers of its version."""
    binary = decode(version.content or b"{}")
    kind = str(binary.get("contentType", ""))
    is_harmless = _SAFE.fullmatch(kind) and not _RUN_BY_PAGES.search(kind)
    told = {**headers, "content-type": kind if is_harmless else _OF_UNKNOWN_KIND, **_AS_A_FILE}
    context = str(binary.get(CONTEXT, {}).get("reference", ""))
    if _SAFE.fullmatch(context):
        told[CONTEXT_HEADER] = context
    return FhirResponse(status=200, headers=told, body=base64.b64decode(binary.get("data", "")))
