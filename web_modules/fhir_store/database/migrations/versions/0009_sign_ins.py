"""When each person last signed in, and in which roles."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; who signed in before is not known, and does so again."""
    op.create_table(
        "identity_sign_in",
        sa.Column("practice", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("roles", sa.String(length=200), nullable=False, comment="parted by spaces; none: has left"),
        sa.Column("moment", sa.BigInteger(), nullable=False, comment="seconds since 1970 UTC"),
        sa.PrimaryKeyConstraint("practice", "person"),
    )
