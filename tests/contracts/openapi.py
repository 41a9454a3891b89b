"""An OpenAPI description of the cloud, made of its own routes and its CapabilityStatement."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from starlette.routing import BaseRoute, Mount, Route

FHIR = "application/fhir+json"
JSON, HTML, TEXT = "application/json", "text/html", "text/plain"
FORM = "application/x-www-form-urlencoded"
PATCH = "application/json-patch+json"

_FORMS = {
    "token": "grant_type code redirect_uri client_id code_verifier refresh_token client_assertion".split(),
    "introspect": ["token", "client_assertion"],
    "revoke": ["token", "client_id"],
    "authorize": ["decision", "patient"],
    "launch": ["patient", "client"],
    "sign-in": ["person", "next"],
    "edit": ["family", "phone", "was_phone"],
    "book": ["slot", "starts", "reason", "date"],
    "cancel": ["appointment", "why", "slot"],
    "patients": ["q"],
}
_QUERIES = {
    "authorize": "response_type client_id redirect_uri scope state aud launch code_challenge".split(),
    "sign-in": ["next"],
    "back": ["code", "state", "error"],
    "appointments": ["date", "slot", "done", "book"],
    "next-free": ["date", "slot", "book"],
    "edit": ["done"],
}
_SEARCH = ["_id", "_lastUpdated", "_count", "_sort", "_include", "_revinclude", "_summary", "_elements"]
_SEARCH += ["_total", "_type", "_cursor", "_has:Observation:subject:code", "name", "identifier", "subject"]
_SEARCH += ["date", "code", "value-quantity", "subject:Patient.name", "_list", "_format"]
_HISTORY = ["_since", "_at", "_count", "_sort", "_cursor"]
_CONDITIONS = ["If-Match", "If-None-Match", "If-None-Exist", "If-Modified-Since", "Prefer"]


def described(
    routes: Sequence[BaseRoute], fhir_bases: Sequence[str], statement: dict[str, Any]
) -> dict[str, Any]:
    """The description of an application.

    Args:
        routes: its own.
        fhir_bases: the paths of those whose routes the CapabilityStatement tells.
        statement: the CapabilityStatement.
    """
    paths: dict[str, dict[str, Any]] = {}
    for path, method in plain_routes(routes, fhir_bases):
        paths.setdefault(path, {})[method] = _page(path, method)
    for base in fhir_bases:
        for path, method, operation in _records(base, statement["rest"][0]):
            paths.setdefault(path, {})[method] = operation
    return {"openapi": "3.0.3", "info": {"title": "Banyan's cloud", "version": "1"}, "paths": paths}


def plain_routes(routes: Sequence[BaseRoute], fhir_bases: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every path and method outside the FHIR bases; of a folder of files, one file."""
    for route in routes:
        path = getattr(route, "path", "")
        if path in fhir_bases:
            continue
        if isinstance(route, Route):
            for method in sorted((route.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
                yield re.sub(r"\{(\w+):\w+\}", r"{\1}", path), method.lower()
        elif isinstance(route, Mount):
            yield f"{path}/{{file}}", "get"


def _page(path: str, method: str) -> dict[str, Any]:
    name = path.rsplit("/", maxsplit=1)[-1]
    operation = _operation([JSON, HTML, TEXT], path, _QUERIES.get(name, []), [])
    if "{file}" in path:
        operation["responses"] = {
            "404": _answer([JSON]),
            "405": _answer([JSON]),
            "default": {"description": "file"},
        }
    if method == "post":
        fields = {field: {"type": "string"} for field in _FORMS.get(name, ["x"])}
        operation["requestBody"] = {"content": {FORM: {"schema": {"type": "object", "properties": fields}}}}
    return operation


def _records(base: str, rest: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What the CapabilityStatement says of every type, and of the whole."""
    types = [one["type"] for one in rest["resource"]]
    of_type, of_one = f"{base}/{{type}}", f"{base}/{{type}}/{{id}}"

    def done(path: str, query: Sequence[str] = (), kind: str = "") -> dict[str, Any]:
        operation = _operation([FHIR], path, query, _CONDITIONS)
        for parameter in operation["parameters"]:
            if parameter["name"] == "type":
                parameter["schema"] = {"type": "string", "enum": types}
        if kind:
            operation["requestBody"] = {"content": {kind: {"schema": _BODIES[kind]}}}
        return operation

    yield f"{base}/metadata", "get", done(f"{base}/metadata")
    yield base, "get", done(base, _SEARCH)
    yield base, "post", done(base, kind="application/json")
    yield f"{base}/_history", "get", done(base, _HISTORY)
    yield of_type, "get", done(of_type, _SEARCH)
    yield f"{of_type}/_search", "post", done(of_type, kind=FORM)
    yield f"{of_type}/_history", "get", done(of_type, _HISTORY)
    yield f"{of_type}/$validate", "post", done(of_type, ["mode", "profile"], FHIR)
    for method in ("post", "put", "patch", "delete"):
        kind = {"patch": PATCH, "delete": ""}.get(method, FHIR)
        yield of_type, method, done(of_type, ["_id", "identifier"] if method != "post" else [], kind)
    yield of_one, "get", done(of_one, ["_summary", "_elements"])
    for method in ("put", "patch", "delete"):
        yield of_one, method, done(of_one, kind={"put": FHIR, "patch": PATCH}.get(method, ""))
    yield f"{of_one}/_history", "get", done(of_one, _HISTORY)
    yield f"{of_one}/_history", "delete", done(of_one)
    yield f"{of_one}/_history/{{version}}", "get", done(f"{of_one}/{{version}}")
    for name in ("$meta", "$validate"):
        yield f"{of_one}/{name}", "get", done(of_one)
    yield f"{base}/Patient/{{id}}/$everything", "get", done("{id}", _SEARCH)
    yield f"{base}/Patient/{{id}}/{{type}}", "get", done("{id}/{type}", _SEARCH)


_RESOURCE = {
    "type": "object",
    "properties": {
        "resourceType": {"type": "string", "enum": ["Patient", "Observation", "Bundle", "Basic", "Zork"]},
        "id": {"type": "string"},
        "meta": {"type": "object", "properties": {"security": {"type": "array"}, "versionId": {}}},
        "identifier": {"type": "array", "items": {"type": "object"}},
        "name": {},
        "birthDate": {"type": "string"},
        "subject": {"type": "object", "properties": {"reference": {"type": "string"}}},
        "code": {"type": "object"},
        "valueQuantity": {"type": "object", "properties": {"value": {"type": "number"}}},
    },
    "required": ["resourceType"],
}
_ENTRY = {
    "type": "object",
    "properties": {
        "fullUrl": {"type": "string"},
        "request": {
            "type": "object",
            "properties": {
                "method": {"type": "string", "enum": ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD"]},
                "url": {"type": "string"},
                "ifMatch": {"type": "string"},
                "ifNoneExist": {"type": "string"},
            },
        },
        "resource": _RESOURCE,
    },
}
_BODIES: dict[str, dict[str, Any]] = {
    FHIR: _RESOURCE,
    "application/json": {
        "type": "object",
        "properties": {
            "resourceType": {"type": "string", "enum": ["Bundle"]},
            "type": {"type": "string", "enum": ["batch", "transaction", "history"]},
            "entry": {"type": "array", "items": _ENTRY},
        },
        "required": ["resourceType", "type", "entry"],
    },
    PATCH: {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "op": {"type": "string", "enum": ["add", "remove", "replace", "move", "copy", "test"]},
                "path": {"type": "string"},
                "from": {"type": "string"},
                "value": {},
            },
        },
    },
    FORM: {"type": "object", "properties": {name: {"type": "string"} for name in _SEARCH}},
}


def _operation(
    kinds: Sequence[str], path: str, query: Sequence[str], headers: Sequence[str]
) -> dict[str, Any]:
    text = {"type": "string"}
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": text}
        for name in re.findall(r"\{(\w+)\}", path)
    ]
    parameters += [{"name": name, "in": "query", "schema": text} for name in query]
    parameters += [{"name": name, "in": "header", "schema": text} for name in headers]
    empty = {str(status): {"description": "no content"} for status in (204, 302, 303, 304)}
    unrouted = {"404": _answer([*kinds, JSON])}  # a line break in an address is on no route
    return {"parameters": parameters, "responses": {**empty, **unrouted, "default": _answer(kinds)}}


def _answer(kinds: Sequence[str]) -> dict[str, Any]:
    return {"description": "an answer", "content": {kind: {} for kind in kinds}}
