"""Rows: read in groups, and written only if they are still what was read."""

import pytest
from sqlalchemy import select

from legacy_bridge.errors import SettingsWrong
from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import Kind, LinkKey, Row
from legacy_bridge.sides.links import Link
from legacy_bridge.sides.writes import OutcomeKind, RowChange
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice, guid, key

MARY = key(Kind.PATIENT, "mary")


def test_write_is_refused_when_the_row_changed_since_it_was_read(practice: SmallPractice) -> None:
    rows = LegacyRows(practice.engine, ODS)
    group = rows.read([Link(key=MARY)])[MARY]
    practice.edit("Admin_Patient", "mary", Town="York")
    change = RowChange(link=MARY, digest=group.digest, columns={"HomePhone": "1"})
    assert rows.write([change])[MARY].kind is OutcomeKind.CHANGED
    assert practice.patient("mary")["HomePhone"] == "01632 960383"


def test_one_changed_row_does_not_hold_up_the_others_of_a_batch(practice: SmallPractice) -> None:
    rows = LegacyRows(practice.engine, ODS)
    omar = key(Kind.PATIENT, "omar")
    groups = rows.read([Link(key=MARY), Link(key=omar)])
    practice.edit("Admin_Patient", "mary", Town="York")
    changes = [RowChange(link=one, digest=groups[one].digest, columns={"HomePhone": "1"}) for one in groups]
    outcomes = rows.write(changes)
    assert outcomes[MARY].kind is OutcomeKind.CHANGED
    assert outcomes[omar].kind is OutcomeKind.WRITTEN
    assert practice.patient("omar")["HomePhone"] == "1"


def test_a_row_of_another_organisation_with_the_same_guid_is_somebody_else(practice: SmallPractice) -> None:
    practice.add_patient("mary", Surname="Elsewhere", OrganisationGuid=guid("hospital"))
    group = LegacyRows(practice.engine, ODS).read([Link(key=MARY)])[MARY]
    assert [row["Surname"] for row in group.rows["Admin_Patient"]] == ["Lind"]


def test_a_practice_that_the_database_does_not_have_is_refused_in_words(practice: SmallPractice) -> None:
    with pytest.raises(SettingsWrong, match="no organisation"):
        LegacyRows(practice.engine, "X00000")


def test_records_that_change_alike_each_get_their_own_values(practice: SmallPractice) -> None:
    practice.add_patient("mary", Surname="Elsewhere", OrganisationGuid=guid("hospital"), HomePhone="7")
    rows = LegacyRows(practice.engine, ODS)
    omar = key(Kind.PATIENT, "omar")
    groups = rows.read([Link(key=MARY), Link(key=omar)])
    told: dict[LinkKey, Row] = {
        MARY: {"HomePhone": "1", "Town": "York"},
        omar: {"Town": None, "HomePhone": "2"},
    }
    outcomes = rows.write(
        [RowChange(link=one, digest=groups[one].digest, columns=told[one]) for one in groups]
    )
    assert {one.kind for one in outcomes.values()} == {OutcomeKind.WRITTEN}
    with practice.engine.connect() as connection:
        table = METADATA.tables["Admin_Patient"]
        found = connection.execute(select(table.c.Surname, table.c.HomePhone, table.c.Town)).all()
    assert {row[0]: tuple(row[1:]) for row in found} == {
        "Lind": ("1", "York"),
        practice.patient("omar")["Surname"]: ("2", None),
        "Elsewhere": ("7", "Leeds"),
    }


def test_one_record_that_the_database_refuses_does_not_hold_up_those_that_change_alike(
    practice: SmallPractice, expected_logs: list[str]
) -> None:
    expected_logs.append("error ignored terminating")  # psycopg, of the statement that was refused
    rows = LegacyRows(practice.engine, ODS)
    omar = key(Kind.PATIENT, "omar")
    groups = rows.read([Link(key=MARY), Link(key=omar)])
    told: dict[LinkKey, Row] = {
        MARY: {"HomePhone": "1", "OrganisationGuid": guid("org")},
        omar: {"HomePhone": "2", "OrganisationGuid": None},
    }
    outcomes = rows.write(
        [RowChange(link=one, digest=groups[one].digest, columns=told[one]) for one in groups]
    )
    assert (outcomes[MARY].kind, outcomes[omar].kind) == (OutcomeKind.WRITTEN, OutcomeKind.REFUSED)
    assert practice.patient("mary")["HomePhone"] == "1"
    assert practice.patient("omar")["HomePhone"] != "2"
