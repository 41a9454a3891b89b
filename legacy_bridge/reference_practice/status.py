"""Says what a practice's database holds."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine, func, inspect, or_, select
from sqlalchemy.exc import DBAPIError

from legacy_bridge.errors import SettingsWrong, SideUnavailable
from legacy_bridge.legacy.schema import METADATA

_SETTINGS = METADATA.tables["Reference_Setting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeStatus:
    """What a database holds.

    Attributes:
        ods: the practice's ODS code.
        name: its name.
        environment: where the database may be used.
        rows: how many rows each table holds.
        day: a day with many appointments booked and some slots free, or None without a book.
        first_day: the book's first day.
        last_day: the book's last day.
    """

    ods: str
    name: str
    environment: str
    rows: dict[str, int]
    day: date | None
    first_day: date | None
    last_day: date | None


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
        SettingsWrong: it holds no practice.
        SideUnavailable: it cannot be read.
    """
    try:
        with engine.connect() as connection:
            settings = settings_of(connection)
            _, ods, name = practice_of(connection, ods=settings.get("ods"))
            tables = set(inspect(connection).get_table_names())
            rows = {
                str(table.name): connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in METADATA.sorted_tables
                if table.name in tables
            }
            first, last = _span(connection)
            return PracticeStatus(
                ods=ods,
                name=name,
                environment=settings.get("environment", "live"),
                rows=rows,
                day=_good_day(connection),
                first_day=first,
                last_day=last,
            )
    except DBAPIError as error:
        raise SideUnavailable(f"The practice's database cannot be read: {error.orig}.") from error


def _span(connection: Connection) -> tuple[date | None, date | None]:
    slots = METADATA.tables["Appointment_Slot"]
    first, last = connection.execute(
        select(func.min(slots.c.AppointmentDate), func.max(slots.c.AppointmentDate))
    ).one()
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
