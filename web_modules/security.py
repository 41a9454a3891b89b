"""What every answer carries and every request must pass: headers, hosts, origins, the service's token."""

import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "connect-src 'self' banyan:",  # pages tell the shell about unsaved work
        "img-src 'self' data:",  # the NHS design system draws its icons so
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
ENVIRONMENT_HEADER = "X-Banyan-Environment"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HTTPS_SECONDS = 365 * 24 * 60 * 60
_LASTING = ("/static/", "/assets/")


class SecurityHeaders:
    """Puts the security headers on every answer, and names the environment in it."""

    def __init__(self, app: ASGIApp, environment: str, *, is_https: bool) -> None:
        self._app = app
        headers = {
            "content-security-policy": CONTENT_SECURITY_POLICY,
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "same-origin",  # with no-referrer browsers call the origin of a form null
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
            ENVIRONMENT_HEADER.lower(): environment,
        }
        if is_https:
            headers["strict-transport-security"] = f"max-age={_HTTPS_SECONDS}"
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caching = b"no-cache" if scope["path"].startswith(_LASTING) else b"no-store"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message["headers"]
                headers = [*own, *self._headers]
                if not any(name == b"cache-control" for name, _value in own):
                    headers.append((b"cache-control", caching))
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_with_headers)


class KnownHosts:
    """Refuses requests for a host name that is not ours: another site's, pointed at this address."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        is_asked = scope["type"] in {"http", "websocket"}
        if is_asked and "*" not in self._hosts and _host_of(scope) not in self._hosts:
            if scope["type"] == "websocket":
                scope["query_string"] = b""  # a token may stand there, and the server logs the address
                await send({"type": "websocket.close", "code": 1008})  # answered by HTTP 403
                return
            answer = PlainTextResponse("This server is not known by that name.\n", status_code=421)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _host_of(scope: Scope) -> str:
    """The host name for which a request is meant, without its port."""
    asked = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
    name, _, port = asked.partition(":")
    if name.replace(".", "").replace("-", "").isalnum() and (not port or port.isdecimal()):  # nearly always
        return name.lower()
    return _parts(f"//{asked}").hostname or ""


def with_query_token(connection: HTTPConnection) -> HTTPConnection:
    """A connection whose token stands in its address, `?access_token=`, as if it were a bearer.

    Pages cannot set a websocket's headers (RFC 6750, 2.3).
    """
    token = connection.query_params.get("access_token")
    if token is None:
        return connection
    headers = [one for one in connection.scope["headers"] if one[0] not in {b"authorization", b"cookie"}]
    bearer = (b"authorization", f"Bearer {token}".encode("latin-1", "replace"))
    return HTTPConnection({**connection.scope, "headers": [*headers, bearer]})


def is_own_origin(request: HTTPConnection) -> bool:
    """Whether a request comes from one of our own pages, or from no page at all.

    Browsers name the page's origin with every write; a program that is no browser names none.
    """
    origin = request.headers.get("origin")
    if origin is not None:
        asked = _parts(origin).netloc.lower()
        return bool(asked) and asked == request.headers.get("host", "").lower()
    return request.headers.get("sec-fetch-site", "none") in {"same-origin", "none"}


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # such as `http://[`
        return SplitResult("", "", "", "", "")


def bearer_of(request: HTTPConnection) -> str | None:
    """The token of an `Authorization: Bearer` header, or None."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def challenge(request: HTTPConnection) -> dict[str, str]:
    """The header of a 401: how to come in, and whether what was brought is no good (RFC 6750, section 3)."""
    brought = "" if bearer_of(request) is None else ' error="invalid_token"'
    return {"WWW-Authenticate": f"Bearer{brought}"}


class ServiceToken:
    """The secret by which the practice's own services are known; compared in constant time."""

    def __init__(self, token: str | None) -> None:
        self._digest = None if token is None else hashlib.sha256(token.encode()).digest()

    def matches(self, presented: str) -> bool:
        """Whether this is the secret; never when there is none."""
        digest = hashlib.sha256(presented.encode()).digest()
        return self._digest is not None and hmac.compare_digest(digest, self._digest)
