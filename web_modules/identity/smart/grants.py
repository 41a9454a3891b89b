"""The ways to a token: a code that a person let out, its refresh tokens, a client's own assertion."""

import time
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import (
    AuthorizationCodeMixin,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7636.challenge import compare_s256_code_challenge
from authlib.oidc.core.errors import RequestNotSupportedError, RequestURINotSupportedError

from web_modules.identity.database.families import Family
from web_modules.identity.database.tickets import TicketKind
from web_modules.identity.scopes import Level, parse_scopes
from web_modules.identity.sessions import LIFETIME_SECONDS
from web_modules.identity.smart.clients import PRIVATE_KEY_JWT, PUBLIC, Client
from web_modules.identity.smart.requests import SmartRequest
from web_modules.identity.smart.server import OFFLINE_SECONDS, SmartServer
from web_modules.identity.smart.tokens import Granted

CODE_SECONDS = 60
"""SMART asks for at most 60 seconds; a client takes its code at once."""


_NOT_VOUCHED = "invalid_grant: its person has not signed in in that role for too long"
_REUSED = "invalid_grant: a refresh token came a second time; its family ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCode(AuthorizationCodeMixin):
    """An authorisation code that was brought back.

    Attributes:
        granted: what it stands for.
        redirect_uri: where it was sent.
        code_challenge: of PKCE.
    """

    granted: Granted
    redirect_uri: str
    code_challenge: str

    @property
    def code_challenge_method(self) -> str:
        """The only one."""
        return "S256"

    def get_redirect_uri(self) -> str:
        """As Authlib asks for it."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """As Authlib asks for it."""
        return self.granted.scope


class S256Only(CodeChallenge):
    """PKCE as SMART asks for it: always, and never `plain`."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012  (Authlib's)
    CODE_CHALLENGE_METHODS = {"S256": compare_s256_code_challenge}  # noqa: RUF012  (Authlib's)

    def validate_code_challenge(self, grant: Any, redirect_uri: Any) -> None:
        """Refuse a request without a challenge, or with one that protects nothing."""
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError(description="PKCE with S256 is needed.")
        super().validate_code_challenge(grant, redirect_uri)


_ANSWERED_BY = "query"


class SmartCodeGrant(AuthorizationCodeGrant):
    """Authorisation codes, with what SMART asks for beyond OAuth."""

    TOKEN_ENDPOINT_AUTH_METHODS = [PRIVATE_KEY_JWT, PUBLIC]  # noqa: RUF012  (Authlib's)
    request: SmartRequest
    server: SmartServer

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: Any) -> str:
        """The address for the answer: named, and one of the client's sign by sign."""
        asked = request.payload.redirect_uri or ""
        if not client.check_redirect_uri(asked):
            raise InvalidRequestError(description="The redirect_uri is not one of this client.")
        return str(asked)

    def validate_requested_scope(self) -> None:
        """What SMART asks for in every authorisation request."""
        asked = self.request.parameters.data
        if "request" in asked:  # what is signed in it would count, and nothing beside it (RFC 9101)
            raise RequestNotSupportedError
        if "request_uri" in asked:
            raise RequestURINotSupportedError
        if asked.get("response_mode", _ANSWERED_BY) != _ANSWERED_BY:
            raise InvalidRequestError(description="The only response_mode is query.")
        if asked.get("aud", "").rstrip("/") != self.server.desk.fhir_base:
            raise InvalidRequestError(description="The aud must be the FHIR base of this practice.")
        if not asked.get("state"):
            raise InvalidRequestError(description="The state is missing.")
        if not asked.get("scope"):
            raise InvalidScopeError(description="The scope is missing.")

    def generate_authorization_code(self) -> str:
        """Keep what was decided, and make the code for it."""
        asked = self.request.parameters.data
        granted = self.request.decided
        if granted is None:
            raise InvalidGrantError
        kept = {
            "granted": granted.as_json(),
            "redirect_uri": asked["redirect_uri"],
            "code_challenge": asked["code_challenge"],
        }
        return self.server.desk.tickets.issue(TicketKind.CODE, kept, seconds=CODE_SECONDS)

    def save_authorization_code(self, code: str, request: Any) -> None:
        """It was kept when it was made."""

    def query_authorization_code(self, code: str, client: Any) -> IssuedCode | None:
        """Use a code up. One that comes again, or from another client, ends what was issued for it."""
        ticket = self.server.desk.tickets.take(TicketKind.CODE, code)
        if ticket is None:
            return None
        granted = Granted.from_json(ticket.content["granted"])
        if not ticket.is_first or granted.client != client.id:
            self.request.reason = (
                "invalid_grant: a code came a second time, or from another client; its tokens ended"
            )
            self.server.desk.revoke(granted.family)
            return None
        return IssuedCode(
            granted=granted,
            redirect_uri=ticket.content["redirect_uri"],
            code_challenge=ticket.content["code_challenge"],
        )

    def delete_authorization_code(self, authorization_code: Any) -> None:
        """It was used up when it was brought."""

    def authenticate_user(self, authorization_code: IssuedCode) -> Granted:
        """Whose code it is."""
        return authorization_code.granted

    def generate_token(
        self,
        user: Any = None,
        scope: str | None = None,
        grant_type: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,  # noqa: ARG002
    ) -> dict[str, Any]:
        """The token answer, with a refresh token when that was asked for and granted."""
        granted: Granted = user
        scopes = parse_scopes(granted.scope).plain
        until = 0
        if "offline_access" in scopes:
            until = int(time.time()) + OFFLINE_SECONDS
        elif "online_access" in scopes:
            until = granted.signed_in_at + LIFETIME_SECONDS
        told: dict[str, Any] = super().generate_token(
            user, scope, grant_type, expires_in, include_refresh_token=until > 0
        )
        if until > 0:
            families = self.server.desk.families
            told["refresh_token"] = families.open(granted.family, granted.as_json(), until=until)
        return told


