"""The store over HTTP: turns ASGI requests into `FhirRequest`s, once it is known that they may be made."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from web_modules.fhir.transport import DEADLINE, FhirRequest, FhirResponse
from web_modules.fhir_store import answers
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse
from web_modules.fhir_store.service import LARGEST_BODY_BYTES, FhirService

Gate = Callable[[Request], Refusal | None]
"""Says why a request may not be made, or None when it may."""

_HEADERS = ("if-match", "if-none-match", "if-none-exist", "prefer", DEADLINE)
_JSON = frozenset({"application/fhir+json", "application/json", "application/json+fhir", "text/json"})
_FORM = "application/x-www-form-urlencoded"


class FhirEndpoint:
    """One practice's FHIR base as an ASGI application. Writing and reading happen in worker threads."""

    def __init__(self, service: FhirService, gate: Gate) -> None:
        self._service = service
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        request = Request(scope, receive)
        try:
            refusal = self._gate(request) or _unacceptable(request)
            if refusal is not None:
                answer = answers.of_refusal(refusal)
            else:
                answer = await self._answered(await _fhir_request(request))
        except ClientDisconnect:
            return
        except Refusal as refused:
            answer = answers.of_refusal(refused)
        body = b"" if scope["method"] == "HEAD" else answer.body
        await Response(body, status_code=answer.status, headers=dict(answer.headers))(scope, receive, send)

    async def _answered(self, request: FhirRequest) -> FhirResponse:
        held = self._service.waiting_position(request)
        if held is not None:  # waits here, where it costs no thread
            await self._service.changes.wait_async(*held)
            headers = {name: value for name, value in request.headers.items() if name != "prefer"}
            request = FhirRequest(
                method=request.method, path=request.path, query=request.query, headers=headers
            )
        return await run_in_threadpool(self._service.send, request)


async def _fhir_request(request: Request) -> FhirRequest:
    root = request.scope.get("root_path", "")
    path = request.scope["path"].removeprefix(root).strip("/")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY_BYTES:
            raise refuse(
                413, IssueCode.TOO_COSTLY, "The body is larger than this server takes; send it in parts."
            )
    if body:
        _check_content_type(request, path)
    return FhirRequest(
        method=request.method,
        path=path,
        query=tuple(parse_qsl(request.url.query, keep_blank_values=True)),
        headers={
            name: ", ".join(request.headers.getlist(name)) for name in _HEADERS if name in request.headers
        },
        body=bytes(body),
    )


def _check_content_type(request: Request, path: str) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if path.endswith("_search"):
        if kind != _FORM:
            raise refuse(415, IssueCode.NOT_SUPPORTED, f"A search that is posted must be {_FORM}.")
    elif kind and kind not in _JSON:
        raise refuse(415, IssueCode.NOT_SUPPORTED, "This server takes application/fhir+json only.")


def _unacceptable(request: Request) -> Refusal | None:
    accept = request.headers.get("accept", "*/*").lower()
    if "json" in accept or "*" in accept or "text/html" in accept:
        return None
    return refuse(406, IssueCode.NOT_SUPPORTED, "This server answers with application/fhir+json only.")
