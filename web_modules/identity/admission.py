"""Turns what a request brings - session, service token, access token - into what it may do."""

from dataclasses import replace
from functools import lru_cache

from starlette.requests import HTTPConnection

from web_modules.decision.words import Environment
from web_modules.fhir_store.access import (
    OURSELVES,
    READING,
    Access,
    Agent,
    AgentKind,
    Grant,
)
from web_modules.identity.database.sign_ins import SignIns
from web_modules.identity.doors import Door, Doors
from web_modules.identity.people import Person, Role
from web_modules.identity.relationships import Relationships
from web_modules.identity.roles import rights_of
from web_modules.identity.scopes import Level, meet_grants, parse_scopes
from web_modules.identity.sessions import Sessions
from web_modules.identity.smart.clients import Clients
from web_modules.identity.smart.tokens import AccessTokens, Granted
from web_modules.identity.verified import MOST_KNOWN
from web_modules.security import ServiceToken, bearer_of

SERVICE = replace(OURSELVES, agent=replace(OURSELVES.agent, id="service"))
"""The practice's own services, such as the bridge, carry every record."""


class Admission:
    """Says who asks and what they may do at one practice. Safe from every thread."""

    def __init__(  # noqa: PLR0913  (what it works with)
        self,
        *,
        environment: Environment,
        service_token: ServiceToken,
        sessions: Sessions,
        tokens: AccessTokens,
        clients: Clients,
        relationships: Relationships,
        sign_ins: SignIns,
        doors: Doors,
    ) -> None:
        """Know people, services and applications.

        Args:
            environment: live, reference or training.
            service_token: of the practice's own services.
            sessions: of people on our pages.
            tokens: of applications.
            clients: those that still may.
            relationships: of clinicians with patients.
            sign_ins: who came last in which roles.
            doors: closed to who guesses.
        """
        self._environment = environment
        self._service_token = service_token
        self._sessions = sessions
        self._tokens = tokens
        self._clients = clients
        self._relationships = relationships
        self._sign_ins = sign_ins
        self._doors = doors
        self._known_grants = lru_cache(maxsize=MOST_KNOWN)(self._grants_of)

    def access_of(self, request: HTTPConnection) -> Access | None:
        """What a request may do; None when nobody is known by what it brings. Blocks.

        Raises:
            FhirError: a clinician's relationships cannot be looked up.
        """
        presented = bearer_of(request)
        if presented is not None:
            if self._is_service(request, presented):
                return SERVICE
            read = self._tokens.read(presented)
            if read is not None:
                return self.access_of_application(read.granted)
        person = self._sessions.person_of(request)
        return None if person is None else self.access_of_person(person)

    def _is_service(self, request: HTTPConnection, presented: str) -> bool:
        if self._doors.seconds_closed(request, Door.SERVICE):
            return False
        if self._service_token.matches(presented):
            return True
        if presented.count(".") != 2:  # no signed token either: a guess
            self._doors.failed(request, Door.SERVICE)
        return False

    def why_refused(self, request: HTTPConnection) -> str:
        """Why `access_of` knows nobody, for the audit."""
        presented = bearer_of(request)
        if presented is not None:
            return self._tokens.why_refused(presented)
        has_session = self._sessions.token_of(request) is not None
        return "The session is over, or none of ours." if has_session else "Nothing was brought."

    def access_of_person(self, person: Person, client: str = "") -> Access:
        """What a person may do by their role. Blocks; raises as `access_of`."""
        rights = rights_of(person.role, self._environment)
        if not rights.needs_relationship:
            relationships = None
        elif rights.clearance:
            relationships = self._relationships.of(person)
        else:
            relationships = frozenset()
        return Access(
            agent=Agent(
                id=person.id,
                name=person.name,
                role=person.role.value,
                client=client,
                registration=person.registration,
            ),
            grants=rights.grants,
            clearance=rights.clearance,
            relationships=relationships,
        )

    def access_of_application(self, granted: Granted) -> Access | None:
        """What an access token lets an application do; None when client or person is gone. Blocks."""
        client = self._clients.get(granted.client)
        if client is None:
            return None
        if granted.person is None:
            scopes = parse_scopes(granted.scope).narrowed(client.scopes)
            return Access(
                agent=Agent(id=client.id, name=client.name, client=client.id, kind=AgentKind.APPLICATION),
                grants=scopes.only([Level.SYSTEM]).grants(None),
                clearance=client.clearance,
                relationships=None,
            )
        if not self._sign_ins.holds(granted.person):
            return None
        by_role = self.access_of_person(granted.person, client.id)
        return Access(
            agent=by_role.agent,
            grants=self._known_grants(
                client.id, granted.scope, granted.patient, granted.fhir_user, granted.person.role
            ),
            clearance=by_role.clearance,
            relationships=by_role.relationships,
        )

    def renewed(self, access: Access) -> Access | None:
        """What is left today of what somebody could do once; None when they are not known any more. Blocks.

        Roles, relationships, clients and their scopes are those of today; nothing is added to what was.

        Raises:
            FhirError: a clinician's relationships cannot be looked up.
        """
        agent = access.agent
        client = self._clients.get(agent.client) if agent.client else None
        if agent.client and client is None:
            return None
        if agent.kind is AgentKind.SERVICE:
            return access
        if agent.kind is AgentKind.APPLICATION:
            if client is None:
                return None
            system = client.scopes.only([Level.SYSTEM]).grants(None)
            return replace(
                access,
                grants=meet_grants(access.grants, system),
                clearance=access.clearance & client.clearance,
            )
        person = self._vouched(agent)
        if person is None:
            return None
        today = self.access_of_person(person, agent.client)
        grants = meet_grants(access.grants, today.grants)
        if client is not None:
            scopes = client.scopes.only([Level.PATIENT, Level.USER])
            grants = meet_grants(grants, scopes.grants(access.compartment()))
        return replace(
            access,
            grants=grants,
            clearance=access.clearance & today.clearance,
            relationships=today.relationships,
        )

    def _vouched(self, agent: Agent) -> Person | None:
        if agent.role not in set(Role):
            return None
        person = Person(id=agent.id, name=agent.name, role=Role(agent.role), registration=agent.registration)
        return person if self._sign_ins.vouches(person) else None

    def _grants_of(
        self, client_id: str, scope: str, patient: str | None, fhir_user: str, role: Role
    ) -> tuple[Grant, ...]:
        """What a person's scopes and role both permit, and reading who the person is."""
        client = self._clients.get(client_id)
        if client is None:
            return ()
        scopes = parse_scopes(scope).narrowed(client.scopes)
        asked = scopes.only([Level.PATIENT, Level.USER]).grants(patient)
        met = meet_grants(asked, rights_of(role, self._environment).grants)
        if not fhir_user or "fhirUser" not in scopes.plain:
            return met
        resource_type, _, resource_id = fhir_user.partition("/")
        own = Grant(resource_type=resource_type, interactions=READING, query=(("_id", resource_id),))
        return (*met, own)
