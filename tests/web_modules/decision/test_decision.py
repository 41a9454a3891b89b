"""The rollout decision, row by row of the table of stages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_modules.decision.decision import Standing, decide
from web_modules.decision.words import Authority, Environment, Stage, View

ALL = (View.LEGACY, View.SIDE_BY_SIDE, View.NEW)

STANDINGS = st.builds(Standing, stage=st.sampled_from(Stage), is_stopped=st.booleans())
CHOICES = st.none() | st.sampled_from(View)


@pytest.mark.parametrize(
    ("stage", "views", "default", "authority", "is_mirrored"),
    [
        (Stage.LEGACY, (View.LEGACY,), View.LEGACY, Authority.LEGACY, False),
        (Stage.MIRROR, (View.LEGACY,), View.LEGACY, Authority.LEGACY, True),
        (Stage.TRIAL, ALL, View.LEGACY, Authority.LEGACY, True),
        (Stage.LEAD, ALL, View.NEW, Authority.CLOUD, True),
        (Stage.RAMPDOWN, ALL, View.NEW, Authority.CLOUD, True),
        (Stage.COMPLETE, (View.NEW,), View.NEW, Authority.CLOUD, False),
    ],
)
def test_each_stage_gives_the_views_and_the_leading_side_of_the_design(
    stage: Stage, views: tuple[View, ...], default: View, authority: Authority, *, is_mirrored: bool
) -> None:
    decision = decide(Standing(stage=stage), environment=Environment.LIVE, has_module=True)
    assert (decision.views, decision.default, decision.view) == (views, default, default)
    assert (decision.authority, decision.is_mirrored) == (authority, is_mirrored)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.COMPLETE])
def test_training_shows_both_side_by_side_first(stage: Stage) -> None:
    decision = decide(Standing(stage=stage), environment=Environment.TRAINING, has_module=True)
    assert decision.default is View.SIDE_BY_SIDE
    assert decision.views == ALL


@pytest.mark.parametrize("chosen", [None, View.NEW])
def test_kill_switch_shows_the_legacy_screen_first_and_leaves_the_module_to_be_read(
    chosen: View | None,
) -> None:
    stopped = Standing(stage=Stage.LEAD, is_stopped=True)
    decision = decide(stopped, environment=Environment.LIVE, has_module=True, chosen=chosen)
    assert decision.view is (chosen or View.LEGACY)
    assert not decision.module_may_write
    assert any("stopped" in reason for reason in decision.reasons)


def test_stopped_page_invites_nobody() -> None:
    stopped = Standing(stage=Stage.TRIAL, is_stopped=True)
    assert not decide(stopped, environment=Environment.LIVE, has_module=True).invites


def test_function_without_a_module_has_its_legacy_screen_only() -> None:
    decision = decide(Standing(stage=Stage.LEAD), environment=Environment.REFERENCE, has_module=False)
    assert decision.views == (View.LEGACY,)
    assert not decision.module_may_write


def test_invitation_goes_away_once_the_new_page_is_chosen() -> None:
    trial = Standing(stage=Stage.TRIAL)
    assert decide(trial, environment=Environment.LIVE, has_module=True).invites
    assert not decide(trial, environment=Environment.LIVE, has_module=True, chosen=View.NEW).invites


@given(STANDINGS, st.sampled_from(Environment), st.booleans(), CHOICES)
def test_the_shown_view_is_always_one_that_may_be_chosen_and_has_a_reason(
    standing: Standing, environment: Environment, has_module: bool, chosen: View | None
) -> None:
    decision = decide(standing, environment=environment, has_module=has_module, chosen=chosen)
    assert decision.view in decision.views
    assert decision.default in decision.views
    assert decision.reasons
    assert all(reason.endswith(".") for reason in decision.reasons)


@given(STANDINGS, CHOICES)
def test_the_leading_side_depends_on_the_stage_alone(standing: Standing, chosen: View | None) -> None:
    sides = {
        decide(standing, environment=environment, has_module=has_module, chosen=chosen).authority
        for environment in Environment
        for has_module in (True, False)
    }
    assert len(sides) == 1
