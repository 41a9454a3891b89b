"""The conflict desk: people decide by a command, and the bridge that runs carries it out."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from legacy_bridge.__main__ import app
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import ODS, guid


def run(mirror: Mirror, *arguments: str) -> tuple[int, str]:
    """A command about the mirror's journal."""
    journal = ["--practice", ODS, "--journal", str(mirror.folder / "journal.sqlite")]
    done = CliRunner().invoke(app, [*arguments, *journal], env={"COLUMNS": "200"})
    return done.exit_code, done.output


def listed(mirror: Mirror, *more: str) -> list[dict[str, Any]]:
    """What the command lists."""
    code, said = run(mirror, "conflicts", "--json", *more)
    assert code == 0, said
    found: list[dict[str, Any]] = json.loads(said)
    return found


def carried(mirror: Mirror) -> None:
    """Let the bridge hear what was decided, and do it."""
    mirror.service._wishes_at = float("-inf")
    mirror.drain()


def names(mirror: Mirror) -> tuple[str, str]:
    """Mary's family name in legacy, and in the cloud."""
    there = mirror.patient("mary")["name"][0]["family"]
    return mirror.practice.patient("mary")["Surname"], there


@pytest.fixture
def number(mirror: Mirror) -> str:
    """A conflict about mary's name: Hill in legacy, Dale in the cloud."""
    mirror.practice.edit("Admin_Patient", "mary", Surname="Hill")
    found = mirror.patient("mary")
    mirror.put(found, name=[{**found["name"][0], "family": "Dale"}])
    mirror.drain()
    (one,) = listed(mirror)
    return str(one["number"])


def test_a_conflict_is_listed_in_the_words_of_the_practice(mirror: Mirror, number: str) -> None:
    code, said = run(mirror, "conflicts")
    assert code == 0
    assert "Mary Lind, born" in said
    assert "family: Hill" in said
    assert "family: Dale" in said
    assert "nobody looks after it" in said
    assert (
        "agreed before: title: Ms; given: Mary; family: Lind" in run(mirror, "conflicts", "show", number)[1]
    )


@pytest.mark.parametrize(("side", "name"), [("legacy", "Hill"), ("cloud", "Dale")])
def test_either_side_can_be_kept(mirror: Mirror, number: str, side: str, name: str) -> None:
    assert run(mirror, "conflicts", "keep", number, "--side", side, "--by", "Ann")[0] == 0
    carried(mirror)
    assert names(mirror) == (name, name)
    assert listed(mirror) == []
    (done,) = listed(mirror, "--decided")
    assert (done["winner"], done["decision"]["by"], done["decision"]["state"]) == (side, "Ann", "done")
    assert "Hill" in done["legacy_says"], "what lost is listed"
    assert "Dale" in done["cloud_says"]
    assert mirror.drain().written_to_cloud == mirror.drain().written_to_legacy == 0, "no echo"
    assert mirror.differing() == []


def test_a_third_value_reaches_both_sides(mirror: Mirror, number: str) -> None:
    assert run(mirror, "conflicts", "enter", number, "--value", "family=Moor")[0] == 0
    carried(mirror)
    assert names(mirror) == ("Moor", "Moor")
    assert listed(mirror) == []
    assert mirror.differing() == []
    noted = [one["what"] for one in mirror.journal.audited(50)]
    assert {"person decided", "decision carried out", "conflict over"} <= set(noted)
    assert mirror.journal.audit_faults() == []


@pytest.mark.hazard("H13")
def test_a_decision_is_refused_when_a_side_has_changed_since(mirror: Mirror, number: str) -> None:
    assert run(mirror, "conflicts", "keep", number, "--side", "cloud")[0] == 0
    mirror.practice.edit("Admin_Patient", "mary", Surname="Brook")
    carried(mirror)
    assert names(mirror) == ("Brook", "Dale")
    (one,) = listed(mirror)
    assert "family: Brook" in one["legacy_says"]
    assert (one["decision"]["state"], one["decision"]["words"].split(":")[0]) == (
        "refused",
        "A side has changed since you looked",
    )


def test_a_bridge_that_was_killed_carries_a_decision_out(mirror: Mirror, number: str) -> None:
    run(mirror, "conflicts", "keep", number, "--side", "cloud")
    mirror.start()
    mirror.drain()
    assert names(mirror) == ("Dale", "Dale")


