"""The mirror with PostgreSQL as the legacy database, natively and through ODBC: a day in short.

With `--soak` the tests of patients and appointments run there too.
"""

from datetime import time

import pytest
from sqlalchemy import update

from legacy_bridge.legacy.schema import METADATA
from tests.legacy_bridge.support.legacy_databases import LegacyKind
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import SmallPractice, guid

PATIENTS = METADATA.tables["Admin_Patient"]


@pytest.fixture(params=[LegacyKind.POSTGRESQL, LegacyKind.POSTGRESQL_ODBC], ids=["native", "odbc"])
def legacy_kind(request: pytest.FixtureRequest) -> LegacyKind:
    found: LegacyKind = request.param
    return found


def test_edits_of_both_sides_reach_the_other_and_nothing_echoes(
    mirror: Mirror, practice: SmallPractice
) -> None:
    assert mirror.differing() == []
    practice.edit("Admin_Patient", "mary", Surname="Lindqvist")
    mirror.put(mirror.patient("omar"), birthDate="1981-01-01")
    practice.book("slot1", "mary")
    mirror.drain()
    assert mirror.patient("mary")["name"][0]["family"] == "Lindqvist"
    assert str(practice.patient("omar")["DateOfBirth"]) == "1981-01-01"
    assert [one["status"] for one in mirror.appointments("slot1")] == ["booked"]
    practice.free("slot1")
    practice.add_slot("new", AppointmentStartTime=time(11))
    mirror.drain()
    assert [one["status"] for one in mirror.appointments("slot1")] == ["cancelled"]
    assert mirror.slot("new")["status"] == "free"
    rest = mirror.drain()
    assert (rest.written_to_cloud, rest.written_to_legacy) == (0, 0)
    assert mirror.differing() == []


def test_an_edit_made_while_the_bridge_was_away_is_carried_when_it_comes_back(
    mirror: Mirror, practice: SmallPractice
) -> None:
    mirror.stop()
    practice.edit("Admin_Patient", "mary", Town="York")
    mirror.start()
    mirror.drain()
    assert mirror.patient("mary")["address"][0]["city"] == "York"
    assert mirror.differing() == []


def test_both_edits_of_a_record_that_a_form_holds_open_survive(
    mirror: Mirror, practice: SmallPractice
) -> None:
    mirror.put(mirror.patient("mary"), birthDate="1979-12-31")
    mirror.put(mirror.patient("omar"), birthDate="1981-01-01")
    with practice.engine.connect() as form:
        form.execute(update(PATIENTS).where(PATIENTS.c.PatientGuid == guid("mary")).values(Town="York"))
        mirror.service._parts.cloud_moved.set()
        mirror.service.step()
        assert str(practice.patient("omar")["DateOfBirth"]) == "1981-01-01"
        form.commit()
    mirror.drain()
    mary = practice.patient("mary")
    assert (str(mary["DateOfBirth"]), mary["Town"]) == ("1979-12-31", "York")
    assert mirror.patient("mary")["address"][0]["city"] == "York"
    assert mirror.differing() == []
