"""Sends again what may be sent again, over any transport, within a time that the caller sets."""

import random
import time
from collections.abc import Callable
from itertools import count

from web_modules.fhir.errors import FhirBusy, FhirUnavailable
from web_modules.fhir.outcomes import is_passing, retry_after_seconds
from web_modules.fhir.transport import FhirRequest, FhirResponse, Transport

FIRST_SECONDS = 0.1
"""The longest first pause; each further one may be twice as long."""

LONGEST_SECONDS = 5.0
"""The longest pause, when the server does not ask for a longer one."""

_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


class Retrying:
    """A transport around another, for whoever would rather wait a little than fail.

        client = FhirClient(Retrying(HttpTransport("https://cloud.example/Y99002/fhir"), within_seconds=20))

    It sends again
    - whatever the server refused for now: 429, or a 409 that tells of a lock. Nothing was done then;
    - what provably did not arrive: nobody took the connection;
    - after a 503, or when the connection broke and nobody knows what the server did: only what
      `is_repeatable`, so that nothing is ever done twice.

    It waits as long as Retry-After says, else longer each time, by chance more or less, so that many clients
    do not come back at once. When that would take longer than `within_seconds`, the caller gets the last
    answer at once. Safe from every thread.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        within_seconds: float = 30.0,
        pause: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Go around a transport.

        Args:
            transport: carries each attempt, with a time-out of its own.
            within_seconds: no attempt begins later than this after the first.
            pause: waits so many seconds; an `Event.wait` lets a program end meanwhile.
            clock: seconds that never go back.
        """
        self._transport = transport
        self._within_seconds = within_seconds
        self._pause = pause
        self._clock = clock

    def send(self, request: FhirRequest) -> FhirResponse:
        """Send one request; see `web_modules.fhir.transport.Transport.send`."""
        until = self._clock() + self._within_seconds
        for attempt in count():
            try:
                answer = self._transport.send(request)
            except FhirUnavailable as error:
                may_repeat = not error.may_have_arrived or is_repeatable(request)
                if not (may_repeat and self._has_waited(attempt, None, until)):
                    raise
            except FhirBusy as error:  # of whoever gives out tokens: the request itself was not sent
                if not self._has_waited(attempt, error.retry_after_seconds, until):
                    raise
            else:
                is_last = not _may_come_again(request, answer)
                if is_last or not self._has_waited(attempt, retry_after_seconds(answer), until):
                    return answer
        raise AssertionError("counting does not end")

    def _has_waited(self, attempt: int, asked: float | None, until: float) -> bool:
        """Wait before another attempt; False, and at once, when there is no time for one."""
        seconds = _seconds(attempt, asked)
        if self._clock() + seconds > until:
            return False
        self._pause(seconds)
        return True


def is_repeatable(request: FhirRequest) -> bool:
    """Whether sent twice it does, and is answered, the same as sent once.

    A create is only by If-None-Exist. A write by If-Match is not: its second copy would be told of a
    conflict that the first one made.
    """
    if "if-match" in request.headers:
        return False
    is_search = request.method == "POST" and request.path.rpartition("/")[2] == "_search"
    return request.method in _REPEATABLE or is_search or "if-none-exist" in request.headers


def _may_come_again(request: FhirRequest, answer: FhirResponse) -> bool:
    if answer.status == 409 and "if-match" in request.headers:
        return False
    return is_passing(answer) and (answer.status != 503 or is_repeatable(request))


def _seconds(attempt: int, asked: float | None) -> float:
    most = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(attempt, 32))
    return (asked or 0.0) + most * random.uniform(0.5, 1.0)  # noqa: S311  (no secret)
