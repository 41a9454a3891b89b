"""The addresses of the authorisation server of one practice."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Error
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from web_modules.identity.auditing import Happening, IdentityAudit
from web_modules.identity.doors import Door, Doors, come_back
from web_modules.identity.scopes import parse_scopes
from web_modules.identity.smart.assertions import claimed_client
from web_modules.identity.smart.authorizing import Authorizing
from web_modules.identity.smart.clients import PRIVATE_KEY_JWT, PUBLIC, Clients
from web_modules.identity.smart.discovery import smart_configuration
from web_modules.identity.smart.launching import Launching
from web_modules.identity.smart.requests import Answer, SmartRequest, read_raw
from web_modules.identity.smart.server import SmartServer, reason_of
from web_modules.identity.smart.styles import STYLES, style_path
from web_modules.identity.smart.tokens import Granted
from web_modules.security import ServiceToken, bearer_of

_LOOPBACK_ORIGIN = r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?"


def cors(clients: Clients) -> Middleware:
    """Lets pages of known applications call from a browser; no cookie goes with such a call."""
    return Middleware(
        CORSMiddleware,
        allow_origins=sorted(clients.origins),
        allow_origin_regex=_LOOPBACK_ORIGIN if clients.take_loopback else None,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"],
        allow_headers=[
            "Authorization",
            "Content-Encoding",
            "Content-Type",
            "If-Match",
            "If-Modified-Since",
            "If-None-Match",
            "If-None-Exist",
            "Prefer",
            "X-Security-Context",
        ],
        expose_headers=[
            "ETag",
            "Location",
            "Content-Location",
            "Last-Modified",
            "Retry-After",
            "WWW-Authenticate",
            "X-Security-Context",
        ],
        max_age=600,
    )


FOR_EVERYBODY = Middleware(
    CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD"], allow_headers=["*"], max_age=600
)
"""Discovery is open to pages of any origin (SMART App Launch 2.2, CORS support)."""


class SmartRoutes:
    """Every route of the authorisation server."""

    def __init__(
        self,
        server: SmartServer,
        authorizing: Authorizing,
        launching: Launching,
        service_token: ServiceToken,
        audit: IdentityAudit,
        doors: Doors,
    ) -> None:
        self._server = server
        self._authorizing = authorizing
        self._launching = launching
        self._service_token = service_token
        self._audit = audit
        self._doors = doors

    def discovery(self) -> BaseRoute:
        """What the server can do; below the practice's FHIR base, so to be listed before it."""
        configuration = smart_configuration(self._server.desk.issuer)
        base = urlsplit(self._server.desk.fhir_base).path
        return _told(f"{base}/.well-known/smart-configuration", lambda: configuration, [FOR_EVERYBODY])

    def routes(self) -> list[BaseRoute]:
        """The authorisation server itself."""
        desk = self._server.desk
        auth = urlsplit(desk.issuer).path
        shared = [cors(desk.clients)]
        configuration = smart_configuration(desk.issuer)
        return [
            _told(f"{auth}/.well-known/openid-configuration", lambda: configuration, shared),
            _told(f"{auth}/jwks", desk.keys.public, shared),
            Route(f"{auth}/token", self._token, methods=["POST", "OPTIONS"], middleware=shared),
            Route(f"{auth}/introspect", self._introspect, methods=["POST", "OPTIONS"], middleware=shared),
            Route(f"{auth}/revoke", self._revoke, methods=["POST", "OPTIONS"], middleware=shared),
            Route(f"{auth}/authorize", self._authorizing.authorize, methods=["GET", "POST"]),
            Route(f"{auth}/launch", self._launching.launch, methods=["POST"]),
            *(
                _told(f"{auth}{style_path(name)}", partial(dict, style), [FOR_EVERYBODY])
                for name, style in STYLES.items()
            ),
        ]

    async def _token(self, request: Request) -> Response:
        return await self._formed(request, "token", self._server.create_token_response)

    async def _introspect(self, request: Request) -> Response:
        return await self._formed(request, "introspect", self._introspected)

    async def _revoke(self, request: Request) -> Response:
        return await self._formed(request, "revoke", self._revoked)

    async def _formed(self, request: Request, name: str, answer: Any) -> Response:
        desk = self._server.desk
        asked: SmartRequest | None = None
        reason = client = ""
        try:
            raw = await read_raw(request, f"{desk.issuer}/{name}")
            asked = SmartRequest(raw, is_authorization=False)
            asked.parameters.check_single()
            client = self._claimed(asked)
            seconds = self._doors.seconds_closed(request, Door.TOKEN, client)
            if seconds:
                return come_back(seconds)
            presented = bearer_of(request)
            if presented is not None and self._service_token.matches(presented):
                asked.user = presented
            made: Answer = await run_in_threadpool(answer, asked)
        except OAuth2Error as error:
            made, reason = _refusal(error), reason_of(error)
        if made.status >= 400:
            reason = (asked.reason if asked is not None else "") or reason
            named = asked.form.get("client_id", "") if asked is not None else ""
            self._audit.refused(request, Happening.PROOF, f"{name}: {reason}", named)
            await run_in_threadpool(self._doors.failed, request, Door.TOKEN, client)
        return made.response()

    def _claimed(self, asked: SmartRequest) -> str:
        """Which of our clients asks, as it says; empty for any other."""
        said = asked.form.get("client_id") or claimed_client(asked.form.get("client_assertion", ""))
        return said if self._server.desk.clients.get(said) is not None else ""

    def _introspected(self, asked: SmartRequest) -> Answer:
        """RFC 7662; a client learns of its own tokens, the practice's services of every one."""
        client_id = None
        if asked.user is None:
            try:
                client = self._server.authenticate_client(asked, [PRIVATE_KEY_JWT], "introspect")
            except InvalidClientError as error:
                error.status_code = 401  # RFC 7662, section 2.3
                raise
            client_id = client.get_client_id()
        return Answer(status=200, body=self._described(_token_of(asked), client_id))

    def _described(self, token: str, client_id: str | None) -> dict[str, Any]:
        desk = self._server.desk
        read = desk.tokens.read(token)
        if read is not None:
            if client_id not in {None, read.granted.client}:
                return {"active": False}
            about = {"token_type": "Bearer", "exp": read.until, "iat": read.issued_at, "jti": read.id}
            about |= {"iss": desk.issuer, "aud": desk.fhir_base}
            return {"active": True, **_told_of(read.granted, desk.fhir_base), **about}
        family = desk.families.of(token)
        if family is None or not family.is_current:
            return {"active": False}
        granted = Granted.from_json(family.content)
        if client_id not in {None, granted.client} or not desk.vouches(granted):
            return {"active": False}
        return {"active": True, **_told_of(granted, desk.fhir_base), "exp": family.until}

    def _revoked(self, asked: SmartRequest) -> Answer:
        """RFC 7009; with either token of a family all of them end. What is no token is none already."""
        client = self._server.authenticate_client(asked, [PRIVATE_KEY_JWT, PUBLIC], "revoke")
        desk = self._server.desk
        token = _token_of(asked)
        read, family = desk.tokens.read(token), desk.families.of(token)
        if read is not None:
            granted: Granted | None = read.granted
        else:
            granted = None if family is None else Granted.from_json(family.content)
        if granted is not None and granted.client == client.get_client_id():
            desk.revoke(granted.family)
        return Answer(status=200, body={})


def _told(path: str, tell: Callable[[], Any], middleware: list[Middleware]) -> Route:
    def answer(_request: Request) -> Response:
        return JSONResponse(tell())

    return Route(path, answer, methods=["GET", "OPTIONS"], middleware=middleware)


def _token_of(asked: SmartRequest) -> str:
    token = asked.form.get("token")
    if not token:
        raise InvalidRequestError(description="The token is missing.")
    return token


def _told_of(granted: Granted, fhir_base: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "client_id": granted.client,
        "scope": granted.scope,
        "sub": granted.get_user_id(),
    }
    if granted.patient is not None:
        told["patient"] = granted.patient
    if granted.fhir_user and "fhirUser" in parse_scopes(granted.scope).plain:
        told["fhirUser"] = f"{fhir_base}/{granted.fhir_user}"
    return told


def _refusal(error: OAuth2Error) -> Answer:
    status, body, headers = error()
    if isinstance(error, InvalidClientError) and status == 401:
        headers = [*headers, ("WWW-Authenticate", "Bearer")]
    return Answer(status=status, body=body, headers=list(headers))
