"""Puts the cloud together as one ASGI application: records, sign-in, functions, modules."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from web_modules.catalogue import DESK_PAGE, FUNCTIONS, Function, desk_routes
from web_modules.decision.words import Environment
from web_modules.fhir.transport import FHIR_JSON, FhirRequest, FhirResponse
from web_modules.fhir_store.access import OURSELVES, Access, Agent
from web_modules.fhir_store.audit.events import STRANGER
from web_modules.fhir_store.changes import position_instant
from web_modules.fhir_store.database.transactions import CommitUnknown, DatabaseSilent
from web_modules.fhir_store.endpoint import Closed, FhirEndpoint, Gate
from web_modules.fhir_store.interactions.answers import position_of_etag
from web_modules.fhir_store.interactions.practice_records import ServedPractice
from web_modules.fhir_store.refusals import Issue, IssueCode, Refusal, outcome, refuse
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.store import Store
from web_modules.fhir_store.subscriptions.desk import Desk
from web_modules.fhir_store.subscriptions.dispatcher import Dispatcher
from web_modules.fhir_store.subscriptions.socket import SubscriptionSocket
from web_modules.fhir_store.subscriptions.wanted import EndpointRule, own_addresses
from web_modules.identity.admission import SERVICE
from web_modules.identity.assembly import Identity, create_identity, issuer_of
from web_modules.identity.auditing import Happening, IdentityAudit
from web_modules.identity.doors import Door
from web_modules.identity.paces import Paces
from web_modules.identity.scopes import MESSAGING_SCOPES
from web_modules.identity.services import Services
from web_modules.identity.smart.clients import Client, Clients
from web_modules.identity.smart.discovery import capability_security
from web_modules.identity.smart.routes import FOR_EVERYBODY
from web_modules.identity.sockets import open_socket_gate, renewing, socket_gate
from web_modules.identity.wall import FORGED, SignInWall, is_forged_write
from web_modules.pages.stops import Stops
from web_modules.security import (
    SAFE_METHODS,
    KnownHosts,
    SecurityHeaders,
    challenge,
    is_own_origin,
)
from web_modules.settings import LOOPBACK, CloudSettings

_FOLDER = Path(__file__).resolve().parent
_PRACTICE_ZONE = ZoneInfo("Europe/London")
_ANYBODY = replace(OURSELVES, agent=Agent(id="development", name="Without sign-in"))
"""Who asks where no sign-in is asked for: everything is permitted."""

_STRANGER = Access(agent=STRANGER, grants=())

_PLAIN_WORDS = {404: "There is nothing at this address.", 405: "This address does not take that method."}

_NOT_SERVED = frozenset({"fhir"})
"""Folders of the assets that are for the store and not for browsers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """A cloud that is put together.

    Attributes:
        app: the ASGI application.
        services: what the modules were given; the in-process way to the records.
    """

    app: Starlette
    services: Services


def create_cloud(
    settings: CloudSettings,
    store: Store,
    session_key: bytes,
    origin: str,
    functions: Sequence[Function] = FUNCTIONS,
) -> Cloud:
    """Put the cloud together.

    Args:
        settings: as checked.
        store: open; the practice is opened in it here.
        session_key: signs the sessions.
        origin: scheme, host and port under which clients see the cloud.
        functions: what it offers.

    Raises:
        DatabaseUnavailable: the practice cannot be opened.
    """
    environment = Environment(settings.environment)
    store.open_practice(settings.practice, settings.environment)
    fhir_path = f"/{settings.practice}/fhir"
    base_url = f"{origin}{fhir_path}"
    service = _service(settings, store, base_url, capability_security(issuer_of(settings, origin)))
    identity = create_identity(
        settings,
        database=store.database,
        trail=service.trail,
        transport=service,
        session_key=session_key,
        origin=origin,
        today=_today(settings),
        stylesheets=_stylesheets(),
        resource_types=store.catalogue.definitions.resource_types,
    )
    services = Services(
        practice=settings.practice,
        practice_name=settings.practice_name,
        environment=environment,
        today=_today(settings),
        fhir=service,
        fhir_for=lambda person: _As(service, identity.admission.access_of_person(person)),
        changes=service.changes,
        contexts=identity.contexts,
        why_stopped=Stops(settings.flags, practice=settings.practice, environment=environment).words,
    )
    desk = Desk(store, settings.practice, base_url)
    renewed = renewing(identity.admission, without_sign_in=_ANYBODY if settings.is_development else None)
    dispatcher = partial(Dispatcher, desk, store, rule=service.served.endpoints, renewed=renewed)
    gate = socket_gate(identity.admission, identity.audit)
    endpoint = FhirEndpoint(service, _gate(identity, Paces(settings.requests_per_minute)), fhir_path)
    routes: list[BaseRoute] = [  # the records first: every route before theirs costs each of their requests
        identity.discovery,
        SubscriptionSocket(service, desk, gate, renewed).route(fhir_path),
        Route(f"{fhir_path}/metadata", endpoint, middleware=[FOR_EVERYBODY]),
        *_fhir_routes(fhir_path, endpoint, [identity.cors]),
    ]
    if settings.is_development:
        open_service = _service(settings, store, f"{origin}/fhir")
        open_gate = open_socket_gate(identity.audit, _ANYBODY)
        routes.append(SubscriptionSocket(service, desk, open_gate, renewed).route("/fhir"))
        routes += _fhir_routes(
            "/fhir", FhirEndpoint(open_service, _open_gate(identity.audit), "/fhir", is_gate_instant=True), []
        )
    routes += [
        Route("/", _start_page(services, functions)),
        Route("/health", _health(services)),
        Route("/functions.json", _functions(settings, services, functions, origin, identity.clients)),
        *identity.routes,
        *_files(),
    ]
    served = [function.routes for function in functions if function.routes is not None]
    routes += [_walled(route, identity) for make in (*served, desk_routes) for route in make(services)]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(SecurityHeaders, environment=environment.value, is_https=origin.startswith("https:")),
            Middleware(KnownHosts, hosts=_host_names(settings, origin)),
        ],
        exception_handlers={
            HTTPException: partial(_plain_error, settings.practice),
            DatabaseSilent: _silent,
            Exception: _own_fault,
        },
        lifespan=lambda _app: dispatcher().running(),
    )
    return Cloud(app=app, services=services)


