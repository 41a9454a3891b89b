"""The audit log is chained and signed; the list before it was neither."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the log and its end; the list before it, which anybody could have changed, goes."""
    op.drop_table("audit")
    op.execute("DELETE FROM lease")  # the next bridge begins the log, as one with a new journal does
    op.create_table(
        "audit_log",
        sa.Column("practice", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("practice", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_end",
        sa.Column("practice", sa.String(length=20), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("practice"),
    )


def downgrade() -> None:
    """Put the list before back, empty."""
    op.drop_table("audit_end")
    op.drop_table("audit_log")
    op.create_table(
        "audit",
        sa.Column("practice", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("practice", "number"),
    )
