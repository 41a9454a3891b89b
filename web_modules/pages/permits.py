"""Lets a page write only in time, and only while its window is in the page's context (hazards H01, H02).

A write that hangs must not be done after the person was told that it was not, nor after the window has gone
on to another patient. So every write says until when it may be done, by this server's clock, and for which
context; both are looked at for every request to the records, and the first once more before a commit.
"""

import time
from dataclasses import dataclass

from starlette.requests import Request

from web_modules.fhir.transport import DEADLINE, FhirRequest, FhirResponse, Transport
from web_modules.identity.database.contexts import Contexts
from web_modules.identity.services import session_of

CONTEXT = "context"
"""The query parameter that says for which of the shell's contexts a page was opened; kept on every way."""

BY_SCRIPT = "X-Banyan-Script"
"""The header by which a page's own requests are known from a window that opens a page."""

ANSWER_SECONDS = 8
"""How long a page waits for its write. Below the 10 s that the shell waits for a page to save."""

_TOO_LATE = 408


class WriteRefused(Exception):
    """A page's write that may not be done any more; nothing of it was.

    Attributes:
        title: what happened, on one line.
        words: what to do now.
    """

    def __init__(self, title: str, words: str) -> None:
        super().__init__(title)
        self.title = title
        self.words = words


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Until when, and for which context, a page may write.

    Attributes:
        until: as in `DEADLINE`; empty when the page said nothing, as one without scripts does.
        context: of the page; empty when it runs alone in a browser.
        session: in which the person is signed in.
        contexts: which context each window is in.
        stopped: why the page's function may not be written to at all; None when it may.
    """

    until: str
    context: str
    session: str
    contexts: Contexts
    stopped: str | None = None

    def check(self) -> None:
        """See whether a write may be done now.

        Raises:
            WriteRefused: it may not.
        """
        if self.stopped is not None:
            raise WriteRefused("Not saved: this page was stopped", f"Nothing was written. {self.stopped}")
        is_timed = bool(self.until or self.context)
        is_moment = self.until.isdecimal() and len(self.until) < 19
        if is_timed and not (is_moment and now_milliseconds() <= int(self.until)):
            raise _late()
        if self.context and self.contexts.is_stale(self.session, self.context):
            raise WriteRefused(
                "Not saved: this window has gone on to another patient",
                "Nothing was written. Open this patient again and see what is recorded.",
            )


class PermittedTransport:
    """The way to the records for one request of a page; see `web_modules.fhir.transport.Transport`."""

    def __init__(self, transport: Transport, permit: Permit) -> None:
        self._transport = transport
        self._permit = permit

    def send(self, request: FhirRequest) -> FhirResponse:
        """Send one request, a write only if it may be done now."""
        if request.method == "GET":
            return self._transport.send(request)
        self._permit.check()
        limits = {DEADLINE: self._permit.until} if self._permit.until else {}
        answer = self._transport.send(
            FhirRequest(
                method=request.method,
                path=request.path,
                query=request.query,
                headers={**request.headers, **limits},
                body=request.body,
            )
        )
        if answer.status == _TOO_LATE:
            raise _late()
        return answer


class ReadingTransport:
    """The way to the records for what only looks: no page writes past its permit by mistake."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, request: FhirRequest) -> FhirResponse:
        """Send one request that changes nothing."""
        if request.method != "GET":
            raise TypeError("a page writes through Pages.writer only")
        return self._transport.send(request)


def permit_of(request: Request, contexts: Contexts, stopped: str | None) -> Permit:
    """What a page's request says about how long, and for which context, it may write.

    Args:
        request: of the page.
        contexts: which context each window is in.
        stopped: why its function may not be written to now; None when it may.
    """
    return Permit(
        until=request.headers.get(DEADLINE, ""),
        context=context_of(request),
        session=session_of(request),
        contexts=contexts,
        stopped=stopped,
    )


def announce(request: Request, contexts: Contexts) -> None:
    """A window that opens a page in a context has gone on to it; a page that reads itself again has not.

    Blocks.
    """
    context = context_of(request)
    if context and request.method == "GET" and BY_SCRIPT not in request.headers:
        contexts.announce(session_of(request), context)


def context_of(request: Request) -> str:
    """For which of the shell's contexts a page was opened, or empty."""
    return request.query_params.get(CONTEXT, "")


def now_milliseconds() -> int:
    """This server's clock, as pages reckon deadlines by it."""
    return int(time.time() * 1000)


def _late() -> WriteRefused:
    return WriteRefused(
        "Not saved: it was on its way for too long", "Nothing was written. What you typed can be saved again."
    )
