"""Confidentiality labels that nobody can read, of before they were refused: they hide as the strictest."""

import hashlib

import sqlalchemy as sa
from alembic import op

from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.elements.labels import has_unreadable, labels_inside

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_PRACTICES = "/* every practice */ SELECT practice FROM practice ORDER BY practice"
_COLUMNS = ("practice", "parameter", "code", "number", "system")
_TOKEN = sa.table("search_token", *map(sa.column, _COLUMNS))
_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_STRICTEST = "V"
_HOLDS = {"sqlite": "instr(v.content, :sign) > 0", "postgresql": "position(:sign in v.content) > 0"}
_CONTENT = sa.text("SELECT content FROM version WHERE practice = :practice AND updated = :updated")


def upgrade() -> None:
    """Find them, one practice after the other."""
    connection = op.get_bind()
    wanted = sa.text(
        "SELECT r.type, r.number, r.updated FROM resource AS r"  # noqa: S608  (fixed words)
        " JOIN version AS v ON v.practice = r.practice AND v.updated = r.updated"
        f" WHERE r.practice = :practice AND r.is_deleted = 0 AND {_HOLDS[connection.dialect.name]}"
    )
    for practice in connection.execute(sa.text(_PRACTICES)).scalars().all():
        asked = {"practice": practice, "sign": b'"security":'}
        for kind, number, updated in connection.execute(wanted, asked).all():
            key = {"practice": practice, "updated": updated}
            resource = decode(connection.execute(_CONTENT, key).scalar_one())
            if not has_unreadable(resource):
                continue
            parameters = ["Resource._security:unreadable"]
            if _STRICTEST in labels_inside(resource):
                parameters.append(f"{kind}._security:inside")
            for parameter in parameters:
                row = {"practice": practice, "parameter": _number(parameter), "code": _STRICTEST}
                row |= {"number": number, "system": _SYSTEM}
                same = [_TOKEN.c[name] == row[name] for name in _COLUMNS]
                connection.execute(_TOKEN.delete().where(*same))  # a readable one may have put it there
                connection.execute(_TOKEN.insert(), row)


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") >> 1
