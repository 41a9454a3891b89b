"""The later parts of people's names, for the names that are there already."""

import hashlib
import re
from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_GAP = re.compile(r"[\s\-\u2010-\u2015'\u2019]+")
_MOST_PARTS = 8
_LONGEST_KEY = 400
_BATCH = 5000
_PRACTICES = "/* every practice */ SELECT practice FROM practice ORDER BY practice"
_STRING = sa.table(
    "search_string",
    sa.column("practice"),
    sa.column("parameter"),
    sa.column("folded"),
    sa.column("number"),
    sa.column("exact"),
)
_DRAWN_FROM: Mapping[str, tuple[str, ...]] = {
    "Patient.family": ("Patient.family:part", "Patient.name:part"),
    "Patient.given": ("Patient.given:part", "Patient.name:part"),
    "Practitioner.family": ("Practitioner.family:part", "Practitioner.name:part"),
    "Practitioner.given": ("Practitioner.given:part", "Practitioner.name:part"),
    "Person.name": ("Person.name:part",),
    "RelatedPerson.name": ("RelatedPerson.name:part",),
}


def upgrade() -> None:
    """Draw them out of the index itself, one practice after the other."""
    connection = op.get_bind()
    practices = connection.execute(sa.text(_PRACTICES)).scalars().all()
    for practice in practices:
        for source, targets in _DRAWN_FROM.items():
            named = sa.select(_STRING.c.folded, _STRING.c.number).where(
                _STRING.c.practice == practice, _STRING.c.parameter == _number(source)
            )
            found = {
                (_number(target), part, number)
                for folded, number in connection.execute(named)
                for part in _later_parts(folded)
                for target in targets
            }
            for rows in _batches(sorted(found)):
                connection.execute(
                    _STRING.insert(),
                    [
                        {
                            "practice": practice,
                            "parameter": parameter,
                            "folded": part,
                            "number": number,
                            "exact": "",
                        }
                        for parameter, part, number in rows
                    ],
                )


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") >> 1


def _later_parts(folded: str) -> list[str]:
    if len(folded) >= _LONGEST_KEY:
        return []  # cut, and a digest in place of its end
    starts = [gap.end() for gap in list(_GAP.finditer(folded))[:_MOST_PARTS]]
    return [folded[start:] for start in starts if 0 < start < len(folded)]


def _batches(rows: list[tuple[int, str, int]]) -> Iterator[list[tuple[int, str, int]]]:
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]
