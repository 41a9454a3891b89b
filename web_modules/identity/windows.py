"""Signs a desktop window in by way of the person's own browser, as OAuth's device grant does (RFC 8628).

The window asks for a code, shows it and opens the browser. Whoever signs in there sees the same code and
says that the window is theirs; the window then gets a session, and the browser's own is ended: it was begun
for this. The sign-in must be younger than the code, so a browser that somebody left behind lets nobody in.
"""

import secrets
from dataclasses import asdict, dataclass
from enum import StrEnum

from web_modules.identity.database.tickets import TicketKind, Tickets
from web_modules.identity.people import Person, Role

CODE_SECONDS = 600
_ANSWER_SECONDS = 60
"""How long an answer waits for its window, which asks every other second."""
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so no words; 20**8 codes (RFC 8628, section 6.1)."""
_HALF = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCode:
    """What a window is given.

    Attributes:
        device_code: its secret, by which it asks for the answer.
        user_code: what window and browser both show, such as `BCDF-GHJK`.
    """

    device_code: str
    user_code: str


class NoSession(StrEnum):
    """Why a window has no session yet; the words of RFC 8628, section 3.5."""

    PENDING = "authorization_pending"
    DENIED = "access_denied"
    EXPIRED = "expired_token"


class WindowSignIns:
    """The windows of a practice that wait for a sign-in. Blocks; safe from every thread and process."""

    def __init__(self, tickets: Tickets) -> None:
        self._tickets = tickets

    def begin(self, now: int) -> WindowCode:
        """Give a window its codes, at a time in seconds since 1970 UTC."""
        letters = "".join(secrets.choice(_LETTERS) for _ in range(2 * _HALF))
        self._tickets.put(TicketKind.WINDOW_CODE, letters, {"asked_at": now}, seconds=CODE_SECONDS)
        device = self._tickets.issue(TicketKind.WINDOW, {"letters": letters}, seconds=CODE_SECONDS)
        return WindowCode(device_code=device, user_code=shown(letters))

    def asked_at(self, user_code: str) -> int | None:
        """When a window was given a code that nobody has answered yet; None when there is none."""
        kept = self._tickets.look(TicketKind.WINDOW_CODE, letters_of(user_code))
        return None if kept is None else int(kept["asked_at"])

    def answer(self, user_code: str, person: Person | None) -> bool:
        """Let a window in as somebody, or (None) not; False when the code is over or was answered."""
        letters = letters_of(user_code)
        ticket = self._tickets.take(TicketKind.WINDOW_CODE, letters)
        if ticket is None or not ticket.is_first:
            return False
        told = {"person": None if person is None else asdict(person)}
        return self._tickets.put(TicketKind.WINDOW_ANSWER, letters, told, seconds=_ANSWER_SECONDS)

    def collect(self, device_code: str) -> Person | NoSession:
        """Who a window was let in as; once."""
        kept = self._tickets.look(TicketKind.WINDOW, device_code)
        if kept is None:
            return NoSession.EXPIRED
        answer = self._tickets.take(TicketKind.WINDOW_ANSWER, kept["letters"])
        if answer is None:
            return NoSession.PENDING
        used = self._tickets.take(TicketKind.WINDOW, device_code)
        if not answer.is_first or used is None or not used.is_first:
            return NoSession.EXPIRED
        told = answer.content["person"]
        return NoSession.DENIED if told is None else Person(**{**told, "role": Role(told["role"])})


def letters_of(user_code: str) -> str:
    """The letters of a code as somebody wrote it."""
    return "".join(letter for letter in user_code.upper() if letter in _LETTERS)[: 2 * _HALF]


def shown(letters: str) -> str:
    """A code as it is shown."""
    return f"{letters[:_HALF]}-{letters[_HALF:]}"
