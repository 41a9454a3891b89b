"""The authorisation server: Authlib's, bound to a practice, its clients and its database."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oidc.core.grants.util import generate_id_token

from web_modules.identity.database.families import Families
from web_modules.identity.database.keys import Keys
from web_modules.identity.database.revocations import Revocations
from web_modules.identity.database.sign_ins import SignIns
from web_modules.identity.database.tickets import Tickets
from web_modules.identity.scopes import Scopes, parse_scopes
from web_modules.identity.smart.assertions import ASSERTION_TYPE, AssertionRefused, ClientAssertions
from web_modules.identity.smart.clients import PRIVATE_KEY_JWT, Client, Clients
from web_modules.identity.smart.requests import Answer, Raw, SmartRequest
from web_modules.identity.smart.tokens import AccessTokens, Granted

ACCESS_SECONDS = 600
"""A token that leaks is of use for ten minutes; a client with a refresh token notices nothing."""

ALONE_SECONDS = 3600
"""Without a refresh token a person would have to begin again."""

BACKEND_SECONDS = 300
"""SMART Backend Services: at most five minutes."""

OFFLINE_SECONDS = 90 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the authorisation server of a practice works with.

    Attributes:
        issuer: its own address, without a trailing slash.
        fhir_base: the practice's FHIR base.
        clients: who may ask.
        keys: the practice's own.
        tickets: codes and launches.
        families: refresh tokens.
        revocations: what ended early.
        tokens: access tokens.
        assertions: proofs of clients.
        sign_ins: how long a person's are good without them.
        resource_types: of FHIR R4; a scope of another one is none.
    """

    issuer: str
    fhir_base: str
    clients: Clients
    keys: Keys
    tickets: Tickets
    families: Families
    revocations: Revocations
    tokens: AccessTokens
    assertions: ClientAssertions
    sign_ins: SignIns
    resource_types: frozenset[str]

    def understood(self, scope: str) -> Scopes:
        """What of a text of scopes can be granted to anybody."""
        return parse_scopes(scope).of_types(self.resource_types)

    def vouches(self, granted: Granted) -> bool:
        """Whether refresh tokens of it are good now: their person came in that role not long ago."""
        return granted.person is None or self.sign_ins.vouches(granted.person)

    def revoke(self, family: str) -> None:
        """End every token of a family."""
        self.families.close(family)
        self.revocations.revoke(family, until=int(time.time()) + ALONE_SECONDS)


def reason_of(error: OAuth2Error) -> str:
    """Why something was refused, for the audit."""
    told = error.reason if isinstance(error, AssertionRefused) else error.get_error_description()
    return f"{error.error}: {told}" if told else str(error.error)


class SmartServer(AuthorizationServer):
    """Issues tokens. Blocks; safe from every thread."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.register_client_auth_method(PRIVATE_KEY_JWT, self._client_by_assertion)

    def query_client(self, client_id: str) -> Any:
        """See Authlib."""
        return self.desk.clients.get(client_id)

    def save_token(self, _token: dict[str, Any], _request: OAuth2Request) -> None:
        """Access tokens are kept by nobody; refresh tokens were kept when they were made."""

    def send_signal(self, name: str, *_args: object, **_kwargs: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Raw | SmartRequest) -> SmartRequest:
        """See Authlib."""
        return request if isinstance(request, SmartRequest) else SmartRequest(request, is_authorization=False)

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> Any:
        """See Authlib; keeps why, for the audit."""
        if isinstance(request, SmartRequest):
            request.reason = request.reason or reason_of(error)
        return super().handle_error_response(request, error)

    def handle_response(self, status: int, body: Any, headers: Any) -> Answer:
        """See Authlib."""
        return Answer(status=status, body=body, headers=list(headers)).with_issuer(self.desk.issuer)

    def generate_token(
        self,
        grant_type: str,  # noqa: ARG002
        client: Any,
        user: Any = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        """The token answer for what was granted; `user` is a `Granted`, or None for a client alone."""
        if user is None:
            granted = Granted(
                client=client.id, scope=scope or "", family=secrets.token_urlsafe(12), signed_in_at=0
            )
            return self._access(granted, granted.scope, BACKEND_SECONDS)
        granted = user
        told = self._access(
            granted,
            scope or granted.scope,
            expires_in or (ACCESS_SECONDS if include_refresh_token else ALONE_SECONDS),
        )
        if granted.patient is not None:
            told |= {"patient": granted.patient, "need_patient_banner": True}
        told |= granted.told
        if "openid" in parse_scopes(told["scope"]).plain:
            told["id_token"] = self._id_token(granted, told)
        return told

    def _access(self, granted: Granted, scope: str, seconds: int) -> dict[str, Any]:
        token = self.desk.tokens.sign(granted, scope=scope, seconds=seconds)
        return {"token_type": "Bearer", "access_token": token, "expires_in": seconds, "scope": scope}

    def _id_token(self, granted: Granted, told: dict[str, Any]) -> str:
        if granted.person is None:
            raise ValueError("a client alone has no identity to tell")
        scopes = parse_scopes(told["scope"]).plain
        claims: dict[str, Any] = {"sub": granted.person.id}
        if "profile" in scopes:
            claims["name"] = granted.person.name
        if "fhirUser" in scopes:
            claims["fhirUser"] = f"{self.desk.fhir_base}/{granted.fhir_user}"
        key = self.desk.keys.identity
        made: Any = generate_id_token  # its stubs know older kinds of keys only
        return str(
            made(
                told,
                claims,
                key,
                iss=self.desk.issuer,
                aud=granted.client,
                alg="RS256",
                exp=ALONE_SECONDS,
                nonce=granted.nonce or None,
                auth_time=granted.signed_in_at,
                kid=key.kid,
            )
        )

    def _client_by_assertion(self, _query: object, request: SmartRequest) -> Client | None:
        form = request.form
        if "client_assertion" not in form and "client_assertion_type" not in form:
            return None
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise AssertionRefused("the assertion is of an unknown type")
        client = self.desk.assertions.client_of(form.get("client_assertion", ""), self.desk.clients)
        if form.get("client_id", client.id) != client.id:
            raise AssertionRefused("the assertion is of another client")
        return client
