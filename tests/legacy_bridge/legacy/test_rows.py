"""Rows: read in groups, and written only if they are still what was read."""

import pytest

from legacy_bridge.errors import SettingsWrong
from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.records import Kind
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
