"""The first tables of the store and of identity."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SORTED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _practice() -> sa.Column[str]:
    return sa.Column("practice", sa.String(length=16), nullable=False)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit",
        _practice(),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False, comment="microseconds since 1970 UTC"),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="the AuditEvent"),
        sa.Column("link", sa.LargeBinary(), nullable=False, comment="signs it together with the one before"),
        sa.PrimaryKeyConstraint("practice", "number"),
    )
    op.create_index("audit_by_agent", "audit", ["practice", "agent", "number"], unique=False)
    op.create_index("audit_by_moment", "audit", ["practice", "moment"], unique=False)
    op.create_table(
        "audit_subject",
        _practice(),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("practice", "reference", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "practice",
        _practice(),
        sa.Column(
            "environment",
            sa.String(length=16),
            nullable=False,
            comment="live, reference or training, for good",
        ),
        sa.Column(
            "epoch", sa.String(length=36), nullable=False, comment="changes when the database is restored"
        ),
        sa.Column("position", sa.BigInteger(), nullable=False, comment="lastUpdated of the newest version"),
        sa.Column(
            "audited", sa.BigInteger(), nullable=False, comment="number of the last entry of the audit"
        ),
        sa.Column("audit_link", sa.LargeBinary(), nullable=False, comment="of that entry"),
        sa.Column("audit_seal", sa.LargeBinary(), nullable=False, comment="over both"),
        sa.PrimaryKeyConstraint("practice"),
    )
    op.create_table(
        "resource",
        _practice(),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="lastUpdated of the first version"),
        sa.Column("updated", sa.BigInteger(), nullable=False, comment="microseconds since 1970 UTC"),
        sa.Column("is_deleted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("practice", "type", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index("resource_by_number", "resource", ["practice", "type", "number"], unique=True)
    op.create_index("resource_by_update", "resource", ["practice", "type", "updated"], unique=False)
    op.create_table(
        "search_date",
        _practice(),
        sa.Column("parameter", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("low", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("high", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("practice", "parameter", "low", "number", "high"),
        sqlite_with_rowid=False,
    )
    op.create_index("search_date_by_number", "search_date", ["practice", "number", "parameter"], unique=False)
    op.create_table(
        "search_quantity",
        _practice(),
        sa.Column("parameter", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("low", sa.Float(precision=53), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("high", sa.Float(precision=53), nullable=False),
        sa.Column("system", _SORTED, nullable=False),
        sa.Column("unit", _SORTED, nullable=False),
        sa.PrimaryKeyConstraint("practice", "parameter", "low", "number", "high", "system", "unit"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "search_quantity_by_number", "search_quantity", ["practice", "number", "parameter"], unique=False
    )
    op.create_table(
        "search_reference",
        _practice(),
        sa.Column("parameter", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("target_id", _SORTED, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("target_type", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("practice", "parameter", "target_id", "number", "target_type"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "search_reference_by_number", "search_reference", ["practice", "number", "parameter"], unique=False
    )
    op.create_table(
        "search_string",
        _practice(),
        sa.Column("parameter", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("folded", _SORTED, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("exact", _SORTED, nullable=False),
        sa.PrimaryKeyConstraint("practice", "parameter", "folded", "number", "exact"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "search_string_by_number", "search_string", ["practice", "number", "parameter"], unique=False
    )
    op.create_table(
        "search_token",
        _practice(),
        sa.Column("parameter", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", _SORTED, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("system", _SORTED, nullable=False),
        sa.PrimaryKeyConstraint("practice", "parameter", "code", "number", "system"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_uri",
        _practice(),
        sa.Column("parameter", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uri", _SORTED, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("practice", "parameter", "uri", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscription",
        _practice(),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column(
            "updated",
            sa.BigInteger(),
            nullable=False,
            comment="lastUpdated of the version that this is about",
        ),
        sa.Column("status", sa.String(length=16), nullable=False, comment="as in that version"),
        sa.Column("channel", sa.String(length=16), nullable=False, comment="rest-hook or websocket"),
        sa.Column("owner", sa.Text(), nullable=False, comment="what whoever wrote it may see, as JSON"),
        sa.Column(
            "position", sa.BigInteger(), nullable=False, comment="every version up to it has been dealt with"
        ),
        sa.Column(
            "failures", sa.Integer(), nullable=False, comment="deliveries that failed since one succeeded"
        ),
        sa.Column(
            "due", sa.BigInteger(), nullable=False, comment="when to try again, microseconds since 1970 UTC"
        ),
        sa.Column(
            "holder", sa.String(length=36), nullable=False, comment="the process that delivers now, or empty"
        ),
        sa.Column(
            "held_until", sa.BigInteger(), nullable=False, comment="then another process may take it over"
        ),
        sa.PrimaryKeyConstraint("practice", "id"),
    )
    op.create_table(
        "version",
        _practice(),
        sa.Column("updated", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=6), nullable=False, comment="POST, PUT, PATCH or DELETE"),
        sa.Column(
            "content", sa.LargeBinary(), nullable=True, comment="the JSON as it is served; none when deleted"
        ),
        sa.PrimaryKeyConstraint("practice", "updated"),
    )
    op.create_index("version_by_id", "version", ["practice", "type", "id", "version"], unique=True)
    op.create_index("version_by_type", "version", ["practice", "type", "updated"], unique=False)
    op.create_table(
        "identity_family",
        _practice(),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column(
            "digest", sa.String(length=64), nullable=False, comment="of the one refresh token that is good"
        ),
        sa.Column("until", sa.BigInteger(), nullable=False, comment="seconds since 1970 UTC"),
        sa.Column("content", sa.Text(), nullable=False, comment="JSON"),
        sa.PrimaryKeyConstraint("practice", "family"),
    )
    op.create_index("identity_family_by_end", "identity_family", ["practice", "until"], unique=False)
    op.create_table(
        "identity_key",
        _practice(),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False, comment="private JSON Web Key"),
        sa.PrimaryKeyConstraint("practice", "purpose"),
    )
    op.create_table(
        "identity_relationship",
        _practice(),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("patient", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False, comment="seconds since 1970 UTC"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("practice", "person", "patient"),
    )
    op.create_table(
        "identity_revocation",
        _practice(),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False, comment="seconds since 1970 UTC"),
        sa.PrimaryKeyConstraint("practice", "subject"),
    )
    op.create_index("identity_revocation_by_end", "identity_revocation", ["practice", "until"], unique=False)
    op.create_table(
        "identity_ticket",
        _practice(),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False, comment="seconds since 1970 UTC"),
        sa.Column("is_used", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False, comment="JSON"),
        sa.PrimaryKeyConstraint("practice", "kind", "digest"),
    )
    op.create_index("identity_ticket_by_end", "identity_ticket", ["practice", "until"], unique=False)
