"""The legacy database's tables, for SQLAlchemy."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    Time,
)
from sqlalchemy.dialects import mssql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from legacy_bridge.legacy.shapes import SHAPES, Shape

_COLUMN = re.compile(r"^(?P<name>\w+) (?P<type>\w+)(?:\((?P<length>\d+)\))?$")
GUID_LENGTH = 38  # hexadecimal digits and hyphens in braces
_DIGITS, _PLACES = 38, 12  # SQL Server's widest decimal


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal that keeps every digit: as text in SQLite, which has no decimal of its own.

    PostgreSQL's own keeps as many places as were written: 5.60 stays 5.60.
    """

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text in SQLite, any decimal in PostgreSQL, else a wide one."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(40))
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric())
        return dialect.type_descriptor(Numeric(_DIGITS, _PLACES))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Digits as they are."""
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """Digits as they were; raises ValueError for what is no number."""
        number = None if value is None else Decimal(value)
        if number is not None and not number.is_finite():
            raise ValueError("a decimal column holds what is no number")
        return number


class BracedGuid(TypeDecorator[str]):
    """SQL Server's own type of GUIDs, read and written as the other databases have them: `{1858F0D1-…}`."""

    impl = mssql.UNIQUEIDENTIFIER
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(as_uuid=False)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Without braces."""
        return None if value is None else value.strip("{}")

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Upper case, in braces."""
        return None if value is None else "{" + str(value).upper() + "}"


# SQL Server's older type rounds to 3.33 ms and begins in 1753
_DATETIME2 = mssql.DATETIME2()  # type: ignore[no-untyped-call]
# SQLAlchemy's SQLite types have no annotations; without the option they write six zeros behind the seconds
_WHOLE_SECONDS = sqlite.TIME(truncate_microseconds=True)  # type: ignore[no-untyped-call]
_WHOLE_SECONDS_OF_A_DAY = sqlite.DATETIME(truncate_microseconds=True)  # type: ignore[no-untyped-call]

_TYPES: dict[str, Callable[[int | None], TypeEngine[Any]]] = {
    "guid": lambda _: String(GUID_LENGTH).with_variant(BracedGuid(), "mssql"),
    "text": lambda length: String(length).with_variant(mssql.NVARCHAR(_nvarchar(length)), "mssql"),
    "date": lambda _: Date(),
    "time": lambda _: Time().with_variant(_WHOLE_SECONDS, "sqlite"),
    "datetime": lambda _: (
        DateTime().with_variant(_WHOLE_SECONDS_OF_A_DAY, "sqlite").with_variant(_DATETIME2, "mssql")
    ),
    "bool": lambda _: Boolean(create_constraint=False),
    "int": lambda _: Integer(),
    "big": lambda _: BigInteger(),
    "decimal": lambda _: ExactDecimal(),
    "blob": lambda _: LargeBinary(),
}

_INDEXES = {
    "CareRecord_Consultation": (("OrganisationGuid", "PatientGuid"),),
    "CareRecord_Diary": (("OrganisationGuid", "PatientGuid"),),
    "CareRecord_Observation": (
        ("OrganisationGuid", "PatientGuid"),
        ("OrganisationGuid", "ConsultationGuid"),
        ("ParentObservationGuid",),
    ),
    "Coding_ClinicalCode": (("SnomedCTConceptId",),),
    "Coding_DrugCode": (("DmdProductCodeId",),),
    "Prescribing_DrugRecord": (("OrganisationGuid", "PatientGuid"),),
    "Prescribing_IssueRecord": (("OrganisationGuid", "PatientGuid"),),
    "Admin_Patient": (("OrganisationGuid", "PatientNumber"), ("OrganisationGuid", "Surname")),
    "Admin_UserInRole": (("UserInRoleGuid",),),
    "Appointment_Session": (("OrganisationGuid", "StartDate"),),
    "Appointment_Slot": (
        ("OrganisationGuid", "AppointmentDate"),
        ("OrganisationGuid", "PatientGuid"),
        ("OrganisationGuid", "SessionGuid"),
    ),
}


def metadata() -> MetaData:
    """All tables, anew."""
    made = MetaData()
    for shape in SHAPES:
        _table(shape, made)
    return made


def _table(shape: Shape, into: MetaData) -> None:
    table = Table(
        shape.name,
        into,
        *(_column(text.strip(), shape.key) for text in shape.columns.split(",")),
        *([PrimaryKeyConstraint(*shape.key)] if shape.key else []),  # in this order, organisation first
        comment="not part of the extract" if shape.is_ours else None,
    )
    for columns in _INDEXES.get(shape.name, ()):
        Index(f"ix_{shape.name}_{'_'.join(columns)}", *(table.c[name] for name in columns))


def _column(text: str, key: tuple[str, ...]) -> Column[Any]:
    found = _COLUMN.match(text)
    if found is None:
        raise ValueError(f"not a column of a shape: {text!r}")
    length = None if found["length"] is None else int(found["length"])
    name = found["name"]
    return Column(
        name,
        _TYPES[found["type"]](length),
        primary_key=name in key,
        nullable=name not in key,
        autoincrement=False,
    )


def _nvarchar(length: int | None) -> int | None:
    return length if length is not None and length <= 4000 else None


METADATA = metadata()
OPTIONAL = frozenset(shape.name for shape in SHAPES if shape.is_ours)
"""Tables that are not part of the published shape: a database may lack them, and then keeps no such rows."""
