"""The practice's own keys: made once, shared by all its web processes."""

import json
from collections.abc import Callable
from enum import StrEnum
from functools import cached_property
from typing import Any

from joserfc.jwk import ECKey, OctKey, RSAKey
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from web_modules.identity.database.connection import IdentityDatabase
from web_modules.identity.database.tables import KEY


class KeyPurpose(StrEnum):
    """What a key is for. A key never serves two purposes."""

    SESSION = "session"
    """Signs what only we read."""
    ACCESS = "access"
    """Signs access tokens."""
    IDENTITY = "identity"
    """Signs id_tokens: RS256, which SMART asks every server for."""


class Keys:
    """Private keys by purpose. Blocks when one is asked for the first time; safe from every thread."""

    def __init__(self, database: IdentityDatabase) -> None:
        self._database = database

    @cached_property
    def access(self) -> ECKey:
        """Signs access tokens."""
        return ECKey.import_key(
            self._kept(KeyPurpose.ACCESS, lambda: ECKey.generate_key("P-256", auto_kid=True).as_dict(True))
        )

    @cached_property
    def identity(self) -> RSAKey:
        """Signs id_tokens."""
        return RSAKey.import_key(
            self._kept(KeyPurpose.IDENTITY, lambda: RSAKey.generate_key(2048, auto_kid=True).as_dict(True))
        )

    def session(self) -> bytes:
        """Signs sessions."""
        made = self._kept(KeyPurpose.SESSION, lambda: OctKey.generate_key(256).as_dict(True))
        return OctKey.import_key(made).raw_value

    def public(self) -> dict[str, list[dict[str, Any]]]:
        """The JSON Web Key Set that everybody may have."""
        return {
            "keys": [
                {**self.access.as_dict(private=False), "use": "sig", "alg": "ES256"},
                {**self.identity.as_dict(private=False), "use": "sig", "alg": "RS256"},
            ]
        }

    def _kept(self, purpose: KeyPurpose, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        found = self._read(purpose)
        if found is None:
            row = {"practice": self._database.practice, "purpose": purpose.value, "jwk": json.dumps(make())}
            try:
                with self._database.writing() as connection:
                    connection.execute(insert(KEY).values(row))
            except IntegrityError:  # another process was quicker
                pass
            found = self._read(purpose)
        if found is None:
            raise RuntimeError("a key that was written is not there")
        return found

    def _read(self, purpose: KeyPurpose) -> dict[str, Any] | None:
        wanted = select(KEY.c.jwk).where(
            KEY.c.practice == self._database.practice, KEY.c.purpose == purpose.value
        )
        with self._database.reading() as connection:
            text = connection.execute(wanted).scalar_one_or_none()
        return None if text is None else json.loads(text)
