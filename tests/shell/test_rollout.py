"""A decision is pinned while a patient is open; view and leading side move together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shell.rollout import Rollout
from web_modules.decision.decision import Decision, Standing, starting_point
from web_modules.decision.words import Authority, Environment, Function, Stage, View


@dataclass
class FakeFlags:
    """Standings that a test edits, as a flag file would."""

    now: dict[Function, Standing] = field(default_factory=starting_point)
    trouble: str | None = None

    def standings(self) -> Mapping[Function, Standing]:
        """Where every function stands."""
        return self.now


def _rollout(flags: FakeFlags, choices: dict[Function, View] | None = None) -> Rollout:
    return Rollout(
        flags, Environment.REFERENCE, Function, choices if choices is not None else {}, lambda _: None
    )


def _placed(decision: Decision) -> tuple[object, ...]:
    return decision.views, decision.view, decision.authority, decision.is_mirrored


@pytest.mark.hazard("H11")
def test_edit_moves_view_and_leading_side_together_and_only_when_the_patient_is_closed() -> None:
    flags = FakeFlags()
    flags.now[Function.APPOINTMENTS] = Standing(stage=Stage.TRIAL)
    rollout = _rollout(flags)
    rollout.pin()
    flags.now = flags.now | {Function.APPOINTMENTS: Standing(stage=Stage.LEAD)}
    assert not rollout.take_up()
    assert rollout.is_waiting
    pinned = rollout.decision(Function.APPOINTMENTS)
    assert (pinned.view, pinned.authority) == (View.LEGACY, Authority.LEGACY)
    rollout.unpin()
    moved = rollout.decision(Function.APPOINTMENTS)
    assert (moved.view, moved.authority) == (View.NEW, Authority.CLOUD)
    assert not rollout.is_waiting


@pytest.mark.hazard("H11")
@given(st.lists(st.tuples(st.sampled_from(Function), st.sampled_from(Stage), st.booleans()), max_size=12))
def test_no_sequence_of_edits_moves_anything_while_a_patient_is_open(
    edits: list[tuple[Function, Stage, bool]],
) -> None:
    flags = FakeFlags()
    rollout = _rollout(flags)
    before = {function: _placed(rollout.decision(function)) for function in Function}
    rollout.pin()
    for function, stage, is_stopped in edits:
        flags.now = flags.now | {function: Standing(stage=stage, is_stopped=is_stopped)}
        rollout.take_up()
        assert {one: _placed(rollout.decision(one)) for one in Function} == before
        assert rollout.decision(function).module_may_write is not is_stopped, "the kill switch does not wait"
        assert (function in rollout.stopped()) is is_stopped


def test_choice_sticks_and_is_kept() -> None:
    flags = FakeFlags()
    flags.now[Function.PATIENTS] = Standing(stage=Stage.TRIAL)
    kept: list[Mapping[Function, View]] = []
    rollout = Rollout(flags, Environment.REFERENCE, Function, {}, lambda choices: kept.append(dict(choices)))
    rollout.choose(Function.PATIENTS, View.SIDE_BY_SIDE)
    assert rollout.decision(Function.PATIENTS).view is View.SIDE_BY_SIDE
    assert kept == [{Function.PATIENTS: View.SIDE_BY_SIDE}]
    flags.now = flags.now | {Function.PATIENTS: Standing(stage=Stage.MIRROR)}
    assert rollout.take_up()
    assert rollout.decision(Function.PATIENTS).view is View.LEGACY
