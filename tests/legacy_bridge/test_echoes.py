"""The bridge's own write to legacy is known again by what the rows say, and is not looked at once more."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.sides.writes import RowChange
from tests.legacy_bridge.support.legacy_databases import ALSO_ON_POSTGRESQL
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.test_mirror_of_patients import phone, with_phone

pytestmark = ALSO_ON_POSTGRESQL


class Meanwhile:
    """Legacy's records, and something that happens once, right after the bridge has written some."""

    def __init__(self, rows: LegacyRows, happens: Callable[[], None]) -> None:
        self._rows = rows
        self._happens = happens

    def write(self, changes: Sequence[RowChange]) -> Any:
        written = self._rows.write(changes)
        happens, self._happens = self._happens, lambda: None
        happens()
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)


def rung(mirror: Mirror, happens: Callable[[], None]) -> None:
    """Give Mary another telephone number in the cloud; something happens when the bridge has written it."""
    mirror.wrap = lambda side: Meanwhile(side, happens) if isinstance(side, LegacyRows) else side
    mirror.start()
    mary = mirror.patient("mary")
    mirror.put(mary, telecom=with_phone(mary, "01632 222222"))


def test_what_the_bridge_wrote_to_legacy_is_visited_once(mirror: Mirror) -> None:
    rung(mirror, lambda: None)
    done = mirror.drain()
    assert (done.written_to_legacy, done.looked_at) == (1, 1)
    assert mirror.practice.row("Admin_Patient", "mary")["HomePhone"] == "01632 222222"
    assert mirror.differing() == []


def test_what_somebody_saves_over_the_bridge_s_write_is_carried(mirror: Mirror) -> None:
    rung(mirror, lambda: mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 333333"))
    mirror.drain()
    assert phone(mirror.patient("mary")) == "01632 333333"


def test_what_somebody_saves_beside_the_bridge_s_write_is_carried(mirror: Mirror) -> None:
    rung(mirror, lambda: mirror.practice.edit("Admin_Patient", "mary", Town="York"))
    mirror.drain()
    assert mirror.patient("mary")["address"][0]["city"] == "York"
    assert mirror.differing() == []


def test_what_a_form_puts_back_over_the_bridge_s_write_is_asked_about(mirror: Mirror) -> None:
    before = mirror.practice.row("Admin_Patient", "mary")["HomePhone"]
    rung(mirror, lambda: mirror.practice.edit("Admin_Patient", "mary", HomePhone=before))
    mirror.drain()
    assert [one.conflict.unit for one in mirror.journal.conflicts()] == ["home_phone"]


def test_a_patient_who_becomes_confidential_then_is_withdrawn(mirror: Mirror) -> None:
    rung(mirror, lambda: mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True))
    mirror.drain()
    assert mirror.resources("Patient", "Admin_Patient", "mary") == []


@pytest.mark.parametrize("number", ["01632 222222", "01632 444444"])
def test_a_bridge_that_was_started_again_looks_at_its_write_as_at_any_other(
    mirror: Mirror, number: str
) -> None:
    rung(mirror, lambda: None)
    mirror.drain()
    mirror.start()
    mirror.practice.edit("Admin_Patient", "mary", HomePhone=number)
    done = mirror.drain()
    assert (done.looked_at, done.written_to_cloud) == (1, int(number == "01632 444444"))
