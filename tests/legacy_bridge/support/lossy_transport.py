"""A network between bridge and cloud that loses requests, loses replies, and delivers late."""

from collections.abc import Callable

from web_modules.fhir.errors import FhirUnavailable
from web_modules.fhir.transport import FhirRequest, FhirResponse, Transport


class LossyTransport:
    """Carries requests to a server, with the fault that is set."""

    def __init__(self, server: Transport) -> None:
        self._server = server
        self._late: list[FhirRequest] = []
        self.fault: Callable[[FhirRequest], str | None] = lambda _: None

    def send(self, request: FhirRequest) -> FhirResponse:
        """See `Transport.send`; faults: `request lost`, `reply lost`, `late`."""
        fault = self.fault(request)
        if fault == "request lost":
            raise FhirUnavailable("No answer: the request was lost.")
        if fault == "late":
            self._late.append(request)
            raise FhirUnavailable("No answer: the request is still on its way.")
        if request.method == "POST" and self._late:
            for late in self._late:
                self._server.send(late)
            self._late.clear()
        answer = self._server.send(request)
        if fault == "reply lost":
            raise FhirUnavailable("No answer: the reply was lost.")
        return answer
