"""The FHIR R4 client that modules, bridge and shell share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from web_modules.fhir import errors
from web_modules.fhir.outcomes import error_of
from web_modules.fhir.paging import following
from web_modules.fhir.resource_json import Resource, parse, serialise
from web_modules.fhir.searchset import Told, matches, told_of
from web_modules.fhir.transport import FhirRequest, FhirResponse, Transport

Query = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One version of one resource, as a history tells it.

    Attributes:
        resource_type: such as Patient.
        resource_id: the logical id.
        version_id: opaque; compare for equality only.
        changed_at: when the server took this version, aware UTC.
        resource: the content, or None when this version is a deletion.
    """

    resource_type: str
    resource_id: str
    version_id: str
    changed_at: datetime
    resource: Resource | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionEntry:
    """One step of a transaction (FHIR R4 http.html#transaction).

    Attributes:
        method: POST, PUT or DELETE.
        url: `Patient` for a create, `Patient/1` for the others.
        resource: the content; None for a deletion.
        full_url: `urn:uuid:…` when other entries refer to what this one creates.
        if_match: the version that must still be current, or None.
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
        """Read the current version of one resource."""
        return _resource(self._send("GET", f"{resource_type}/{resource_id}"))

    def search(self, resource_type: str, query: Query) -> list[Resource]:
        """Read all matches of a search, every page of them; included resources are left out."""
        return [match for page in self._pages(resource_type, query) for match in matches(page)]

    def search_page(self, resource_type: str, query: Query) -> Resource:
        """Read one page of a search as the searchset Bundle; see `web_modules.fhir.searchset`."""
        return self._page(resource_type, _pairs(query))

    def history_since(self, since: datetime | None, *, count: int = 500) -> list[HistoryEntry]:
        """Read what changed at or after a moment, whole, oldest first.

        Args:
            since: aware; the server compares with `>=`, so the last one seen comes again. None: everything.
            count: entries a page.
        """
        query: dict[str, str] = {"_count": str(count), "_sort": "_lastUpdated"}
        if since is not None:
            query["_since"] = since.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        pages = self._pages("_history", query)
        found = [history_entry(entry) for page in pages for entry in page.get("entry", [])]
        found.sort(key=lambda entry: entry.changed_at)
        return found

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
            the resources as stored, one for each entry in order; an empty one for a deletion.
        """
        bundle = {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [_bundle_entry(entry) for entry in entries],
        }
        answer = self._send("POST", "", headers={"prefer": "return=representation"}, resource=bundle)
        stored: list[Resource] = []
        for entry, step in zip(entries, _resource(answer).get("entry", []), strict=False):
            outcome = step.get("resource")
            is_there = entry.method != "DELETE" and "location" in step.get("response", {})
            if outcome is None and is_there:
                resource_type, resource_id = _located(step["response"]["location"])
                outcome = self.read(resource_type, resource_id)
            stored.append(outcome or {})
        return stored

    def capabilities(self) -> Resource:
        """Read the server's CapabilityStatement."""
        return _resource(self._send("GET", "metadata"))

    def _page(self, path: str, pairs: tuple[tuple[str, str], ...]) -> Resource:
        page = _resource(self._send("GET", path, query=pairs))
        if self._told is not None:
            for told in told_of(page):
                self._told(told)
        return page

    def _pages(self, path: str, query: Query) -> Iterator[Resource]:
        pairs = _pairs(query)
        seen = {(path, pairs)}
        while True:
            bundle = self._page(path, pairs)
            yield bundle
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
        resource_type, resource_id = _located(answer.headers.get("location", ""))
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
    """The weak entity tag of a version (FHIR R4 http.html#concurrency)."""
    return f'W/"{version_id}"'


def instant(text: str) -> datetime:
    """Read a FHIR instant as aware UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


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


def _located(location: str) -> tuple[str, str]:
    parts = location.split("/_history/", maxsplit=1)[0].rstrip("/").split("/")
    if len(parts) < 2:
        raise errors.FhirBroken("The FHIR server does not say where it put the resource.")
    return parts[-2], parts[-1]


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


def history_entry(entry: dict[str, Any]) -> HistoryEntry:
    """Read one entry of a history Bundle."""
    request, response = entry.get("request", {}), entry.get("response", {})
    resource: Resource | None = entry.get("resource")
    if resource is not None and request.get("method") != "DELETE":
        return HistoryEntry(
            resource_type=resource["resourceType"],
            resource_id=resource["id"],
            version_id=version_of(resource),
            changed_at=changed_at(resource),
            resource=resource,
        )
    resource_type, resource_id = _located(request.get("url", entry.get("fullUrl", "")))
    return HistoryEntry(
        resource_type=resource_type,
        resource_id=resource_id,
        version_id=str(response.get("etag", "")).removeprefix("W/").strip('"'),
        changed_at=instant(response["lastModified"]),
        resource=None,
    )
