"""A legacy form that was opened before a write of the bridge, and is saved whole after it."""

import pytest

from legacy_bridge.sides.listings import ListedConflict
from tests.legacy_bridge.support.mirror import Mirror

OLD, NEW = "01632 960383", "01632 960001"


def ring_in_cloud(mirror: Mirror, number: str) -> None:
    """Change mary's telephone number in the cloud, and let the bridge carry it."""
    found = mirror.patient("mary")
    telecom = [
        {**one, "value": number} if one["system"] == "phone" else one for one in found.get("telecom", [])
    ]
    mirror.put(found, telecom=telecom)
    mirror.drain()


def phones(mirror: Mirror) -> tuple[object, object]:
    """The number in legacy, and in the cloud."""
    telecom = mirror.patient("mary").get("telecom", [])
    there = next((one.get("value") for one in telecom if one["system"] == "phone"), None)
    return mirror.practice.patient("mary")["HomePhone"], there


def save_form(mirror: Mirror, **typed: str) -> None:
    """Save the form as it was opened, but for what was typed."""
    mirror.practice.edit("Admin_Patient", "mary", **{"HomePhone": OLD, **typed})
    mirror.drain()


def asked(mirror: Mirror) -> ListedConflict:
    """The one conflict that waits."""
    (found,) = mirror.journal.conflicts()
    return found


@pytest.mark.hazard("H13")
def test_what_a_form_puts_back_is_asked_about_and_what_was_typed_travels(mirror: Mirror) -> None:
    assert phones(mirror)[0] == OLD
    ring_in_cloud(mirror, NEW)
    save_form(mirror, EmailAddress="mary@example.org")
    assert phones(mirror) == (OLD, NEW)
    found = asked(mirror).conflict
    assert (found.unit, found.legacy, found.cloud) == ("home_phone", {"home_phone": OLD}, {"home_phone": NEW})
    emails = [one["value"] for one in mirror.patient("mary")["telecom"] if one["system"] == "email"]
    assert emails == ["mary@example.org"]


def test_a_bridge_that_was_killed_still_knows_what_it_wrote(mirror: Mirror) -> None:
    ring_in_cloud(mirror, NEW)
    mirror.start()
    save_form(mirror)
    mirror.start()
    mirror.drain()
    assert phones(mirror) == (OLD, NEW)
    assert asked(mirror).conflict.unit == "home_phone"


def test_what_is_set_back_after_all_forms_are_closed_is_an_edit(mirror: Mirror) -> None:
    mirror.form_minutes = 0.0
    mirror.start()
    ring_in_cloud(mirror, NEW)
    mirror.service.publish()
    save_form(mirror)
    assert phones(mirror) == (OLD, OLD)
    assert mirror.journal.conflicts() == []


def test_the_question_ends_when_both_sides_say_the_same(mirror: Mirror) -> None:
    ring_in_cloud(mirror, NEW)
    save_form(mirror)
    mirror.practice.edit("Admin_Patient", "mary", HomePhone=NEW)
    mirror.drain()
    assert mirror.journal.conflicts() == []
    assert phones(mirror) == (NEW, NEW)
    assert mirror.differing() == []


def test_an_edit_of_what_was_put_back_is_in_conflict_with_what_the_bridge_wrote(mirror: Mirror) -> None:
    ring_in_cloud(mirror, NEW)
    save_form(mirror)
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 960002")
    mirror.drain()
    (found,) = [one.conflict for one in mirror.journal.conflicts(decided=True)]
    assert {*found.legacy.values(), *found.cloud.values()} == {"01632 960002", NEW}
    assert mirror.differing() == []
