"""What a restore did, for the audit to tell: only whoever serves a practice has the key that signs it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was restored."""
    op.add_column(
        "practice", sa.Column("restored", sa.Text(), comment="by whom and from what; not yet audited")
    )
