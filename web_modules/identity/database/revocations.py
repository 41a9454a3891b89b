"""What was ended before its time: sessions, access tokens, families of tokens."""

import threading
import time

from sqlalchemy import delete, insert, select, update

from web_modules.identity.database.connection import IdentityDatabase
from web_modules.identity.database.tables import REVOCATION

FRESH_SECONDS = 1.0
"""How long another process may take what was revoked for good; one indexed query a second costs nothing."""


class Revocations:
    """What was revoked at a practice. Safe from every thread; asks the database at most once a second."""

    def __init__(self, database: IdentityDatabase) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._known: frozenset[str] = frozenset()
        self._read_at = float("-inf")

    def revoke(self, subject: str, *, until: int) -> None:
        """End something; it is remembered until it would have ended by itself (seconds since 1970 UTC)."""
        practice = self._database.practice
        key = (REVOCATION.c.practice == practice, REVOCATION.c.subject == subject)
        with self._database.writing() as connection:
            over = REVOCATION.c.until < self._database.now()
            connection.execute(delete(REVOCATION).where(REVOCATION.c.practice == practice, over))
            if not connection.execute(update(REVOCATION).where(*key).values(until=until)).rowcount:
                row = {"practice": practice, "subject": subject, "until": until}
                connection.execute(insert(REVOCATION).values(row))
        with self._lock:
            self._known |= {subject}

    def lift(self, subject: str) -> None:
        """Let something hold again."""
        with self._database.writing() as connection:
            connection.execute(
                delete(REVOCATION).where(
                    REVOCATION.c.practice == self._database.practice, REVOCATION.c.subject == subject
                )
            )
        with self._lock:
            self._known -= {subject}

    def is_revoked(self, subject: str) -> bool:
        """Whether something was ended here, or by another process at least a second ago."""
        with self._lock:
            if time.monotonic() - self._read_at >= FRESH_SECONDS:
                self._known = self._read()
                self._read_at = time.monotonic()
            return subject in self._known

    def _read(self) -> frozenset[str]:
        wanted = select(REVOCATION.c.subject).where(
            REVOCATION.c.practice == self._database.practice, REVOCATION.c.until >= self._database.now()
        )
        with self._database.reading() as connection:
            return frozenset(connection.execute(wanted).scalars())
