"""Coded entries: one table, several kinds of record. Which kind a row is, as an expression of SQL."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, MetaData, Select, and_, case, func, or_, select

from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.mapping.clinical import entry_kinds
from legacy_bridge.mapping.values import guid_column, guid_key
from legacy_bridge.records import Kind

TABLE = "CareRecord_Observation"
KIND = "_kind"
"""The name under which statements give a row's kind beside the row."""
_CHUNK = 500  # keys a statement


def kind_of(entry: FromClause, metadata: MetaData) -> ColumnElement[str]:
    """The kind of an entry's row; see `mapping.clinical.entry_kinds`.

    Args:
        entry: the table, or another name of it, in the statement around.
        metadata: the tables.
    """
    codes = metadata.tables["Coding_ClinicalCode"]
    problems = metadata.tables["CareRecord_Problem"]

    def of_code(column: Any) -> Any:
        return select(column).where(codes.c.CodeId == entry.c.CodeId).correlate(entry).scalar_subquery()

    category = of_code(codes.c.EmisCodeCategoryDescription)
    chapter = of_code(func.substr(codes.c.ReadTermId, 1, 1))
    is_problem = (
        select(problems.c.ObservationGuid)
        .where(
            problems.c.OrganisationGuid == entry.c.OrganisationGuid,
            problems.c.ObservationGuid == entry.c.ObservationGuid,
            or_(problems.c.Deleted.is_(None), problems.c.Deleted.is_(False)),
        )
        .correlate(entry)
        .exists()
    )
    kind_is = entry.c.ObservationType

    def said(kind: Kind) -> ColumnElement[bool]:
        categories = entry_kinds.CATEGORIES.get(kind)
        of_type = kind_is == entry_kinds.TYPES[kind]
        return of_type if categories is None else or_(of_type, category.in_(categories))

    def of_chapter(categories: Sequence[str], chapters: Sequence[str]) -> ColumnElement[bool]:
        return or_(
            category.in_(categories),
            and_(category == entry_kinds.MIXED_CATEGORY, chapter.in_(chapters)),
        )

    disorder = of_chapter(entry_kinds.DISORDER_CATEGORIES, entry_kinds.DISORDER_CHAPTERS)
    procedure = of_chapter(entry_kinds.PROCEDURE_CATEGORIES, entry_kinds.PROCEDURE_CHAPTERS)
    is_report = and_(kind_is == entry_kinds.INVESTIGATION_TYPE, entry.c.ParentObservationGuid.is_(None))
    rest = [kind for kind in entry_kinds.TYPES if kind is not Kind.ALLERGY]
    return case(
        (said(Kind.ALLERGY), Kind.ALLERGY.value),
        (is_problem, Kind.CONDITION.value),
        *((said(kind), kind.value) for kind in rest),
        (disorder, Kind.CONDITION.value),
        (procedure, Kind.PROCEDURE.value),
        (is_report, Kind.REPORT.value),
        else_=Kind.OBSERVATION.value,
    )


def counts(metadata: MetaData, organisation: str) -> Select[Any]:
    """The statement that counts a practice's entries by kind."""
    table = metadata.tables[TABLE]
    kinds = select(kind_of(table, metadata).label(KIND)).where(
        table.c.OrganisationGuid == organisation, or_(table.c.Deleted.is_(None), table.c.Deleted.is_(False))
    )
    found = kinds.subquery()
    return select(found.c[KIND], func.count()).group_by(found.c[KIND])


def kinds_of(connection: Connection, keys: Collection[str]) -> dict[str, set[Kind]]:
    """The kinds of entries, by key; what has no row is missing. Two practices may use one key."""
    table = METADATA.tables[TABLE]
    wanted = [guid_column(key) for key in keys]
    organisations = _organisations(connection)
    found: dict[str, set[Kind]] = {}
    for at in range(0, len(wanted), _CHUNK):
        rows = connection.execute(
            select(table.c.ObservationGuid, kind_of(table, METADATA)).where(
                table.c.OrganisationGuid.in_(organisations),
                table.c.ObservationGuid.in_(wanted[at : at + _CHUNK]),
            )
        )
        for guid, kind in rows:
            found.setdefault(guid_key(guid) or "", set()).add(Kind(kind))
    return found


def _organisations(connection: Connection) -> list[str]:
    """Whose entries a database holds, by a look at the index for each.

    The key begins with it, and without it a few entries' kinds cost a walk over all of them.
    """
    of = METADATA.tables[TABLE].c.OrganisationGuid
    found: list[str] = []
    after = connection.execute(select(func.min(of))).scalar()
    while after is not None:
        found.append(after)
        after = connection.execute(select(func.min(of)).where(of > after)).scalar()
    return found
