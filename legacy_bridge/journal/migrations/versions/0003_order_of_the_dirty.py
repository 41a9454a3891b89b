"""The dirty list is read in the order of its index."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put an index in the order of taking in place of one by which all of a kind had to be sorted."""
    op.drop_index("dirty_order", "dirty")
    op.create_index("dirty_turn", "dirty", ["practice", "rank", "since", "key"])


def downgrade() -> None:
    """Put the index before back."""
    op.drop_index("dirty_turn", "dirty")
    op.create_index("dirty_order", "dirty", ["practice", "rank", "not_before"])
