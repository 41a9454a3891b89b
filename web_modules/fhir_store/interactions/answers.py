"""Makes the HTTP answers of the store: resources, bundles, outcomes, with FHIR's headers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Any

from web_modules.fhir.systems import RESTORE_EPOCH
from web_modules.fhir.transport import FHIR_JSON, FhirRequest, FhirResponse
from web_modules.fhir_store.database.records import StoredVersion
from web_modules.fhir_store.documents import Stored, encode
from web_modules.fhir_store.interactions.history import HistoryPage, HistoryRequest
from web_modules.fhir_store.interactions.preferences import MINIMAL, OUTCOME, preference
from web_modules.fhir_store.interactions.writing import Done
from web_modules.fhir_store.refusals import Issue, IssueCode, Refusal, of_parameter, outcome
from web_modules.fhir_store.search.matching import Page
from web_modules.fhir_store.search.query import Search
from web_modules.fhir_store.search.subsets import Subsetter, read_subset

_CONTENT_TYPE = f"{FHIR_JSON}; charset=utf-8"
_HISTORY_STATUS = {"POST": "201 Created", "PUT": "200 OK", "PATCH": "200 OK", "DELETE": "204 No Content"}

_WITHHELD = Issue(
    code=IssueCode.SUPPRESSED, words="What you may not see for its confidentiality was left out."
)


def of_json(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> FhirResponse:
    """An answer with a body."""
    body = value if isinstance(value, bytes) else encode(value)
    return FhirResponse(status=status, headers={"content-type": _CONTENT_TYPE, **(headers or {})}, body=body)


def of_refusal(refusal: Refusal) -> FhirResponse:
    """An OperationOutcome that says why not."""
    return of_json(outcome(refusal.issues), status=refusal.status, headers=refusal.headers)


def of_version(version: StoredVersion, request: FhirRequest, subsetter: Subsetter) -> FhirResponse:
    """A resource as read, or 304 when the client has it already.

    Raises:
        Refusal: 400, the part of it that is asked for is not understood.
    """
    asked = dict(request.query)
    subset = read_subset(asked.get("_summary", ""), asked.get("_elements", ""))
    headers = version_headers(version)
    if _has_it(version, request):
        return of_unchanged(version)
    return of_json(subsetter.shown(version.content or b"", subset), headers=headers)


def of_unchanged(version: StoredVersion) -> FhirResponse:
    """That the client has it already."""
    return FhirResponse(status=304, headers=version_headers(version), body=b"")


def _has_it(version: StoredVersion, request: FhirRequest) -> bool:
    known = request.headers.get("if-none-match")
    if known is not None:  # then the other says nothing (RFC 9110, section 13.2.2)
        return known == "*" or is_named(version.etag, known)
    since = _since(request)
    return since is not None and version.updated // 1_000_000 < since


def may_have_it(version: StoredVersion, request: FhirRequest) -> bool:
    """Whether the client has a version of the second in which this one was stored.

    A second is long: it has this one if there was no other within it.
    """
    return "if-none-match" not in request.headers and _since(request) == version.updated // 1_000_000


def _since(request: FhirRequest) -> float | None:
    """The moment of If-Modified-Since, in seconds since 1970 UTC."""
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return None
    return None if since.tzinfo is None else since.timestamp()


def is_named(etag: str, known: str) -> bool:
    """Whether a list of entity tags names one; weak or strong is the same (RFC 9110, section 13.1.2)."""
    return etag.removeprefix("W/") in (part.strip().removeprefix("W/") for part in known.split(","))


def of_done(done: Done, base_url: str, prefer: str) -> FhirResponse:
    """What a write did, with as much of the result as the client prefers (FHIR R4 http.html#ops)."""
    version, wanted = done.version, preference(prefer, "return")
    headers = {} if version is None else version_headers(version)
    if version is not None and version.content is not None:
        headers["location"] = f"{base_url}/{version.type}/{version.id}/_history/{version.version}"
    if wanted == OUTCOME:
        status = 200 if done.status == 204 else done.status  # to say something takes a body
        return of_json(outcome_of(version), status=status, headers=headers)
    if version is None or version.content is None or wanted == MINIMAL:
        return FhirResponse(status=done.status, headers=headers, body=b"")
    return of_json(version.content, status=done.status, headers=headers)


def outcome_of(version: StoredVersion | None) -> dict[str, Any]:
    """What a write did, in words."""
    words = "There was nothing to delete."
    if version is not None:
        name = f"{version.type}/{version.id}"
        words = f"{name} is stored as version {version.version}."
        if version.content is None:
            words = f"{name} is deleted."
    return outcome([Issue(code=IssueCode.INFORMATIONAL, words=words)], severity="information")


def of_search(search: Search, page: Page, base_url: str, subsetter: Subsetter) -> FhirResponse:
    """One page of matches as a searchset, and what was not done of what was asked."""
    links = [{"relation": "self", "url": search.link(base_url, search.cursor)}]
    if page.following is not None:
        links.append({"relation": "next", "url": search.link(base_url, page.following)})
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    if page.total is not None:
        bundle["total"] = page.total
    bundle["link"] = links
    subset = search.subset
    entries = [
        _found(version, base_url, "match", subsetter.shown(version.content or b"null", subset))
        for version in page.matches
    ]
    entries += [
        _found(
            version, base_url, "include", subsetter.shown(version.content or b"null", subset.of_included())
        )
        for version in page.included
    ]
    told = [
        Issue(
            code=IssueCode.NOT_SUPPORTED,
            words=f"`{name[:64]}` was left out: it is not known here, or empty.",
            expression=of_parameter(name),
        )
        for name in search.ignored
    ]
    if page.is_cut:
        words = "More would come along than this server sends with one page; the others were left out."
        told.append(Issue(code=IssueCode.TOO_COSTLY, words=words))
    if page.is_withheld:
        told.append(_WITHHELD)
    if told:
        entries.append({"resource": outcome(told, severity="information"), "search": {"mode": "outcome"}})
    if entries:
        bundle["entry"] = entries
    return of_json(bundle)


def of_history(
    request: HistoryRequest,
    page: HistoryPage,
    position: int,
    base_url: str,
    epoch: str,
) -> FhirResponse:
    """One page of a history; its ETag is the practice's position, for `If-None-Match` and `Prefer: wait`.

    It is tagged with the epoch: whoever follows it sees by the page itself when a backup was restored.
    """
    links = [{"relation": "self", "url": request.link(base_url, request.after)}]
    if page.following is not None:
        links.append({"relation": "next", "url": request.link(base_url, page.following)})
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "meta": {"tag": [{"system": RESTORE_EPOCH, "code": epoch}]},
    }
    bundle["type"] = "history"
    if page.total is not None:
        bundle["total"] = page.total
    bundle["link"] = links
    entries = [_happened(version, base_url) for version in page.versions]
    if page.is_withheld:  # an entry of a history must say what was asked and answered (bdl-3, bdl-4)
        told = outcome([_WITHHELD], severity="information")
        response = {"status": "200 OK", "outcome": told}
        entries.append({"request": {"method": "GET", "url": request.path}, "response": response})
    if entries:
        bundle["entry"] = entries
    return of_json(bundle, headers={"etag": position_etag(position)})