def _fhir_routes(path: str, endpoint: FhirEndpoint, middleware: Sequence[Middleware]) -> list[BaseRoute]:
    """The base itself, which takes bundles without a slash at its end, and what is under it."""
    return [
        Route(path, endpoint, middleware=middleware),
        Mount(path, endpoint, middleware=middleware),
    ]


def _service(
    settings: CloudSettings, store: Store, base_url: str, security: Mapping[str, object] | None = None
) -> FhirService:
    words = f"{settings.practice_name} ({settings.practice}), environment: {settings.environment}"
    return FhirService(
        store,
        ServedPractice(
            practice=settings.practice,
            base_url=base_url,
            description=words,
            security=security,
            endpoints=EndpointRule(
                hosts=frozenset(settings.subscription_hosts),
                own=own_addresses(
                    base_url.removesuffix("/fhir").removesuffix(f"/{settings.practice}"), port=settings.port
                ),
                is_live=settings.environment == "live",
            ),
        ),
    )


class _As:
    """The records as somebody may see and change them; see `web_modules.fhir.transport.Transport`."""

    def __init__(self, service: FhirService, access: Access) -> None:
        self._service = service
        self._access = access

    def send(self, request: FhirRequest) -> FhirResponse:
        """Send one request."""
        return self._service.send(request, self._access)


def _today(settings: CloudSettings) -> Callable[[], date]:
    fixed = settings.today
    return lambda: fixed or datetime.now(_PRACTICE_ZONE).date()


def _gate(identity: Identity, paces: Paces) -> Gate:
    def check(request: Request) -> Access | Closed:
        access = identity.admission.access_of(request)
        if access is None and request.scope["path"].endswith("/fhir/metadata"):
            return _STRANGER  # everybody may know what this server can do
        if access is None:
            refusal = refuse(401, IssueCode.LOGIN, "Sign in first, or bring the service token.")
            refusal = Refusal(401, refusal.issues, headers=challenge(request))
            why = identity.admission.why_refused(request)
            identity.doors.failed(request, Door.RECORDS)
            seconds = identity.doors.seconds_closed(request, Door.RECORDS)
            return _closed(identity.audit, request, _wait(seconds) if seconds else refusal, why)
        if is_forged_write(request):
            return _forged(identity.audit, request)
        seconds = paces.seconds_over(access.agent.id) if access is not SERVICE else 0
        if seconds:
            return _closed(identity.audit, request, _wait(seconds), f"Too fast: {access.agent.id}.")
        return access

    return check


def _wait(seconds: int) -> Refusal:
    words = f"That was too often. Try again in {seconds} seconds."
    refusal = refuse(429, IssueCode.THROTTLED, words)
    return Refusal(429, refusal.issues, headers={"retry-after": str(seconds)})


def _open_gate(audit: IdentityAudit) -> Gate:
    """Without sign-in, a page of any site could make the browser write: only our own may."""

    def check(request: Request) -> Access | Closed:
        if request.method not in SAFE_METHODS and not is_own_origin(request):
            return _forged(audit, request)
        return _ANYBODY

    return check


def _forged(audit: IdentityAudit, request: Request) -> Closed:
    refusal = refuse(403, IssueCode.FORBIDDEN, "This did not come from one of our pages.")
    return _closed(audit, request, refusal, FORGED)


def _closed(audit: IdentityAudit, request: Request, refusal: Refusal, why: str) -> Closed:
    asked = f"{request.method} {request.scope['path']}"
    return Closed(refusal=refusal, noted=audit.turned_away(request, Happening.PROOF, why, asked))


def _walled(route: BaseRoute, identity: Identity) -> BaseRoute:
    if not isinstance(route, Route | Mount):
        raise TypeError(f"a module may list routes and mounts only, not {type(route).__name__}")
    route.app = SignInWall(route.app, identity.sessions, identity.audit)
    return route


