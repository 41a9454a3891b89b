"""The embedded store, made awkward: whatever FHIR lets a server do otherwise, one thing at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from web_modules.fhir.resource_json import parse, serialise
from web_modules.fhir.transport import FhirRequest, FhirResponse, Transport

OTHER_BASE = "https://elsewhere.example/r4"
"""By which it knows itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Awkwardness:
    """What a server does otherwise.

    Attributes:
        lacks: of `history`, `_lastUpdated`, `transaction`, `batch`, `conditionalCreate`: what it cannot.
        tag: `weak`, `strong`, `opaque`, `ignored` (it does not look at If-Match).
        is_minimal: it answers a write with no content.
        most: steps that it takes at once.
        is_absolute: it says whole addresses, of another base.
    """

    lacks: frozenset[str] = frozenset()
    tag: str = "weak"
    is_minimal: bool = False
    most: int = 1000
    is_absolute: bool = False


@dataclass(slots=True)
class AwkwardServer:
    """See `Awkwardness`; a transport around another."""

    server: Transport
    awkwardness: Awkwardness
    asked: list[FhirRequest] = field(default_factory=list)

    def send(self, request: FhirRequest) -> FhirResponse:
        """See `Transport.send`."""
        self.asked.append(request)
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        answer = self.server.send(self._asked(request))
        if request.path == "metadata":
            return replace(answer, body=serialise(self._statement(parse(answer.body))))
        return self._told(request, answer)

    def _refusal(self, request: FhirRequest) -> FhirResponse | None:
        """What it does not do at all."""
        is_bundle = request.method == "POST" and request.path == ""
        if request.path.endswith("_history") and "history" in self.awkwardness.lacks:
            return _refused(404, "not-supported")
        if not is_bundle:
            return None
        bundle = parse(request.body)
        if bundle["type"] in self.awkwardness.lacks:
            return _refused(400, "not-supported")
        return _refused(413, "too-costly") if len(bundle["entry"]) > self.awkwardness.most else None

    def _asked(self, request: FhirRequest) -> FhirRequest:
        """The same, as the store is asked."""
        headers = {name: self._tag_read(name, value) for name, value in request.headers.items()}
        if "conditionalCreate" in self.awkwardness.lacks:
            headers.pop("if-none-exist", None)
        if self.awkwardness.tag == "ignored":
            headers.pop("if-match", None)
        body = request.body
        if request.method == "POST" and request.path == "":
            bundle = parse(body)
            for entry in bundle["entry"]:
                asked = entry["request"]
                if "ifMatch" in asked:
                    asked["ifMatch"] = self._tag_read("if-match", asked["ifMatch"])
                if self.awkwardness.tag == "ignored":
                    asked.pop("ifMatch", None)
            body = serialise(bundle)
        return replace(request, headers=headers, body=body)

    def _tag_read(self, name: str, value: str) -> str:
        """A tag as the store knows it; in another form than its own it fits nothing."""
        if name != "if-match" or self.awkwardness.tag in {"weak", "ignored"}:
            return value
        if self.awkwardness.tag == "opaque":
            return f'W/"{value[4:-1]}"' if value.startswith('"op-') else 'W/"fits-nothing"'
        return f"W/{value}" if value.startswith('"') else 'W/"fits-nothing"'

    def _told(self, request: FhirRequest, answer: FhirResponse) -> FhirResponse:
        headers = {name: self._tag_told(name, value) for name, value in answer.headers.items()}
        body = answer.body
        if self.awkwardness.is_minimal and answer.status < 300 and request.method in {"POST", "PUT"}:
            body = self._minimal(body) if request.path == "" else b""
        if self.awkwardness.is_absolute and body and answer.status < 300:
            body = serialise(_absolute(parse(body)))
        return FhirResponse(status=answer.status, headers=headers, body=body)

    def _tag_told(self, name: str, value: str) -> str:
        if name != "etag" or self.awkwardness.tag in {"weak", "ignored"}:
            return value
        version = value.removeprefix("W/").strip('"')
        return f'"op-{version}"' if self.awkwardness.tag == "opaque" else f'"{version}"'

    def _minimal(self, body: bytes) -> bytes:
        bundle = parse(body)
        for entry in bundle.get("entry", []):
            entry.pop("resource", None)
        return serialise(bundle)

    def _statement(self, statement: dict[str, Any]) -> Mapping[str, Any]:
        """What it says of itself: another server's name, and no word of what it lacks."""
        (rest,) = statement["rest"]
        lacks = self.awkwardness.lacks
        names = {"history-system" if one == "history" else one for one in lacks}
        rest["interaction"] = [one for one in rest["interaction"] if one["code"] not in names]
        rest["searchParam"] = [one for one in rest["searchParam"] if one["name"] not in lacks]
        for one in rest["resource"]:
            one["searchParam"] = [each for each in one["searchParam"] if each["name"] not in lacks]
            if "conditionalCreate" in lacks:
                one["conditionalCreate"] = False
        if self.awkwardness.is_absolute:
            statement = {**statement, "implementation": {"description": "awkward", "url": OTHER_BASE}}
        return {**statement, "software": {"name": "An awkward server"}}


def _refused(status: int, code: str) -> FhirResponse:
    issue = {"severity": "error", "code": code, "diagnostics": "not here"}
    body = serialise({"resourceType": "OperationOutcome", "issue": [issue]})
    return FhirResponse(status=status, headers={}, body=body)


def _absolute(value: Any) -> Any:
    """The same, with every address a whole one, below the base by which it knows itself."""
    if isinstance(value, dict):
        return {name: _absolute_one(name, one) for name, one in value.items()}
    if isinstance(value, list):
        return [_absolute(one) for one in value]
    return value


def _absolute_one(name: str, value: Any) -> Any:
    if isinstance(value, str) and name in {"reference", "fullUrl", "url"} and "/" in value:
        is_own = not value.startswith(("http", "urn:"))
        if is_own:
            return f"{OTHER_BASE}/{value}"
        if "cloud.example/Y99002/fhir" in value:
            return f"{OTHER_BASE}{value.partition('/Y99002/fhir')[2]}"
    return _absolute(value)
