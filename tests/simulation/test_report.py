"""Green cannot mean "did nothing": each fault and each rare state is reached."""

from tests.simulation.report import FAULTS, STATES, reached

SEEDS = 400  # the first of those that every run judges


def test_each_fault_and_each_rare_state_is_reached() -> None:
    found = reached(range(SEEDS))
    assert [name for name in (*FAULTS, *STATES) if not found[name]] == []
