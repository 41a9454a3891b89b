"""How fresh the glass says that it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shell.main_window.freshness import ago, copy_words, function_line, mirror_line
from web_modules.decision.decision import Decision, Standing, decide
from web_modules.decision.words import Environment, Stage
from web_modules.fhir.mirror_status import Freshness

NOW = datetime(2026, 11, 17, 10, 12, 41, tzinfo=UTC)


def fresh(seconds: float) -> Freshness:
    """What the bridge published, with a watermark so many seconds ago."""
    moment = NOW - timedelta(seconds=seconds)
    return Freshness(
        function="patients", watermark=moment, published_at=moment, leads="cloud", is_mirrored=True
    )


@pytest.mark.hazard("H03")
@pytest.mark.parametrize(
    ("seconds", "words", "tone"),
    [
        (2, "up to date 2 s ago", "ok"),
        (59, "up to date 59 s ago", "ok"),
        (60, "as at 10:11:41, 1 min ago", "warn"),
        (299, "as at 10:07:42, 4 min ago", "warn"),
        (300, "as at 10:07:41, 5 min ago", "bad"),
        (7200, "as at 08:12:41, 2 h ago", "bad"),
        (-5, "up to date 0 s ago", "ok"),
    ],
)
def test_freshness_is_green_then_amber_then_red(seconds: float, words: str, tone: str) -> None:
    line = mirror_line(fresh(seconds), NOW, leads="cloud")
    assert (line.fresh, line.tone) == (words, tone)
    assert line.leads == "Both ways · cloud leads"


@pytest.mark.hazard("H03")
def test_a_mirror_that_stopped_is_red_at_once() -> None:
    line = mirror_line(replace(fresh(2), stopped="A column is missing."), NOW, leads="cloud")
    assert (line.fresh, line.tone) == ("mirror stopped, as at 10:12:39, 2 s ago", "bad")


@pytest.mark.hazard("H03")
def test_time_that_is_not_known_is_red() -> None:
    assert mirror_line(None, NOW, leads="legacy").tone == "bad"


@pytest.mark.hazard("H03")
def test_silent_cloud_is_red_however_fresh_the_last_word_was() -> None:
    line = mirror_line(fresh(2), NOW, leads="cloud", gone_since=NOW)
    assert line.tone == "bad"
    assert line.leads == "Cloud cannot be reached"


def test_every_state_has_an_icon_besides_its_colour() -> None:
    icons = {mirror_line(fresh(age), NOW, leads="cloud").icon for age in (2, 100, 400)}
    assert len(icons) == 3


def test_ages_are_told_in_the_largest_unit() -> None:
    assert [ago(NOW - timedelta(seconds=one), NOW) for one in (0, 61, 3600, 90000)] == [
        "0 s ago",
        "1 min ago",
        "1 h ago",
        "1 d ago",
    ]


def at_stage(stage: Stage) -> Decision:
    """The decision at a stage."""
    return decide(Standing(stage=stage), environment=Environment.LIVE, has_module=True)


@pytest.mark.hazard("H03")
@pytest.mark.parametrize("then", [Stage.LEGACY, Stage.COMPLETE])
def test_function_whose_mirror_ended_under_an_open_patient_is_not_mirrored_at_once(then: Stage) -> None:
    line = function_line(at_stage(Stage.LEAD), at_stage(then), replace(fresh(200), waiting=2), NOW)
    assert (line.leads, line.fresh) == ("Not mirrored", "as at 10:09:21, 3 min ago")
    assert (line.tone, line.waiting_words) == ("warn", "2 not carried")
    assert line.leads_icon != "both-ways"
    assert function_line(at_stage(Stage.LEAD), at_stage(then), None, NOW).tone == "bad"


@pytest.mark.hazard("H03")
def test_what_waits_is_said_of_a_function_that_is_not_mirrored_too() -> None:
    legacy = at_stage(Stage.LEGACY)
    line = function_line(legacy, legacy, replace(fresh(200), waiting=1), NOW)
    assert (line.leads, line.fresh) == ("Not mirrored", "legacy screen only")
    assert line.waiting_words == "1 not carried"
    assert function_line(legacy, legacy, fresh(200), NOW).waiting is None


@pytest.mark.hazard("H03")
def test_copy_that_nobody_keeps_up_to_date_says_of_when_it_is() -> None:
    legacy = at_stage(Stage.LEGACY)
    assert copy_words(legacy, fresh(200), NOW) == "details as at 10:09:21, check the legacy screen"
    assert copy_words(legacy, fresh(86400), NOW) == "details as at 16-Nov-2026 10:12, check the legacy screen"
    assert copy_words(legacy, None, NOW) == "details of a time not known, check the legacy screen"
    for stage in (Stage.MIRROR, Stage.LEAD, Stage.COMPLETE):
        assert copy_words(at_stage(stage), fresh(200), NOW) == ""
