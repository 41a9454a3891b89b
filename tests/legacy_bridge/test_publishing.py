"""What the mirror says of itself: often enough to be believed, and no oftener."""

import json
from datetime import UTC, datetime
from threading import Event

import pytest
from typer.testing import CliRunner

from legacy_bridge.__main__ import app
from legacy_bridge.errors import SideUnavailable
from legacy_bridge.records import Kind
from tests.legacy_bridge.support.mirror import Mirror, stages
from tests.legacy_bridge.support.small_practice import ODS
from web_modules.decision.words import Stage
from web_modules.fhir.mirror_status import AMBER_AFTER_SECONDS, Freshness, freshness_of


def published(mirror: Mirror) -> dict[str, Freshness]:
    found = [freshness_of(one) for one in mirror.client.search("Basic", {})]
    return {one.function: one for one in found if one is not None}


def versions(mirror: Mirror) -> int:
    return sum(one.resource_type == "Basic" for one in mirror.client.history_since(None))


@pytest.mark.hazard("H03")
def test_what_moves_at_rest_stays_well_below_the_amber_threshold(mirror: Mirror) -> None:
    assert 2 * mirror.service._settings.publish_seconds <= AMBER_AFTER_SECONDS


def test_at_rest_nothing_is_published_before_its_time(mirror: Mirror) -> None:
    mirror.service.publish()
    before = versions(mirror)
    for _ in range(5):
        mirror.service.step()
    assert versions(mirror) == before


def test_at_rest_only_the_functions_that_are_mirrored_move_on(mirror: Mirror) -> None:
    mirror.standings = stages(organisation=Stage.LEGACY)
    mirror.drain()
    before = published(mirror)
    mirror.service.publish()
    after = published(mirror)
    moved = {name for name in after if after[name].published_at > before[name].published_at}
    assert moved == {"patients", "appointments"}
    assert before["organisation"].is_mirrored is False


def test_old_versions_of_what_the_mirror_said_of_itself_are_removed(mirror: Mirror) -> None:
    for _ in range(4):
        mirror.service.publish()
    assert versions(mirror) > 2 * len(published(mirror))
    mirror.service._parts.board.tidy()
    assert versions(mirror) == len(published(mirror))
    mirror.drain()
    assert mirror.journal.quarantined() == []
    assert all(one.published_at <= datetime.now(UTC) for one in published(mirror).values())


@pytest.mark.hazard("H05")
def test_how_equal_the_sides_are_is_counted_and_published(mirror: Mirror) -> None:
    assert published(mirror)["patients"].total is None, "nobody has counted yet"
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.drain()
    mirror.service.count()
    found = published(mirror)
    assert (found["patients"].matched, found["patients"].total) == (1, 1)
    assert (found["appointments"].matched, found["appointments"].total) == (4, 4)


def test_what_differs_when_it_is_counted_is_looked_at_again(mirror: Mirror) -> None:
    mirror.service.count()
    omar = mirror.patient("omar")
    mirror.put(omar, gender="male")
    mirror.service._look()
    scan = mirror.service._parts.scan
    scan.start([Kind.PATIENT])
    assert scan.step(1) is True
    assert mirror.journal.standing().counted[Kind.PATIENT].matched == 2, "the last whole count stands"
    while scan.step(1):
        pass
    assert mirror.journal.standing().counted[Kind.PATIENT].matched == 1
    mirror.drain()
    mirror.service.count()
    assert published(mirror)["patients"].matched == 2
    assert mirror.practice.patient("omar")["Sex"] == "M"


def test_the_running_bridge_counts_by_itself_when_nothing_else_is_to_be_done(mirror: Mirror) -> None:
    for _ in range(20):
        mirror.service._scans_at = 0.0
        mirror.service._scan()
    assert set(mirror.journal.standing().counted) == set(mirror.service.mirrored_kinds())
    shown = CliRunner().invoke(
        app, ["status", "--practice", ODS, "--journal", str(mirror.folder / "journal.sqlite"), "--json"]
    )
    told = json.loads(shown.output)["kinds"]["patient"]
    assert (told["matched"], told["counted"]) == (2, 2)


def test_a_journal_that_fails_while_the_sides_are_counted_does_not_end_the_bridge(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, tries = Event(), []

    def fails() -> None:
        tries.append(1)
        if len(tries) > 1:
            stop.set()
        raise SideUnavailable("The journal does not take writes: check its disk.")

    monkeypatch.setattr(mirror.service, "_scan", fails)
    mirror.service.run(stop)
    assert len(tries) == 2
