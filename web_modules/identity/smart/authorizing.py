"""The authorisation endpoint: where a person lets an application in."""

import secrets
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from authlib.oauth2.rfc6749 import (
    AccessDeniedError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    UnauthorizedClientError,
)
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from web_modules.fhir.errors import FhirError
from web_modules.identity.admission import Admission
from web_modules.identity.auditing import Happening, IdentityAudit
from web_modules.identity.database.tickets import TicketKind
from web_modules.identity.doors import Door, Doors, come_back
from web_modules.identity.drawing import IdentityPages
from web_modules.identity.scopes import Level, Scopes
from web_modules.identity.sessions import Session, Sessions
from web_modules.identity.smart.launching import NOT_LAUNCHED, Launched
from web_modules.identity.smart.patients import Candidate, PatientFinder
from web_modules.identity.smart.requests import SmartRequest, read_raw
from web_modules.identity.smart.server import SmartServer, reason_of
from web_modules.identity.smart.tokens import Granted
from web_modules.identity.smart.words import asked_for
from web_modules.identity.staff import Staff
from web_modules.security import is_own_origin

_QUESTIONS = frozenset({"login_required", "interaction_required"})
"""Answers to `prompt=none` by which nothing is refused."""

_OWN = frozenset({"find"})
"""Parameters that our page adds to the application's."""