def _start_page(services: Services, functions: Sequence[Function]) -> Callable[[Request], Response]:
    first = next((function.page for function in functions if function.page), None)

    def start(_request: Request) -> Response:
        return RedirectResponse(
            "/sign-in" if first is None else f"/{services.practice}/{first}", status_code=303
        )

    return start


def _health(services: Services) -> Callable[[Request], Any]:
    async def health(_request: Request) -> Response:
        probe = FhirRequest(method="GET", path="_history", query=(("_count", "1"),))
        answer = await run_in_threadpool(services.fhir.send, probe)
        is_well = answer.status < 300
        position = position_of_etag(answer.headers.get("etag", ""))
        told = {
            "status": "ok" if is_well else "database unavailable",
            "environment": services.environment.value,
            "practice": services.practice,
            "changed": position_instant(position) if position else None,
        }
        return JSONResponse(told, status_code=200 if is_well else 503)

    return health


def _functions(
    settings: CloudSettings,
    services: Services,
    functions: Sequence[Function],
    origin: str,
    clients: Clients,
) -> Callable[[Request], Response]:
    base = f"{origin}/{services.practice}"
    told = {
        "environment": services.environment.value,
        "today": None if settings.today is None else settings.today.isoformat(),
        "practice": {"ods": services.practice, "name": services.practice_name},
        "fhir": f"{base}/fhir",
        "desk": f"{base}/{DESK_PAGE}",
        "functions": [
            {
                "id": function.id,
                "title": function.title,
                "capability": function.capability,
                "url": f"{base}/{function.page}" if function.page else None,
                "patient_url": f"{base}/{function.patient_page}" if function.patient_page else None,
                "needs_patient": function.needs_patient,
            }
            for function in functions
        ],
        "launch": f"{base}/auth/launch",
        "apps": [_app(client) for client in clients.launched],
    }
    return lambda _request: JSONResponse(told)


def _app(client: Client) -> dict[str, Any]:
    """An application that a window can open, and what it may reach and say there."""
    messaging = [one.removeprefix("messaging/") for one in client.scopes.plain if one in MESSAGING_SCOPES]
    return {
        "id": client.id,
        "name": client.name,
        "needs_patient": client.scopes.needs_patient,
        "origins": sorted(client.origins),
        "part_origins": sorted(client.part_origins),
        "messaging": messaging,
    }


def _files() -> list[BaseRoute]:
    found: list[BaseRoute] = []
    if (_FOLDER / "static").is_dir():
        found.append(Mount("/static", StaticFiles(directory=_FOLDER / "static")))
    assets = _FOLDER / "assets"
    if assets.is_dir():
        found += [
            Mount(f"/assets/{folder.name}", StaticFiles(directory=folder))
            for folder in sorted(assets.iterdir())
            if folder.is_dir() and folder.name not in _NOT_SERVED
        ]
    return found


def _stylesheets() -> list[str]:
    wanted = ("assets/nhsuk/nhsuk-frontend.min.css", "static/banyan.css")
    return [f"/{file}" for file in wanted if (_FOLDER / file).is_file()]


def _host_names(settings: CloudSettings, origin: str) -> set[str]:
    if settings.host in {"0.0.0.0", "::"}:  # noqa: S104  (every address of the machine: its names are not known)
        return {"*"}
    names = {settings.host, urlsplit(origin).hostname or settings.host}
    return names | LOOPBACK if settings.host in LOOPBACK else names


async def _own_fault(_request: Request, _error: Exception) -> Response:
    """An answer to what should never happen; the server logs the error itself."""
    words = "This server failed at that, and nothing was changed. Its log says where."
    told = outcome([Issue(code=IssueCode.EXCEPTION, words=words)], severity="fatal")
    return JSONResponse(told, status_code=500, media_type=FHIR_JSON)


async def _silent(_request: Request, error: Exception) -> Response:
    """What cannot be noted in the audit is not done."""
    if isinstance(error, CommitUnknown):
        words = "The database went away while this was stored, so it may be: look before you do it again."
        return JSONResponse({"error": words}, status_code=503)
    told = {"error": "The database does not answer now; nothing was changed. Try again in a moment."}
    return JSONResponse(told, status_code=503, headers={"Retry-After": "1"})


async def _plain_error(practice: str, request: Request, error: Exception) -> Response:
    """What no route takes: told in FHIR's words under a practice and where a FHIR base might be."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None  # such as Allow
    told = _PLAIN_WORDS.get(status, "This did not work.")
    segments = request.scope["path"].split("/")[1:3]
    if segments[0] != practice and "fhir" not in segments:
        return JSONResponse({"error": told}, status_code=status, headers=headers)
    code = IssueCode.NOT_FOUND if status == 404 else IssueCode.NOT_SUPPORTED
    body = outcome([Issue(code=code, words=told)])
    return JSONResponse(body, status_code=status, headers=headers, media_type=FHIR_JSON)
