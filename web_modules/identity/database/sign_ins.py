"""When each person last signed in, and in which roles: how long what they let in goes on without them.

A provider tells nobody that an account was closed or a role taken away. Whoever comes shows it; whoever
does not come any more is not vouched for after some days.
"""

import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from web_modules.identity.database.connection import IdentityDatabase
from web_modules.identity.database.tables import SIGN_IN
from web_modules.identity.people import Person, Role

FRESH_SECONDS = 1.0
"""How long another process may not know of a sign-in; one indexed query a second costs nothing."""

KEPT_SECONDS = 90 * 24 * 3600
"""As long as the longest-lived token; after that nothing is left that a role could hold for."""

_DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class _SignIn:
    roles: frozenset[str]
    moment: int


class SignIns:
    """The last sign-ins at a practice. Blocks; safe from every thread and process."""

    def __init__(self, database: IdentityDatabase, days: int) -> None:
        """Keep them.

        Args:
            database: the practice's.
            days: for which a sign-in vouches for a person.
        """
        self._database = database
        self._seconds = days * _DAY_SECONDS
        self._lock = threading.Lock()
        self._known: Mapping[str, _SignIn] = {}
        self._read_at = float("-inf")

    def note(self, person_id: str, roles: Collection[Role]) -> None:
        """Somebody has signed in with these roles at the practice; with none, they have left."""
        practice, now = self._database.practice, self._database.now()
        of_practice = SIGN_IN.c.practice == practice
        told = {"roles": " ".join(sorted(roles)), "moment": now}
        with self._database.writing() as connection:
            connection.execute(delete(SIGN_IN).where(of_practice, SIGN_IN.c.moment < now - KEPT_SECONDS))
            known = update(SIGN_IN).where(of_practice, SIGN_IN.c.person == person_id)
            if not connection.execute(known.values(told)).rowcount:
                connection.execute(
                    insert(SIGN_IN).values({"practice": practice, "person": person_id, **told})
                )
        with self._lock:
            self._known = {**self._known, person_id: _SignIn(frozenset(roles), now)}

    def holds(self, person: Person) -> bool:
        """Whether a person has not come without their role since; who never came has not."""
        last = self._last(person.id)
        return last is None or person.role in last.roles

    def vouches(self, person: Person) -> bool:
        """Whether a person has come in their role not long ago."""
        last = self._last(person.id)
        if last is None or person.role not in last.roles:
            return False
        return self._database.now() - last.moment < self._seconds

    def _last(self, person_id: str) -> _SignIn | None:
        with self._lock:
            if time.monotonic() - self._read_at >= FRESH_SECONDS:
                self._known = self._read()
                self._read_at = time.monotonic()
            return self._known.get(person_id)

    def _read(self) -> Mapping[str, _SignIn]:
        wanted = select(SIGN_IN.c.person, SIGN_IN.c.roles, SIGN_IN.c.moment).where(
            SIGN_IN.c.practice == self._database.practice
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        return {person: _SignIn(frozenset(roles.split()), moment) for person, roles, moment in rows}
