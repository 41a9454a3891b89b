"""The store over HTTP: turns ASGI requests into `FhirRequest`s, once it is known that they may be made."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from web_modules.fhir.transport import DEADLINE, FHIR_JSON, FhirRequest, FhirResponse
from web_modules.fhir_store.access import Access
from web_modules.fhir_store.audit.turned_away import TurnedAway
from web_modules.fhir_store.formats import check_charset, check_wanted, is_sent_as_json
from web_modules.fhir_store.interactions import answers, binaries
from web_modules.fhir_store.interactions.patching import JSON_PATCH
from web_modules.fhir_store.packing import (
    QUICK_BYTES,
    SMALLEST_PACKED_BYTES,
    is_wanted,
    packed,
    unpacked,
)
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse
from web_modules.fhir_store.service import LARGEST_BODY_BYTES, FhirService


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Why a request may not be made.

    Attributes:
        refusal: the answer.
        noted: what goes into the audit.
    """

    refusal: Refusal
    noted: TurnedAway


Gate = Callable[[Request], Access | Closed]
"""Says what whoever makes a request may do, or why it may not be made."""

T = TypeVar("T")

WORKERS = 32
"""Requests that are worked on at once; further ones wait their turn."""

LARGEST_PRETTY_BYTES = 1_000_000
"""What nests deep becomes fifty times as long with its indents, and nobody reads more than that."""

_WITHOUT_CONTENT = frozenset({"GET", "HEAD"})
_WITHOUT_BODY = frozenset({204, 304})
_HEADERS = (
    "if-match",
    "if-none-match",
    "if-none-exist",
    "if-modified-since",
    "prefer",
    "via",
    DEADLINE.lower(),
)
_OF_BINARIES = (*_HEADERS, *binaries.HEADERS)
_FORM = "application/x-www-form-urlencoded"


class FhirEndpoint:
    """One practice's FHIR base as an ASGI application. What may block happens in worker threads."""

    def __init__(self, service: FhirService, gate: Gate, path: str, *, is_gate_instant: bool = False) -> None:
        """Serve a practice.

        Args:
            service: its records.
            gate: may block, unless `is_gate_instant`.
            path: of the base, with a leading slash.
            is_gate_instant: whether the gate may be asked where it would hold up everybody.
        """
        self._service = service
        self._gate = gate
        self._path = path
        self._is_gate_instant = is_gate_instant
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="fhir")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        request = Request(scope, receive)
        try:
            answer = await self._answered(request)
        except ClientDisconnect:
            return
        except Refusal as refused:
            answer = answers.of_refusal(refused)
        answer = await self._shaped(request, answer)
        body = b"" if scope["method"] == "HEAD" else answer.body
        headers = [(name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
        if answer.status not in _WITHOUT_BODY:
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answered(self, request: Request) -> FhirResponse:
        path = request.scope["path"].removeprefix(self._path).strip("/")
        query = tuple(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
        is_binary = binaries.is_of_binary(path)
        accept = request.headers.get("accept", "*/*")
        check_wanted(query, "*/*" if is_binary else accept)
        asked = FhirRequest(
            method=request.method,
            path=path,
            query=query,
            headers={"accept": accept, **_headers(request, _OF_BINARIES)} if is_binary else _headers(request),
        )
        held = self._service.waiting_position(asked)
        has_body = request.method not in _WITHOUT_CONTENT
        if held is None and not has_body and not self._is_gate_instant:
            return await self._in_thread(self._admitted, request, asked)
        gate = self._gate
        access = gate(request) if self._is_gate_instant else await self._in_thread(gate, request)
        if isinstance(access, Closed):
            return self._service.turned_away(access.noted, access.refusal)
        if has_body:  # only now: a stranger's would be for nothing
            asked = replace(asked, body=await self._body(request, path))
        elif held is not None:
            await self._service.changes.wait_async(*held)  # waits here, where it costs no thread
            asked = replace(
                asked, headers={**asked.headers, "prefer": _without_wait(asked.headers["prefer"])}
            )
        elif self._service.is_instant(asked):
            return self._service.send(asked, access)
        return await self._in_thread(self._service.send, asked, access)

    async def _shaped(self, request: Request, answer: FhirResponse) -> FhirResponse:
        """An answer as its client likes it: laid out for a person to read, made small."""
        if not answer.headers.get("content-type", "").startswith(FHIR_JSON):  # what a Binary holds
            return answer
        is_asked = b"_pretty=true" in request.scope["query_string"]
        is_pretty = is_asked and len(answer.body) <= LARGEST_PRETTY_BYTES
        if not is_pretty and len(answer.body) < SMALLEST_PACKED_BYTES:
            return answer
        is_packed = is_wanted(request.headers.get("accept-encoding", ""))
        if len(answer.body) < QUICK_BYTES:
            return _shaped(answer, is_pretty=is_pretty, is_packed=is_packed)
        shape = partial(_shaped, is_pretty=is_pretty, is_packed=is_packed)
        return await self._in_thread(shape, answer)

    async def _body(self, request: Request, path: str) -> bytes:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_BODY_BYTES:
                words = "The body is larger than this server takes; send it in parts."
                raise refuse(413, IssueCode.TOO_COSTLY, words)
        if not body:
            return b""
        _check_content_type(request, path)
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding == "identity":
            return bytes(body)
        return await self._in_thread(unpacked, bytes(body), encoding, LARGEST_BODY_BYTES)

    async def _in_thread(self, work: Callable[..., T], *values: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._workers, work, *values)

    def _admitted(self, request: Request, asked: FhirRequest) -> FhirResponse:
        access = self._gate(request)
        if isinstance(access, Closed):
            return self._service.turned_away(access.noted, access.refusal)
        return self._service.send(asked, access)


def _headers(request: Request, names: Collection[str] = _HEADERS) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in request.scope["headers"]:
        name = raw_name.decode("latin-1")
        if name in names:
            value = raw_value.decode("latin-1")
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _shaped(answer: FhirResponse, *, is_pretty: bool, is_packed: bool) -> FhirResponse:
    body = msgspec.json.format(answer.body, indent=2) if is_pretty else answer.body
    headers = dict(answer.headers)
    if len(body) >= SMALLEST_PACKED_BYTES:
        headers["vary"] = f"{headers['vary']}, accept-encoding" if "vary" in headers else "accept-encoding"
        if is_packed:
            headers["content-encoding"] = "gzip"
            body = packed(body)
    return replace(answer, headers=headers, body=body)


def _without_wait(prefer: str) -> str:
    return ",".join(one for one in prefer.split(",") if not one.strip().lower().startswith("wait"))


def _check_content_type(request: Request, path: str) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not binaries.is_of_binary(path) or is_sent_as_json(request.headers.get("content-type", "")):
        check_charset(request.headers.get("content-type", ""))
    if path.endswith("_search"):
        if kind != _FORM:
            raise refuse(415, IssueCode.NOT_SUPPORTED, f"A search that is posted must be {_FORM}.")
    elif request.method == "PATCH":
        if kind != JSON_PATCH:
            refusal = refuse(415, IssueCode.NOT_SUPPORTED, f"A patch must be {JSON_PATCH}.")
            raise Refusal(415, refusal.issues, headers={"accept-patch": JSON_PATCH})  # RFC 5789, section 2.2
    elif kind and not binaries.is_of_binary(path) and not is_sent_as_json(request.headers["content-type"]):
        raise refuse(415, IssueCode.NOT_SUPPORTED, "This server takes application/fhir+json of R4 only.")
