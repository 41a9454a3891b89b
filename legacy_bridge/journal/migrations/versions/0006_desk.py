"""Conflicts and quarantine have numbers, owners and an alarm; what people decide is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table; what is listed already is numbered in its order."""
    for table, added in (
        ("conflicts", (sa.Column("owner", sa.String(80), nullable=True),)),
        ("quarantine", ()),
    ):
        for column in (
            sa.Column("number", sa.Integer, nullable=True),
            sa.Column("escalated", sa.Integer, nullable=True),
            *added,
        ):
            op.add_column(table, column)
        earlier = sa.table(
            table, sa.column("practice"), sa.column("since"), sa.column("number"), sa.column(_KEYS[table])
        )
        _number(earlier, earlier.c[_KEYS[table]])
    op.create_table(
        "wishes",
        sa.Column("practice", sa.String(20), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("unit", sa.String(40), nullable=False),
        sa.Column("keep", sa.String(10), nullable=True),
        sa.Column("legacy", sa.JSON, nullable=False),
        sa.Column("cloud", sa.JSON, nullable=False),
        sa.Column("entered", sa.JSON, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    op.create_index("wishes_state", "wishes", ["practice", "state"])


_KEYS = {"conflicts": "digest", "quarantine": "subject"}


def _number(table: sa.TableClause, key: sa.ColumnClause[str]) -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(table.c.practice, key).order_by(table.c.since, key)).all()
    for number, (practice, found) in enumerate(rows, start=1):
        connection.execute(
            sa.update(table).where(table.c.practice == practice, key == found).values(number=number)
        )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("wishes")
    for table, names in (
        ("conflicts", ("owner", "number", "escalated")),
        ("quarantine", ("number", "escalated")),
    ):
        for name in names:
            op.drop_column(table, name)
