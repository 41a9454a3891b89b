"""The pages and addresses by which people sign in and out."""

from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from web_modules.identity.auditing import Happening, IdentityAudit
from web_modules.identity.database.sign_ins import SignIns
from web_modules.identity.doors import Door, Doors, come_back
from web_modules.identity.drawing import IdentityPages
from web_modules.identity.people import Person
from web_modules.identity.sessions import COOKIE, LIFETIME_SECONDS, Sessions
from web_modules.security import is_own_origin


class SignInPages:
    """The development sign-in: one chooses who one is. Without people it says that nobody can sign in."""

    def __init__(  # noqa: PLR0913  (what it works with)
        self,
        sessions: Sessions,
        sign_ins: SignIns,
        people: Sequence[Person],
        pages: IdentityPages,
        audit: IdentityAudit,
        doors: Doors,
        *,
        is_https: bool,
        provider: str = "",
    ) -> None:
        """Let people in.

        Args:
            sessions: are issued here.
            sign_ins: are noted here.
            people: whom one may choose to be.
            pages: draws.
            audit: is told.
            doors: closed to who guesses.
            is_https: whether browsers come by https, perhaps to a proxy before us.
            provider: what the identity provider is called, or empty when there is none.
        """
        self._sessions = sessions
        self._sign_ins = sign_ins
        self._people = {person.id: person for person in people}
        self._pages = pages
        self._audit = audit
        self._doors = doors
        self._provider = provider
        self._is_https = is_https

    def routes(self) -> list[Route]:
        """`/sign-in`, which tells programs as JSON whom one may choose to be, and `/sign-out`."""
        return [
            Route("/sign-in", self._show, methods=["GET"]),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["GET", "POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        if _wants_json(request):
            people = [_told(person) for person in self._people.values()]
            return JSONResponse({"people": people, "provider": self._provider})
        return self._drawn(local(request.query_params.get("next", "/")))

    async def _sign_in(self, request: Request) -> Response:
        if not is_own_origin(request):
            self._audit.refused(request, Happening.SIGN_IN, "It came from another site's page.")
            return JSONResponse({"error": "This did not come from one of our pages."}, status_code=403)
        seconds = self._doors.seconds_closed(request, Door.SIGN_IN)
        if seconds:
            return come_back(seconds)
        form = await request.form()
        person = self._people.get(str(form.get("person", "")))
        following = local(str(form.get("next", "/")))
        if person is None:
            error = "Select who you are" if self._people else "Nobody can sign in here"
            self._audit.refused(request, Happening.SIGN_IN, "There is no such person.")
            await run_in_threadpool(self._doors.failed, request, Door.SIGN_IN)
            if _wants_json(request):
                return JSONResponse({"error": f"{error}."}, status_code=403)
            return self._drawn(following, error=error, status=403)
        await run_in_threadpool(self._sign_ins.note, person.id, {person.role})
        self._audit.done(request, Happening.SIGN_IN, person)
        token = self._sessions.issue(person)
        answer: Response
        if _wants_json(request):
            answer = JSONResponse({"person": _told(person), "session": token})
        elif "/auth/" in following.partition("?")[0]:  # which may lead to an application, as no form may
            answer = self._pages.onward(following)
        else:
            answer = RedirectResponse(following, status_code=303)
        set_session(answer, token, is_https=self._is_https)
        return answer

    async def _sign_out(self, request: Request) -> Response:
        token = self._sessions.token_of(request)
        person = None if token is None else self._sessions.person(token)
        if token is not None and person is not None:
            self._audit.done(request, Happening.SIGN_OUT, person)
            await run_in_threadpool(self._sessions.end, token)
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return answer

    def _drawn(self, following: str, *, error: str = "", status: int = 200) -> Response:
        people = tuple(self._people.values())
        words = {"next": following, "error": error, "people": people, "provider": self._provider}
        return self._pages.draw("sign_in", status=status, **words)


def set_session(answer: Response, token: str, *, is_https: bool) -> None:
    """Give a browser its session."""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=LIFETIME_SECONDS,
        path="/",
        httponly=True,
        samesite="strict",
        secure=is_https,
    )


def _wants_json(request: Request) -> bool:
    """Whether a program asks, and not a browser."""
    return "application/json" in request.headers.get("accept", "")


def _told(person: Person) -> dict[str, str]:
    return {"id": person.id, "name": person.name, "role": person.role.value}


def local(address: str) -> str:
    """An address of our own to go on to; the start page for any other."""
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if is_ours and address.isprintable() and "\\" not in address else "/"
