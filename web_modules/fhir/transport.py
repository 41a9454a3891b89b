"""How a FHIR request reaches a server: over HTTP, or in process to the embedded store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from web_modules.fhir.errors import FhirUnavailable

if TYPE_CHECKING:
    import requests

FHIR_JSON = "application/fhir+json"

_CONNECTIONS = 32
"""Kept open at most; more threads than that may send at once."""

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


class Credentials(Protocol):
    """Says by which bearer token we are known. Blocks; safe to call from several threads."""

    def token(self) -> str:
        """A token that is good now.

        Raises:
            FhirError: there is none to be had.
        """

    def forget(self, token: str) -> None:
        """Take note that the server refused this token."""


@dataclass(frozen=True, slots=True)
class BearerToken:
    """The one token that we were given."""

    value: str

    def token(self) -> str:
        """See `Credentials`."""
        return self.value

    def forget(self, token: str) -> None:
        """There is no other."""


class HttpTransport:
    """A FHIR server by its URL, over pooled connections.

        transport = HttpTransport("https://cloud.example/Y99002/fhir", token="…")
        patient = FhirClient(transport).read("Patient", "1")
        transport.close()

    It sends each request once, or twice when the first token is refused and `credentials` have another. It
    follows no redirect, keeps no cookie and uses no proxy of the environment, so that nobody but this server
    sees a token or a record. The HTTP library is loaded with the first request: whoever opens a window does
    not wait for it.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        credentials: Credentials | None = None,
        timeout_seconds: float = 10.0,
    ) -> None:
        """Reach a server.

        Args:
            base_url: of the practice's FHIR base.
            token: the bearer token, when it is always the same one.
            credentials: where tokens come from otherwise, such as
                `web_modules.fhir.backend_services.BackendServices`.
            timeout_seconds: longest wait for a connection, and for the next part of an answer.
        """
        self.base_url = base_url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._credentials = BearerToken(token) if token is not None else credentials
        self._beginning = Lock()
        self._begun: requests.Session | None = None

    def send(self, request: FhirRequest) -> FhirResponse:
        """Send one request; see `Transport.send`.

        Raises:
            FhirUnavailable: nobody answered in time.
            FhirError: the credentials have no token now; the request was not sent.
        """
        if self._credentials is None:
            return self._sent(request, None)
        token = self._credentials.token()
        answer = self._sent(request, token)
        if answer.status != 401:
            return answer
        self._credentials.forget(token)
        other = self._credentials.token()
        return answer if other == token else self._sent(request, other)

    def close(self) -> None:
        """Close the pooled connections."""
        if self._begun is not None:
            self._begun.close()

    def _sent(self, request: FhirRequest, token: str | None) -> FhirResponse:
        import requests

        headers = dict(request.headers)
        if request.body:
            headers.setdefault("content-type", FHIR_JSON)
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
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
            raise unavailable(error, f"{request.method} {request.path or 'its base'}") from error
        return FhirResponse(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=answer.content,
        )

    def _session(self) -> "requests.Session":
        with self._beginning:
            if self._begun is None:
                self._begun = open_session()
            return self._begun


def open_session() -> "requests.Session":
    """Pooled connections that show what they carry to nobody but the server that is named."""
    from http.cookiejar import DefaultCookiePolicy

    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.trust_env = False  # a proxy of the environment must never see a patient's data
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["Accept"] = FHIR_JSON
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))
    return session


def unavailable(error: "requests.RequestException", asked: str) -> FhirUnavailable:
    """What it means that a request came to nothing.

    Args:
        error: of the HTTP library.
        asked: what was asked, such as `GET Patient/1`.
    """
    import requests
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0] if error.args else None, "reason", None)
    has_no_connection = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
    words = f"No answer from the FHIR server to {asked}: {type(error).__name__}."
    if isinstance(error, requests.exceptions.SSLError):
        words += " Its certificate is not trusted here: check the address, and who signed the certificate."
    elif has_no_connection:
        words += " Nobody takes connections there: check the address, and whether the server runs."
    return FhirUnavailable(words, may_have_arrived=not has_no_connection)
