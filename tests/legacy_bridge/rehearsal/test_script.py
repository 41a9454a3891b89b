"""The script of a rehearsal."""

from itertools import pairwise

import pytest

from legacy_bridge.rehearsal.script import ONCE, Trouble, script


@pytest.mark.parametrize("seconds", [30, 90, 600, 3600])
def test_every_trouble_comes_and_each_is_over_before_the_next(seconds: int) -> None:
    for seed in range(20):
        steps = script(seed, seconds)
        troubles = [one.trouble for one in steps]
        assert set(troubles) == set(Trouble)
        assert all(troubles.count(one) == 1 for one in ONCE)
        assert all(one.at + one.lasts < following.at for one, following in pairwise(steps))
        assert steps[-1].at + steps[-1].lasts < seconds


def test_the_same_seed_gives_the_same_script_and_another_one_another() -> None:
    assert script(1, 600) == script(1, 600)
    assert script(1, 600) != script(2, 600)
