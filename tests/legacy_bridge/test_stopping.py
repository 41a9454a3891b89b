"""A mirror that a guard stopped says so wherever people look: status, board, metrics; and takes it back."""

import json
from collections.abc import Callable
from dataclasses import replace
from threading import Event

import pytest
from typer.testing import CliRunner

from legacy_bridge.__main__ import app
from legacy_bridge.errors import (
    AnotherBridge,
    BlastRadius,
    EnvironmentWrong,
    MirrorStopped,
    SchemaDrifted,
    SideUnavailable,
)
from legacy_bridge.guards import BlastGuard
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import ODS
from tests.legacy_bridge.test_publishing import published
from web_modules.fhir.mirror_tasks import task_of

WORDS = "The legacy database has changed: Admin_Patient.HomePhone is missing."


def check_with(mirror: Mirror, monkeypatch: pytest.MonkeyPatch, check: Callable[[], None]) -> None:
    """Look by another guard from the next step on."""
    monkeypatch.setattr(mirror.service, "_parts", replace(mirror.service._parts, check=check))
    monkeypatch.setattr(mirror.service, "_is_checked", False)


def stop_with(mirror: Mirror, monkeypatch: pytest.MonkeyPatch, error: MirrorStopped) -> None:
    """Let a guard stop the mirror."""

    def stops() -> None:
        raise error

    check_with(mirror, monkeypatch, stops)
    with pytest.raises(type(error)):
        mirror.service.step()


def status(mirror: Mirror) -> list[str]:
    shown = CliRunner().invoke(
        app, ["status", "--practice", ODS, "--journal", str(mirror.folder / "journal.sqlite"), "--json"]
    )
    found: list[str] = json.loads(shown.output)["notices"]
    return found


def tasks(mirror: Mirror) -> list[str]:
    found = [task_of(one) for one in mirror.client.search("Task", {"status": "requested"})]
    return [one.words for one in found if one is not None]


def told(mirror: Mirror) -> list[str]:
    return [f"{one['what']} {one['subject']}" for one in mirror.journal.audited(50)]


def stopped_metric(mirror: Mirror, guard: str) -> float | None:
    return mirror.service._parts.metrics.registry.get_sample_value("banyan_bridge_stopped", {"guard": guard})


@pytest.mark.hazard("H14")
def test_a_stop_stands_in_status_on_the_board_in_the_metrics_and_in_the_audit_until_it_is_over(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = published(mirror)["patients"].watermark
    stop_with(mirror, monkeypatch, SchemaDrifted(WORDS))
    assert status(mirror) == [WORDS]
    assert tasks(mirror) == [WORDS]
    found = published(mirror)["patients"]
    assert found.stopped == WORDS
    assert found.watermark >= before
    assert stopped_metric(mirror, "SchemaDrifted") == 1
    check_with(mirror, monkeypatch, lambda: None)
    mirror.drain()
    assert (status(mirror), tasks(mirror), published(mirror)["patients"].stopped) == ([], [], "")
    assert stopped_metric(mirror, "SchemaDrifted") is None
    assert [one for one in told(mirror) if one.endswith("mirror/stopped")] == [
        "released mirror/stopped",
        "held mirror/stopped",
    ]


@pytest.mark.hazard("H21")
def test_a_cloud_of_another_environment_is_not_told_why_the_mirror_stopped(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "This bridge is for the live environment and the cloud says it is training."
    stop_with(mirror, monkeypatch, EnvironmentWrong(words))
    assert status(mirror) == [words]
    assert tasks(mirror) == []
    assert published(mirror)["patients"].stopped == ""


def test_another_bridge_that_carries_on_is_no_stop(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_with(mirror, monkeypatch, AnotherBridge("Another bridge took over."))
    assert status(mirror) == []


def test_a_stop_is_put_on_the_board_once_that_can_be_reached(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise SideUnavailable("The cloud does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(mirror.service._parts.board, "publish", silent)
        stop_with(mirror, monkeypatch, SchemaDrifted(WORDS))
    assert (status(mirror), tasks(mirror)) == ([WORDS], [])
    with pytest.raises(SchemaDrifted):
        mirror.service.step()
    assert tasks(mirror) == [WORDS]


def test_a_bridge_that_never_looked_says_nothing_of_freshness_when_it_is_stopped(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = published(mirror)
    mirror.start()
    stop_with(mirror, monkeypatch, SchemaDrifted(WORDS))
    assert tasks(mirror) == [WORDS]
    assert published(mirror) == before


def test_what_an_earlier_bridge_said_of_its_stop_is_taken_back(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_with(mirror, monkeypatch, SchemaDrifted(WORDS))
    mirror.start()
    assert status(mirror) == [WORDS]
    mirror.drain()
    assert (status(mirror), tasks(mirror)) == ([], [])


def test_a_batch_that_would_delete_too_much_is_said_once_and_not_taken_back_at_each_look(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, expected_logs: list[str]
) -> None:
    expected_logs.append("mirror stopped: One batch would delete")
    mirror.blast_guard = BlastGuard(at_least=0)
    mirror.start()
    mirror.practice.edit("Appointment_Slot", "slot0", Deleted=True)
    stop, waits = Event(), []

    def waited(_seconds: float) -> bool:
        waits.append(1)
        if len(waits) > 2:
            stop.set()
        return stop.is_set()

    monkeypatch.setattr(stop, "wait", waited)
    mirror.service.run(stop)
    assert len([one for one in told(mirror) if one.endswith("mirror/stopped")]) == 1
    assert stopped_metric(mirror, BlastRadius.__name__) == 1
