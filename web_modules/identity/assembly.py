"""Puts identity together for one practice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from web_modules.decision.words import Environment
from web_modules.fhir.transport import Transport
from web_modules.fhir_store.audit.trail import AuditTrail
from web_modules.identity.admission import Admission
from web_modules.identity.auditing import IdentityAudit
from web_modules.identity.claiming import ClaimingPages
from web_modules.identity.database.attempts import Attempts
from web_modules.identity.database.claims import RelationshipClaims
from web_modules.identity.database.connection import IdentityDatabase, SharedDatabase
from web_modules.identity.database.contexts import Contexts
from web_modules.identity.database.families import Families
from web_modules.identity.database.keys import Keys
from web_modules.identity.database.revocations import Revocations
from web_modules.identity.database.sign_ins import SignIns
from web_modules.identity.database.tickets import Tickets
from web_modules.identity.doors import Doors
from web_modules.identity.drawing import IdentityPages
from web_modules.identity.people import DEVELOPMENT_PEOPLE
from web_modules.identity.provider.openid import OpenIdProvider, ProviderSettings, load_client_key
from web_modules.identity.provider.people import person_of, roles_of
from web_modules.identity.provider.routes import BACK, ProviderPages
from web_modules.identity.relationships import Relationships
from web_modules.identity.routes import SignInPages
from web_modules.identity.sessions import Sessions
from web_modules.identity.smart.assertions import ClientAssertions, ClientKeys
from web_modules.identity.smart.authorizing import Authorizing
from web_modules.identity.smart.clients import DEVELOPMENT_CLIENT, Clients, load_clients
from web_modules.identity.smart.grants import smart_server
from web_modules.identity.smart.launching import Launching
from web_modules.identity.smart.patients import PatientFinder
from web_modules.identity.smart.routes import SmartRoutes, cors
from web_modules.identity.smart.server import Desk, SmartServer
from web_modules.identity.smart.tokens import AccessTokens
from web_modules.identity.staff import Staff
from web_modules.identity.window_pages import WindowPages
from web_modules.identity.windows import WindowSignIns
from web_modules.security import ServiceToken
from web_modules.settings import CloudSettings


def issuer_of(settings: CloudSettings, origin: str) -> str:
    """The address of the practice's authorisation server."""
    return f"{origin}/{settings.practice}/auth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Identity of one practice, put together.

    Attributes:
        sign_ins: when people last came, and in which roles.
        sessions: of people on our pages.
        admission: says what a request may do.
        relationships: of clinicians with patients.
        contexts: which context each window is in.
        discovery: where programs learn how to sign in; to be listed before the practice's FHIR base.
        routes: sign-in and authorisation.
        cors: for the FHIR base, so that applications in a browser reach it.
        audit: what identity notes.
        doors: closed to who guesses.
        clients: the applications that are known.
    """

    sign_ins: SignIns
    sessions: Sessions
    admission: Admission
    relationships: Relationships
    contexts: Contexts
    discovery: BaseRoute
    routes: tuple[BaseRoute, ...]
    cors: Middleware
    audit: IdentityAudit
    doors: Doors
    clients: Clients


def create_identity(  # noqa: PLR0913  (what the cloud has)
    settings: CloudSettings,
    *,
    database: SharedDatabase,
    trail: AuditTrail,
    transport: Transport,
    session_key: bytes,
    origin: str,
    today: Callable[[], date],
    stylesheets: Sequence[str],
    resource_types: frozenset[str],
) -> Identity:
    """Put identity together. Blocks.

    Args:
        settings: as checked.
        database: the store's.
        trail: of the practice's audit.
        transport: the practice's records, without limits.
        session_key: signs the sessions.
        origin: scheme, host and port under which clients see the cloud.
        today: the day that the practice takes for today.
        stylesheets: of the pages.
        resource_types: of FHIR R4.

    Raises:
        SettingsError: the file of clients is malformed.
    """
    environment = Environment(settings.environment)
    audit = IdentityAudit(trail, is_behind_proxy=settings.is_behind_proxy)
    is_open = environment is not Environment.LIVE or settings.is_development
    shared = IdentityDatabase(database, settings.practice)
    doors = Doors(Attempts(shared), audit)
    revocations = Revocations(shared)
    sign_ins = SignIns(shared, settings.sign_in_days)
    sessions = Sessions(
        session_key,
        practice=settings.practice,
        environment=environment.value,
        revocations=revocations,
        sign_ins=sign_ins,
    )
    registered = load_clients(settings.clients)
    clients = Clients((*registered, DEVELOPMENT_CLIENT) if settings.is_development else registered)
    issuer, fhir_base = issuer_of(settings, origin), f"{origin}/{settings.practice}/fhir"
    keys, tickets = Keys(shared), Tickets(shared)
    tokens = AccessTokens(keys, revocations, issuer=issuer, audience=fhir_base)
    staff = Staff(transport)
    relationships = Relationships(transport, staff, RelationshipClaims(shared), today)
    service_token = ServiceToken(settings.service_token)
    admission = Admission(
        environment=environment,
        service_token=service_token,
        sessions=sessions,
        tokens=tokens,
        clients=clients,
        relationships=relationships,
        sign_ins=sign_ins,
        doors=doors,
    )
    server = smart_server(
        SmartServer(
            Desk(
                issuer=issuer,
                fhir_base=fhir_base,
                clients=clients,
                keys=keys,
                tickets=tickets,
                families=Families(shared),
                revocations=revocations,
                tokens=tokens,
                assertions=ClientAssertions(ClientKeys(), tickets, f"{issuer}/token"),
                sign_ins=sign_ins,
                resource_types=resource_types,
            )
        )
    )
    pages = IdentityPages(
        practice_name=settings.practice_name, environment=environment, stylesheets=stylesheets
    )
    finder = PatientFinder(transport)
    launching = Launching(
        server,
        sessions=sessions,
        admission=admission,
        finder=finder,
        pages=pages,
        audit=audit,
        doors=doors,
    )
    authorizing = Authorizing(
        server,
        sessions=sessions,
        admission=admission,
        staff=staff,
        finder=finder,
        pages=pages,
        audit=audit,
        doors=doors,
    )
    sign_in = SignInPages(
        sessions,
        sign_ins,
        DEVELOPMENT_PEOPLE if is_open else (),
        pages,
        audit,
        doors,
        is_https=origin.startswith("https:"),
        provider=urlsplit(settings.oidc_issuer or "").hostname or "",
    )
    claiming = ClaimingPages(
        relationships, sessions, pages, practice=settings.practice, environment=environment
    )
    smart = SmartRoutes(server, authorizing, launching, service_token, audit, doors)
    windows = WindowPages(WindowSignIns(tickets), sessions, pages, audit, doors, origin=origin)
    routes = [*sign_in.routes(), *windows.routes(), *smart.routes(), *claiming.routes()]
    if settings.oidc_issuer is not None:
        routes += _provider_pages(settings, tickets, sessions, sign_ins, pages, audit, doors, origin).routes()
    return Identity(
        sign_ins=sign_ins,
        sessions=sessions,
        admission=admission,
        relationships=relationships,
        contexts=Contexts(shared),
        discovery=smart.discovery(),
        routes=tuple(routes),
        cors=cors(clients),
        audit=audit,
        doors=doors,
        clients=clients,
    )


def _provider_pages(  # noqa: PLR0913, PLR0917  (what identity has)
    settings: CloudSettings,
    tickets: Tickets,
    sessions: Sessions,
    sign_ins: SignIns,
    pages: IdentityPages,
    audit: IdentityAudit,
    doors: Doors,
    origin: str,
) -> ProviderPages:
    key = settings.oidc_client_key
    provider = OpenIdProvider(
        ProviderSettings(
            issuer=settings.oidc_issuer or "",
            client_id=settings.oidc_client_id or "",
            secret=settings.oidc_client_secret or "",
            key=None if key is None else load_client_key(key),
            redirect_uri=f"{origin}{BACK}",
        ),
        tickets,
    )
    practice, claim, roles = settings.practice, settings.oidc_role_claim, settings.oidc_roles
    return ProviderPages(
        provider,
        partial(person_of, practice=practice, role_claim=claim, roles=roles),
        partial(roles_of, practice=practice, role_claim=claim, roles=roles),
        sessions,
        sign_ins,
        pages,
        audit,
        doors,
        is_https=origin.startswith("https:"),
    )
