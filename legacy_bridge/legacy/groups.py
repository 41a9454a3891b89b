"""Which rows make one record of each kind, as statements that name one practice."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import LargeBinary, MetaData, Select, Table, Text, and_, bindparam, cast, select
from sqlalchemy.sql.elements import ColumnElement

from legacy_bridge.legacy import entries
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import Kind

GUIDS = "guids"
"""The parameter of each statement that says which records are read."""
KEY = "_key"
"""The name under which each statement gives the record's key beside the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Rows of another table that belong to a record.

    Attributes:
        table: that table.
        columns: what is read of it; empty for all.
        main: the main table's column that it is joined by.
        other: that table's column.
        name: what the rows are called; empty: as the table is.
        is_needed: without such a row there is no record.
        extends: the row has the record's own key, and the bridge writes it too.
        is_made: the bridge makes such a row with a record that it makes, and never writes it again.
        keeps_deleted: rows that are marked deleted count.
        hides: its columns that say that the record may not be shown.
        may_be_parts: entries that may be parts of the record.
        through: when that table has no organisation of its own: the table and column that has.
    """

    table: str
    main: str
    other: str
    columns: tuple[str, ...] = ()
    name: str = ""
    is_needed: bool = False
    extends: bool = False
    is_made: bool = False
    keeps_deleted: bool = False
    hides: tuple[str, ...] = ()
    may_be_parts: bool = False
    through: tuple[str, str, str] | None = None

    @property
    def called(self) -> str:
        """What the rows are called."""
        return self.name or self.table

    def statement(
        self, main: Table, key: str, wanted: ColumnElement[bool], metadata: MetaData, organisation: str
    ) -> Select[Any]:
        """The statement that reads the rows of the main rows that are wanted."""
        table = metadata.tables[self.table].alias(f"beside_{self.called}")
        columns: list[ColumnElement[Any]] = [table.c[name] for name in self.columns] or list(table.c)
        order = [table.c[self.other], *columns]
        joined = main.join(table, main.c[self.main] == table.c[self.other])
        conditions = [wanted]
        if "Deleted" in table.c and not self.keeps_deleted:
            conditions.append(entries.is_no(table.c.Deleted))
        if "OrganisationGuid" in table.c:
            conditions.append(table.c.OrganisationGuid == organisation)
        if self.table == entries.TABLE:
            kind_of = entries.kind_or_part if self.may_be_parts else entries.kind_of
            columns.append(kind_of(table, metadata).label(entries.KIND))
        if self.through is not None:
            other_table, mine, theirs = self.through
            other = metadata.tables[other_table]
            joined = joined.join(other, table.c[mine] == other.c[theirs])
            conditions.append(other.c.OrganisationGuid == organisation)
        return (
            select(main.c[key].label(KEY), *columns).select_from(joined).where(*conditions).order_by(*order)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The rows of one kind of record.

    Attributes:
        main: the table that the record is about.
        key: its key column; with the organisation it is unique.
        has_organisation: whether the main table says whose row it is.
        beside: further rows.
        hides_deleted: whether the main table marks deleted rows.
        flags: the columns of the main table that say that a record is confidential.
        has_parts: whether records have parts: rows of the main table that are no records of their own.
    """

    main: str
    key: str
    has_organisation: bool = True
    beside: tuple[Beside, ...] = field(default=())
    hides_deleted: bool = False
    flags: tuple[str, ...] = ()
    has_parts: bool = False

    @property
    def tables(self) -> frozenset[str]:
        """All tables."""
        return frozenset({self.main, *(one.table for one in self.beside)})

    @property
    def names(self) -> tuple[str, ...]:
        """What the rows are called, the main ones first."""
        return (self.main, *(one.called for one in self.beside))

    @property
    def extensions(self) -> tuple[str, ...]:
        """The tables whose rows extend the main one."""
        return tuple(one.table for one in self.beside if one.extends)

    def is_whole(self, rows: Mapping[str, Sequence[Any]]) -> bool:
        """Whether some rows make a record."""
        needed = (self.main, *(one.called for one in self.beside if one.is_needed))
        return all(rows.get(table) for table in needed)

    def statements(
        self, metadata: MetaData, organisation: str, *, absent: Collection[str] = ()
    ) -> Iterator[tuple[str, Select[Any]]]:
        """The statements that read the records that `GUIDS` names: what the rows are called, statement.

        The first column is the record's key; of a table that is absent nothing is read.
        """
        main = metadata.tables[self.main]
        wanted = and_(main.c[self.key].in_(bindparam(GUIDS, expanding=True)), self._mine(main, organisation))
        kind = [self._kind(main, metadata).label(entries.KIND)] if self.main == entries.TABLE else []
        yield self.main, select(main.c[self.key].label(KEY), *main.c, *kind).where(wanted)
        for one in self.beside:
            if one.table not in absent:
                yield one.called, one.statement(main, self.key, wanted, metadata, organisation)

    def written(self, metadata: MetaData, organisation: str) -> Iterator[tuple[Table, Select[Any]]]:
        """Each table that the bridge writes, and the statement that finds the rows that `GUIDS` names."""
        for name in (self.main, *self.extensions):
            table = metadata.tables[name]
            wanted = table.c[self.key].in_(bindparam(GUIDS, expanding=True))
            yield table, select(table.c[self.key]).where(wanted, self._mine(table, organisation))
        if self.has_parts:
            table = metadata.tables[self.main]
            named = table.c.ParentObservationGuid
            is_part = and_(
                named.in_(bindparam(GUIDS, expanding=True)), entries.is_coded_part(table, metadata)
            )
            yield table, select(named).where(is_part, self._mine(table, organisation))

    def flags_of(self, metadata: MetaData, organisation: str, guid: str) -> Iterator[Select[Any]]:
        """The statements that read a record's flags, and those of whom it belongs to, as bytes.

        Anything can be read as bytes.
        """
        main = metadata.tables[self.main]
        wanted = and_(main.c[self.key] == guid, self._mine(main, organisation))
        yield select(*_as_bytes(main, self.flags)).where(wanted)
        for one in self.beside:
            if one.hides:
                table = metadata.tables[one.table]
                joined = main.join(table, main.c[one.main] == table.c[one.other])
                statement = select(*_as_bytes(table, one.hides)).select_from(joined)
                yield statement.where(wanted, table.c.OrganisationGuid == organisation)

    def names_a(self, column: str) -> bool:
        """Whether the main table has a column."""
        return column in METADATA.tables[self.main].c

    def keys(
        self, metadata: MetaData, organisation: str, kind: Kind, *, with_deleted: bool = False
    ) -> Select[Any]:
        """The statement that lists all keys of a practice, deleted rows left out unless asked for."""
        main = metadata.tables[self.main]
        statement = select(main.c[self.key]).where(self._mine(main, organisation))
        if self.main == entries.TABLE:
            statement = statement.where(self._kind(main, metadata) == kind.value)
        for one in self.beside:
            if one.is_needed:
                table = metadata.tables[one.table]
                statement = statement.where(
                    main.c[one.main].in_(
                        select(table.c[one.other]).where(table.c.OrganisationGuid == organisation)
                    )
                )
        if self.hides_deleted and not with_deleted:
            statement = statement.where(entries.is_no(main.c.Deleted))
        return statement

    def _kind(self, main: Table, metadata: MetaData) -> ColumnElement[str]:
        return (entries.kind_or_part if self.has_parts else entries.kind_of)(main, metadata)

    def _mine(self, main: Table, organisation: str) -> ColumnElement[bool]:
        if self.has_organisation:
            return main.c.OrganisationGuid == organisation
        return main.c[self.key].is_not(None)


