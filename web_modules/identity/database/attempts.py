"""How often something was refused within a minute, known to every process of the practice."""

import threading

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from web_modules.identity.database.connection import IdentityDatabase, digest_of
from web_modules.identity.database.tables import ATTEMPT

WINDOW_SECONDS = 60
_MOST_KNOWN = 1000


class Attempts:
    """Counts what was refused, by name. Blocks; safe from every thread.

    Once a name has had its number, this process asks and writes nothing more of it until its minute is over:
    a flood costs the database as many small writes as are allowed.
    """

    def __init__(self, database: IdentityDatabase) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._closed: dict[str, int] = {}

    def seconds_closed(self, name: str) -> int:
        """How long nothing more is tried under a name; 0 when it may be now."""
        with self._lock:
            until = self._closed.get(name, 0)
        return max(0, until - self._database.now())

    def failed(self, name: str, *, most: int) -> None:
        """Count one refusal; with the last of so `most` within the minute the name is closed."""
        if self.seconds_closed(name):
            return
        try:
            count, until = self._add(name)
        except SQLAlchemyError:  # the same one at once elsewhere, or a silent database: refused it is anyway
            return
        if count >= most:
            now = self._database.now()
            with self._lock:
                if len(self._closed) >= _MOST_KNOWN:
                    self._closed = {one: end for one, end in self._closed.items() if end > now}
                self._closed[name] = until

    def _add(self, name: str) -> tuple[int, int]:
        now, practice = self._database.now(), self._database.practice
        key = (ATTEMPT.c.practice == practice, ATTEMPT.c.digest == digest_of(name))
        with self._database.writing() as connection:
            one_more = update(ATTEMPT).where(*key, ATTEMPT.c.until > now).values(times=ATTEMPT.c.times + 1)
            if connection.execute(one_more).rowcount:
                row = connection.execute(select(ATTEMPT.c.times, ATTEMPT.c.until).where(*key)).one()
                return int(row.times), int(row.until)
            connection.execute(delete(ATTEMPT).where(ATTEMPT.c.practice == practice, ATTEMPT.c.until <= now))
            fresh = {"practice": practice, "digest": digest_of(name), "until": now + WINDOW_SECONDS}
            connection.execute(insert(ATTEMPT).values(fresh | {"times": 1}))
            return 1, now + WINDOW_SECONDS
