"""The FHIR R4 client that modules, bridge and shell share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from web_modules.fhir import errors
from web_modules.fhir.history import (
    HistoryEntry,
    IsKnown,
    entries_of,
    instant,
    is_newest_first,
    without_content,
)
from web_modules.fhir.outcomes import error_of, located, step_error
from web_modules.fhir.paging import following
from web_modules.fhir.references import are_absolute, with_own_references
from web_modules.fhir.resource_json import Resource, parse, serialise
from web_modules.fhir.searchset import Told, matches, told_of
from web_modules.fhir.transport import FHIR_JSON, FhirRequest, FhirResponse, Transport

Query = Mapping[str, str | Sequence[str]]
PageT = TypeVar("PageT")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionEntry:
    """One step of a transaction (FHIR R4 http.html#transaction).

    Attributes:
        method: POST, PUT or DELETE.
        url: `Patient` for a create, `Patient/1` for the others.
        resource: the content; None for a deletion.
        full_url: `urn:uuid:…` when other entries refer to what this one creates.
        if_match: the version that must still be current, or its entity tag, or None.
        if_none_exist: the search that must find nothing for a create, or None.
    """

    method: str
    url: str
    resource: Resource | None = None
    full_url: str | None = None
    if_match: str | None = None
    if_none_exist: str | None = None


class FhirClient:
    """Reads and writes one practice's FHIR base.

        client = FhirClient(HttpTransport("https://cloud.example/Y99002/fhir", token="…"))
        patient = client.read("Patient", "1")
        patient["birthDate"] = "1980-02-29"
        client.update(patient, if_match=version_of(patient))

    Every method blocks, may be called from several threads, and raises the errors of
    `web_modules.fhir.errors`. Each request is sent once: around the transport, `web_modules.fhir.retrying`
    sends again what may be sent again.
    """

    def __init__(self, transport: Transport, told: Callable[[Told], None] | None = None) -> None:
        """Reach a base.

        Args:
            transport: carries each request.
            told: is handed whatever the server says of a search beside its matches, as it comes.
        """
        self._transport = transport
        self._told = told

    def read(self, resource_type: str, resource_id: str) -> Resource:
        """Read the current version of one resource; of a Binary the resource, not what it holds."""
        headers = {"accept": FHIR_JSON}
        return _resource(self._send("GET", f"{resource_type}/{resource_id}", headers=headers))

    def read_tagged(self, resource_type: str, resource_id: str) -> tuple[Resource, str | None]:
        """Read the current version of one resource, and the ETag that the server gives it, as it came."""
        answer = self._send("GET", f"{resource_type}/{resource_id}")
        return _resource(answer), answer.headers.get("etag")

    def pages(self, resource_type: str, query: Query) -> Iterator[list[Resource]]:
        """Read the matches of a search page by page, each when it is asked for; see `search`."""

        def read(answer: FhirResponse) -> tuple[Resource, list[Resource]]:
            page = self._page(answer)
            return page, matches(page)

        return self._walk(resource_type, query, read)

    def search(self, resource_type: str, query: Query) -> list[Resource]:
        """Read all matches of a search, every page of them; included resources are left out."""
        return [match for page in self.pages(resource_type, query) for match in page]

    def search_page(self, resource_type: str, query: Query) -> Resource:
        """Read one page of a search as the searchset Bundle; see `web_modules.fhir.searchset`."""
        return self._page(self._send("GET", resource_type, query=_pairs(query)))

    def history_since(
        self, since: datetime | None, *, count: int = 500, is_known: IsKnown | None = None
    ) -> list[HistoryEntry]:
        """Read what changed at or after a moment, whole, oldest first.

        Args:
            since: aware; the server compares with `>=`, so the last one seen comes again. None: everything.
            count: entries a page.
            is_known: spares the reading of contents that are not wanted.
        """
        query: dict[str, str] = {"_count": str(count), "_sort": "_lastUpdated"}
        if since is not None:
            query["_since"] = since.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

        def read(answer: FhirResponse) -> tuple[Resource, list[HistoryEntry]]:
            return without_content(answer.body), list(entries_of(answer.body, is_known))

        found: list[HistoryEntry] = []
        for page in self._walk("_history", query, read):
            found.extend(one for one in page if since is None or one.changed_at >= since)
            if since is not None and is_newest_first(page) and page[-1].changed_at < since:
                break  # its next pages do not keep to `_since`
        found.sort(key=lambda entry: entry.changed_at)
        return found

    def history_of(self, resource_type: str, resource_id: str) -> list[HistoryEntry]:
        """Read every version of one resource, page by page, in the server's order."""

        def read(answer: FhirResponse) -> tuple[Resource, list[HistoryEntry]]:
            return without_content(answer.body), list(entries_of(answer.body, None))

        path = f"{resource_type}/{resource_id}/_history"
        return [one for page in self._walk(path, {"_count": "50"}, read) for one in page]

    def latest(self) -> HistoryEntry | None:
        """Read the version that was made last, or one of those; None where there is none."""
        answer = self._send("GET", "_history", query=(("_count", "1"),))
        return max(entries_of(answer.body, None), key=lambda entry: entry.changed_at, default=None)

    def create(self, resource: Resource, *, if_none_exist: str | None = None) -> Resource:
        """Create a resource; if `if_none_exist` finds one already, answer that one instead."""
        headers = {"prefer": "return=representation"}
        if if_none_exist is not None:
            headers["if-none-exist"] = if_none_exist
        answer = self._send("POST", resource["resourceType"], headers=headers, resource=resource)
        return self._written(answer)

    def update(self, resource: Resource, *, if_match: str | None = None) -> Resource:
        """Replace a resource, only if `if_match` is still its version when that is given."""
        headers = {"prefer": "return=representation"}
        if if_match is not None:
            headers["if-match"] = etag(if_match)
        path = f"{resource['resourceType']}/{resource['id']}"
        return self._written(self._send("PUT", path, headers=headers, resource=resource))

    def patch(
        self,
        resource_type: str,
        resource_id: str,
        operations: Sequence[Mapping[str, Any]],
        *,
        if_match: str | None = None,
    ) -> Resource:
        """Change parts of a resource by a JSON Patch (RFC 6902), only if `if_match` is still its version."""
        headers = {"prefer": "return=representation", "content-type": "application/json-patch+json"}
        if if_match is not None:
            headers["if-match"] = etag(if_match)
        path = f"{resource_type}/{resource_id}"
        return self._written(self._send("PATCH", path, headers=headers, resource=list(operations)))

    def delete(self, resource_type: str, resource_id: str, *, if_match: str | None = None) -> None:
        """Delete a resource; deleting what is already gone succeeds."""
        headers = {} if if_match is None else {"if-match": etag(if_match)}
        self._send("DELETE", f"{resource_type}/{resource_id}", headers=headers)

    def delete_history(self, resource_type: str, resource_id: str) -> None:
        """Remove every version but the current one, for good (FHIR R6 http.html#delete-history).

        A server that does not know the interaction refuses it with 404, 405 or 501.
        """
        self._send("DELETE", f"{resource_type}/{resource_id}/_history")

    def transaction(self, entries: Sequence[TransactionEntry]) -> list[Resource]:
        """Do all steps or none.

        Returns:
            the resources as stored, one for each entry in order; an empty one for a deletion, and for what
            somebody deleted before it could be read.

        Raises:
            FhirError: of the first step that the server says it has not done: one that keeps to FHIR has done
                none then.
        """
        done = self._bundle("transaction", entries)
        for one in done:
            if isinstance(one, errors.FhirError):
                raise one
        return [one for one in done if not isinstance(one, errors.FhirError)]

    def batch(self, entries: Sequence[TransactionEntry]) -> list[Resource | errors.FhirError]:
        """Do each step for itself.

        Returns:
            for each entry in order, the resource as `transaction` returns it, or why it was not done.
        """
        return self._bundle("batch", entries)

    def _bundle(self, kind: str, entries: Sequence[TransactionEntry]) -> list[Resource | errors.FhirError]:
        bundle = {
            "resourceType": "Bundle",
            "type": kind,
            "entry": [_bundle_entry(entry) for entry in entries],
        }
        answer = self._send("POST", "", headers={"prefer": "return=representation"}, resource=bundle)
        steps = _resource(answer).get("entry", [])
        if len(steps) != len(entries):
            raise errors.FhirBroken(
                f"The FHIR server answered {len(steps)} of the {len(entries)} steps of a {kind}."
            )
        return [self._done(entry, step) for entry, step in zip(entries, steps, strict=True)]

    def _done(self, entry: TransactionEntry, step: Mapping[str, Any]) -> Resource | errors.FhirError:
        """What one step of a Bundle came to; what was stored is read where the answer leaves it out."""
        response, stored = step.get("response", {}), step.get("resource")
        failed = step_error(response, f"{entry.method} {entry.url}")
        if failed is not None:
            return failed
        if entry.method == "DELETE":
            return {}
        if stored is not None and stored.get("resourceType") != "OperationOutcome":
            return dict(stored)
        try:
            return self.read(*located(response.get("location") or entry.url))
        except (errors.FhirNotFound, errors.FhirGone):
            return {}

    def capabilities(self) -> Resource:
        """Read the server's CapabilityStatement."""
        return _resource(self._send("GET", "metadata"))

    def _page(self, answer: FhirResponse) -> Resource:
        page = _resource(answer)
        if are_absolute(answer.body):
            for entry in page.get("entry", []):
                if "resource" in entry:
                    entry["resource"] = with_own_references(entry["resource"], entry.get("fullUrl", ""))
        if self._told is not None:
            for told in told_of(page):
                self._told(told)
        return page

    def _walk(
        self, path: str, query: Query, read: Callable[[FhirResponse], tuple[Resource, PageT]]
    ) -> Iterator[PageT]:
        """Every page of a Bundle; `read` takes its links and its content apart."""
        pairs = _pairs(query)
        seen = {(path, pairs)}
        while True:
            bundle, page = read(self._send("GET", path, query=pairs))
            yield page
            found = following(bundle, path)
            if found is None:
                return
            if found in seen:
                raise errors.FhirBroken(
                    f"The FHIR server's pages of {path or 'its base'} go round in a ring."
                )
            seen.add(found)
            path, pairs = found

    def _written(self, answer: FhirResponse) -> Resource:
        if answer.body:
            written = _resource(answer)
            if written.get("resourceType") != "OperationOutcome":
                return written
        resource_type, resource_id = located(answer.headers.get("location", ""))
        return self.read(resource_type, resource_id)

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: tuple[tuple[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
        resource: Resource | list[Mapping[str, Any]] | None = None,
    ) -> FhirResponse:
        request = FhirRequest(
            method=method,
            path=path,
            query=query,
            headers=headers or {},
            body=b"" if resource is None else serialise(resource),
        )
        answer = self._transport.send(request)
        if answer.status < 300:
            return answer
        raise error_of(answer, f"{method} {path or 'the base'}")


def version_of(resource: Resource) -> str:
    """The version of a resource as read, for If-Match."""
    return str(resource["meta"]["versionId"])


def changed_at(resource: Resource) -> datetime:
    """When the server took this version, aware UTC."""
    return instant(resource["meta"]["lastUpdated"])


def etag(version_id: str) -> str:
    """The weak entity tag of a version (FHIR R4 http.html#concurrency); an entity tag stays what it is."""
    return version_id if version_id.endswith('"') else f'W/"{version_id}"'


def _pairs(query: Query) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if isinstance(value, str):
            pairs.append((name, value))
        else:
            pairs.extend((name, one) for one in value)
    return tuple(pairs)


def _resource(answer: FhirResponse) -> Resource:
    try:
        found = parse(answer.body)
    except ValueError as error:
        raise errors.FhirBroken("The FHIR server's answer is not JSON.", status=answer.status) from error
    if not isinstance(found, dict) or "resourceType" not in found:
        raise errors.FhirBroken("The FHIR server's answer is not a resource.", status=answer.status)
    return found


def _bundle_entry(entry: TransactionEntry) -> dict[str, Any]:
    request: dict[str, Any] = {"method": entry.method, "url": entry.url}
    if entry.if_match is not None:
        request["ifMatch"] = etag(entry.if_match)
    if entry.if_none_exist is not None:
        request["ifNoneExist"] = entry.if_none_exist
    made: dict[str, Any] = {"request": request}
    if entry.full_url is not None:
        made["fullUrl"] = entry.full_url
    if entry.resource is not None:
        made["resource"] = entry.resource
    return made