def _as_bytes(table: Table, names: Sequence[str]) -> list[ColumnElement[Any]]:
    return [cast(cast(table.c[name], Text), LargeBinary) for name in names]


_FLAGS = Beside(
    table="Admin_Patient",
    main="PatientGuid",
    other="PatientGuid",
    columns=("PatientGuid", "SpineSensitive", "IsConfidential", "Deleted"),
    keeps_deleted=True,
    hides=("SpineSensitive", "IsConfidential", "Deleted"),
)
_CONSULTATION = Beside(
    table="CareRecord_Consultation",
    main="ConsultationGuid",
    other="ConsultationGuid",
    columns=("ConsultationGuid", "IsConfidential", "Deleted"),
    keeps_deleted=True,
    hides=("IsConfidential",),
)
_CODE = Beside(table="Coding_ClinicalCode", main="CodeId", other="CodeId", columns=("Term",))
_PROBLEM = Beside(table="CareRecord_Problem", main="ObservationGuid", other="ObservationGuid", extends=True)
_REFERRAL = Beside(
    table="CareRecord_ObservationReferral",
    main="ObservationGuid",
    other="ObservationGuid",
    extends=True,
)
_PARENT = Beside(
    table=entries.TABLE,
    name="parent",
    main="ParentObservationGuid",
    other="ObservationGuid",
    columns=("ObservationGuid",),
)
_CHILDREN = Beside(
    table=entries.TABLE,
    name="children",
    main="ObservationGuid",
    other="ParentObservationGuid",
    columns=("ObservationGuid",),
)
_MEASURED = (
    *("ObservationGuid", "CodeId", "Value", "NumericUnit", "NumericRangeLow", "NumericRangeHigh"),
    *("Abnormal", "AbnormalReason"),
)
_OF_PROBLEM = replace(_PARENT, name="problem", main="ProblemGuid")
_DRUG = replace(_CODE, table="Coding_DrugCode")
_OF_PRESCRIBED = replace(_OF_PROBLEM, main="ProblemObservationGuid")
_PLAN = Beside(
    table="Prescribing_DrugRecord",
    main="DrugRecordGuid",
    other="DrugRecordGuid",
    columns=("DrugRecordGuid", "IsConfidential"),
    hides=("IsConfidential",),
)


