"""The tables of identity. Secrets are kept as digests only, the practice's own keys apart.

They are made with the store's (`fhir_store.database.migrating`).
"""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()

_PRACTICE = 16
_DIGEST = 64


def _key(name: str, length: int) -> Column[str]:
    return Column(name, String(length), primary_key=True)


def _until() -> Column[int]:
    return Column("until", BigInteger, nullable=False, comment="seconds since 1970 UTC")


KEY = Table(
    "identity_key",
    METADATA,
    _key("practice", _PRACTICE),
    _key("purpose", 16),
    Column("jwk", Text, nullable=False, comment="private JSON Web Key"),
)

TICKET = Table(
    "identity_ticket",
    METADATA,
    _key("practice", _PRACTICE),
    _key("kind", 16),
    _key("digest", _DIGEST),
    _until(),
    Column("is_used", Integer, nullable=False),
    Column("content", Text, nullable=False, comment="JSON"),
    Index("identity_ticket_by_end", "practice", "until"),
)

FAMILY = Table(
    "identity_family",
    METADATA,
    _key("practice", _PRACTICE),
    _key("family", 32),
    Column("digest", String(_DIGEST), nullable=False, comment="of the one refresh token that is good"),
    _until(),
    Column("content", Text, nullable=False, comment="JSON"),
    Index("identity_family_by_end", "practice", "until"),
)

REVOCATION = Table(
    "identity_revocation",
    METADATA,
    _key("practice", _PRACTICE),
    _key("subject", 64),
    _until(),
    Index("identity_revocation_by_end", "practice", "until"),
)

CONTEXT = Table(
    "identity_context",
    METADATA,
    _key("practice", _PRACTICE),
    Column("session", String(_DIGEST), primary_key=True, comment="digest"),
    Column("context", String(_DIGEST), primary_key=True, comment="digest"),
    Column("number", BigInteger, nullable=False, comment="the highest is the current one"),
    _until(),
    Index("identity_context_by_number", "practice", "session", "number", unique=True),
    Index("identity_context_by_end", "practice", "until"),
)

ATTEMPT = Table(
    "identity_attempt",
    METADATA,
    _key("practice", _PRACTICE),
    _key("digest", _DIGEST),
    _until(),
    Column("times", Integer, nullable=False),
    Index("identity_attempt_by_end", "practice", "until"),
)

RELATIONSHIP = Table(
    "identity_relationship",
    METADATA,
    _key("practice", _PRACTICE),
    _key("person", 128),
    _key("patient", 64),
    _until(),
    Column("reason", Text, nullable=False),
)

SIGN_IN = Table(
    "identity_sign_in",
    METADATA,
    _key("practice", _PRACTICE),
    _key("person", 128),
    Column("roles", String(200), nullable=False, comment="parted by spaces; none: has left"),
    Column("moment", BigInteger, nullable=False, comment="seconds since 1970 UTC"),
)

FORGOTTEN_BY_A_RESTORE = (KEY, TICKET, FAMILY, REVOCATION, CONTEXT, SIGN_IN)
"""A backup knows nothing of sign-outs and tokens used since: everybody signs in again, under new keys."""
