"""Lets only people who are signed in reach a route, and takes their writes only from our own pages."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from web_modules.identity.auditing import Happening, IdentityAudit
from web_modules.identity.services import remember_person
from web_modules.identity.sessions import COOKIE, Sessions
from web_modules.security import SAFE_METHODS, bearer_of, challenge, is_own_origin

FORGED = "Another site's page tried to write with the person's session."


class SignInWall:
    """Stands before one route of a module."""

    def __init__(self, app: ASGIApp, sessions: Sessions, audit: IdentityAudit) -> None:
        self._app = app
        self._sessions = sessions
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        request = Request(scope, receive)
        session = self._sessions.token_of(request)
        person = None if session is None else self._sessions.person(session)
        if session is None or person is None:
            if session is not None:
                self._audit.refused(request, Happening.PROOF, "The session is over, or none of ours.")
            await sent_away(request)(scope, receive, send)
        elif is_forged_write(request):
            self._audit.done(request, Happening.PROOF, person, refused=FORGED)
            await JSONResponse({"error": "This did not come from one of our pages."}, status_code=403)(
                scope, receive, send
            )
        else:
            remember_person(request, person, session)
            await self._app(scope, receive, send)


def is_forged_write(request: Request) -> bool:
    """Whether another site's page makes the browser write with the person's cookie."""
    by_cookie = bearer_of(request) is None and COOKIE in request.cookies
    return by_cookie and request.method not in SAFE_METHODS and not is_own_origin(request)


def sent_away(request: Request) -> Response:
    """The answer to who is not signed in: the way to the sign-in page for a browser, else a refusal."""
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        query = f"?{request.url.query}" if request.url.query else ""
        following = quote(request.url.path + query, safe="")
        return RedirectResponse(f"/sign-in?next={following}", status_code=303)
    return JSONResponse({"error": "Sign in first."}, status_code=401, headers=challenge(request))
