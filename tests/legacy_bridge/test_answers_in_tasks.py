"""The conflict desk on the cloud: whoever may write a published Task answers in it, and the bridge acts."""

from collections.abc import Sequence
from datetime import date, time
from typing import Any

import pytest

from legacy_bridge.errors import SideUnavailable
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.test_conflict_desk import carried, names
from web_modules.fhir.mirror_answers import accepted, answered

UNKNOWN_TIME = {"AppointmentDate": date(2027, 3, 28), "AppointmentStartTime": time(1, 30)}


@pytest.fixture
def conflict(mirror: Mirror) -> dict[str, Any]:
    """The Task of a conflict about mary's name: Hill in legacy, Dale in the cloud."""
    mirror.practice.edit("Admin_Patient", "mary", Surname="Hill")
    found = mirror.patient("mary")
    mirror.put(found, name=[{**found["name"][0], "family": "Dale"}])
    mirror.drain()
    return task(mirror)


def task(mirror: Mirror) -> dict[str, Any]:
    """The only Task."""
    (found,) = mirror.client.search("Task", {})
    return dict(found)


def answer(mirror: Mirror, resource: dict[str, Any]) -> None:
    """Answer as a program does that has read the Task."""
    mirror.client.update(resource, if_match=resource["meta"]["versionId"])
    mirror.service._may_be_answered = True
    carried(mirror)


@pytest.mark.parametrize(("side", "name"), [("legacy", "Hill"), ("cloud", "Dale")])
def test_either_side_is_kept(mirror: Mirror, conflict: dict[str, Any], side: str, name: str) -> None:
    answer(mirror, answered(conflict, by="Ann", keep=side))
    assert names(mirror) == (name, name)
    assert task(mirror)["status"] == "completed"
    (decided,) = mirror.journal.conflicts(decided=True)
    found = mirror.journal.last_wish(decided.link, decided.conflict.unit)
    assert found is not None
    assert (found[0].by, found[1]) == ("Ann", "done")
    assert mirror.journal.audit_faults() == []
    assert mirror.differing() == []


def test_a_third_value_reaches_both_sides(mirror: Mirror, conflict: dict[str, Any]) -> None:
    answer(mirror, answered(conflict, by="Ann", values=["family=Moor"]))
    assert names(mirror) == ("Moor", "Moor")
    assert task(mirror)["status"] == "completed"


@pytest.mark.hazard("H13")
def test_an_answer_to_values_that_are_gone_is_refused_and_the_task_says_so(
    mirror: Mirror, conflict: dict[str, Any]
) -> None:
    mirror.practice.edit("Admin_Patient", "mary", Surname="Brook")
    answer(mirror, answered(conflict, by="Ann", keep="cloud"))
    assert names(mirror) == ("Brook", "Dale")
    found = task(mirror)
    assert (found["status"], found["owner"]["display"]) == ("accepted", "Ann")
    assert found["statusReason"]["text"].startswith("A side has changed since you looked")
    assert "output" not in found
    answer(mirror, answered(found, by="Ann", keep="cloud"))
    assert names(mirror) == ("Dale", "Dale")


@pytest.mark.parametrize(
    ("keep", "values", "words"),
    [
        (None, [], "Nothing was chosen"),
        ("both", [], "Nothing was chosen"),
        ("cloud", ["family=Moor"], "Nothing was chosen"),
        (None, ["Moor"], "Give name=value"),
        (None, ["family=" + "x" * 500], "characters"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_in_words(
    mirror: Mirror, conflict: dict[str, Any], keep: str | None, values: Sequence[str], words: str
) -> None:
    answer(mirror, answered(conflict, by="Ann", keep=keep, values=values))
    assert names(mirror) == ("Hill", "Dale")
    assert words in task(mirror)["statusReason"]["text"]
    assert mirror.journal.wishes() == []


def test_an_answer_is_not_carried_out_twice(mirror: Mirror, conflict: dict[str, Any]) -> None:
    mirror.client.update(answered(conflict, by="Ann", keep="cloud"))
    mirror.start()  # a bridge that was killed before it heard
    mirror.drain()
    mirror.start()
    mirror.drain()
    assert names(mirror) == ("Dale", "Dale")
    assert len([one for one in mirror.journal.audited(100) if one["what"] == "person decided"]) == 1


def test_somebody_takes_it_on(mirror: Mirror, conflict: dict[str, Any]) -> None:
    answer(mirror, accepted(conflict, by="Ann"))
    (listed,) = mirror.journal.conflicts()
    assert listed.owner == "Ann"
    assert names(mirror) == ("Hill", "Dale")
    noted = [one for one in mirror.journal.audited(50) if one["what"] == "given to somebody"]
    assert [(one["subject"], one["to"]) for one in noted] == [(str(listed.link), "Ann")]
    mirror.drain()
    assert task(mirror)["owner"]["display"] == "Ann"


def test_a_late_answer_closes_its_task_again(mirror: Mirror, conflict: dict[str, Any]) -> None:
    mirror.practice.edit("Admin_Patient", "mary", Surname="Dale")
    mirror.drain()
    late = task(mirror)
    assert late["status"] == "completed"
    mirror.service._has_asked = True
    answer(mirror, answered(late, by="Ann", keep="legacy"))
    assert task(mirror)["status"] == "completed"
    assert mirror.journal.wishes() == []


@pytest.mark.hazard("H13")
def test_an_answer_that_comes_while_the_task_is_published_is_not_lost(
    mirror: Mirror, conflict: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = mirror.client
    search = client.search

    def meanwhile(kind: str, query: Any) -> Any:
        read = list(search(kind, query))
        if kind == "Task" and "group-identifier" in query:  # the last look before it writes
            monkeypatch.undo()
            client.update(answered(conflict, by="Ann", keep="cloud"))
        return read

    monkeypatch.setattr(mirror.service._parts.board, "_client", client)
    monkeypatch.setattr(client, "search", meanwhile)
    mirror.journal.show_again(digest=mirror.journal.conflicts()[0].digest)
    with pytest.raises(SideUnavailable):
        mirror.service.publish()
    assert task(mirror)["status"] == "in-progress"
    carried(mirror)
    assert names(mirror) == ("Dale", "Dale")


def test_what_is_held_back_is_looked_at_again(mirror: Mirror) -> None:
    mirror.practice.book("slot0", "mary")
    mirror.practice.edit("Appointment_Slot", "slot0", **UNKNOWN_TIME)
    mirror.drain()
    held = task(mirror)
    answer(mirror, answered(held, by="Ann"))
    found = task(mirror)
    assert (found["status"], found["owner"]["display"]) == ("accepted", "Ann"), "it is held back still"
    assert [one.owner for one in mirror.journal.quarantined()] == ["Ann"]


@pytest.mark.hazard("H05")
def test_nobody_decides_in_the_cloud_about_what_is_not_shown_there(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", Surname="Hill")
    found = mirror.patient("mary")
    mirror.put(found, name=[{**found["name"][0], "family": "Dale"}])
    mirror.drain()
    known = task(mirror)
    inputs = [one for one in known["input"] if "coding" not in one["type"]]
    answer(mirror, answered({**known, "input": inputs}, by="Ann", keep="cloud"))
    assert names(mirror) == ("Hill", "Dale")
    assert "not shown here" in task(mirror)["statusReason"]["text"]
