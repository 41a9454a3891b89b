"""Carries out transactions (all or nothing) and batches (each for itself). FHIR R4 http.html#transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.database.records import StoredVersion, WritableRecords, new_id
from web_modules.fhir_store.documents import Resource, Stored
from web_modules.fhir_store.interactions import Done, Interactions, check_id
from web_modules.fhir_store.refusals import Issue, IssueCode, Refusal, outcome, refuse
from web_modules.fhir_store.validation.validator import Validator

MOST_ENTRIES = 5000
"""A practice's whole extract is sent in many bundles; one of this size takes seconds."""

_REASONS = {200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified"}
_ORDER = ("DELETE", "POST", "PUT", "GET", "HEAD")
_LINKS = frozenset({"reference", "url", "valueUri", "valueUrl", "valueUuid", "valueCanonical"})

Reading = Callable[[FhirRequest, WritableRecords], FhirResponse]
"""Answers a GET inside the writing transaction, so that it sees what the bundle has written."""


@dataclass(slots=True, kw_only=True)
class Step:
    """One entry of a bundle, as understood.

    Attributes:
        index: its place in the bundle.
        method: what to do.
        resource_type: of what.
        resource_id: on which, or empty.
        query: the condition in the URL, or empty.
        url: as it was sent.
        full_url: by what name other entries refer to it, or empty.
        if_match: the version that must be current, or empty.
        if_none_exist: the search that must find nothing, or empty.
        resource: what to store, if anything.
        existing: what `if_none_exist` found.
    """

    index: int
    method: str
    resource_type: str
    resource_id: str
    query: str
    url: str
    full_url: str
    if_match: str
    if_none_exist: str
    resource: Resource | None
    existing: StoredVersion | None = None

    @property
    def place(self) -> str:
        """Where it is, as FHIRPath."""
        return f"Bundle.entry[{self.index}]"


class BundleRunner:
    """Runs bundles against one practice."""

    def __init__(
        self, validator: Validator, interactions: Interactions, base_url: str, read: Reading
    ) -> None:
        self._validator = validator
        self._interactions = interactions
        self._base_url = base_url
        self._read = read

    def steps(self, bundle: Resource) -> list[Step]:
        """Understand a transaction or batch.

        Raises:
            Refusal: 400, it is neither, or an entry is malformed.
        """
        if bundle.get("type") not in {"transaction", "batch"}:
            raise refuse(
                400, IssueCode.INVALID, "A Bundle sent here must be a transaction or a batch.", "Bundle.type"
            )
        entries = bundle.get("entry", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise refuse(400, IssueCode.STRUCTURE, "The entries must be a list of objects.", "Bundle.entry")
        if len(entries) > MOST_ENTRIES:
            raise refuse(
                413, IssueCode.TOO_COSTLY, f"A Bundle may have {MOST_ENTRIES} entries; send it in parts."
            )
        return [self._step(index, entry) for index, entry in enumerate(entries)]

    def transaction(
        self, records: WritableRecords, steps: Sequence[Step], *, wants_content: bool
    ) -> Resource:
        """Do every step, in FHIR's order, or raise and let the caller roll back.

        Raises:
            Refusal: the first step that cannot be done, with its place in the bundle.
        """
        self._check_unique(steps)
        names: dict[str, str] = {}
        for step in steps:
            if step.method == "POST":
                with _placed(step):
                    self._prepare_create(records, step)
            if step.full_url and step.resource_id:
                target = f"{step.resource_type}/{step.resource_id}"
                names[step.full_url] = target
                if step.method == "POST" and not step.full_url.startswith("urn:"):
                    names["/".join(step.full_url.rsplit("/", maxsplit=2)[-2:])] = target
        for step in steps:
            if step.resource is not None:
                with _placed(step):
                    step.resource = self._linked(records, step.resource, names)
        answers: dict[int, dict[str, Any]] = {}
        for step in sorted(steps, key=lambda one: _ORDER.index(one.method)):
            with _placed(step):
                answers[step.index] = self._done(records, step, wants_content=wants_content)
        return _response("transaction-response", [answers[step.index] for step in steps])

    def batch(self, records: WritableRecords, steps: Sequence[Step], *, wants_content: bool) -> Resource:
        """Do each step for itself; one that is refused leaves the others alone."""
        answers = []
        for step in steps:
            so_far = len(records.written)
            try:
                with records.session.part():
                    if step.resource is not None:
                        self._validator.check(step.resource, f"{step.place}.resource")
                    if step.method == "POST":
                        self._prepare_create(records, step)
                    answers.append(self._done(records, step, wants_content=wants_content))
                    records.flush()
            except Refusal as refusal:
                del records.written[so_far:]
                answers.append(
                    {"response": {"status": str(refusal.status), "outcome": outcome(refusal.issues)}}
                )
        return _response("batch-response", answers)

    def _step(self, index: int, entry: Mapping[str, Any]) -> Step:
        place = f"Bundle.entry[{index}]"
        request = entry.get("request")
        if not isinstance(request, dict) or not isinstance(request.get("url"), str):
            raise refuse(400, IssueCode.REQUIRED, "The entry needs a `request` with method and url.", place)
        method, url = request.get("method"), request["url"].removeprefix(f"{self._base_url}/")
        if method not in _ORDER:
            raise refuse(
                400, IssueCode.NOT_SUPPORTED, "This method is not supported here.", f"{place}.request.method"
            )
        parts = urlsplit(url)
        path = parts.path.strip("/").split("/")
        is_read = method in {"GET", "HEAD"}
        if not is_read and (path[0] not in self._validator.resource_types or len(path) > 2):
            raise refuse(400, IssueCode.INVALID, "The url names no resource type.", f"{place}.request.url")
        resource = entry.get("resource")
        if method in {"POST", "PUT"}:
            if not isinstance(resource, dict) or resource.get("resourceType") != path[0]:
                words = "The entry's resource is missing, or not of the type in the url."
                raise refuse(400, IssueCode.INVALID, words, f"{place}.resource")
        else:
            resource = None
        identified = path[1] if len(path) == 2 and method != "POST" and not is_read else ""
        if identified:
            with _placing(place):
                check_id(identified)
        return Step(
            index=index,
            method=method,
            resource_type=path[0],
            resource_id=identified,
            query=parts.query,
            url=url,
            full_url=str(entry.get("fullUrl", "")),
            if_match=str(request.get("ifMatch", "")),
            if_none_exist=str(request.get("ifNoneExist", "")),
            resource=resource,
        )

    def _check_unique(self, steps: Sequence[Step]) -> None:
        seen: set[tuple[str, str]] = set()
        for step in steps:
            key = (step.resource_type, step.resource_id)
            if step.resource_id and key in seen:
                raise refuse(400, IssueCode.DUPLICATE, "A transaction may name a resource once.", step.place)
            seen.add(key)

    def _prepare_create(self, records: WritableRecords, step: Step) -> None:
        if step.if_none_exist:
            step.existing = self._interactions.matching(records, step.resource_type, step.if_none_exist)
        step.resource_id = new_id() if step.existing is None else step.existing.id

    def _linked(self, records: WritableRecords, resource: Resource, names: Mapping[str, str]) -> Resource:
        """The resource with its links to other entries, and its conditional references, made real."""
        for key, value in resource.items():
            if isinstance(value, str):
                if key in _LINKS:
                    if value in names:
                        resource[key] = names[value]
                    elif key == "reference" and "?" in value:
                        resource[key] = self._conditional(records, value)
            elif isinstance(value, dict):
                self._linked(records, value, names)
            elif isinstance(value, list):
                self._linked_each(records, key, value, names)
        return resource

    def _linked_each(
        self, records: WritableRecords, key: str, values: list[Any], names: Mapping[str, str]
    ) -> None:
        for index, value in enumerate(values):
            if isinstance(value, dict):
                self._linked(records, value, names)
            elif isinstance(value, str) and key in _LINKS and value in names:
                values[index] = names[value]

    def _conditional(self, records: WritableRecords, reference: str) -> str:
        resource_type, _, condition = reference.partition("?")
        if resource_type not in self._validator.resource_types:
            return reference
        found = self._interactions.matching(records, resource_type, condition)
        if found is None:
            words = f"The conditional reference to a {resource_type} finds none."
            raise refuse(412, IssueCode.NOT_FOUND, words)
        return f"{resource_type}/{found.id}"

    def _done(self, records: WritableRecords, step: Step, *, wants_content: bool) -> dict[str, Any]:
        if step.method in {"GET", "HEAD"}:
            return self._got(records, step)
        done = self._written(records, step)
        response: dict[str, Any] = {"status": f"{done.status} {_REASONS[done.status]}"}
        answer: dict[str, Any] = {"response": response}
        version = done.version
        if version is not None:
            address = f"{version.type}/{version.id}"
            response["location"] = f"{address}/_history/{version.version}"
            response["etag"] = version.etag
            response["lastModified"] = version.instant
            if version.content is not None:
                answer = {"fullUrl": f"{self._base_url}/{address}", "response": response}
                if wants_content:
                    answer["resource"] = Stored(version.content)
        return answer

    def _written(self, records: WritableRecords, step: Step) -> Done:
        if step.method == "DELETE":
            if step.query and not step.resource_id:
                return self._interactions.conditional_delete(records, step.resource_type, step.query)
            return self._interactions.delete(
                records, step.resource_type, step.resource_id, if_match=step.if_match
            )
        resource = step.resource or {}
        if step.method == "POST":
            if step.existing is not None:
                return Done(status=200, version=step.existing)
            return Done(
                status=201, version=records.put(resource | {"id": step.resource_id}, None, method="POST")
            )
        if not step.resource_id:
            return self._interactions.conditional_update(
                records, resource, step.query, if_match=step.if_match
            )
        if resource.get("id", step.resource_id) != step.resource_id:
            raise refuse(400, IssueCode.INVALID, "The id in the resource is not that in the url.")
        return self._interactions.update(records, resource | {"id": step.resource_id}, if_match=step.if_match)

    def _got(self, records: WritableRecords, step: Step) -> dict[str, Any]:
        parts = urlsplit(step.url)
        request = FhirRequest(
            method="GET",
            path=parts.path.strip("/"),
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        )
        answer = self._read(request, records)
        response: dict[str, Any] = {"status": f"{answer.status} {_REASONS.get(answer.status, 'Refused')}"}
        if answer.status >= 400:
            response["outcome"] = Stored(answer.body)
            return {"response": response}
        if "etag" in answer.headers:
            response["etag"] = answer.headers["etag"]
        return (
            {"resource": Stored(answer.body), "response": response} if answer.body else {"response": response}
        )


class _placing:  # noqa: N801  (reads as a word in a with statement)
    """Says of a refusal which entry of the bundle it is about."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Refusal):
            issues = [
                issue
                if issue.expression and issue.expression.startswith("Bundle.")
                else Issue(code=issue.code, words=issue.words, expression=self._place)
                for issue in error.issues
            ]
            raise Refusal(error.status, issues) from error


def _placed(step: Step) -> _placing:
    return _placing(step.place)


def _response(kind: str, entries: list[dict[str, Any]]) -> Resource:
    made: Resource = {"resourceType": "Bundle", "type": kind}
    return made | ({"entry": entries} if entries else {})
