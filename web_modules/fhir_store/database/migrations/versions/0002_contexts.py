"""The contexts of windows, which every web process must know."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "identity_context",
        sa.Column("practice", sa.String(length=16), nullable=False),
        sa.Column("session", sa.String(length=64), nullable=False, comment="digest"),
        sa.Column("context", sa.String(length=64), nullable=False, comment="digest"),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="the highest is the current one"),
        sa.Column("until", sa.BigInteger(), nullable=False, comment="seconds since 1970 UTC"),
        sa.PrimaryKeyConstraint("practice", "session", "context"),
    )
    op.create_index(
        "identity_context_by_number", "identity_context", ["practice", "session", "number"], unique=True
    )
    op.create_index("identity_context_by_end", "identity_context", ["practice", "until"], unique=False)
