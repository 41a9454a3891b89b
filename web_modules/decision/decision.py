"""The rollout decision: pure, and the only place that turns a stage into views and a leading side."""

from collections.abc import Mapping
from dataclasses import dataclass

from web_modules.decision.words import Authority, Environment, Function, Stage, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the flags say of one function at one practice.

    Attributes:
        stage: how far the function has moved.
        is_stopped: the kill switch: the module may only be read.
    """

    stage: Stage
    is_stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Which views a person has of a function, and why.

    Attributes:
        views: those that may be chosen, in the order of the view switch.
        default: the one shown when the person has chosen none.
        view: the one to show: the person's choice when it may be chosen, else the default.
        authority: the side that leads.
        is_mirrored: whether the bridge carries this function's records.
        module_may_write: False while the kill switch is on.
        legacy_may_write: False in rampdown, where the legacy screen is only read.
        invites: whether to offer the new view in one line (trial, and not taken yet).
        reasons: why, one plain sentence each.
    """

    views: tuple[View, ...]
    default: View
    view: View
    authority: Authority
    is_mirrored: bool
    module_may_write: bool
    legacy_may_write: bool
    invites: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row of the table of stages (DESIGN.md, section 5)."""

    views: tuple[View, ...]
    default: View
    authority: Authority
    is_mirrored: bool
    reason: str


_ALL = (View.LEGACY, View.SIDE_BY_SIDE, View.NEW)

_STAGES: Mapping[Stage, _Row] = {
    Stage.LEGACY: _Row(
        views=(View.LEGACY,),
        default=View.LEGACY,
        authority=Authority.LEGACY,
        is_mirrored=False,
        reason="This function has not started to move: the legacy screen is the only one.",
    ),
    Stage.MIRROR: _Row(
        views=(View.LEGACY,),
        default=View.LEGACY,
        authority=Authority.LEGACY,
        is_mirrored=True,
        reason="The data is being copied both ways and checked; the new page opens once that is proven.",
    ),
    Stage.TRIAL: _Row(
        views=_ALL,
        default=View.LEGACY,
        authority=Authority.LEGACY,
        is_mirrored=True,
        reason="Your practice is trying the new page: the legacy screen comes first, you choose the other.",
    ),
    Stage.LEAD: _Row(
        views=_ALL,
        default=View.NEW,
        authority=Authority.CLOUD,
        is_mirrored=True,
        reason="Your practice leads with the new page; the legacy screen stays one key away.",
    ),
    Stage.RAMPDOWN: _Row(
        views=_ALL,
        default=View.NEW,
        authority=Authority.CLOUD,
        is_mirrored=True,
        reason="The new page has taken over; the legacy screen is kept for reading.",
    ),
    Stage.COMPLETE: _Row(
        views=(View.NEW,),
        default=View.NEW,
        authority=Authority.CLOUD,
        is_mirrored=False,
        reason="This function has moved: the legacy screen is gone.",
    ),
}


def decide(
    standing: Standing, *, environment: Environment, has_module: bool, chosen: View | None = None
) -> Decision:
    """Decide what a person sees of a function.

    Args:
        standing: what the flags say.
        environment: in training, both sides are shown side by side first, whatever the stage.
        has_module: whether the cloud has pages for this function.
        chosen: the view that the person chose last, or None; of a stopped module, since it was stopped.
    """
    row = _STAGES[standing.stage]
    views, default, reasons = row.views, row.default, [row.reason]
    if environment is Environment.TRAINING and standing.stage is not Stage.COMPLETE:
        views, default = _ALL, View.SIDE_BY_SIDE
        reasons = ["In training both screens are open to try, side by side first."]
    if not has_module:
        views, default = (View.LEGACY,), View.LEGACY
        reasons = ["There is no new page for this function yet; the legacy screen does it all."]
    if standing.is_stopped and View.NEW in views:
        reasons.append("The new page was stopped: it can be read, and what you typed is kept.")
        if View.LEGACY in views:
            default = View.LEGACY
    elif standing.stage is Stage.RAMPDOWN:
        reasons.append("To change something, use the new page.")
    view = chosen if chosen in views else default
    if chosen is not None and view is chosen and chosen is not default:
        reasons.append(f"You chose {_named(chosen)}.")
    return Decision(
        views=views,
        default=default,
        view=view,
        authority=row.authority,
        is_mirrored=row.is_mirrored,
        module_may_write=has_module and not standing.is_stopped,
        legacy_may_write=standing.stage is not Stage.RAMPDOWN,
        invites=standing == Standing(stage=Stage.TRIAL) and View.NEW in views and view is View.LEGACY,
        reasons=tuple(reasons),
    )


def stopped_words(title: str, decision: Decision) -> str:
    """What is said for as long as a function's new page is stopped, in the shell and on the page itself."""
    words = f"The new {title.lower()} page was stopped. It can be read; what you typed is kept."
    if View.LEGACY in decision.views and decision.legacy_may_write:
        words += " To change something, use the legacy screen."
    return words


def starting_point() -> dict[Function, Standing]:
    """Where every function stands when nothing is known: on the legacy screen."""
    return {function: Standing(stage=Stage.LEGACY) for function in Function}


def _named(view: View) -> str:
    return {
        View.LEGACY: "the legacy screen",
        View.SIDE_BY_SIDE: "both side by side",
        View.NEW: "the new page",
    }[view]
