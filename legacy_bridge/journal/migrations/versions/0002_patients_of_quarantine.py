"""Quarantine names the patients whom a record concerns."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is listed already is looked at again, with the rest, and is named then."""
    op.add_column("quarantine", sa.Column("patients", sa.JSON(), server_default="[]", nullable=False))
    op.execute("DELETE FROM checkpoints WHERE feed LIKE 'load:%'")


def downgrade() -> None:
    """Remove the column."""
    op.drop_column("quarantine", "patients")
