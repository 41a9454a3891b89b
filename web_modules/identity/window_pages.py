"""The addresses by which a desktop window is signed in; see `windows`."""

import time
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from web_modules.identity.auditing import Happening, IdentityAudit
from web_modules.identity.doors import Door, Doors, come_back
from web_modules.identity.drawing import IdentityPages
from web_modules.identity.sessions import COOKIE, Session, Sessions
from web_modules.identity.windows import CODE_SECONDS, NoSession, WindowSignIns, letters_of, shown
from web_modules.security import is_own_origin

WINDOW = "/sign-in/window"
_ASK_SECONDS = 2
_SHELL = "banyan-shell"


class WindowPages:
    """Lets windows in by the browser."""

    def __init__(
        self,
        windows: WindowSignIns,
        sessions: Sessions,
        pages: IdentityPages,
        audit: IdentityAudit,
        doors: Doors,
        *,
        origin: str,
    ) -> None:
        self._windows = windows
        self._sessions = sessions
        self._pages = pages
        self._audit = audit
        self._doors = doors
        self._origin = origin

    def routes(self) -> list[Route]:
        """`/sign-in/window`: POST by a window, GET by a person; below it the answer and what comes of it."""
        return [
            Route(WINDOW, self._begin, methods=["POST"]),
            Route(WINDOW, self._ask, methods=["GET"]),
            Route(f"{WINDOW}/answer", self._answer, methods=["POST"]),
            Route(f"{WINDOW}/session", self._collect, methods=["POST"]),
        ]

    async def _begin(self, request: Request) -> Response:
        seconds = self._doors.seconds_closed(request, Door.WINDOW)
        if seconds:
            return come_back(seconds)
        await run_in_threadpool(self._doors.failed, request, Door.WINDOW)  # each is counted
        code = await run_in_threadpool(self._windows.begin, int(time.time()))
        address = f"{self._origin}{WINDOW}"
        told = {
            "device_code": code.device_code,
            "user_code": code.user_code,
            "verification_uri": address,
            "verification_uri_complete": f"{address}?user_code={code.user_code}",
            "expires_in": CODE_SECONDS,
            "interval": _ASK_SECONDS,
        }
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    async def _ask(self, request: Request) -> Response:
        seconds = self._doors.seconds_closed(request, Door.SIGN_IN)
        if seconds:
            return come_back(seconds)
        user_code = shown(letters_of(request.query_params.get("user_code", "")))
        if len(letters_of(user_code)) == 0:
            return self._pages.draw("window", user_code="", person=None)
        asked_at = await run_in_threadpool(self._windows.asked_at, user_code)
        if asked_at is None:
            await run_in_threadpool(self._doors.failed, request, Door.SIGN_IN)
            return self._over()
        session = self._fresh(request, asked_at)
        if session is None:
            following = quote(f"{WINDOW}?user_code={user_code}", safe="")
            return RedirectResponse(f"/sign-in?next={following}", status_code=303)
        return self._pages.draw("window", user_code=user_code, person=session.person)

    async def _answer(self, request: Request) -> Response:
        if not is_own_origin(request):
            self._audit.refused(request, Happening.SIGN_IN, "It came from another site's page.")
            return self._over(status=403)
        form = await request.form()
        user_code = str(form.get("user_code", ""))
        asked_at = await run_in_threadpool(self._windows.asked_at, user_code)
        session = None if asked_at is None else self._fresh(request, asked_at)
        if session is None:
            return self._over()
        is_let_in = form.get("decision") == "allow"
        person = session.person if is_let_in else None
        if not await run_in_threadpool(self._windows.answer, user_code, person):
            return self._over()
        if not is_let_in:
            self._audit.done(request, Happening.SIGN_IN, session.person, client=_SHELL, refused="Not theirs.")
            words = "The window was not signed in. You are still signed in here."
            return self._pages.problem("Not your window", words, status=200)
        token = request.cookies.get(COOKIE, "")
        await run_in_threadpool(self._sessions.end, token)
        words = f"You are signed in as {session.person.name}. Go back to Banyan; this browser is signed out."
        answer = self._pages.problem("Your window is signed in", words, status=200)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return answer

    async def _collect(self, request: Request) -> Response:
        form = await request.form()
        found = await run_in_threadpool(self._windows.collect, str(form.get("device_code", "")))
        if isinstance(found, NoSession):
            return JSONResponse({"error": found.value}, status_code=400)
        self._audit.done(request, Happening.SIGN_IN, found, client=_SHELL)
        person = {"id": found.id, "name": found.name, "role": found.role.value}
        told = {"person": person, "session": self._sessions.issue(found)}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    def _fresh(self, request: Request, asked_at: int) -> Session | None:
        """The browser's session, when it was begun for this window."""
        session = self._sessions.session(request.cookies.get(COOKIE, ""))
        return session if session is not None and session.began_at >= asked_at else None

    def _over(self, *, status: int = 404) -> Response:
        words = "This code is over, or was never given. Look at the window for the code that holds now."
        return self._pages.problem("No window waits with this code", words, status=status)
