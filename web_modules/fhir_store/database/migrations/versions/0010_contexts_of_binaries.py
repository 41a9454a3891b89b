"""The records that stand for Binaries when it is asked who may see them."""

import hashlib

import sqlalchemy as sa
from alembic import op

from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.elements.indexing import split_reference

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_PRACTICES = "/* every practice */ SELECT practice FROM practice ORDER BY practice"
_COLUMNS = ("practice", "parameter", "target_id", "number", "target_type")
_REFERENCE = sa.table("search_reference", *map(sa.column, _COLUMNS))
_BINARIES = sa.text(
    "SELECT number, updated FROM resource WHERE practice = :practice AND type = 'Binary' AND is_deleted = 0"
)
_CONTENT = sa.text("SELECT content FROM version WHERE practice = :practice AND updated = :updated")


def upgrade() -> None:
    """Draw them, one practice after the other."""
    connection = op.get_bind()
    for practice in connection.execute(sa.text(_PRACTICES)).scalars().all():
        for number, updated in connection.execute(_BINARIES, {"practice": practice}).all():
            key = {"practice": practice, "updated": updated}
            context = decode(connection.execute(_CONTENT, key).scalar_one()).get("securityContext")
            if context is not None:
                address = context.get("reference", "")
                kind, name = split_reference(address, "") if address[:1] not in {"", "#"} else ("", "")
                row = {"practice": practice, "parameter": _number("Binary._securityContext")}
                row |= {"target_id": name, "number": number, "target_type": kind}
                connection.execute(_REFERENCE.insert(), row)


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") >> 1
