"""Requests and answers of the authorisation server, in the form in which Authlib asks for them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.requests import OAuth2Payload
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from web_modules.identity.smart.tokens import Granted

LARGEST_FORM_BYTES = 65_536
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 50

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """An HTTP request, read.

    Attributes:
        method: GET or POST.
        url: under which the client sees it, without a query.
        headers: names in lower case.
        query: of the address.
        form: of the body.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    query: Pairs = ()
    form: Pairs = ()


class Parameters(OAuth2Payload):
    """The parameters of a request, each of which may come once (RFC 6749 section 3.1)."""

    def __init__(self, pairs: Pairs) -> None:
        self._lists: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in pairs:
            self._lists[name].append(value)

    @property
    def data(self) -> dict[str, str]:
        """The last value of each."""
        return {name: values[-1] for name, values in self._lists.items()}

    @property
    def datalist(self) -> dict[str, list[Any]]:
        """All values of each."""
        return self._lists

    def check_single(self) -> None:
        """Refuse a request that says something twice.

        Raises:
            InvalidRequestError: it does.
        """
        if any(len(values) > 1 for values in self._lists.values()):
            raise InvalidRequestError(description="A parameter comes more than once.")


class SmartRequest(OAuth2Request):
    """A request as Authlib's grants take it.

    Attributes:
        parameters: those that count: of the address at the authorisation endpoint, else of the form.
        decided: what a person decided to grant, once that is known.
        reason: why it is refused, for the audit, where the answer may not say so.
    """

    parameters: Parameters
    decided: Granted | None

    def __init__(self, raw: Raw, *, is_authorization: bool) -> None:
        super().__init__(raw.method, raw.url, headers=raw.headers)
        self.parameters = Parameters(raw.query if is_authorization else raw.form)
        self.payload = self.parameters
        self.decided = None
        self.reason = ""
        self._form = dict(raw.form)

    @property
    def args(self) -> dict[str, str | None]:
        """Parameters in the address count at the authorisation endpoint only."""
        return dict(self.parameters.data)

    @property
    def form(self) -> dict[str, str]:
        """Parameters in the body."""
        return self._form


@dataclass(slots=True, kw_only=True)
class Answer:
    """An answer of Authlib's.

    Attributes:
        status: of HTTP.
        body: to be sent as JSON; empty for a redirection.
        headers: name and value pairs.
    """

    status: int
    body: Any
    headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def location(self) -> str:
        """Where it sends the browser, or empty."""
        return next((value for name, value in self.headers if name.lower() == "location"), "")

    def with_issuer(self, issuer: str) -> "Answer":
        """The same, saying who answers (RFC 9207: a client that was mixed up notices)."""
        if not self.location:
            return self
        named = add_params_to_uri(self.location, [("iss", issuer)])
        others = [pair for pair in self.headers if pair[0].lower() != "location"]
        return Answer(status=self.status, body=self.body, headers=[*others, ("Location", named)])

    def response(self) -> Response:
        """As Starlette sends it."""
        if self.location:
            return RedirectResponse(self.location, status_code=302)
        kept = {name: value for name, value in self.headers if name.lower() != "content-type"}
        return JSONResponse(self.body, status_code=self.status, headers=kept)


async def read_raw(request: Request, url: str) -> Raw:
    """Take a request in.

    Raises:
        InvalidRequestError: the body is no form, or too large.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM_BYTES:
            raise InvalidRequestError(description="The request is too large.", status_code=413)
    if body and request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise InvalidRequestError(description="The body must be application/x-www-form-urlencoded.")
    try:
        form = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        query = parse_qsl(request.url.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise InvalidRequestError(description="The parameters cannot be read.") from error
    return Raw(method=request.method, url=url, headers=dict(request.headers.items()), query=query, form=form)
