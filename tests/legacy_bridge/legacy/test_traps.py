"""What drivers get wrong is carried right, or one record is refused: nothing is cut, guessed or held up."""

from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from sqlalchemy import Column, DateTime, MetaData, Table, Time, insert, make_url, select, text

from legacy_bridge.errors import SchemaDrifted, SideUnavailable
from legacy_bridge.guards import check_schema
from legacy_bridge.legacy.database import open_database
from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.mapping.values import guid_key
from legacy_bridge.records import Kind
from legacy_bridge.sides.links import Link
from legacy_bridge.sides.writes import OutcomeKind, RowChange
from tests.legacy_bridge.support.legacy_databases import LegacyKind
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice, guid, key

MARY, OMAR = key(Kind.PATIENT, "mary"), key(Kind.PATIENT, "omar")
TEXTS = (
    "",
    " trailing and leading ",
    "O'Brien \"the\" \\ 50% :name ? %(x)s {d '2020-01-01'} --",
    "line\r\nfeed\nand\ttab\r",
    "Zoë Ñandú 汉字 \u2764\ufe0f 👩🏽‍⚕️ e\u0301",
    "x" * 127,
    "é" * 128,
    "汉" * 7999,
    "👩" * 3000 + "\r\n" + "y" * 250,
)


@pytest.fixture
def is_postgresql(legacy_kind: LegacyKind) -> bool:
    return legacy_kind is not LegacyKind.SQLITE


@pytest.mark.hazard("H10")
def test_a_text_is_written_and_read_byte_for_byte(practice: SmallPractice) -> None:
    names = {str(number): words for number, words in enumerate(TEXTS)}
    for name, words in names.items():
        practice.add("CareRecord_Observation", name, OrganisationGuid=guid("org"), Qualifiers=words)
        assert practice.row("CareRecord_Observation", name)["Qualifiers"] == words
    for name, words in names.items():
        practice.edit("CareRecord_Observation", name, Qualifiers=words + words[:1])
        assert practice.row("CareRecord_Observation", name)["Qualifiers"] == words + words[:1]


def test_a_decimal_keeps_its_digits(practice: SmallPractice) -> None:
    for digits in ("5.60", "-0.0010", "0", "12345678901234567.1234567890123456789", "7E+3"):
        practice.add("CareRecord_Observation", digits, OrganisationGuid=guid("org"), Value=Decimal(digits))
        found = practice.row("CareRecord_Observation", digits)["Value"]
        assert found == Decimal(digits)
        assert "." not in digits or str(found) == digits


def test_whole_numbers_booleans_days_and_bytes_come_back_as_they_are(practice: SmallPractice) -> None:
    wanted = {
        "CodeId": 2**62,
        "Deleted": False,
        "IsConfidential": True,
        "EffectiveDate": date(1, 1, 1),
        "EnteredDate": date(9999, 12, 31),
        "EnteredTime": time(23, 59, 59),
        "Abnormal": None,
    }
    practice.add("CareRecord_Observation", "entry", OrganisationGuid=guid("org"), **wanted)
    found = practice.row("CareRecord_Observation", "entry")
    assert {name: found[name] for name in wanted} == wanted
    assert type(found["IsConfidential"]) is bool
    content = bytes(range(256)) * 300
    practice.insert(
        "Reference_DocumentContent", DocumentGuid=guid("d"), OrganisationGuid=guid("org"), Content=content
    )
    assert bytes(practice.rows("Reference_DocumentContent")[0]["Content"]) == content


def test_a_fraction_of_a_second_is_not_dropped(practice: SmallPractice, *, is_postgresql: bool) -> None:
    if not is_postgresql:
        return
    table = Table("moments", MetaData(), Column("t", Time()), Column("at", DateTime()))
    table.create(practice.engine)
    row = {"t": time(9, 30, 1, 5000), "at": datetime(2026, 3, 29, 1, 30, 0, 123456)}  # noqa: DTZ001 - as the columns are
    with practice.engine.begin() as connection:
        connection.execute(insert(table), [row, row])
        assert [dict(one._mapping) for one in connection.execute(select(table))] == [row, row]


