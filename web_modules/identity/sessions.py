"""Sessions: signed tokens that say who someone is, for one practice and one environment."""

import secrets
import time
from dataclasses import asdict, dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.requests import HTTPConnection

from web_modules.identity.database.revocations import Revocations
from web_modules.identity.database.sign_ins import SignIns
from web_modules.identity.people import Person, Role
from web_modules.identity.verified import Verified
from web_modules.security import bearer_of

COOKIE = "banyan_session"
LIFETIME_SECONDS = 12 * 60 * 60
"""A working day; the next morning begins with a sign-in."""

_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody's session.

    Attributes:
        person: whose.
        id: by which it is revoked.
        began_at: seconds since 1970 UTC.
        until: seconds since 1970 UTC.
    """

    person: Person
    id: str
    began_at: int
    until: int


class Sessions:
    """Issues and reads session tokens. Safe from every thread."""

    def __init__(
        self,
        key: bytes,
        *,
        practice: str,
        environment: str,
        revocations: Revocations | None = None,
        sign_ins: SignIns | None = None,
    ) -> None:
        """Work for one practice.

        Args:
            key: signs the tokens.
            practice: ODS code.
            environment: live, reference or training.
            revocations: where it is kept which sessions ended early; None for whoever only issues.
            sign_ins: who came last in which roles; None for whoever only issues.
        """
        self._key = OctKey.import_key(key)
        self._audience = f"{environment}/{practice}"
        self._claims = jwt.JWTClaimsRegistry(
            sub={"essential": True},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            jti={"essential": True},
        )
        self._revocations = revocations
        self._sign_ins = sign_ins
        self._verified: Verified[Session] = Verified()

    def issue(self, person: Person) -> str:
        """A token for a person, good for `LIFETIME_SECONDS`."""
        now = int(time.time())
        described = asdict(person)
        claims = {
            "sub": described.pop("id"),
            **described,
            "aud": self._audience,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": secrets.token_urlsafe(12),
        }
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key)

    def session(self, token: str) -> Session | None:
        """What a token stands for; None when it is forged, over, or of another practice or environment."""
        session = self._verified.find(token) or self._read(token)
        if session is None:
            return None
        is_over = self._revocations is not None and self._revocations.is_revoked(session.id)
        has_lost_role = self._sign_ins is not None and not self._sign_ins.holds(session.person)
        return None if is_over or has_lost_role else session

    def _read(self, token: str) -> Session | None:
        try:
            found = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
            self._claims.validate(found.claims)
            claims = found.claims
            session = Session(
                person=Person(
                    id=str(claims["sub"]),
                    name=str(claims["name"]),
                    role=Role(str(claims["role"])),
                    registration=str(claims["registration"]),
                ),
                id=str(claims["jti"]),
                began_at=int(claims["iat"]),
                until=int(claims["exp"]),
            )
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        self._verified.keep(token, session, until=session.until)
        return session

    def person(self, token: str) -> Person | None:
        """Whose session a token is, or None."""
        session = self.session(token)
        return None if session is None else session.person

    def end(self, token: str) -> None:
        """Make a session void before its time, for every process of the practice."""
        session = self.session(token)
        if session is not None and self._revocations is not None:
            self._revocations.revoke(session.id, until=session.until)

    def token_of(self, request: HTTPConnection) -> str | None:
        """The token that a request brings, as bearer or as cookie."""
        return bearer_of(request) or request.cookies.get(COOKIE)

    def session_of(self, request: HTTPConnection) -> Session | None:
        """The session in which somebody asks, or None."""
        token = self.token_of(request)
        return None if token is None else self.session(token)

    def person_of(self, request: HTTPConnection) -> Person | None:
        """Who asks, or None."""
        session = self.session_of(request)
        return None if session is None else session.person
