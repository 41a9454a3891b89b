"""A server that answers one request with something else than it should; it may have done what was asked."""

from dataclasses import dataclass

from web_modules.fhir.errors import FhirUnavailable
from web_modules.fhir.transport import FhirRequest, FhirResponse, Transport

OUTCOME = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"transient"}]}'


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is answered instead.

    Attributes:
        status: of the answer; 0: the connection breaks.
        headers: of the answer.
        body: of the answer.
        is_done: whether the request is carried out before.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = OUTCOME
    is_done: bool = False


REFUSALS = {
    "401": Refusal(401),
    "403 of a proxy": Refusal(403, (("content-type", "text/html"),), b"<html>Forbidden</html>"),
    "404": Refusal(404),
    "408": Refusal(408),
    "409": Refusal(409),
    "410": Refusal(410),
    "412": Refusal(412),
    "413": Refusal(413, body=b""),
    "422": Refusal(422),
    "429": Refusal(429, (("retry-after", "0"),)),
    "500": Refusal(500),
    "500 after it was done": Refusal(500, is_done=True),
    "502 of a proxy": Refusal(502, (("content-type", "text/html"),), b"<html>Bad gateway</html>"),
    "503": Refusal(503, (("retry-after", "0"),)),
    "504 after it was done": Refusal(504, body=b"", is_done=True),
    "broken off": Refusal(0),
    "broken off after it was done": Refusal(0, is_done=True),
    "200 without a body": Refusal(200, body=b"", is_done=True),
    "200 with half a body": Refusal(200, body=b'{"resourceType":"Bundle","ent', is_done=True),
    "200 of a captive portal": Refusal(200, (("content-type", "text/html"),), b"<html>Sign in</html>"),
}


class RefusingTransport:
    """Carries requests to a server; the n-th gets a refusal.

    Attributes:
        count: requests so far.
        refuse_at: which one is refused, counted from one; 0: none.
        refused: what it was.
    """

    def __init__(self, server: Transport) -> None:
        self._server = server
        self.count = 0
        self.refuse_at = 0
        self.refusal = Refusal(503)
        self.refused: FhirRequest | None = None

    def send(self, request: FhirRequest) -> FhirResponse:
        """See `Transport.send`."""
        self.count += 1
        if self.count != self.refuse_at:
            return self._server.send(request)
        self.refused = request
        if self.refusal.is_done:
            self._server.send(request)
        if self.refusal.status == 0:
            raise FhirUnavailable("The connection broke.")
        return FhirResponse(
            status=self.refusal.status, headers=dict(self.refusal.headers), body=self.refusal.body
        )
