"""The headers of Subscriptions, taken out of every version that anybody can read."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from web_modules.fhir_store.documents import decode, encode

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PRACTICES = "/* every practice */ SELECT practice FROM practice ORDER BY practice"
_VERSIONS = sa.text(
    "SELECT updated, id, content FROM version WHERE practice = :practice AND type = 'Subscription'"
    " AND content IS NOT NULL ORDER BY updated"
)
_CURRENT = sa.text(
    "SELECT id FROM resource WHERE practice = :practice AND type = 'Subscription' AND is_deleted = 0"
)
_REWRITE = sa.text("UPDATE version SET content = :content WHERE practice = :practice AND updated = :updated")


def upgrade() -> None:
    """Make the table, and move them, one practice after the other."""
    secret = op.create_table(
        "subscription_secret",
        sa.Column("practice", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False, comment="to which they may be sent"),
        sa.Column("header", sa.Text(), nullable=False, comment="the lines as JSON, secrets in them"),
        sa.PrimaryKeyConstraint("practice", "id"),
    )
    connection = op.get_bind()
    for practice in connection.execute(sa.text(_PRACTICES)).scalars().all():
        key = {"practice": practice}
        last: dict[str, dict[str, Any]] = {}
        for updated, name, content in connection.execute(_VERSIONS, key).all():
            resource = decode(content)
            channel = resource["channel"]
            last[name] = channel
            if channel.get("header"):
                hidden = [None if line is None else _hidden(line) for line in channel["header"]]
                masked = encode(resource | {"channel": channel | {"header": hidden}})
                connection.execute(_REWRITE, {**key, "updated": updated, "content": masked})
        for name in connection.execute(_CURRENT, key).scalars().all():
            lines = [line for line in last[name].get("header", ()) if line is not None]
            if lines:
                endpoint = last[name].get("endpoint", "")
                row = {**key, "id": name, "endpoint": endpoint, "header": json.dumps(lines)}
                connection.execute(secret.insert().values(**row))


def _hidden(line: str) -> str:
    name, colon, _value = line.partition(":")
    return f"{name}: (hidden)" if colon else "(hidden)"
