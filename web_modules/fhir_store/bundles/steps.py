"""Reads the entries of a transaction or batch: what each of them asks to be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.database.records import StoredVersion
from web_modules.fhir_store.documents import Resource, encode
from web_modules.fhir_store.interactions.patching import Patch, read_patch_binary
from web_modules.fhir_store.interactions.writing import check_id
from web_modules.fhir_store.refusals import Issue, IssueCode, Refusal, refuse

MOST_ENTRIES = 5000
"""A practice's whole extract is sent in many bundles; one of this size takes seconds."""

ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}
"""In which order the entries of a transaction are done (FHIR R4 http.html#trules)."""

_READING = frozenset({"GET", "HEAD"})
_OPERATIONS = frozenset({"$validate", "$everything", "$meta"})
_CONDITIONS = {"ifNoneMatch": "if-none-match", "ifModifiedSince": "if-modified-since"}


@dataclass(slots=True, kw_only=True)
class Step:
    """One entry of a bundle, as understood.

    Attributes:
        index: its place in the bundle.
        method: what to do.
        resource_type: of what.
        resource_id: on which, or empty.
        condition: the search that says which resource is meant, or empty.
        url: as it was sent.
        full_url: by what name other entries refer to it, or empty.
        if_match: the version that must be current, or empty.
        headers: what else the request is under.
        resource: what to store, if anything.
        asked_with: what an operation is asked with, if anything; nothing of it is stored.
        patch: what to change, if anything.
        existing: what the condition found.
    """

    index: int
    method: str
    resource_type: str
    resource_id: str
    condition: str
    url: str
    full_url: str
    if_match: str
    headers: Mapping[str, str]
    resource: Resource | None
    patch: Patch | None
    asked_with: Resource | None = None
    existing: StoredVersion | None = None

    @property
    def place(self) -> str:
        """Where it is, as FHIRPath."""
        return f"Bundle.entry[{self.index}]"

    @property
    def key(self) -> tuple[str, str]:
        """The type and id of the resource that is meant, once that is known."""
        return self.resource_type, self.resource_id

    @property
    def asked(self) -> FhirRequest:
        """What a step that reads asks, as if it were sent by itself."""
        parts = urlsplit(self.url)
        return FhirRequest(
            method="GET",
            path=parts.path.strip("/"),
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers=self.headers,
            body=b"" if self.asked_with is None else encode(self.asked_with),
        )


class StepReader:
    """Reads entries by what the store can do."""

    def __init__(self, resource_types: frozenset[str], base_url: str) -> None:
        self._resource_types = resource_types
        self._base_url = base_url

    def read(self, bundle: Resource) -> list[Step | Refusal]:
        """Understand a transaction or batch.

        Returns:
            one for each entry; a refusal only in a batch, whose other entries it leaves alone.

        Raises:
            Refusal: 400, it is neither, or an entry of a transaction is malformed.
        """
        if bundle.get("type") not in ("transaction", "batch"):
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
        return [
            self._understood(index, entry, is_alone=bundle["type"] == "batch")
            for index, entry in enumerate(entries)
        ]

    def _understood(self, index: int, entry: Mapping[str, Any], *, is_alone: bool) -> Step | Refusal:
        try:
            return self._step(index, entry)
        except Refusal as refusal:
            if is_alone:
                return refusal
            raise

    def _step(self, index: int, entry: Mapping[str, Any]) -> Step:
        place = f"Bundle.entry[{index}]"
        request = entry.get("request")
        if not isinstance(request, dict) or not isinstance(request.get("url"), str):
            raise refuse(400, IssueCode.REQUIRED, "The entry needs a `request` with method and url.", place)
        method, url = request.get("method"), request["url"].removeprefix(f"{self._base_url}/")
        if not isinstance(method, str) or method not in ORDER:
            raise refuse(
                400, IssueCode.NOT_SUPPORTED, "This method is not supported here.", f"{place}.request.method"
            )
        parts = _parts(url, place)
        path = parts.path.strip("/").split("/")
        is_operation = method == "POST" and path[-1] in _OPERATIONS
        if is_operation:
            method = "GET"  # it reads, after all has been written
        if method not in _READING and (
            path[0] not in self._resource_types or len(path) > (1 if method == "POST" else 2)
        ):
            words = "The url names no resource type, or more than one resource."
            raise refuse(400, IssueCode.INVALID, words, f"{place}.request.url")
        identified = path[1] if len(path) == 2 and method not in _READING else ""
        if identified:
            with placing(place):
                check_id(identified)
        elif method in {"PUT", "PATCH", "DELETE"} and not parts.query:
            words = "The url names neither an id nor a condition."
            raise refuse(400, IssueCode.INVALID, words, f"{place}.request.url")
        resource, patch = _content(method, path[0], entry.get("resource"), f"{place}.resource")
        return Step(
            index=index,
            method=method,
            resource_type=path[0],
            resource_id=identified,
            condition=_condition(method, request, "" if identified else parts.query, place),
            url=url,
            full_url=str(entry.get("fullUrl", "")),
            if_match=str(request.get("ifMatch", "")),
            headers={header: str(request[name]) for name, header in _CONDITIONS.items() if name in request},
            resource=resource,
            patch=patch,
            asked_with=_asked_with(entry, place) if is_operation else None,
        )


