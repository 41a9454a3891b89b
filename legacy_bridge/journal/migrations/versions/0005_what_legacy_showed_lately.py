"""What legacy showed lately is remembered, for a form that is saved later."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "lately",
        sa.Column("practice", sa.String(20), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("until", sa.Float, nullable=True),
    )
    op.create_index("lately_until", "lately", ["practice", "until"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("lately")
