"""A link may be in doubt since the legacy database came back from a backup."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing is in doubt yet."""
    op.add_column("links", sa.Column("doubt", sa.String(20), nullable=True))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("links", "doubt")
