"""Coded entries: one table, several kinds of record. Which kind a row is, as an expression of SQL."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    MetaData,
    Select,
    and_,
    case,
    false,
    func,
    not_,
    or_,
    select,
)

from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.mapping.clinical import entry_kinds, parts
from legacy_bridge.mapping.values import guid_column, guid_key
from legacy_bridge.records import ENTRIES, Kind

TABLE = "CareRecord_Observation"
KIND = "_kind"
"""The name under which statements give a row's kind beside the row."""
_CHUNK = 500  # keys a statement


def kind_of(entry: FromClause, metadata: MetaData) -> ColumnElement[str]:
    """The kind of an entry's row, whether or not it is a part of the one above; see `entry_kinds`.

    Args:
        entry: the table, or another name of it, in the statement around.
        metadata: the tables.
    """
    return case(*_kinds(entry, metadata), else_=Kind.OBSERVATION.value)


def kind_or_part(entry: FromClause, metadata: MetaData) -> ColumnElement[str]:
    """The kind of an entry's row, or the name of the part that it is of the one above.

    See `mapping.clinical.entry_kinds` and `mapping.clinical.parts`. A part says nothing that has no place in
    a component, and of each there is one; what does is a record of its own.
    """
    codes = metadata.tables["Coding_ClinicalCode"]
    whole, twin, below = (metadata.tables[TABLE].alias(name) for name in ("whole", "twin", "below"))

    def there(other: FromClause, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        mine = other.c.OrganisationGuid == entry.c.OrganisationGuid
        found = select(other.c.ObservationGuid).where(mine, is_no(other.c.Deleted), *conditions)
        return found.correlate(entry).exists()

    def of(part: parts.Part, row: FromClause) -> ColumnElement[bool]:
        return row.c.CodeId.in_(_codes(codes, part.concepts))

    def same(name: str) -> ColumnElement[bool]:
        return whole.c[name].is_not_distinct_from(entry.c[name])

    is_part = and_(
        is_coded_part(entry, metadata),
        entry.c.Value.is_not(None),
        is_no(entry.c.IsConfidential),
        entry.c.DocumentGuid.is_(None),
        func.coalesce(entry.c.Qualifiers, "") == "",
        func.coalesce(entry.c.Episode, entry_kinds.NO_EPISODE) == entry_kinds.NO_EPISODE,
        there(
            whole,
            whole.c.ObservationGuid == entry.c.ParentObservationGuid,
            _is_whole(whole, metadata),
            or_(entry.c.ProblemGuid.is_(None), same("ProblemGuid")),
            *map(same, parts.SHARED),
        ),
        not_(
            there(
                twin,
                twin.c.ParentObservationGuid == entry.c.ParentObservationGuid,
                twin.c.ObservationGuid != entry.c.ObservationGuid,
                or_(*(and_(of(part, entry), of(part, twin)) for part in parts.PARTS)),
            )
        ),
        not_(there(below, below.c.ParentObservationGuid == entry.c.ObservationGuid)),
    )
    named = case(*((of(part, entry), part.name) for part in parts.PARTS))
    return case(*_kinds(entry, metadata), (is_part, named), else_=Kind.OBSERVATION.value)


def _is_whole(entry: FromClause, metadata: MetaData) -> ColumnElement[bool]:
    """Whether an entry may have parts: its code says so, and nothing says otherwise."""
    codes = metadata.tables["Coding_ClinicalCode"]
    category, kind_is = codes.c.EmisCodeCategoryDescription, entry.c.ObservationType
    of_no_kind = or_(category.is_(None), category.not_in(entry_kinds.TELLING_CATEGORIES))
    return and_(
        entry.c.CodeId.in_(_codes(codes, parts.WHOLES).where(of_no_kind)),
        or_(kind_is.is_(None), kind_is.not_in([*entry_kinds.TYPES.values(), entry_kinds.INVESTIGATION_TYPE])),
        not_(_is_problem(entry, metadata)),
    )


def is_coded_part(entry: FromClause, metadata: MetaData) -> ColumnElement[bool]:
    """Whether an entry's code is one of a part."""
    concepts = frozenset[int]().union(*(one.concepts for one in parts.PARTS))
    return entry.c.CodeId.in_(_codes(metadata.tables["Coding_ClinicalCode"], concepts))


def parts_of(connection: Connection, keys: Collection[str]) -> set[str]:
    """Keys of what may be parts, or have parts, beside some entries: when those change, these may."""
    table = METADATA.tables[TABLE]
    ours = and_(is_coded_part(table, METADATA), table.c.OrganisationGuid.in_(_organisations(connection)))
    wanted = [guid_column(key) for key in keys]
    found: set[str] = set()
    for at in range(0, len(wanted), _CHUNK):
        chunk = wanted[at : at + _CHUNK]
        below = select(table.c.ObservationGuid).where(table.c.ParentObservationGuid.in_(chunk), ours)
        above = select(table.c.ParentObservationGuid).where(table.c.ObservationGuid.in_(chunk), ours)
        for statement in (below, above):
            found |= {key for guid in connection.execute(statement).scalars() if (key := guid_key(guid))}
    return found


def _codes(codes: FromClause, concepts: Collection[int]) -> Select[Any]:
    return select(codes.c.CodeId).where(codes.c.SnomedCTConceptId.in_(sorted(concepts)))


def is_no(column: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a flag is not set; SQL Server, which has no booleans, knows no `IS` but that of NULL."""
    return or_(column.is_(None), column == false())


def _is_problem(entry: FromClause, metadata: MetaData) -> ColumnElement[bool]:
    problems = metadata.tables["CareRecord_Problem"]
    found = select(problems.c.ObservationGuid).where(
        problems.c.OrganisationGuid == entry.c.OrganisationGuid,
        problems.c.ObservationGuid == entry.c.ObservationGuid,
        is_no(problems.c.Deleted),
    )
    return found.correlate(entry).exists()


def _kinds(entry: FromClause, metadata: MetaData) -> Sequence[tuple[ColumnElement[bool], str]]:
    """The kinds that a row's own words, its code and its problem decide, the first that is true counts."""
    codes = metadata.tables["Coding_ClinicalCode"]

    def of_code(column: Any) -> Any:
        return select(column).where(codes.c.CodeId == entry.c.CodeId).correlate(entry).scalar_subquery()

    category = of_code(codes.c.EmisCodeCategoryDescription)
    chapter = of_code(func.substring(codes.c.ReadTermId, 1, 1))
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
    return (
        (said(Kind.ALLERGY), Kind.ALLERGY.value),
        (_is_problem(entry, metadata), Kind.CONDITION.value),
        *((said(kind), kind.value) for kind in rest),
        (disorder, Kind.CONDITION.value),
        (procedure, Kind.PROCEDURE.value),
        (is_report, Kind.REPORT.value),
    )


def counts(metadata: MetaData, organisation: str) -> Select[Any]:
    """The statement that counts a practice's entries by kind."""
    table = metadata.tables[TABLE]
    kinds = select(kind_or_part(table, metadata).label(KIND)).where(
        table.c.OrganisationGuid == organisation, is_no(table.c.Deleted)
    )
    found = kinds.subquery()
    return select(found.c[KIND], func.count()).group_by(found.c[KIND])


def all_of(metadata: MetaData, organisation: str) -> Select[Any]:
    """The statement that lists the keys and kinds of all entries of a practice, deleted ones too."""
    table = metadata.tables[TABLE]
    kind = kind_or_part(table, metadata)
    return select(table.c.ObservationGuid, kind).where(table.c.OrganisationGuid == organisation)


def kinds_of(connection: Connection, keys: Collection[str]) -> dict[str, set[Kind]]:
    """The kinds of entries, by key; what has no row is missing. Two practices may use one key."""
    table = METADATA.tables[TABLE]
    wanted = [guid_column(key) for key in keys]
    organisations = _organisations(connection)
    found: dict[str, set[Kind]] = {}
    for at in range(0, len(wanted), _CHUNK):
        rows = connection.execute(
            select(table.c.ObservationGuid, kind_or_part(table, METADATA)).where(
                table.c.OrganisationGuid.in_(organisations),
                table.c.ObservationGuid.in_(wanted[at : at + _CHUNK]),
            )
        )
        for guid, kind in rows:
            known = ENTRIES[0] if kind in parts.NAMES else Kind(kind)  # the journal knows what it was before
            found.setdefault(guid_key(guid) or "", set()).add(known)
    return found


def documents_of(connection: Connection, contents: Collection[str]) -> set[str]:
    """The keys of the entries that name some documents' contents."""
    table = METADATA.tables[TABLE]
    wanted = [guid_column(key) for key in contents]
    organisations = _organisations(connection)
    found: set[str] = set()
    for at in range(0, len(wanted), _CHUNK):
        named = select(table.c.ObservationGuid).where(
            table.c.OrganisationGuid.in_(organisations), table.c.DocumentGuid.in_(wanted[at : at + _CHUNK])
        )
        found |= {key for guid in connection.execute(named).scalars() if (key := guid_key(guid))}
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