def test_what_does_not_fit_a_field_is_refused_at_once(mirror: Mirror, number: str) -> None:
    code, said = run(mirror, "conflicts", "enter", number, "--value", f"family={'x' * 500}")
    assert (code, "characters" in said) == (1, True), said
    assert run(mirror, "conflicts", "enter", number, "--value", "Moor")[0] == 1
    assert run(mirror, "conflicts", "keep", "99", "--side", "cloud")[0] == 1
    assert run(mirror, "conflicts", "keep", number, "--side", "both")[0] == 1
    assert mirror.journal.wishes() == []


def test_a_conflict_is_decided_once(mirror: Mirror, number: str) -> None:
    run(mirror, "conflicts", "keep", number, "--side", "cloud")
    assert "decided a moment ago" in run(mirror, "conflicts", "keep", number, "--side", "legacy")[1]
    carried(mirror)
    assert run(mirror, "conflicts", "keep", number, "--side", "legacy")[0] == 1


def test_a_patient_who_was_deleted_in_the_cloud_can_be_kept(mirror: Mirror) -> None:
    mirror.client.delete("Patient", mirror.patient("omar")["id"])
    mirror.drain()
    (one,) = listed(mirror)
    assert one["unit"] == "deleted in the cloud"
    run(mirror, "conflicts", "keep", str(one["number"]), "--side", "legacy")
    carried(mirror)
    assert listed(mirror) == []
    assert mirror.patient("omar")["name"]
    assert mirror.differing() == []


def test_a_patient_is_not_deleted_in_legacy_by_a_decision(mirror: Mirror) -> None:
    mirror.client.delete("Patient", mirror.patient("omar")["id"])
    mirror.drain()
    (one,) = listed(mirror)
    run(mirror, "conflicts", "keep", str(one["number"]), "--side", "cloud")
    carried(mirror)
    (one,) = listed(mirror)
    assert one["decision"]["words"].startswith("The bridge cannot do this")


@pytest.mark.hazard("H24")
def test_a_booking_that_nobody_may_see_is_not_deleted_by_a_decision(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.practice.book("slot0", "mary")
    mirror.drain()
    mirror.client.delete("Slot", mirror.slot("slot0")["id"])
    mirror.drain()
    (one,) = listed(mirror)
    run(mirror, "conflicts", "keep", str(one["number"]), "--side", "cloud", "--by", "Ann")
    carried(mirror)
    assert mirror.practice.slot("slot0")["PatientGuid"] == guid("mary")
    assert not mirror.practice.slot("slot0")["Deleted"]
    assert len(listed(mirror)) == 1


@pytest.mark.hazard("H14")
def test_somebody_looks_after_it_and_what_waits_too_long_is_urgent(
    mirror: Mirror, number: str, expected_logs: list[str]
) -> None:
    expected_logs.append("waits too long for a person")
    mirror.practice.edit("Appointment_Slot", "slot0", PlannedDurationInMinutes=None)
    mirror.drain()
    (held,) = json.loads(run(mirror, "quarantine", "--json")[1])
    run(mirror, "conflicts", "assign", number, "--to", "Ann")
    run(mirror, "quarantine", "assign", str(held["number"]), "--to", "Bob")
    assert mirror.journal.escalate(datetime.now(UTC)) == 2
    assert mirror.journal.escalate(datetime.now(UTC)) == 0
    (one,) = listed(mirror)
    assert (one["owner"], one["urgent"]) == ("Ann", True)
    said = run(mirror, "quarantine", "show", str(held["number"]))[1]
    assert "Bob looks after it" in said
    assert "URGENT" in said
    assert "appointment on" in said
    assert "2 wait too long for a person" in run(mirror, "status")[1]


def test_what_is_held_back_can_be_tried_again(mirror: Mirror) -> None:
    mirror.practice.edit("Appointment_Slot", "slot0", PlannedDurationInMinutes=None)
    mirror.drain()
    (held,) = json.loads(run(mirror, "quarantine", "--json")[1])
    assert mirror.service.step().looked_at == 0
    assert run(mirror, "quarantine", "again", str(held["number"]))[0] == 0
    mirror.service._wishes_at = float("-inf")
    assert mirror.service.step().looked_at == 1
