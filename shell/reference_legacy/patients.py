"""The patients' rows: finding, reading, and saving what was typed over."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, Row, Select, and_, select, update
from sqlalchemy.sql.elements import ColumnElement

from shell.reference_legacy.database import is_not_deleted, reading, writing
from shell.reference_legacy.errors import RowChangedError, UnknownPatientError
from shell.reference_legacy.plain_text import plain_line
from shell.reference_legacy.records import EDITABLE, Patient, Practice
from shell.reference_legacy.tables import PATIENT, USER_IN_ROLE

FOUND_AT_MOST = 200
"""More rows than a person looks through; the list says when it ends early."""


class PatientRows:
    """One practice's patients. Every method blocks for one or two statements."""

    def __init__(self, engine: Engine, practice: Practice) -> None:
        self._engine = engine
        self._practice = practice

    def by_number(self, number: int) -> Patient:
        """Read the patient with a number.

        Raises:
            UnknownPatientError: nobody has it, or more than one.
            DatabaseError: the database could not be read.
        """
        with reading(self._engine) as connection:
            rows = connection.execute(self._patients().where(PATIENT.c.PatientNumber == number)).all()
        if len(rows) == 1:
            return _patient(rows[0])
        problem = f"belongs to {len(rows)} patients" if rows else "is not known at this practice"
        raise UnknownPatientError(f"Patient number {number} {problem}.")

    def by_guid(self, guid: str) -> Patient | None:
        """Read the patient again; None when the row is gone or deleted.

        Raises:
            DatabaseError: the database could not be read.
        """
        with reading(self._engine) as connection:
            row = connection.execute(self._patients().where(PATIENT.c.PatientGuid == guid)).first()
        return None if row is None else _patient(row)

    def find(self, words: str) -> list[Patient]:
        """Patients whose number or NHS number is the text, or whose names begin with its words.

        The first word is the surname's beginning, the second the given name's. At most `FOUND_AT_MOST`.

        Raises:
            DatabaseError: the database could not be read.
        """
        columns = PATIENT.c
        text = words.strip()
        digits = text.replace(" ", "")
        if not text:
            return []
        condition: ColumnElement[bool]
        if digits.isascii() and digits.isdigit():
            condition = columns.NhsNumber == digits
            if len(digits) < 10:
                condition = condition | (columns.PatientNumber == int(digits))
        else:
            surname, _, given = text.replace(",", " ").partition(" ")
            condition = columns.Surname.istartswith(surname, autoescape=True)
            if given.strip():
                whole = columns.Surname.istartswith(text, autoescape=True)
                condition = whole | and_(
                    condition, columns.GivenName.istartswith(given.strip(), autoescape=True)
                )
        order = (columns.Surname, columns.GivenName, columns.DateOfBirth, columns.PatientGuid)
        with reading(self._engine) as connection:
            rows = connection.execute(self._patients().where(condition).order_by(*order).limit(FOUND_AT_MOST))
            return [_patient(row) for row in rows]

    def save(self, read: Patient, changes: Mapping[str, str | None]) -> None:
        """Write the changed columns of a row, if it still is as it was read.

        One statement in one transaction; every column that can be typed over is compared with what was read.

        Args:
            read: the patient as read before typing.
            changes: new values by column, of `EDITABLE` only; None empties a column.

        Raises:
            RowChangedError: the row is no longer as it was read. Nothing was written.
            NotSavedError: the database did not take the change. Nothing was written.
        """
        unknown = set(changes) - set(EDITABLE)
        if unknown:
            raise ValueError(f"columns that may not be written: {sorted(unknown)}")
        if not changes:
            return
        as_read = [_is_still(PATIENT.c[name], read.stored[name]) for name in EDITABLE]
        with writing(self._engine) as connection:
            done = connection.execute(
                update(PATIENT).where(self._row(read.guid), *as_read).values(dict(changes))
            )
            if done.rowcount != 1:
                raise RowChangedError("This record was changed by someone else since you opened it.")

    def _row(self, guid: str) -> ColumnElement[bool]:
        columns = PATIENT.c
        return and_(
            columns.OrganisationGuid == self._practice.guid,
            columns.PatientGuid == guid,
            is_not_deleted(columns.Deleted),
        )

    def _patients(self) -> Select[Any]:
        gp = USER_IN_ROLE.c
        joined = PATIENT.outerjoin(
            USER_IN_ROLE,
            and_(
                gp.UserInRoleGuid == PATIENT.c.UsualGpUserInRoleGuid,
                gp.OrganisationGuid == PATIENT.c.OrganisationGuid,
            ),
        )
        return (
            select(
                *PATIENT.c,
                gp.Title.label("GpTitle"),
                gp.GivenName.label("GpGiven"),
                gp.Surname.label("GpSurname"),
            )
            .select_from(joined)
            .where(PATIENT.c.OrganisationGuid == self._practice.guid, is_not_deleted(PATIENT.c.Deleted))
        )


def _is_still(column: ColumnElement[str], value: str | None) -> ColumnElement[bool]:
    """A condition that is true also for an empty column that was read empty."""
    return column.is_(None) if value is None else column == value


def _patient(row: Row[Any]) -> Patient:
    got = row._mapping
    usual_gp = " ".join(part for part in (got["GpTitle"], got["GpGiven"], got["GpSurname"]) if part)
    return Patient(
        guid=got["PatientGuid"],
        number=_number(got["PatientNumber"]),
        nhs_number=plain_line(got["NhsNumber"]),
        sex=plain_line(got["Sex"]),
        born=got["DateOfBirth"],
        died=got["DateOfDeath"],
        registered=got["DateOfRegistration"],
        registration=plain_line(got["PatientTypeDescription"]),
        usual_gp=plain_line(usual_gp),
        stored={name: got[name] for name in EDITABLE},
    )


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None
