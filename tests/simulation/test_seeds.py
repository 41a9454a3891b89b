"""Afternoons by seed: the real bridge between simulated sides, with everything going wrong that may."""

import pytest

from tests.simulation.world import World

SEEDS = 3000
A_TEST = 50
_COUNTED = 10  # every tenth afternoon: a count heals what a feed has missed


@pytest.mark.parametrize("first", range(0, SEEDS, A_TEST))
def test_no_edit_is_lost_and_both_sides_come_to_agree(first: int) -> None:
    for seed in range(first, first + A_TEST):
        World(seed, is_counted=seed % _COUNTED == 0).run()


@pytest.mark.soak
@pytest.mark.parametrize("first", range(SEEDS, 200_000, 1000))
def test_no_edit_is_lost_and_both_sides_come_to_agree_very_often(first: int) -> None:
    for seed in range(first, first + 1000):
        World(seed, is_counted=seed % _COUNTED == 0).run()


def test_the_same_seed_gives_the_same_afternoon() -> None:
    first, second, other = World(7).run(), World(7).run(), World(8).run()
    assert first.digest() == second.digest()
    assert first.digest() != other.digest()


def test_a_journal_that_knows_of_no_beat_is_doubted_where_a_bridge_has_been() -> None:
    World(9640).run()  # it came back from before its first beat, and took what was cleared for never entered
