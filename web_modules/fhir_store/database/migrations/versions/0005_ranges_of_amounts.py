"""The amounts that are ranges, under a number of their own: those with a comparator, and those of a Range.

What was in the index does not tell which amounts had a comparator, so the resources themselves are asked.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.elements.indexing import Indexer
from web_modules.fhir_store.elements.parameters import ParameterKind
from web_modules.fhir_store.store import load_standard

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PRACTICES = "/* every practice */ SELECT practice FROM practice ORDER BY practice"
_QUANTITY = sa.table(
    "search_quantity", *map(sa.column, ("practice", "parameter", "low", "number", "high", "system", "unit"))
)
_HOLDS = {"sqlite": "instr(v.content, {}) > 0", "postgresql": "position({} in v.content) > 0"}
_CONTENT = sa.text("SELECT content FROM version WHERE practice = :practice AND updated = :updated")


def upgrade() -> None:
    """Draw the amounts of whatever may hold such a one, one practice after the other."""
    connection = op.get_bind()
    indexer = None
    for practice in connection.execute(sa.text(_PRACTICES)).scalars().all():
        for number, content in _contents(connection, practice):
            indexer = indexer or Indexer(load_standard().catalogue)
            connection.execute(
                sa.delete(_QUANTITY).where(_QUANTITY.c.practice == practice, _QUANTITY.c.number == number)
            )
            rows = indexer.rows(decode(content)).get(ParameterKind.QUANTITY, {})
            if rows:
                names = ("parameter", "low", "high", "system", "unit")
                connection.execute(
                    _QUANTITY.insert(),
                    [
                        {"practice": practice, "number": number} | dict(zip(names, row, strict=True))
                        for row in rows
                    ],
                )


def _contents(connection: sa.Connection, practice: str) -> Iterator[tuple[int, Any]]:
    holds = _HOLDS[connection.dialect.name]
    statement = sa.text(
        "SELECT r.number, r.updated FROM resource AS r"  # noqa: S608  (fixed words)
        " JOIN version AS v ON v.practice = r.practice AND v.updated = r.updated"
        " WHERE r.practice = :practice AND r.is_deleted = 0"
        f" AND ({holds.format(':compared')} OR {holds.format(':between')})"
    )
    signs = {"compared": b'"comparator":', "between": b'Range":'}
    for number, updated in connection.execute(statement, {"practice": practice, **signs}).all():
        key = {"practice": practice, "updated": updated}
        yield number, connection.execute(_CONTENT, key).scalar()
