"""Sessions: signed tokens that say who someone is, for one practice and one environment."""

import os
import secrets
import time
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.requests import HTTPConnection

from web_modules.errors import DatabaseUnavailable
from web_modules.identity.people import Person, Role
from web_modules.security import bearer_of

COOKIE = "banyan_session"
LIFETIME_SECONDS = 12 * 60 * 60
"""A working day; the next morning begins with a sign-in."""

_ALGORITHM = "HS256"


def load_key(file: Path | None) -> bytes:
    """The key that signs sessions: kept in a file that only this user reads, or made anew for this process.

    Raises:
        DatabaseUnavailable: the file cannot be read or made.
    """
    if file is None:
        return secrets.token_bytes(32)
    try:
        if not file.exists():
            fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as writing:
                writing.write(secrets.token_hex(32))
            fresh.replace(file)
        return bytes.fromhex(file.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise DatabaseUnavailable(
            f"The key of the sessions cannot be kept in {file}: check that you may write there, or remove it."
        ) from error


class Sessions:
    """Issues and reads session tokens; keeps nothing but which ended early. Safe from every thread."""

    def __init__(self, key: bytes, *, practice: str, environment: str) -> None:
        self._key = OctKey.import_key(key)
        self._audience = f"{environment}/{practice}"
        self._claims = jwt.JWTClaimsRegistry(
            sub={"essential": True},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            jti={"essential": True},
        )
        self._ended: dict[str, float] = {}

    def issue(self, person: Person) -> str:
        """A token for a person, good for `LIFETIME_SECONDS`."""
        now = int(time.time())
        claims = {
            "sub": person.id,
            "name": person.name,
            "role": person.role.value,
            "aud": self._audience,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": secrets.token_urlsafe(12),
        }
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key)

    def person(self, token: str) -> Person | None:
        """Whose session a token is; None when it is forged, over, or of another practice or environment."""
        claims = self._read(token)
        if claims is None or str(claims["jti"]) in self._ended:
            return None
        try:
            return Person(id=str(claims["sub"]), name=str(claims["name"]), role=Role(str(claims["role"])))
        except (KeyError, ValueError):
            return None

    def end(self, token: str) -> None:
        """Make a session void before its time; remembered by this process."""
        claims = self._read(token)
        if claims is not None:
            now = time.time()
            self._ended = {jti: until for jti, until in self._ended.items() if until > now}
            self._ended[str(claims["jti"])] = float(str(claims["exp"]))

    def token_of(self, request: HTTPConnection) -> str | None:
        """The token that a request brings, as bearer or as cookie."""
        return bearer_of(request) or request.cookies.get(COOKIE)

    def person_of(self, request: HTTPConnection) -> Person | None:
        """Who asks, or None."""
        token = self.token_of(request)
        return None if token is None else self.person(token)

    def _read(self, token: str) -> dict[str, object] | None:
        try:
            found = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
            self._claims.validate(found.claims)
        except (JoseError, ValueError):
            return None
        return dict(found.claims)
