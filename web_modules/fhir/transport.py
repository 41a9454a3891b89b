"""How a FHIR request reaches a server: over HTTP, or in process to the embedded store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from web_modules.fhir.errors import FhirUnavailable

if TYPE_CHECKING:
    import requests

FHIR_JSON = "application/fhir+json"

DEADLINE = "x-banyan-deadline"
"""Request header: milliseconds since 1970, by the server's clock, after which a write is not to be done.

The embedded store keeps to it under its write lock; another server does not know it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirRequest:
    """One RESTful interaction, below the server's base.

    Attributes:
        method: GET, POST, PUT, PATCH or DELETE.
        path: relative to the base, without a leading slash: `Patient/1`, `_history`, or empty.
        query: name and value pairs in order, not yet percent-encoded.
        headers: header names in lower case: `if-match`, `if-none-exist`, `prefer`, …
        body: the JSON text, or empty.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirResponse:
    """What came back: the status, header names in lower case, and the JSON text."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Carries one request to one practice's FHIR base. Blocks; safe to call from several threads."""

    def send(self, request: FhirRequest) -> FhirResponse:
        """Send one request.

        Raises:
            FhirUnavailable: nobody answered in time.
        """


class HttpTransport:
    """A FHIR server by its URL, over pooled connections.

    The client is loaded with the first request: whoever opens a window does not wait for it.
    """

    def __init__(self, base_url: str, *, token: str | None = None, timeout_seconds: float = 10.0) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._token = token
        self._beginning = Lock()
        self._begun: requests.Session | None = None

    def send(self, request: FhirRequest) -> FhirResponse:
        """Send one request; see `Transport.send`."""
        import requests

        headers = dict(request.headers)
        if request.body:
            headers.setdefault("content-type", FHIR_JSON)
        url = f"{self.base_url}/{request.path}"  # the base too ends in a slash: servers redirect it else
        try:
            answer = self._session().request(
                request.method,
                url,
                params=list(request.query),
                data=request.body or None,
                headers=headers,
                timeout=self._timeout_seconds,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise FhirUnavailable(
                f"No answer from the FHIR server to {request.method} {request.path or 'its base'}: "
                f"{type(error).__name__}."
            ) from error
        return FhirResponse(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=answer.content,
        )

    def close(self) -> None:
        """Close the pooled connections."""
        if self._begun is not None:
            self._begun.close()

    def _session(self) -> "requests.Session":
        import requests

        with self._beginning:
            if self._begun is None:
                session = requests.Session()
                session.trust_env = False  # a proxy of the environment must never see a patient's data
                session.headers["Accept"] = FHIR_JSON
                if self._token is not None:
                    session.headers["Authorization"] = f"Bearer {self._token}"
                self._begun = session
            return self._begun
