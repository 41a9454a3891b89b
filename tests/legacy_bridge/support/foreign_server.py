"""FHIR servers that are not the embedded one: what they do not know, or have lost."""

from web_modules.fhir.transport import FhirRequest, FhirResponse, Transport


class WithoutDeleteHistory:
    """A server that does not know the interaction delete-history."""

    def __init__(self, server: Transport, status: int) -> None:
        self._server = server
        self._status = status

    def send(self, request: FhirRequest) -> FhirResponse:
        """See `Transport.send`."""
        if request.method == "DELETE" and request.path.endswith("/_history"):
            return FhirResponse(status=self._status, headers={}, body=b"")
        return self._server.send(request)
