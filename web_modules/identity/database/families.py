"""Refresh tokens: each is good once and is followed by the next of its family (RFC 9700, section 4.14)."""

import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from web_modules.identity.database.connection import IdentityDatabase, digest_of
from web_modules.identity.database.tables import FAMILY

_NAME = re.compile(r"^[A-Za-z0-9_-]{1,32}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What all tokens of one sign-in to one application share.

    Attributes:
        id: also in its access tokens.
        content: as it was opened with.
        until: seconds since 1970 UTC.
        is_current: whether the token that was shown is the one that is good; else it was used before.
        digest: of the token that was shown.
    """

    id: str
    content: dict[str, Any]
    until: int
    is_current: bool
    digest: str


class Families:
    """The families of a practice. Blocks; safe from every thread and process."""

    def __init__(self, database: IdentityDatabase) -> None:
        self._database = database

    def open(self, family: str, content: dict[str, Any], *, until: int) -> str:
        """Begin a family; the answer is its first refresh token."""
        token = f"{family}.{secrets.token_urlsafe(32)}"
        practice = self._database.practice
        row = {"practice": practice, "family": family, "digest": digest_of(token), "until": until}
        with self._database.writing() as connection:
            over = FAMILY.c.until < self._database.now()
            connection.execute(delete(FAMILY).where(FAMILY.c.practice == practice, over))
            connection.execute(insert(FAMILY).values({**row, "content": json.dumps(content)}))
        return token

    def of(self, token: str) -> Family | None:
        """The family of a refresh token; None when it is over, was closed, or never was."""
        name = token.partition(".")[0]
        if not _NAME.match(name):
            return None
        with self._database.reading() as connection:
            row = connection.execute(select(FAMILY).where(*self._key(name))).one_or_none()
        if row is None or row.until <= self._database.now():
            return None
        digest = digest_of(token)
        return Family(
            id=name,
            content=json.loads(row.content),
            until=row.until,
            is_current=secrets.compare_digest(digest, row.digest),
            digest=digest,
        )

    def rotate(self, family: Family) -> str | None:
        """The next refresh token; None when the one that was shown was used meanwhile."""
        token = f"{family.id}.{secrets.token_urlsafe(32)}"
        with self._database.writing() as connection:
            turned = connection.execute(
                update(FAMILY)
                .where(*self._key(family.id), FAMILY.c.digest == family.digest)
                .values(digest=digest_of(token))
            )
        return token if turned.rowcount == 1 else None

    def close(self, name: str) -> None:
        """No refresh token of a family is good any more."""
        with self._database.writing() as connection:
            connection.execute(delete(FAMILY).where(*self._key(name)))

    def _key(self, name: str) -> tuple[Any, ...]:
        return FAMILY.c.practice == self._database.practice, FAMILY.c.family == name
