"""Slows down whoever guesses: what is refused again and again is not even tried for the rest of a minute.

Counted is by the network address, and at the token endpoint by the client too: a practice is often behind
one address, and nobody in it is to be kept out by another. What cannot be guessed, a signed token, is always
taken.
"""

from enum import Enum

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from web_modules.identity.auditing import IdentityAudit
from web_modules.identity.database.attempts import Attempts


class Door(Enum):
    """Where somebody may guess, and how often within a minute."""

    SIGN_IN = ("sign-in", 60)
    AUTHORIZE = ("authorize", 60)
    WINDOW = ("window", 300)
    """Nothing to guess: each window that asks for a code is counted, so that nobody fills the tables."""
    TOKEN = ("token", 60)
    SERVICE = ("service", 60)
    """The service token: the only secret that is short enough to be worth a guess."""
    RECORDS = ("records", 600)
    """Programs whose session is over ask on, a practice full of them: only a flood is told to wait."""


class Doors:
    """The doors of one practice. Blocks; safe from every thread."""

    def __init__(self, attempts: Attempts, audit: IdentityAudit) -> None:
        self._attempts = attempts
        self._audit = audit

    def seconds_closed(self, request: HTTPConnection, door: Door, client: str = "") -> int:
        """How long whoever asks has to wait; 0 when they may try."""
        name = self._name(request, door, client)
        return self._attempts.seconds_closed(name) if name else 0

    def failed(self, request: HTTPConnection, door: Door, client: str = "") -> None:
        """Count that somebody was refused."""
        name = self._name(request, door, client)
        if name:
            self._attempts.failed(name, most=door.value[1])

    def _name(self, request: HTTPConnection, door: Door, client: str) -> str:
        """Empty where nobody's address is known: there is nobody to tell from others."""
        address = self._audit.address_of(request)
        return f"{door.value[0]} {address} {client}" if address else ""


def come_back(seconds: int) -> Response:
    """The answer to who has to wait."""
    words = f"Too much was refused from your network. Try again in {seconds} seconds."
    told = {"error": "temporarily_unavailable", "error_description": words}
    return JSONResponse(told, status_code=429, headers={"Retry-After": str(seconds)})
