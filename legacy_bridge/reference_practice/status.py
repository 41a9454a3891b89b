"""Says what a practice's database holds."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine, func, inspect, or_, select
from sqlalchemy.exc import DBAPIError

from legacy_bridge.errors import SettingsWrong, SideUnavailable
from legacy_bridge.legacy.schema import METADATA

_SETTINGS = METADATA.tables["Reference_Setting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationStatus:
    """One organisation of a database.

    Attributes:
        ods: its ODS code, where it has one.
        name: its name.
        patients: how many rows of patients it has; only the practice's are mirrored.
    """

    ods: str | None
    name: str | None
    patients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeStatus:
    """What a database holds.

    Attributes:
        ods: the practice's ODS code.
        name: its name.
        environment: where the database may be used.
        organisations: every organisation that it names, those with patients first.
        rows: how many rows each table holds.
        day: a day with many appointments booked and some slots free, or None without a book.
        first_day: the book's first day.
        last_day: the book's last day.
        first_entry: the day of the earliest entry in a record.
        last_entry: the day of the latest.
    """

    ods: str
    name: str
    environment: str
    organisations: list[OrganisationStatus]
    rows: dict[str, int]
    day: date | None
    first_day: date | None
    last_day: date | None
    first_entry: date | None
    last_entry: date | None


def settings_of(connection: Connection) -> dict[str, str]:
    """The database's own settings: environment, and the practice's ODS code once it is known."""
    try:
        found = connection.execute(select(_SETTINGS.c.Name, _SETTINGS.c.Value)).all()
    except DBAPIError as error:
        raise SettingsWrong(
            "The database holds no practice: make one with `banyan-practice create`."
        ) from error
    return {str(name): str(value) for name, value in found}


def practice_of(connection: Connection, *, ods: str | None) -> tuple[str, str, str]:
    """The practice of a database: GUID, ODS code and name.

    The one with the given ODS code; else the one whose sharing agreement is active; else the only one with
    patients.

    Raises:
        SettingsWrong: there is none, or it cannot be told which one it is.
    """
    organisations = METADATA.tables["Admin_Organisation"]
    columns = (organisations.c.OrganisationGuid, organisations.c.ODSCode, organisations.c.OrganisationName)
    if ods is not None:
        found = connection.execute(select(*columns).where(organisations.c.ODSCode == ods)).all()
        if not found:
            raise SettingsWrong(f"No organisation of this database has the ODS code {ods}.")
    else:
        agreements = METADATA.tables["Agreements_SharingOrganisation"]
        active = select(agreements.c.OrganisationGuid).where(
            agreements.c.IsActivated, or_(agreements.c.Deleted.is_(None), ~agreements.c.Deleted)
        )
        found = connection.execute(select(*columns).where(organisations.c.OrganisationGuid.in_(active))).all()
        if len(found) != 1:
            patients = METADATA.tables["Admin_Patient"]
            with_patients = select(patients.c.OrganisationGuid).distinct()
            found = connection.execute(
                select(*columns).where(organisations.c.OrganisationGuid.in_(with_patients))
            ).all()
    if len(found) != 1:
        raise SettingsWrong(
            f"It cannot be told which of {len(found)} organisations is the practice: name it with --practice."
        )
    guid, code, name = found[0]
    return str(guid), str(code), str(name)


def status_of(engine: Engine) -> PracticeStatus:
    """Say what a database holds.

    Raises:
        SettingsWrong: it holds no practice, or an empty one.
        SideUnavailable: it cannot be read.
    """
    try:
        with engine.connect() as connection:
            settings = settings_of(connection)
            organisations = _organisations(connection)
            if not organisations:
                raise SettingsWrong(
                    "The practice is empty: fill it with `banyan-practice generate` or `load-extract`."
                )
            _, ods, name = practice_of(connection, ods=settings.get("ods"))
            tables = set(inspect(connection).get_table_names())
            rows = {
                str(table.name): connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in METADATA.sorted_tables
                if table.name in tables
            }
            first, last = _span(connection, "Appointment_Slot", "AppointmentDate")
            first_entry, last_entry = _span(connection, "CareRecord_Observation", "EffectiveDate")
            return PracticeStatus(
                ods=ods,
                name=name,
                environment=settings.get("environment", "live"),
                organisations=organisations,
                rows=rows,
                day=_good_day(connection),
                first_day=first,
                last_day=last,
                first_entry=first_entry,
                last_entry=last_entry,
            )
    except DBAPIError as error:
        raise SideUnavailable(f"The practice's database cannot be read: {error.orig}.") from error


def _organisations(connection: Connection) -> list[OrganisationStatus]:
    organisations = METADATA.tables["Admin_Organisation"]
    patients = METADATA.tables["Admin_Patient"]
    count = func.count(patients.c.PatientGuid)
    found = connection.execute(
        select(organisations.c.ODSCode, organisations.c.OrganisationName, count)
        .outerjoin(patients, patients.c.OrganisationGuid == organisations.c.OrganisationGuid)
        .group_by(organisations.c.OrganisationGuid, organisations.c.ODSCode, organisations.c.OrganisationName)
        .order_by(count.desc(), organisations.c.ODSCode)
    )
    return [OrganisationStatus(ods=ods, name=name, patients=patients) for ods, name, patients in found]


def _span(connection: Connection, table: str, column: str) -> tuple[date | None, date | None]:
    day = METADATA.tables[table].c[column]
    first, last = connection.execute(select(func.min(day), func.max(day))).one()
    return first, last


def _good_day(connection: Connection) -> date | None:
    """The day with most people waiting or seen; of equals, and without any, the one with most bookings."""
    slots = METADATA.tables["Appointment_Slot"]
    day = slots.c.AppointmentDate
    moving = func.sum(slots.c.SlotStatus.in_(("Arrived", "Sent In")).cast(slots.c.ProcessingId.type))
    booked = func.count(slots.c.PatientGuid)
    free = func.sum((slots.c.SlotStatus == "Slot Available").cast(slots.c.ProcessingId.type))
    statement = (
        select(day)
        .where(slots.c.PatientGuid.is_not(None) | (slots.c.SlotStatus == "Slot Available"))
        .group_by(day)
        .having(free > 0)
        .order_by(moving.desc(), booked.desc(), day)
        .limit(1)
    )
    return connection.execute(statement).scalar_one_or_none()
