"""What the mirror says of itself: often enough to be believed, and no oftener."""

from datetime import UTC, datetime

import pytest

from tests.legacy_bridge.support.mirror import Mirror, stages
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
