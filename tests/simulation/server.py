"""A FHIR server in memory: what the bridge uses of FHIR R4, by the letter, behind a transport.

Transactions whole or not at all, If-Match, conditional create, history with versions, delete, delete-history,
and a backup that it can come back from. It passes the same contract tests as the embedded store.
"""

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from web_modules.fhir.resource_json import parse, serialise
from web_modules.fhir.transport import FhirRequest, FhirResponse

Resource = dict[str, Any]
_REFERENCE = re.compile(r"(?:Patient|Slot|Schedule|Location|Organization|Practitioner)/[\w.-]+$")


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str = "processing", retry_after: int | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one resource; without content it is a deletion."""

    number: int
    reference: str
    version_id: str
    changed_at: datetime
    content: Resource | None


@dataclass(slots=True)
class Content:
    """All that the server keeps."""

    log: list[Version] = field(default_factory=list)
    current: dict[str, Version] = field(default_factory=dict)
    next_id: int = 1

    def copied(self) -> "Content":
        """The same again; versions never change."""
        return Content(log=list(self.log), current=dict(self.current), next_id=self.next_id)


class SimulatedServer:
    """One practice's FHIR base."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.content = Content()
        self._backup: Content | None = None
        self._ever: dict[str, Resource] = {}
        self.judge: Callable[[Resource], None] = lambda _: None
        """Refuses a resource that it will never take."""

    def send(self, request: FhirRequest) -> FhirResponse:
        """See `Transport.send`."""
        try:
            return self._answer(request)
        except Refused as refused:
            outcome = {
                "resourceType": "OperationOutcome",
                "issue": [{"severity": "error", "code": refused.code}],
            }
            headers = {} if refused.retry_after is None else {"retry-after": str(refused.retry_after)}
            return FhirResponse(status=refused.status, headers=headers, body=serialise(outcome))

    def moved(self) -> int:
        """A number that changes with every version."""
        return self.content.log[-1].number if self.content.log else 0

    def last_told(self) -> str:
        """The name of the newest version, as a feed that has seen all remembers it."""
        newest = self.content.log[-1] if self.content.log else None
        return "" if newest is None else f"{newest.reference.replace('/', ' ')} {newest.version_id}"

    def was_told(self, checkpoint: str | None) -> bool:
        """Whether a feed that stands there has been told everything."""
        reached = datetime.fromisoformat((checkpoint or "1970-01-01T00:00:00+00:00").partition(" ")[0])
        return not self.content.log or self.content.log[-1].changed_at <= reached

    def hold(self, content: Content) -> None:
        """Begin with what another server keeps."""
        self.content = content.copied()
        self._ever = {one.reference: one.content for one in content.log if one.content is not None}

    def backup(self) -> None:
        """Save everything."""
        self._backup = self.content.copied()

    def restore(self) -> None:
        """Put back what was saved last: ids and versions are given again."""
        assert self._backup is not None
        self.content = self._backup.copied()

    def has_backup(self) -> bool:
        """Whether there is something to put back."""
        return self._backup is not None

    def resources(self, resource_type: str) -> list[Resource]:
        """The current resources of a type; not to be changed."""
        return [
            one.content
            for name, one in self.content.current.items()
            if one.content is not None and name.startswith(f"{resource_type}/")
        ]

    def ever(self, resource_type: str) -> list[Resource]:
        """The last known content of all resources of a type, deleted and restored ones too."""
        return [one for name, one in self._ever.items() if name.startswith(f"{resource_type}/")]

    def _answer(self, request: FhirRequest) -> FhirResponse:
        path, query = request.path, dict(request.query)
        if request.method == "POST" and path == "":
            return _said(200, self._transaction(parse(request.body)))
        if request.method == "GET" and path == "_history":
            return _said(200, self._history(query))
        if request.method == "GET":
            return _said(200, self._read(path) if "/" in path else self._searched(path, query))
        if request.method == "DELETE" and path.endswith("/_history"):
            self._forget(path.removesuffix("/_history"))
            return FhirResponse(status=204, headers={}, body=b"")
        steps = {
            "method": request.method,
            "url": path,
            "ifMatch": request.headers.get("if-match"),
            "ifNoneExist": request.headers.get("if-none-exist"),
        }
        entry = {"request": {name: value for name, value in steps.items() if value is not None}}
        if request.body:
            entry["resource"] = parse(request.body)
        (stored,) = self._transaction({"entry": [entry]})["entry"]
        if "resource" not in stored:
            return FhirResponse(status=204, headers={}, body=b"")
        return _said(int(stored["response"]["status"]), stored["resource"])

    def _read(self, reference: str) -> Resource:
        found = self.content.current.get(reference)
        if found is None:
            raise Refused(404)
        if found.content is None:
            raise Refused(410)
        return found.content

    def _forget(self, reference: str) -> None:
        if reference not in self.content.current:
            raise Refused(404)
        latest = self.content.current[reference]
        self.content.log = [one for one in self.content.log if one.reference != reference or one is latest]

    def _history(self, query: Mapping[str, str]) -> Resource:
        since = datetime.fromisoformat(query["_since"]) if "_since" in query else None
        wanted = [one for one in self.content.log if since is None or one.changed_at >= since]
        if query.get("_summary") == "count":
            return {**_bundle("history", []), "total": len(wanted)}
        return _bundle("history", [_history_entry(one) for one in wanted])

    def _searched(self, resource_type: str, query: Mapping[str, str]) -> Resource:
        return _bundle("searchset", [{"resource": one} for one in self._search(resource_type, query)])

    def _search(self, resource_type: str, query: Mapping[str, str]) -> list[Resource]:
        found = self.resources(resource_type)
        for name, value in query.items():
            if name.startswith("_") and name != "_id":
                continue
            wanted = set(value.split(","))
            found = [one for one in found if not wanted.isdisjoint(_values(one, name))]
        return found

    def _transaction(self, bundle: Resource) -> Resource:
        before = self.content.copied()
        try:
            return self._transact(bundle.get("entry", []))
        except Refused:
            self.content = before
            raise

    def _transact(self, entries: list[Resource]) -> Resource:
        urls: dict[str, str] = {}
        plans: list[tuple[str, str, Resource | None, bool]] = []
        for entry in entries:
            request, resource = entry["request"], entry.get("resource")
            method, url = request["method"], request["url"]
            if method == "POST":
                found = self._search(url, _query(request["ifNoneExist"])) if "ifNoneExist" in request else []
                if len(found) > 1:
                    raise Refused(412, "multiple-matches")
                reference = f"{url}/{found[0]['id']}" if found else f"{url}/{self.content.next_id}"
                self.content.next_id += not found
                plans.append(("FOUND" if found else "POST", reference, resource, True))
            else:
                reference = url
                self._check(url, request.get("ifMatch"), is_deletion=method == "DELETE")
                plans.append((method, reference, resource, False))
            if "fullUrl" in entry:
                urls[entry["fullUrl"]] = reference
        moment = self._moment()
        answers = [
            self._store(method, reference, _linked(resource, urls), moment)
            for method, reference, resource, _ in plans
        ]
        for method, _, resource, _ in plans:
            if method in ("POST", "PUT") and resource is not None:
                self._check_references(_linked(resource, urls))
        return _bundle("transaction-response", answers)

    def _check(self, reference: str, if_match: str | None, *, is_deletion: bool) -> None:
        found = self.content.current.get(reference)
        if found is None or found.content is None:
            if not is_deletion:
                raise Refused(404 if found is None else 410)
            if if_match is not None:
                raise Refused(412, "conflict")
            return
        if if_match is not None and if_match != f'W/"{found.version_id}"':
            raise Refused(412, "conflict")

    def _check_references(self, resource: Resource) -> None:
        for one in _references(resource):
            if _REFERENCE.match(one):
                found = self.content.current.get(one)
                if found is None or found.content is None:
                    raise Refused(422, "not-found")

    def _store(self, method: str, reference: str, resource: Resource | None, moment: datetime) -> Resource:
        before = self.content.current.get(reference)
        if method == "FOUND":
            assert before is not None
            return {"resource": before.content, "response": {"status": "200"}}
        if method == "DELETE" and (before is None or before.content is None):
            return {"response": {"status": "204"}}
        content = None
        version_id = str(1 if before is None else int(before.version_id) + 1)
        if method != "DELETE":
            assert resource is not None
            resource_type, _, resource_id = reference.partition("/")
            meta = {**resource.get("meta", {}), "versionId": version_id, "lastUpdated": _instant(moment)}
            content = {**resource, "resourceType": resource_type, "id": resource_id, "meta": meta}
            self.judge(content)
        made = Version(self.moved() + 1, reference, version_id, moment, content)
        self.content.log.append(made)
        self.content.current[reference] = made
        if content is not None:
            self._ever[reference] = content
        if content is None:
            return {"response": {"status": "204"}}
        return {"resource": content, "response": {"status": "201" if method == "POST" else "200"}}

    def _moment(self) -> datetime:
        """Now; later than anything before, as a server that numbers its versions under a lock says it."""
        last = self.content.log[-1].changed_at if self.content.log else datetime(1970, 1, 1, tzinfo=UTC)
        return max(self._clock(), last + timedelta(microseconds=1))