class Authorizing:
    """Answers `/authorize` of one practice."""

    def __init__(  # noqa: PLR0913  (what it brings together)
        self,
        server: SmartServer,
        *,
        sessions: Sessions,
        admission: Admission,
        staff: Staff,
        finder: PatientFinder,
        pages: IdentityPages,
        audit: IdentityAudit,
        doors: Doors,
    ) -> None:
        self._server = server
        self._audit = audit
        self._doors = doors
        self._sessions = sessions
        self._admission = admission
        self._staff = staff
        self._finder = finder
        self._pages = pages

    async def authorize(self, request: Request) -> Response:
        """`GET` shows what is asked or answers at once; `POST` takes a person's decision.

        An application may post what it asks (SMART's `authorize-post`): our own page then asks it by GET.
        """
        try:
            raw = await read_raw(request, f"{self._server.desk.issuer}/authorize")
            if any(name == "client_id" for name, _value in raw.form):
                return self._pages.onward(f"{request.url.path}?{urlencode([*raw.query, *raw.form])}")
            asked = SmartRequest(raw, is_authorization=True)
        except OAuth2Error as error:
            self._audit.refused(request, Happening.CONSENT, reason_of(error))
            return self._problem(error)
        return await run_in_threadpool(self._guarded, request, asked)

    def _guarded(self, request: Request, asked: SmartRequest) -> Response:
        seconds = self._doors.seconds_closed(request, Door.AUTHORIZE)
        if seconds and self._sessions.session_of(request) is None:
            return come_back(seconds)
        try:
            return self._answered(request, asked)
        except OAuth2Error as error:
            if error.error not in _QUESTIONS:
                self._refused(
                    request, Happening.CONSENT, reason_of(error), asked.parameters.data.get("client_id", "")
                )
            if not error.redirect_uri:
                return self._problem(error)
            return self._sent(request, self._server.handle_error_response(asked, error))
        except FhirError:
            return self._pages.problem(
                "The records cannot be reached", "Nothing was shared. Try again in a moment.", status=503
            )

    def _answered(self, request: Request, asked: SmartRequest) -> Response:
        grant = self._checked(asked)
        session = self._sessions.session_of(request)
        if session is None:
            return self._signing_in(request, asked, grant)
        scopes = self._server.desk.understood(asked.scope).only([Level.PATIENT, Level.USER])
        launched = self._launch_of(asked, grant, session)
        patient = launched.patient
        needs_choice = scopes.needs_patient and patient is None
        if request.method == "POST":
            if not is_own_origin(request):
                return self._pages.problem(
                    "This did not come from one of our pages", "Nothing was shared.", status=403
                )
            if asked.form.get("decision") != "allow":
                raise _with(AccessDeniedError(), asked, grant)
            if needs_choice:
                patient = asked.form.get("patient", "")
                access = self._admission.access_of_person(session.person)
                if not self._finder.is_there(patient, access):
                    return self._asking(request, asked, session, scopes, error="Select a patient")
            return self._decided(request, asked, grant, session, patient)
        if launched is not NOT_LAUNCHED and not needs_choice:
            return self._decided(request, asked, grant, session, patient)
        if asked.parameters.data.get("prompt") == "none":
            raise _with(OAuth2Error(error="interaction_required"), asked, grant)
        return self._asking(request, asked, session, scopes)

    def _checked(self, asked: SmartRequest) -> Any:
        """The grant of a request that is as SMART wants it; otherwise an error that says whom to tell."""
        asked.parameters.check_single()
        named = asked.parameters.data
        client = self._server.query_client(named.get("client_id", ""))
        if client is None or not client.check_redirect_uri(named.get("redirect_uri", "")):
            raise InvalidRequestError(description="The client or its redirect_uri is not known here.")
        if named.get("response_type") != "code":
            wrong = OAuth2Error(error="unsupported_response_type", description="Only code is supported.")
            wrong.redirect_uri, wrong.state = named["redirect_uri"], named.get("state")
            raise wrong
        server: Any = self._server
        return server.get_consent_grant(asked, None)

    def _signing_in(self, request: Request, asked: SmartRequest, grant: Any) -> Response:
        if asked.parameters.data.get("prompt") == "none":
            raise _with(OAuth2Error(error="login_required"), asked, grant)
        here = f"{request.url.path}?{request.url.query}"
        if request.headers.get("sec-fetch-site") == "cross-site":  # our cookie was left out
            return self._pages.onward(here)
        return RedirectResponse(f"/sign-in?next={quote(here, safe='')}", status_code=303)

    def _launch_of(self, asked: SmartRequest, grant: Any, session: Session) -> Launched:
        launch = asked.parameters.data.get("launch")
        if not launch:
            return NOT_LAUNCHED
        found = self._server.desk.tickets.look(TicketKind.LAUNCH, launch)
        launched = NOT_LAUNCHED if found is None else Launched.from_json(found)
        if not launched.is_for(session, asked.parameters.client_id):
            raise _with(InvalidRequestError(description="The launch is not good any more."), asked, grant)
        return launched

    def _asking(
        self, request: Request, asked: SmartRequest, session: Session, scopes: Scopes, error: str = ""
    ) -> Response:
        query = parse_qsl(request.url.query, keep_blank_values=True)
        typed = dict(query).get("find", "").strip()[:100]
        find = "".join(sign for sign in typed if sign.isprintable())
        patients: list[Candidate] = []
        is_partial = False
        if scopes.needs_patient and find:
            access = self._admission.access_of_person(session.person)
            patients, is_partial = self._finder.find(find, access)
        return self._pages.draw(
            "authorize",
            status=400 if error else 200,
            heading="Let an application in?",
            person=session.person,
            client=self._server.query_client(asked.parameters.client_id).name,
            asks=asked_for(scopes),
            picks=scopes.needs_patient,
            query=[pair for pair in query if pair[0] not in _OWN],
            path=request.url.path,
            action=f"{request.url.path}?{urlencode(query)}",
            find=find,
            patients=patients,
            is_partial=is_partial,
            error=error,
        )

    def _decided(
        self, request: Request, asked: SmartRequest, grant: Any, session: Session, patient: str | None
    ) -> Response:
        desk = self._server.desk
        launch = asked.parameters.data.get("launch")
        launched = NOT_LAUNCHED
        if launch:
            ticket = desk.tickets.take(TicketKind.LAUNCH, launch)
            if ticket is None or not ticket.is_first:
                raise _with(InvalidRequestError(description="The launch was used before."), asked, grant)
            launched = Launched.from_json(ticket.content)
        scopes = self._server.desk.understood(asked.scope).only([Level.PATIENT, Level.USER])
        if patient is None:
            scopes = scopes.only([Level.USER]).without("launch/patient")
        if not launch:
            scopes = scopes.without("launch")
        if not scopes.text:
            raise _with(InvalidScopeError(), asked, grant)
        client = asked.client
        if client is None:
            raise _with(UnauthorizedClientError(), asked, grant)
        knows_person = "openid" in scopes.plain and "fhirUser" in scopes.plain
        asked.decided = Granted(
            client=client.get_client_id(),
            scope=scopes.text,
            family=secrets.token_urlsafe(12),
            person=session.person,
            patient=patient,
            session=session.id,
            signed_in_at=session.began_at,
            nonce=asked.parameters.data.get("nonce", ""),
            fhir_user=self._staff.fhir_user(session.person) if knows_person else "",
            told=launched.told_of(scopes.plain, patient),
        )
        answer = self._server.create_authorization_response(asked, asked.decided, grant=grant)
        self._audit.done(
            request, Happening.CONSENT, session.person, client=client.get_client_id(), patient=patient
        )
        return self._sent(request, answer)

    def _refused(self, request: Request, happening: Happening, words: str, client: str = "") -> None:
        session = self._sessions.session_of(request)
        if session is None:
            self._audit.refused(request, happening, words, client)
            self._doors.failed(request, Door.AUTHORIZE)
        else:
            named = "".join(sign for sign in client[:200] if sign.isprintable())
            self._audit.done(request, happening, session.person, client=named, refused=words)

    def _sent(self, request: Request, answer: Any) -> Response:
        if request.method == "POST" and answer.location:
            return self._pages.onward(answer.location)
        response: Response = answer.response()
        return response

    def _problem(self, error: OAuth2Error) -> Response:
        return self._pages.problem(
            "This application cannot be let in",
            "What it asked for is not as it should be. Nothing was shared with it.",
            status=error.status_code,
            code=str(error.error),
            description=str(error.get_error_description()),
        )


def _with(error: OAuth2Error, asked: SmartRequest, grant: Any) -> OAuth2Error:
    """An error of which the application is told."""
    error.redirect_uri = grant.redirect_uri
    error.state = asked.parameters.state
    return error
