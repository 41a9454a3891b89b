"""The simulation bites: every planted bug is found."""

import pytest

from tests.simulation.judge import Violation
from tests.simulation.mutants import PLANTED, TROUBLES, without_a_write_ahead
from tests.simulation.world import World

SEEDS = 800
LENGTHS = (60, 25)  # some bugs need two rare things at once; in a long day later edits heal others
SOUND = 120


def is_found(often: str | None, seeds: int = SEEDS) -> bool:
    """Whether some afternoon goes wrong, in any way."""
    for seed in range(1, seeds):
        try:
            World(seed, length=LENGTHS[seed % 2], often=often).run()
        except (Violation, AssertionError, KeyError):
            return True
    return False


@pytest.mark.parametrize("planted", PLANTED)
def test_planted_bug_is_found(planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    World(1).run()  # the practice that was carried once is made by the right bridge
    PLANTED[planted](monkeypatch)
    assert is_found(TROUBLES.get(planted)), f"not found in {SEEDS} seeds: {planted}"


@pytest.mark.parametrize("often", [None, *sorted(set(TROUBLES.values()))])
def test_nothing_is_found_where_no_bug_is_planted(often: str | None) -> None:
    assert not is_found(often, SOUND)


def test_without_the_write_ahead_older_values_win(monkeypatch: pytest.MonkeyPatch) -> None:
    def overruled(seed: int) -> int:
        return World(seed, often="killed").run().judge.overruled()

    def is_overruled_or_lost(seed: int) -> bool:
        try:
            return overruled(seed) > 0
        except Violation:
            return True

    assert sum(overruled(seed) for seed in range(1, 50)) == 0
    without_a_write_ahead(monkeypatch)
    assert any(map(is_overruled_or_lost, range(1, SEEDS))), "3. the bridge's own write looks like an edit"


def test_at_least_twelve_bugs_are_planted() -> None:
    assert len(PLANTED) >= 12