def writing(understood: Sequence[Step | Refusal]) -> list[Step]:
    """The steps that may change something."""
    return [one for one in understood if isinstance(one, Step) and one.method not in _READING]


def reading(understood: Sequence[Step | Refusal]) -> list[Step]:
    """The steps that only read."""
    return [one for one in understood if isinstance(one, Step) and one.method in _READING]


def check_unique(steps: Sequence[Step]) -> None:
    """Refuse a transaction in which two entries mean the same resource (FHIR R4 http.html#trules).

    Only creates under conditions may: all are answered with the one that is there.

    Raises:
        Refusal: 400, with the second of them.
    """
    seen: dict[tuple[str, str], str] = {}
    for step in steps:
        key = step.key
        if step.resource_id and key in seen and {step.method, seen[key]} != {"POST"}:
            words = "Two entries of the transaction mean the same resource."
            raise refuse(400, IssueCode.DUPLICATE, words, step.place)
        seen[key] = step.method


def names_given(steps: Sequence[Step]) -> dict[str, str]:
    """By what names the entries of a transaction can be referred to, and what then to write instead.

    Raises:
        Refusal: 400, two entries have the same name (FHIR R4 bundle.html, rule bdl-7): one patient would
            get what is the other's.
    """
    names: dict[str, str] = {}
    for step in steps:
        if not step.full_url:
            continue
        given = {step.full_url}
        if step.method == "POST" and not step.full_url.startswith("urn:"):
            given.add("/".join(step.full_url.rsplit("/", maxsplit=2)[-2:]))
        if not given.isdisjoint(names):
            words = "Another entry has this fullUrl, or one that ends in the same type and id."
            raise refuse(400, IssueCode.DUPLICATE, words, f"{step.place}.fullUrl")
        target = f"{step.resource_type}/{step.resource_id}" if step.resource_id else step.full_url
        names.update(dict.fromkeys(given, target))
    return names


class placing:  # noqa: N801  (reads as a word in a with statement)
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


def _parts(url: str, place: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise refuse(400, IssueCode.INVALID, "The url cannot be read.", f"{place}.request.url") from error


def _condition(method: str, request: Mapping[str, Any], query: str, place: str) -> str:
    if method in _READING:
        return ""
    if method != "POST":
        return query
    condition = str(request.get("ifNoneExist", ""))
    if "ifNoneExist" in request and not condition.strip():
        raise refuse(400, IssueCode.VALUE, "`ifNoneExist` names no search.", f"{place}.request.ifNoneExist")
    return condition


def _asked_with(entry: Mapping[str, Any], place: str) -> Resource | None:
    resource = entry.get("resource")
    if resource is not None and not isinstance(resource, dict):
        raise refuse(400, IssueCode.STRUCTURE, "This must be a resource.", f"{place}.resource")
    return resource


def _content(
    method: str, resource_type: str, resource: Any, place: str
) -> tuple[Resource | None, Patch | None]:
    if method == "PATCH":
        with placing(place):
            return None, read_patch_binary(resource)
    if method not in {"POST", "PUT"}:
        return None, None
    if not isinstance(resource, dict) or resource.get("resourceType") != resource_type:
        words = "The entry's resource is missing, or not of the type in the url."
        raise refuse(400, IssueCode.INVALID, words, place)
    return resource, None
