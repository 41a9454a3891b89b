"""Relationships that a person claimed, each with its reason."""

from sqlalchemy import insert, select, update

from web_modules.identity.database.connection import IdentityDatabase
from web_modules.identity.database.tables import RELATIONSHIP


class RelationshipClaims:
    """Who claimed to have to do with whom. Blocks; safe from every thread and process."""

    def __init__(self, database: IdentityDatabase) -> None:
        self._database = database

    def add(self, person: str, patient: str, *, reason: str, seconds: int) -> None:
        """Note a claim; it ends by itself."""
        key = {"practice": self._database.practice, "person": person, "patient": patient}
        said = {"until": self._database.now() + seconds, "reason": reason}
        where = [RELATIONSHIP.c[name] == value for name, value in key.items()]
        with self._database.writing() as connection:
            if not connection.execute(update(RELATIONSHIP).where(*where).values(said)).rowcount:
                connection.execute(insert(RELATIONSHIP).values(key | said))

    def of(self, person: str) -> frozenset[str]:
        """Ids of the patients whom a person claimed and who are still so."""
        wanted = select(RELATIONSHIP.c.patient).where(
            RELATIONSHIP.c.practice == self._database.practice,
            RELATIONSHIP.c.person == person,
            RELATIONSHIP.c.until > self._database.now(),
        )
        with self._database.reading() as connection:
            return frozenset(connection.execute(wanted).scalars())