def position_etag(position: int) -> str:
    """The entity tag of a history that reaches up to a position."""
    return f'W/"{position}"'


def position_of_etag(etag: str) -> int:
    """The position that an entity tag of a history names; 0 when it names none."""
    told = etag.removeprefix("W/").strip('"')
    return int(told) if told.isdigit() else 0


def version_headers(version: StoredVersion) -> dict[str, str]:
    """ETag and Last-Modified."""
    return {"etag": version.etag, "last-modified": _http_date(version.updated // 1_000_000)}


@lru_cache(maxsize=4096)
def _http_date(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)


def _found(version: StoredVersion, base_url: str, mode: str, content: bytes) -> dict[str, Any]:
    return {
        "fullUrl": f"{base_url}/{version.type}/{version.id}",
        "resource": Stored(content),
        "search": {"mode": mode},
    }


def _happened(version: StoredVersion, base_url: str) -> dict[str, Any]:
    address = f"{version.type}/{version.id}"
    entry: dict[str, Any] = {"fullUrl": f"{base_url}/{address}"}
    if version.content is not None:
        entry["resource"] = Stored(version.content)
    url = version.type if version.method == "POST" else address
    status = "201 Created" if version.version == 1 else _HISTORY_STATUS[version.method]
    entry["request"] = {"method": version.method, "url": url}
    entry["response"] = {"status": status, "etag": version.etag, "lastModified": version.instant}
    return entry