class RefreshedToken:
    """A refresh token that was shown, as Authlib asks about it."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.granted = Granted.from_json(family.content)

    def check_client(self, client: Client) -> bool:
        """Whether it is this client's."""
        return self.granted.client == client.id

    def get_scope(self) -> str:
        """What may be asked for at most."""
        return self.granted.scope


class SmartRefreshGrant(RefreshTokenGrant):
    """Refresh tokens that are good once."""

    TOKEN_ENDPOINT_AUTH_METHODS = [PRIVATE_KEY_JWT, PUBLIC]  # noqa: RUF012  (Authlib's)
    INCLUDE_NEW_REFRESH_TOKEN = True
    request: SmartRequest
    server: SmartServer

    def authenticate_token_endpoint_client(self) -> Any:
        """Whose token it is. SMART's public applications need not say who they are: their token does."""
        form = self.request.form
        if not {"client_id", "client_assertion", "client_secret"} & set(form):
            family = self.server.desk.families.of(form.get("refresh_token", ""))
            client = None if family is None else self.server.query_client(family.content["client"])
            if client is not None and client.is_public:
                return client
        return super().authenticate_token_endpoint_client()

    def authenticate_refresh_token(self, refresh_token: str) -> Any:
        """What a refresh token stands for. One that was used before ends its whole family."""
        desk = self.server.desk
        family = desk.families.of(refresh_token)
        if family is None:
            return None
        found = RefreshedToken(family)
        if not family.is_current:
            self.request.reason = _REUSED
            desk.revoke(family.id)
            return None
        if not desk.vouches(found.granted):
            self.request.reason = _NOT_VOUCHED
            return None
        is_over = not found.granted.is_offline and desk.revocations.is_revoked(found.granted.session)
        return None if is_over else found

    def _validate_token_scope(self, token: RefreshedToken) -> None:
        asked = self.request.parameters.data.get("scope")
        if asked is not None:
            original = parse_scopes(token.get_scope())
            wanted = parse_scopes(asked)
            if wanted.narrowed(original) != wanted or len(wanted.text.split()) != len(set(asked.split())):
                raise InvalidScopeError(description="More than was granted is asked for.")

    def authenticate_user(self, refresh_token: RefreshedToken) -> Granted:
        """Whose it is."""
        return refresh_token.granted

    def issue_token(self, user: Any, refresh_token: Any) -> dict[str, Any]:
        """The next tokens; only the first of several at once gets them."""
        asked = self.request.parameters.data.get("scope")
        following = self.server.desk.families.rotate(refresh_token.family)
        if following is None:
            self.request.reason = _REUSED
            self.server.desk.revoke(refresh_token.family.id)
            raise InvalidGrantError
        scope = parse_scopes(asked).text if asked else user.scope
        told: dict[str, Any] = self.generate_token(user=user, scope=scope, include_refresh_token=True)
        return {**told, "refresh_token": following}

    def revoke_old_credential(self, refresh_token: Any) -> None:
        """It was turned into the next."""


class BackendGrant(ClientCredentialsGrant):
    """SMART Backend Services: a client for itself."""

    TOKEN_ENDPOINT_AUTH_METHODS = [PRIVATE_KEY_JWT]  # noqa: RUF012  (Authlib's)
    request: SmartRequest
    server: SmartServer

    def create_token_response(self) -> Any:
        """A token for the system scopes among what was asked for and what the client may have."""
        client = self.request.client
        if not isinstance(client, Client):
            raise UnauthorizedClientError
        asked = self.request.parameters.data.get("scope", "")
        scopes = self.server.desk.understood(asked).narrowed(client.scopes)
        wanted = scopes.only([Level.SYSTEM]).resources
        if not wanted:
            raise InvalidScopeError(description="No scope of those that were asked for may be granted.")
        token = self.generate_token(scope=" ".join(one.text for one in wanted), include_refresh_token=False)
        return 200, token, self.TOKEN_RESPONSE_HEADER


def smart_server(server: SmartServer) -> SmartServer:
    """The server with every way to a token."""
    server.register_grant(SmartCodeGrant, [S256Only(required=True)])
    server.register_grant(SmartRefreshGrant)
    server.register_grant(BackendGrant)
    return server
