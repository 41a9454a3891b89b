"""Short-lived things that count once: codes, launches, sign-ins under way, ids of client assertions."""

import json
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from web_modules.identity.database.connection import IdentityDatabase, digest_of
from web_modules.identity.database.tables import TICKET

KEPT_SECONDS = 3600
"""How long a ticket is known after its end: as long as what was issued for it may live."""


class TicketKind(StrEnum):
    """What a ticket is for."""

    CODE = "code"
    LAUNCH = "launch"
    SIGN_IN = "sign-in"
    ASSERTION = "assertion"
    WINDOW = "window"
    WINDOW_CODE = "window-code"
    WINDOW_ANSWER = "window-answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What was kept with a ticket.

    Attributes:
        content: as it was put.
        is_first: whether it was good now; otherwise it had been taken before.
    """

    content: dict[str, Any]
    is_first: bool


class Tickets:
    """The tickets of a practice. Blocks; safe from every thread and process."""

    def __init__(self, database: IdentityDatabase) -> None:
        self._database = database

    def issue(self, kind: TicketKind, content: dict[str, Any], *, seconds: int) -> str:
        """Make a ticket, good once and for a time; the answer is its secret."""
        secret = secrets.token_urlsafe(32)
        if not self.put(kind, secret, content, seconds=seconds):
            raise RuntimeError("the same 256 random bits came twice")
        return secret

    def spend(self, kind: TicketKind, value: str, *, seconds: int) -> bool:
        """Note that a value was used; False when it had been before, in the time that it was noted for."""
        return self.put(kind, value, {}, seconds=seconds)

    def take(self, kind: TicketKind, secret: str) -> Ticket | None:
        """Use a ticket up; None when there is none or its time is over."""
        key = self._key(kind, secret)
        now = self._database.now()
        with self._database.writing() as connection:
            row = connection.execute(select(TICKET).where(*key)).one_or_none()
            if row is None or (not row.is_used and row.until <= now):
                return None
            taken = connection.execute(
                update(TICKET).where(*key, TICKET.c.is_used == 0, TICKET.c.until > now).values(is_used=1)
            )
            return Ticket(content=json.loads(row.content), is_first=taken.rowcount == 1)

    def look(self, kind: TicketKind, secret: str) -> dict[str, Any] | None:
        """What was put with a ticket that is still good; it stays so."""
        with self._database.reading() as connection:
            row = connection.execute(select(TICKET).where(*self._key(kind, secret))).one_or_none()
        if row is None or row.is_used or row.until <= self._database.now():
            return None
        found: dict[str, Any] = json.loads(row.content)
        return found

    def put(self, kind: TicketKind, secret: str, content: dict[str, Any], *, seconds: int) -> bool:
        """Make a ticket of a secret that is there already; False when there is, or was, one of it."""
        now = self._database.now()
        practice = self._database.practice
        row = {"practice": practice, "kind": kind.value, "digest": digest_of(secret), "is_used": 0}
        row |= {"until": now + seconds, "content": json.dumps(content)}
        try:
            with self._database.writing() as connection:
                over = TICKET.c.until < now - KEPT_SECONDS
                connection.execute(delete(TICKET).where(TICKET.c.practice == practice, over))
                connection.execute(insert(TICKET).values(row))
        except IntegrityError:
            return False
        return True

    def _key(self, kind: TicketKind, secret: str) -> tuple[Any, ...]:
        return (
            TICKET.c.practice == self._database.practice,
            TICKET.c.kind == kind.value,
            TICKET.c.digest == digest_of(secret),
        )
