"""The table that counts refused attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "identity_attempt",
        sa.Column("practice", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False, comment="seconds since 1970 UTC"),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("practice", "digest"),
    )
    op.create_index("identity_attempt_by_end", "identity_attempt", ["practice", "until"], unique=False)
