"""The confidentiality labels of resources inside others, which rule the whole."""

import hashlib

import sqlalchemy as sa
from alembic import op

from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.elements.labels import labels_inside

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PRACTICES = "/* every practice */ SELECT practice FROM practice ORDER BY practice"
_TOKEN = sa.table("search_token", *map(sa.column, ("practice", "parameter", "code", "number", "system")))
_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_HOLDS = {"sqlite": "instr(v.content, {}) > 0", "postgresql": "position({} in v.content) > 0"}
_CONTENT = sa.text("SELECT content FROM version WHERE practice = :practice AND updated = :updated")


def upgrade() -> None:
    """Draw them for what may hold any, one practice after the other."""
    connection = op.get_bind()
    holds = _HOLDS[connection.dialect.name]
    wanted = sa.text(
        "SELECT r.type, r.number, r.updated FROM resource AS r"  # noqa: S608  (fixed words)
        " JOIN version AS v ON v.practice = r.practice AND v.updated = r.updated"
        " WHERE r.practice = :practice AND r.is_deleted = 0"
        f" AND (r.type IN ('Bundle', 'Parameters') OR {holds.format(':contained')})"
        f" AND {holds.format(':labelled')}"
    )
    signs = {"contained": b'"contained":', "labelled": b'"security":'}
    for practice in connection.execute(sa.text(_PRACTICES)).scalars().all():
        for kind, number, updated in connection.execute(wanted, {"practice": practice, **signs}).all():
            key = {"practice": practice, "updated": updated}
            content = connection.execute(_CONTENT, key).scalar_one()
            rows = [
                {
                    "practice": practice,
                    "parameter": _number(f"{kind}._security:inside"),
                    "code": code,
                    "number": number,
                    "system": _SYSTEM,
                }
                for code in labels_inside(decode(content))
            ]
            if rows:
                connection.execute(_TOKEN.insert(), rows)


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") >> 1