def _said(status: int, resource: Resource) -> FhirResponse:
    return FhirResponse(status=status, headers={}, body=serialise(resource))


def _bundle(kind: str, entries: list[Resource]) -> Resource:
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _history_entry(version: Version) -> Resource:
    if version.content is None:
        return {
            "request": {"method": "DELETE", "url": version.reference},
            "response": {
                "status": "204",
                "etag": f'W/"{version.version_id}"',
                "lastModified": _instant(version.changed_at),
            },
        }
    return {"resource": version.content, "request": {"method": "PUT", "url": version.reference}}


def _query(text: str) -> dict[str, str]:
    return dict(one.split("=", 1) for one in text.split("&"))


def _linked(resource: Resource | None, urls: Mapping[str, str]) -> Any:
    if not urls or resource is None:
        return resource
    return _with_links(copy.deepcopy(resource), urls)


def _with_links(element: Any, urls: Mapping[str, str]) -> Any:
    if isinstance(element, dict):
        return {name: _with_links(one, urls) for name, one in element.items()}
    if isinstance(element, list):
        return [_with_links(one, urls) for one in element]
    return urls.get(element, element) if isinstance(element, str) else element


def _references(element: Any) -> list[str]:
    if isinstance(element, dict):
        own = [element["reference"]] if isinstance(element.get("reference"), str) else []
        return own + [found for one in element.values() for found in _references(one)]
    if isinstance(element, list):
        return [found for one in element for found in _references(one)]
    return []


def _values(resource: Resource, name: str) -> set[str]:
    """What a resource answers to under a search parameter."""
    if name == "_id":
        return {resource["id"]}
    if name == "identifier":
        return {f"{one.get('system', '')}|{one.get('value', '')}" for one in resource.get("identifier", [])}
    if name == "group-identifier":
        one = resource.get("groupIdentifier", {})
        return {f"{one.get('system', '')}|{one.get('value', '')}"}
    found = _references(resource)
    return {*found, *(one.rpartition("/")[2] for one in found)}
