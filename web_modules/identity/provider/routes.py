"""The addresses by which people sign in at the provider."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web_modules.identity.auditing import Happening, IdentityAudit
from web_modules.identity.database.sign_ins import SignIns
from web_modules.identity.doors import Door, Doors, come_back
from web_modules.identity.drawing import IdentityPages
from web_modules.identity.people import Person, Role
from web_modules.identity.provider.openid import SIGN_IN_SECONDS, OpenIdProvider, ProviderRefused
from web_modules.identity.provider.people import is_usable
from web_modules.identity.routes import local, set_session
from web_modules.identity.sessions import Sessions
from web_modules.identity.window_pages import WINDOW
from web_modules.security import is_own_origin

BEGIN = "/sign-in/provider"
BACK = "/sign-in/back"
COOKIE = "banyan_sign_in"
_LOG = logging.getLogger(__name__)

PersonOf = Callable[[Mapping[str, Any]], Person | None]
RolesOf = Callable[[Mapping[str, Any]], frozenset[Role]]


class ProviderPages:
    """Sends people to the provider and takes them back."""

    def __init__(  # noqa: PLR0913, PLR0917  (what it works with)
        self,
        provider: OpenIdProvider,
        person_of: PersonOf,
        roles_of: RolesOf,
        sessions: Sessions,
        sign_ins: SignIns,
        pages: IdentityPages,
        audit: IdentityAudit,
        doors: Doors,
        *,
        is_https: bool,
    ) -> None:
        self._provider = provider
        self._person_of = person_of
        self._roles_of = roles_of
        self._sessions = sessions
        self._sign_ins = sign_ins
        self._pages = pages
        self._audit = audit
        self._doors = doors
        self._is_https = is_https

    def routes(self) -> list[Route]:
        """`/sign-in/provider` and `/sign-in/back`."""
        return [
            Route(BEGIN, self._begin, methods=["POST"]),
            Route(BACK, self._finish, methods=["GET"]),
        ]

    async def _begin(self, request: Request) -> Response:
        if not is_own_origin(request):
            self._audit.refused(request, Happening.SIGN_IN, "It came from another site's page.")
            return self._refused(403)
        form = await request.form()
        following = local(str(form.get("next", "/")))
        try:
            is_for_window = following.startswith(WINDOW)
            begun = await run_in_threadpool(
                partial(self._provider.begin, following, is_asked_anew=is_for_window)
            )
        except ProviderRefused as refused:
            self._audit.refused(request, Happening.SIGN_IN, str(refused))
            _LOG.warning("the identity provider cannot be used", extra={"reason": str(refused)})
            return self._refused(502)
        answer = self._pages.onward(begun.url)
        answer.set_cookie(
            COOKIE,
            begun.browser,
            max_age=SIGN_IN_SECONDS,
            path=BACK,
            httponly=True,
            samesite="lax",  # the provider's page leads back
            secure=self._is_https,
        )
        return answer

    async def _finish(self, request: Request) -> Response:
        seconds = self._doors.seconds_closed(request, Door.SIGN_IN)
        if seconds:
            return come_back(seconds)
        told = request.query_params
        answer = self._refused(403)
        if all(len(told.getlist(name)) == 1 for name in told):
            try:
                claims, following = await run_in_threadpool(
                    self._provider.finish, dict(told), request.cookies.get(COOKIE, "")
                )
            except ProviderRefused as refused:
                self._audit.refused(request, Happening.SIGN_IN, str(refused))
                await run_in_threadpool(self._doors.failed, request, Door.SIGN_IN)
                _LOG.info("a sign-in was refused", extra={"reason": str(refused)})
            else:
                person = self._person_of(claims)
                if person is None:
                    subject = str(claims.get("sub", ""))
                    self._audit.refused(request, Happening.SIGN_IN, "They have no role here.", subject)
                    if is_usable(subject):  # else none of ours could be theirs
                        await run_in_threadpool(self._sign_ins.note, subject, self._roles_of(claims))
                    answer = self._no_role()
                else:
                    await run_in_threadpool(self._sign_ins.note, person.id, self._roles_of(claims))
                    self._audit.done(request, Happening.SIGN_IN, person)
                    answer = self._pages.onward(following)
                    set_session(answer, self._sessions.issue(person), is_https=self._is_https)
        answer.delete_cookie(COOKIE, path=BACK, httponly=True, samesite="lax", secure=self._is_https)
        return answer

    def _refused(self, status: int) -> Response:
        return self._pages.problem(
            "You are not signed in", "The sign-in did not work. Go back to the sign-in page and begin again.",
            status=status,
        )  # fmt: skip

    def _no_role(self) -> Response:
        words = (
            "The identity provider knows you, but not in a role at this practice. Ask the practice manager."
        )
        return self._pages.problem("You have no role here", words, status=403)