def _entry(*beside: Beside, has_parts: bool = False) -> Group:
    return Group(
        has_parts=has_parts,
        main=entries.TABLE,
        key="ObservationGuid",
        hides_deleted=True,
        flags=("IsConfidential",),
        beside=(_FLAGS, _CONSULTATION, _CODE, _OF_PROBLEM, _PARENT, *beside),
    )


_SITE = Beside(
    table="Admin_OrganisationLocation",
    main="LocationGuid",
    other="LocationGuid",
    is_needed=True,
)

GROUPS: Mapping[Kind, Group] = {
    Kind.ORGANIZATION: Group(main="Admin_Organisation", key="OrganisationGuid"),
    Kind.LOCATION: Group(
        main="Admin_Location", key="LocationGuid", has_organisation=False, beside=(_SITE,), hides_deleted=True
    ),
    Kind.PRACTITIONER: Group(main="Admin_UserInRole", key="UserInRoleGuid"),
    Kind.PATIENT: Group(
        main="Admin_Patient",
        key="PatientGuid",
        hides_deleted=True,
        flags=("SpineSensitive", "IsConfidential"),
        beside=(
            Beside(
                table="Admin_UserInRole",
                main="UsualGpUserInRoleGuid",
                other="UserInRoleGuid",
                columns=("UserInRoleGuid",),
            ),
        ),
    ),
    Kind.SESSION: Group(
        main="Appointment_Session",
        key="AppointmentSessionGuid",
        hides_deleted=True,
        beside=(
            Beside(
                table="Appointment_SessionUser",
                main="AppointmentSessionGuid",
                other="SessionGuid",
                columns=("UserInRoleGuid",),
                through=("Admin_UserInRole", "UserInRoleGuid", "UserInRoleGuid"),
            ),
            Beside(
                table="Admin_Location",
                main="LocationGuid",
                other="LocationGuid",
                columns=("LocationGuid",),
                through=("Admin_OrganisationLocation", "LocationGuid", "LocationGuid"),
            ),
        ),
    ),
    Kind.SLOT: Group(
        main="Appointment_Slot",
        key="SlotGuid",
        hides_deleted=True,
        beside=(_FLAGS,),
    ),
    Kind.CONSULTATION: Group(
        main="CareRecord_Consultation",
        key="ConsultationGuid",
        hides_deleted=True,
        flags=("IsConfidential",),
        beside=(
            _FLAGS,
            replace(_CODE, main="ConsultationSourceCodeId"),
        ),
    ),
    Kind.CONDITION: _entry(_PROBLEM),
    Kind.ALLERGY: _entry(),
    Kind.OBSERVATION: _entry(replace(_CHILDREN, columns=_MEASURED, may_be_parts=True), has_parts=True),
    Kind.REPORT: _entry(_CHILDREN),
    Kind.IMMUNIZATION: _entry(),
    Kind.FAMILY_HISTORY: _entry(),
    Kind.PROCEDURE: _entry(),
    Kind.TEST_REQUEST: _entry(),
    Kind.REFERRAL: _entry(_REFERRAL),
    Kind.DOCUMENT: _entry(
        Beside(
            table="Reference_DocumentContent",
            main="DocumentGuid",
            other="DocumentGuid",
            columns=("MediaType", "Title", "Content"),
            is_made=True,
        )
    ),
    Kind.DIARY: Group(
        main="CareRecord_Diary",
        key="DiaryGuid",
        hides_deleted=True,
        flags=("IsConfidential",),
        beside=(_FLAGS, _CONSULTATION, _CODE),
    ),
    Kind.MEDICATION: Group(
        main="Prescribing_DrugRecord",
        key="DrugRecordGuid",
        hides_deleted=True,
        flags=("IsConfidential",),
        beside=(_FLAGS, _DRUG, _OF_PRESCRIBED),
    ),
    Kind.ISSUE: Group(
        main="Prescribing_IssueRecord",
        key="IssueRecordGuid",
        hides_deleted=True,
        flags=("IsConfidential",),
        beside=(_FLAGS, _CONSULTATION, _DRUG, _OF_PRESCRIBED, _PLAN),
    ),
}

NAMED_BY: Mapping[Kind, tuple[str, ...]] = {
    Kind.PATIENT: ("PatientGuid",),
    Kind.CONSULTATION: ("ConsultationGuid",),
    Kind.CONDITION: ("ProblemGuid", "ProblemObservationGuid"),
    Kind.MEDICATION: ("DrugRecordGuid",),
}
"""The columns by which other records name one: they are looked for when it is withheld, deleted, or back."""
