"""What the window says of panes, disputes and silence."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shell.context.hub import Dispute
from shell.context.shown import Shown, ShownState, Side
from shell.main_window.wording import (
    disagreement_words,
    dispute_words,
    role_words,
    silence_words,
    strip_words,
    window_notes,
    window_title,
)
from tests.support.window_stage import SANDRA, SARAH, offer_of
from web_modules.decision.words import Environment

NOW = datetime(2026, 11, 17, 10, 12, tzinfo=UTC)


def shown(state: ShownState, identifier: str | None = None, *, unsaved: bool = False) -> Shown:
    """A read-back."""
    return Shown(state=state, read_at=NOW, identifier=identifier, unsaved=unsaved)


@pytest.mark.parametrize(
    ("what", "words", "is_warning"),
    [
        (shown(ShownState.SOMEBODY, "104417"), "104417 = <b>SMITH, Sarah</b>", False),
        (
            shown(ShownState.SOMEBODY, "104417", unsaved=True),
            "104417 = <b>SMITH, Sarah</b> · not saved yet",
            False,
        ),
        (shown(ShownState.SOMEBODY, "104981"), "104981 = another patient", True),
        (shown(ShownState.SOMEBODY, "<b>1"), "&lt;b&gt;1 = another patient", True),
        (shown(ShownState.NOBODY), "no patient", False),
        (shown(ShownState.UNKNOWN), "does not say whom it shows", True),
        (None, "not open yet", False),
    ],
)
def test_strip_says_whom_the_pane_was_read_back_to_show(
    what: Shown | None, words: str, is_warning: bool
) -> None:
    assert strip_words(Side.LEGACY, what, SARAH) == (words, is_warning)


def test_dispute_names_the_other_patient_or_says_why_not() -> None:
    today = date(2026, 11, 17)
    known = Dispute(mine=SARAH, theirs=SANDRA, number="104981", words="", read_at=NOW)
    assert dispute_words(known, today).startswith(
        "The legacy screen shows SMITH, Sandra (Mrs), born 12-Mar-1964 (62y)."
    )
    unknown = Dispute(mine=SARAH, theirs=None, number="1", words="Two patients bear it.", read_at=NOW)
    assert dispute_words(unknown, today).startswith("Two patients bear it.")


def test_silence_says_since_when_what_works_and_what_does_not() -> None:
    since, watermark = NOW - timedelta(minutes=6), NOW - timedelta(minutes=9)
    words = silence_words("Appointments", since, as_at=watermark, has_page=True)
    assert "The cloud cannot be reached since 10:06." in words
    assert "The legacy screen works as usual" in words
    assert "as they were at 10:03:00" in words
    assert "saved" not in silence_words("Appointments", NOW, as_at=None, has_page=False)
    unknown = silence_words("Appointments", since, as_at=None, has_page=True)
    assert "as they were at a time that is not known" in unknown


@pytest.mark.hazard("H21")
def test_title_says_which_environment_it_is() -> None:
    assert window_title(offer_of(Environment.TRAINING)).startswith("TRAINING – ")
    assert "nothing here is real" in window_title(offer_of(Environment.REFERENCE))
    assert window_title(offer_of(Environment.LIVE)) == "Banyan – Fernbrook Surgery"


def test_roles_are_said_as_people_say_them() -> None:
    assert [role_words(one) for one in ("gp", "it", "practice-manager")] == ["GP", "IT", "Practice manager"]


def test_two_patients_are_spoken_of_only_where_there_are_two() -> None:
    both = Dispute(mine=SARAH, theirs=SANDRA, number="104981", words="", read_at=NOW)
    assert disagreement_words(both)[1] == "The panes show two patients; writing is stopped"
    for one in (replace(both, mine=None), replace(both, theirs=None)):
        assert disagreement_words(one) == (
            "Not the same patient",
            "The panes do not show the same patient; writing is stopped",
        )


def test_only_a_window_that_ends_the_other_programs_says_so() -> None:
    assert window_notes(has_sandbox=True, ends_all=False) == []
    assert window_notes(has_sandbox=True, ends_all=True) == ["Close the window to end everything"]
    assert window_notes(has_sandbox=False, ends_all=True) == ["Run as root: the browser has no sandbox."]
