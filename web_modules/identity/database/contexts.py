"""Which context each window is in: a write under an earlier one is refused (hazards H01, H02)."""

import threading
from collections import OrderedDict

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from web_modules.identity.database.connection import IdentityDatabase, digest_of
from web_modules.identity.database.tables import CONTEXT

KEPT_SECONDS = 24 * 3600
"""Longer than a session lives."""

MOST_KNOWN = 10_000
"""Announcements of which this process knows that they are kept; others are looked up."""

_TRIES = 5


class Contexts:
    """Keeps for each session the contexts that its window had. Blocks; safe from every thread and process.

    A window announces a context by loading a page in it. One that was superseded never becomes current again,
    so a page left behind cannot bring it back.
    """

    def __init__(self, database: IdentityDatabase) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], None] = OrderedDict()

    def announce(self, session: str, context: str) -> None:
        """The session's window has gone on to a context, unless it was there before."""
        key = (digest_of(session), digest_of(context))
        with self._lock:
            if key in self._kept:
                return
        for _ in range(_TRIES):
            if self._is_kept(*key) or self._keep(*key):
                break
        else:
            raise RuntimeError("another process announces contexts of this session without end")
        with self._lock:
            self._kept[key] = None
            if len(self._kept) > MOST_KNOWN:
                self._kept.popitem(last=False)

    def is_stale(self, session: str, context: str) -> bool:
        """Whether the session's window has gone on from a context to another."""
        newest = (
            select(CONTEXT.c.context)
            .where(CONTEXT.c.practice == self._database.practice, CONTEXT.c.session == digest_of(session))
            .order_by(CONTEXT.c.number.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            found = connection.execute(newest).scalar_one_or_none()
        return found is not None and found != digest_of(context)

    def _is_kept(self, session: str, context: str) -> bool:
        wanted = select(CONTEXT.c.number).where(
            CONTEXT.c.practice == self._database.practice,
            CONTEXT.c.session == session,
            CONTEXT.c.context == context,
        )
        with self._database.reading() as connection:
            return connection.execute(wanted).one_or_none() is not None

    def _keep(self, session: str, context: str) -> bool:
        """Add a context after those that the session had; False when another process was quicker."""
        practice, now = self._database.practice, self._database.now()
        last = select(func.max(CONTEXT.c.number)).where(
            CONTEXT.c.practice == practice, CONTEXT.c.session == session
        )
        row = {"practice": practice, "session": session, "context": context, "until": now + KEPT_SECONDS}
        try:
            with self._database.writing() as connection:
                connection.execute(
                    delete(CONTEXT).where(CONTEXT.c.practice == practice, CONTEXT.c.until < now)
                )
                number = (connection.execute(last).scalar() or 0) + 1
                connection.execute(insert(CONTEXT).values({**row, "number": number}))
        except IntegrityError:
            return False
        return True
