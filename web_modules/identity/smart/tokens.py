"""Access tokens: signed JWTs (RFC 9068), so that every web process reads them without asking another."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.errors import BadSignatureError, ClaimError, ExpiredTokenError, JoseError

from web_modules.identity.database.keys import Keys
from web_modules.identity.database.revocations import Revocations
from web_modules.identity.people import Person, Role
from web_modules.identity.verified import Verified

ALGORITHM = "ES256"
_TYPE = "at+jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What one sign-in to one application came to; all its tokens share it.

    Attributes:
        client: the client_id.
        scope: what was granted, normalised.
        family: joins the tokens, so that they can be revoked together.
        person: who let the application in; None when it acts for itself.
        patient: id of the patient who was chosen, or None.
        session: id of the session in which that was.
        signed_in_at: seconds since 1970 UTC.
        nonce: of the request, or empty.
        fhir_user: the reference of the resource that is the person, such as `Practitioner/1`, or empty.
        told: what the token answers say of the window that launched it.
    """

    client: str
    scope: str
    family: str
    person: Person | None = None
    patient: str | None = None
    session: str = ""
    signed_in_at: int = 0
    nonce: str = ""
    fhir_user: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_offline(self) -> bool:
        """Whether it goes on when the session has ended."""
        return "offline_access" in self.scope.split()

    def get_user_id(self) -> str:
        """As Authlib asks for it."""
        return self.client if self.person is None else self.person.id

    def as_json(self) -> dict[str, Any]:
        """For the database."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Granted":
        """From the database."""
        person = found["person"]
        return cls(**{**found, "person": None if person is None else _person(person)})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An access token that was read.

    Attributes:
        granted: what it stands for.
        id: the jti.
        issued_at: seconds since 1970 UTC.
        until: seconds since 1970 UTC.
    """

    granted: Granted
    id: str
    issued_at: int
    until: int


class AccessTokens:
    """Signs and reads the access tokens of one practice. Safe from every thread."""

    def __init__(self, keys: Keys, revocations: Revocations, *, issuer: str, audience: str) -> None:
        """Work for one practice.

        Args:
            keys: its own.
            revocations: what ended early.
            issuer: this authorisation server.
            audience: the practice's FHIR base.
        """
        self._keys = keys
        self._revocations = revocations
        self._issuer = issuer
        self._audience = audience
        self._verified: Verified[AccessToken] = Verified()
        self._claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            jti={"essential": True},
            client_id={"essential": True},
        )

    def sign(self, granted: Granted, *, scope: str, seconds: int) -> str:
        """A token for what was granted, or for a smaller scope of it."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": granted.get_user_id(),
            "client_id": granted.client,
            "scope": scope,
            "iat": now,
            "exp": now + seconds,
            "jti": secrets.token_urlsafe(12),
            "family": granted.family,
        }
        if granted.person is not None:
            claims["person"] = asdict(granted.person)
        if granted.patient is not None:
            claims["patient"] = granted.patient
        if granted.session and not granted.is_offline:
            claims["session"] = granted.session
        if granted.fhir_user:
            claims["fhir_user"] = granted.fhir_user
        header = {"alg": ALGORITHM, "typ": _TYPE, "kid": self._keys.access.kid}
        return jwt.encode(header, claims, self._keys.access, algorithms=[ALGORITHM])

    def read(self, token: str) -> AccessToken | None:
        """What a token stands for; None when it is forged, over, revoked, or meant for others."""
        read = self._verified.find(token) or self._read(token)
        if read is None:
            return None
        ended = (self._revocations.is_revoked(one) for one in (read.granted.family, read.granted.session))
        return None if any(ended) else read

    def why_refused(self, token: str) -> str:
        """Why a token is not taken, for the audit; only its owner may be told."""
        try:
            self._decoded(token)
        except ExpiredTokenError:
            return "The token is over."
        except BadSignatureError:
            return "The token's signature is not ours: it is forged, or was changed."
        except ClaimError:
            return "The token is meant for others."
        except (JoseError, ValueError, KeyError, TypeError):
            return "The token is none of ours."
        return "The token was revoked, or its client is not known any more."

    def _read(self, token: str) -> AccessToken | None:
        try:
            read = self._decoded(token)
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        self._verified.keep(token, read, until=read.until)
        return read

    def _decoded(self, token: str) -> AccessToken:
        found = jwt.decode(token, self._keys.access, algorithms=[ALGORITHM])
        self._claims.validate(found.claims)
        if found.header.get("typ") != _TYPE:
            raise ValueError("another type of token")
        claims = found.claims
        person = claims.get("person")
        return AccessToken(
            granted=Granted(
                client=str(claims["client_id"]),
                scope=str(claims["scope"]),
                family=str(claims["family"]),
                person=None if person is None else _person(person),
                patient=claims.get("patient"),
                fhir_user=str(claims.get("fhir_user", "")),
                session=str(claims.get("session", "")),
            ),
            id=str(claims["jti"]),
            issued_at=int(claims["iat"]),
            until=int(claims["exp"]),
        )


def _person(found: dict[str, Any]) -> Person:
    return Person(**{**found, "role": Role(found["role"])})
