"""The page on which a clinician says why they have to do with a patient."""

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from web_modules.decision.words import Environment
from web_modules.fhir.errors import FhirError
from web_modules.identity.drawing import IdentityPages
from web_modules.identity.people import Person
from web_modules.identity.relationships import LONGEST_REASON, Relationships
from web_modules.identity.roles import rights_of
from web_modules.identity.routes import local
from web_modules.identity.sessions import Sessions
from web_modules.identity.wall import sent_away
from web_modules.security import is_own_origin

_ID = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")
_SHORTEST_REASON = 5


class ClaimingPages:
    """`/{ods}/relationship`: it does not tell whether there is such a patient, nor what is restricted."""

    def __init__(
        self,
        relationships: Relationships,
        sessions: Sessions,
        pages: IdentityPages,
        *,
        practice: str,
        environment: Environment,
    ) -> None:
        self._relationships = relationships
        self._sessions = sessions
        self._pages = pages
        self._path = f"/{practice}/relationship"
        self._environment = environment

    def routes(self) -> list[Route]:
        """The page and its form."""
        return [
            Route(self._path, self._show, methods=["GET"]),
            Route(self._path, self._claim, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        person = self._sessions.person_of(request)
        if person is None:
            return sent_away(request)
        asked = request.query_params
        return self._drawn(person, asked.get("patient", ""), local(asked.get("next", "/")))

    async def _claim(self, request: Request) -> Response:
        person = self._sessions.person_of(request)
        if person is None:
            return sent_away(request)
        if not is_own_origin(request):
            return self._pages.problem(
                "This did not come from one of our pages", "Nothing changed.", status=403
            )
        async with request.form(max_files=0, max_fields=10) as form:
            said = {name: str(form.get(name, "")) for name in ("patient", "reason", "next")}
        reason, following = " ".join(said["reason"].split()), local(said["next"])
        is_said = _SHORTEST_REASON <= len(reason) <= LONGEST_REASON and reason.isprintable()
        if not is_said or not self._may_claim(person, said["patient"]):
            return self._drawn(person, said["patient"], following, error="Write why, in a few words")
        try:
            await run_in_threadpool(self._relationships.claim, person, said["patient"], reason)
        except FhirError:
            words = "Why you see them could not be recorded. Try again in a moment."
            return self._pages.problem("You cannot see the restricted records now", words, status=503)
        return RedirectResponse(following, status_code=303)

    def _may_claim(self, person: Person, patient: str) -> bool:
        rights = rights_of(person.role, self._environment)
        return bool(rights.clearance) and rights.needs_relationship and bool(_ID.match(patient))

    def _drawn(self, person: Person, patient: str, following: str, *, error: str = "") -> Response:
        if not self._may_claim(person, patient):
            words = f"As {person.role.words} you do not see restricted records."
            return self._pages.problem("Restricted records", words, status=403)
        return self._pages.draw(
            "relationship",
            status=400 if error else 200,
            action=self._path,
            patient=patient,
            next=following,
            error=error,
            longest=LONGEST_REASON,
        )
