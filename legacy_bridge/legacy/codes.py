"""Looks codes up in the legacy database's own tables of codes."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.mapping.clinical.entry_kinds import DRUG_CATEGORY
from legacy_bridge.sides.codes import CodeBook, CodeRow, WantedCodes

_CHUNK = 500  # numbers a statement


def look_up(connection: Connection, wanted: WantedCodes) -> CodeBook:
    """Clinical codes and drugs, by their numbers and SNOMED CT's; unknown ones are missing."""
    table = METADATA.tables["Coding_ClinicalCode"]
    found: dict[str, CodeRow] = {}
    for column, numbers in (
        (table.c.CodeId, wanted.numbers),
        (table.c.SnomedCTConceptId, wanted.concepts),
    ):
        for chunk in _whole(numbers):
            for row in connection.execute(select(table).where(column.in_(chunk))):
                one = _row(row)
                found[one.number] = one
    drugs = METADATA.tables["Coding_DrugCode"]
    for column, numbers in ((drugs.c.CodeId, wanted.numbers), (drugs.c.DmdProductCodeId, wanted.concepts)):
        for chunk in _whole(numbers):
            for row in connection.execute(select(drugs).where(column.in_(chunk))):
                number = str(row.CodeId)
                dmd = None if row.DmdProductCodeId is None else str(row.DmdProductCodeId)
                found[number] = CodeRow(number=number, term=row.Term, concept=dmd, category=DRUG_CATEGORY)
    return CodeBook.of(tuple(found.values()))


def _row(row: Row[Any]) -> CodeRow:
    def text(value: object) -> str | None:
        return None if value is None or not str(value).strip() else str(value)

    return CodeRow(
        number=str(row.CodeId),
        term=text(row.Term),
        concept=text(row.SnomedCTConceptId),
        description=text(row.SnomedCTDescriptionId),
        read=text(row.ReadTermId),
        category=text(row.EmisCodeCategoryDescription),
    )


def _whole(numbers: Collection[str]) -> Iterator[Sequence[int]]:
    """The numbers that fit the columns, in chunks: what a person typed may be anything."""
    fit = sorted({int(one) for one in numbers if one.isascii() and one.isdigit() and len(one) <= 18})
    for at in range(0, len(fit), _CHUNK):
        yield fit[at : at + _CHUNK]
