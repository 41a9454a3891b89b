"""Fail the n-th call: every input and output of the bridge on a calm day, once and for good."""

import pytest

from tests.simulation.world import World

ONCE = ("fails", "answer lost", "killed before", "killed after")
SEED = 5


def a_day(fault: str | None, number: int, *, is_for_good: bool = False) -> World:
    """A calm day on which one call goes wrong; with `is_for_good`, all after it too, until people go home."""
    world = World(SEED, length=10, is_calm=True)

    def fail_at(count: int, _site: str) -> str | None:
        is_hit = count >= number if is_for_good else count == number
        return fault if is_hit else None

    world.faults.fail_at = fail_at
    return world.run()


def calls_of_a_day() -> int:
    """How many calls there are before people go home."""
    calls: list[int] = []
    world = World(SEED, length=10, is_calm=True)
    world.faults.fail_at = lambda count, _site: calls.append(count)
    world.run()
    return len(calls)


@pytest.mark.parametrize("fault", ONCE)
def test_a_call_that_goes_wrong_once_is_made_good(fault: str) -> None:
    calls = calls_of_a_day()
    assert calls > 50
    for number in range(1, calls + 1):
        assert a_day(fault, number).faults.reached[fault] == 1


def test_a_call_that_goes_wrong_for_good_is_made_good_when_it_ends() -> None:
    for number in range(1, calls_of_a_day() + 1):
        a_day("fails", number, is_for_good=True)
