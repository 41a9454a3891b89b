"""What SQL Server would be told, as text: there is none to run it on."""

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import mssql
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import ClauseElement

from legacy_bridge.errors import RestoreDetected
from legacy_bridge.legacy import locks
from legacy_bridge.legacy.capture.change_tracking import changes_of, oldest_of, switching_on, window
from legacy_bridge.legacy.capture.sources import SOURCES
from legacy_bridge.legacy.database import ALONE_IN_SQL_SERVER, HABITS_OF_SQL_SERVER
from legacy_bridge.legacy.entries import counts
from legacy_bridge.legacy.groups import GROUPS
from legacy_bridge.legacy.own_tables import LEASE
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import Kind

DIALECT = mssql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
GUID = "{1858F0D1-9A2B-4F07-9D1E-0A3C5B7E2F11}"


def said(statement: ClauseElement) -> str:
    return " ".join(str(statement.compile(dialect=DIALECT)).split())


def test_changes_are_read_by_key_with_what_the_row_names_now() -> None:
    assert said(changes_of("CareRecord_Observation", ("ObservationGuid", "ParentObservationGuid"))) == (
        "SELECT touched.[ObservationGuid], now.[ParentObservationGuid] "
        "FROM CHANGETABLE(CHANGES [CareRecord_Observation], :since) AS touched "
        "LEFT OUTER JOIN [CareRecord_Observation] AS now "
        "ON now.[OrganisationGuid] = touched.[OrganisationGuid] "
        "AND now.[ObservationGuid] = touched.[ObservationGuid] "
        "WHERE touched.[SYS_CHANGE_VERSION] <= :upto"
    )


def test_every_source_has_a_key_to_be_tracked_by_and_names_columns_that_it_has() -> None:
    for table, (_, columns) in SOURCES.items():
        assert list(METADATA.tables[table].primary_key)
        assert said(changes_of(table, columns)).startswith("SELECT touched.")


def test_it_is_asked_from_which_version_on_changes_are_whole() -> None:
    assert said(oldest_of("Admin_Patient")).startswith("SELECT CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(")


def test_tracking_is_switched_on_where_it_is_off_only() -> None:
    all_of_it = list(switching_on(SOURCES, [], is_on=False))
    assert all_of_it[0] == (
        "ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 7 DAYS, AUTO_CLEANUP = ON)"
    )
    assert len(all_of_it) == 1 + len(SOURCES)
    rest = switching_on(SOURCES, [table for table in SOURCES if table != "Admin_Patient"], is_on=True)
    assert list(rest) == [
        "ALTER TABLE [Admin_Patient] ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF)"
    ]


def test_rows_are_taken_without_waiting_and_seen_whoever_has_them() -> None:
    [(table, statement)] = GROUPS[Kind.PATIENT].written(METADATA, GUID)
    assert "FROM [Admin_Patient] WITH (UPDLOCK, ROWLOCK, READPAST) WHERE" in said(
        locks.free(statement, table)
    )
    assert "FROM [Admin_Patient] WITH (READUNCOMMITTED) WHERE" in said(locks.there(statement, table))


def test_the_lease_is_kept_until_the_write_has_ended() -> None:
    held = locks.kept(select(LEASE.c.epoch).where(LEASE.c.practice == "Y99002"), LEASE)
    assert "FROM banyan_lease WITH (REPEATABLEREAD) WHERE" in said(held)
    assert "@LockOwner = N'Transaction'" in ALONE_IN_SQL_SERVER


def test_the_bridge_gives_way_in_a_deadlock_and_never_waits_for_ever() -> None:
    assert {"SET DEADLOCK_PRIORITY LOW", "SET LOCK_TIMEOUT 5000"} <= set(HABITS_OF_SQL_SERVER)


def test_columns_hold_any_letter_every_day_and_guids_as_guids() -> None:
    drug = said(CreateTable(METADATA.tables["Prescribing_DrugRecord"]))
    assert "[Dosage] NVARCHAR(400) NULL" in drug
    assert "[ExpiryDate] DATETIME2 NULL" in drug
    assert "[DrugRecordGuid] UNIQUEIDENTIFIER NOT NULL" in drug
    assert "[Quantity] NUMERIC(38, 12) NULL" in drug
    observation = said(CreateTable(METADATA.tables["CareRecord_Observation"]))
    assert "[Qualifiers] NVARCHAR(max) NULL" in observation


def test_a_guid_goes_without_braces_and_comes_back_with_them() -> None:
    guid = METADATA.tables["Admin_Patient"].c.PatientGuid.type.dialect_impl(DIALECT)
    write, read = guid.bind_processor(DIALECT), guid.result_processor(DIALECT, None)
    assert read is not None
    sent = GUID if write is None else write(GUID)
    assert "{" not in str(sent)
    assert read(GUID.strip("{}").lower()) == GUID


def test_every_statement_of_every_kind_compiles() -> None:
    for kind, group in GROUPS.items():
        for _, statement in group.statements(METADATA, GUID):
            assert said(statement).startswith("SELECT")
        assert said(group.keys(METADATA, GUID, kind)).startswith("SELECT")


def test_no_statement_says_what_only_other_databases_know() -> None:
    for kind, group in GROUPS.items():
        of_rows = [statement for _, statement in group.statements(METADATA, GUID)]
        for statement in (*of_rows, group.keys(METADATA, GUID, kind), counts(METADATA, GUID)):
            words = said(statement).replace("IS NULL", "").replace("IS NOT NULL", "")
            assert " IS " not in words
            assert "substr(" not in words


def test_the_rows_of_a_blood_pressure_are_told_and_taken_by_the_one_above() -> None:
    children = said(dict(GROUPS[Kind.OBSERVATION].statements(METADATA, GUID))["children"])
    assert "EXISTS (SELECT whole.[PatientGuid] INTERSECT SELECT beside_children.[PatientGuid])" in children
    *_, (table, parts) = GROUPS[Kind.OBSERVATION].written(METADATA, GUID)
    assert said(locks.free(parts, table)).startswith(
        "SELECT [CareRecord_Observation].[ParentObservationGuid] "
        "FROM [CareRecord_Observation] WITH (UPDLOCK, ROWLOCK, READPAST) "
    )


def test_changes_that_the_retention_removed_are_a_gap_and_never_skipped() -> None:
    assert window("7/f", 9, "f", [3, 7]) == (7, 9)
    assert window("7/f", 9, "f", [3, 8]) == (None, 9)
    assert window("7/f", 9, "f", [3, None]) == (None, 9)


def test_many_changes_are_read_in_parts() -> None:
    assert window("7/f", 9000, "f", [0]) == (7, 2007)


@pytest.mark.hazard("H18")
def test_a_database_from_a_backup_is_noticed_though_versions_are_used_again() -> None:
    for newest, fork in ((6, "f"), (9, "another")):
        with pytest.raises(RestoreDetected, match="backup"):
            window("7/f", newest, fork, [0])