def test_a_day_that_python_has_not_makes_one_record_unreadable_and_never_another_day(
    practice: SmallPractice,
) -> None:
    practice.edit("Admin_Patient", "mary", IsConfidential=True)
    for day in ("infinity", "10000-01-01", "0044-03-15 BC"):
        with practice.engine.begin() as connection:
            connection.exec_driver_sql(
                f'UPDATE "Admin_Patient" SET "DateOfBirth" = \'{day}\' '  # noqa: S608
                f"WHERE \"PatientGuid\" = '{guid('mary')}'"
            )
        found = LegacyRows(practice.engine, ODS).read([Link(key=MARY), Link(key=OMAR)])
        assert (found[MARY].is_readable, found[MARY].is_confidential) == (False, True)
        assert found[OMAR].is_readable


def test_a_time_or_number_that_is_none_makes_one_record_unreadable(practice: SmallPractice) -> None:
    for name in ("late", "nothing", "good"):
        practice.add("CareRecord_Observation", name, OrganisationGuid=guid("org"), IsConfidential=False)
    late, nothing, good = (key(Kind.OBSERVATION, name) for name in ("late", "nothing", "good"))
    with practice.engine.begin() as connection:
        for name, column, value in (("late", "EnteredTime", "24:00:00"), ("nothing", "Value", "NaN")):
            connection.exec_driver_sql(
                f'UPDATE "CareRecord_Observation" SET "{column}" = \'{value}\' '  # noqa: S608
                f"WHERE \"ObservationGuid\" = '{guid(name)}'"
            )
    found = LegacyRows(practice.engine, ODS).read([Link(key=one) for one in (late, nothing, good)])
    assert (found[late].is_readable, found[late].is_confidential) == (False, False)
    assert (found[nothing].is_readable, found[good].is_readable) == (False, True)


@pytest.mark.hazard("H10")
def test_a_text_that_does_not_fit_is_refused_whole_and_the_others_are_written(
    practice: SmallPractice, expected_logs: list[str], *, is_postgresql: bool
) -> None:
    expected_logs.append("error ignored terminating")  # psycopg, of the statement that was refused
    if not is_postgresql:
        return  # SQLite keeps any text whole
    rows = LegacyRows(practice.engine, ODS)
    for words in ("x" * 101, "cut\0here"):
        groups = rows.read([Link(key=MARY), Link(key=OMAR)])
        mary, omar = (RowChange(link=one, digest=groups[one].digest, columns={}) for one in (MARY, OMAR))
        outcomes = rows.write(
            [replace(mary, columns={"Surname": words}), replace(omar, columns={"Surname": words[:3]})]
        )
        assert (outcomes[MARY].kind, outcomes[OMAR].kind) == (OutcomeKind.REFUSED, OutcomeKind.WRITTEN)
        assert (outcomes[MARY].refusal or ("", ""))[0] == "legacy-refuses"
        assert practice.patient("mary")["Surname"] == "Lind"
        assert practice.patient("omar")["Surname"] == words[:3]


def test_a_database_with_habits_of_its_own_is_read_the_same(
    practice: SmallPractice, *, is_postgresql: bool
) -> None:
    if not is_postgresql:
        return
    name = make_url(practice.url).database
    with practice.engine.begin() as connection:
        for habit in ("datestyle = 'SQL, DMY'", "default_transaction_isolation = 'serializable'"):
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET {habit}')
    engine = open_database(practice.url)
    with engine.connect() as connection:
        slots = METADATA.tables["Appointment_Slot"]
        assert set(connection.execute(select(slots.c.AppointmentDate)).scalars()) == {date(2026, 11, 17)}
        assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
    engine.dispose()


@pytest.mark.hazard("H18")
def test_a_column_that_goes_while_the_bridge_runs_stops_it_with_its_name(practice: SmallPractice) -> None:
    rows = LegacyRows(practice.engine, ODS)
    check_schema(rows.mapped_columns(), rows.columns())
    with practice.engine.begin() as connection:
        connection.exec_driver_sql('ALTER TABLE "Admin_Patient" DROP COLUMN "MobilePhone"')
        connection.exec_driver_sql('ALTER TABLE "Admin_Patient" ADD COLUMN "Pronouns" VARCHAR(20)')
    with pytest.raises(SideUnavailable):
        rows.read([Link(key=MARY)])
    with pytest.raises(SchemaDrifted, match=r"Admin_Patient\.MobilePhone is missing"):
        check_schema(rows.mapped_columns(), rows.columns())


def test_a_key_is_the_same_in_whichever_case_a_driver_gives_it() -> None:
    assert guid_key("{1858F0D1-9A2B-4F07-9D1E-0A3C5B7E2F11}") == guid_key(
        "1858f0d1-9a2b-4f07-9d1e-0a3c5b7e2f11"
    )
