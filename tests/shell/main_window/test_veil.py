"""The veil: both identities and all choices whole and within reach at every size; it moves nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from shell.context.hub import Dispute
from shell.context.shown import Side
from shell.main_window.veil import Veil
from shell.patient import Patient
from tests.support.whole import cut_parts
from tests.support.window_stage import SANDRA, SARAH, WindowStage
from web_modules.decision.words import View

LONG = replace(SARAH, family="Featherstonehaugh" * 6, address="12 Rose Lane, Fernbrook, FB1 2CD")
OTHER = replace(SANDRA, family="Cholmondeley" * 9)


def dispute_of(mine: Patient, theirs: Patient) -> Dispute:
    """The legacy program shows somebody else."""
    return Dispute(mine=mine, theirs=theirs, number="104981", words="", read_at=datetime.now(UTC))


def veil_of(stage: WindowStage, dispute: Dispute) -> Veil:
    """The page's veil beside the legacy screen, about a dispute."""
    stage.transport.is_reachable = False  # nobody is read again
    stage.window.resize(1280, 800)
    stage.board.choose(View.SIDE_BY_SIDE)
    stage.open(dispute.mine)
    stage.board.veil(Side.CLOUD)
    veil = stage.window.panes[Side.CLOUD].veil
    veil.show_dispute(dispute, stage.window.today())
    return veil


@pytest.mark.hazard("H01")
@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize(("mine", "theirs"), [(SARAH, SANDRA), (LONG, OTHER)], ids=["usual", "long"])
def test_identities_and_choices_are_whole_at_every_text_size(
    make_stage: Callable[..., WindowStage], qtbot: QtBot, scale: float, mine: Patient, theirs: Patient
) -> None:
    stage = make_stage(scale=scale)
    veil = veil_of(stage, dispute_of(mine, theirs))
    qtbot.waitUntil(lambda: cut_parts(veil) == [])
    names = [one.text() for one in veil.findChildren(QPushButton)]
    assert names == [
        f"Put the legacy screen back to {mine.short_name}",
        f"Open {theirs.short_name} in both",
    ]


@pytest.mark.hazard("H01")
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_choices_about_usual_names_are_on_the_glass_without_scrolling(
    make_stage: Callable[..., WindowStage], qtbot: QtBot, scale: float
) -> None:
    veil = veil_of(make_stage(scale=scale), dispute_of(SARAH, SANDRA))
    (scroll,) = veil.findChildren(QScrollArea)
    for one in veil.findChildren(QPushButton):
        assert not scroll.isAncestorOf(one)


@pytest.mark.hazard("H01")
def test_nothing_has_to_be_scrolled_where_there_is_room(
    make_stage: Callable[..., WindowStage], qtbot: QtBot
) -> None:
    stage = make_stage()
    veil = veil_of(stage, dispute_of(SARAH, SANDRA))
    stage.window.resize(1440, 900)
    (scroll,) = veil.findChildren(QScrollArea)
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().maximum() == 0)


@pytest.mark.hazard("H01")
def test_veil_and_names_move_no_grip(make_stage: Callable[..., WindowStage], qtbot: QtBot) -> None:
    stage = make_stage(scale=1.5)
    stage.window.resize(1280, 800)
    stage.board.choose(View.SIDE_BY_SIDE)
    stage.window.splitter.setSizes([700, 492])
    before = stage.window.splitter.sizes()
    narrowest = [pane.minimumSizeHint().width() for pane in stage.window.panes.values()]
    veil = veil_of(stage, dispute_of(LONG, OTHER))
    stage.window.panes[Side.LEGACY].strip.show_words(f"104981 = <b>{OTHER.short_name}</b>", "another patient")
    qtbot.waitUntil(lambda: cut_parts(veil) == [])
    assert [pane.minimumSizeHint().width() for pane in stage.window.panes.values()] == narrowest
    assert stage.window.splitter.sizes() == before


def test_heading_names_the_number_that_the_legacy_screen_shows(
    make_stage: Callable[..., WindowStage],
) -> None:
    words = "No patient of this practice bears the number 104981 on the new side."
    veil = veil_of(make_stage(), replace(dispute_of(SARAH, SANDRA), theirs=None, words=words))
    said = [part.text() for part in veil.findChildren(QLabel)]
    assert "The legacy screen shows the number 104981" in said


def test_a_heading_of_a_screen_that_names_nobody_says_no_more(make_stage: Callable[..., WindowStage]) -> None:
    words = "The legacy screen does not say whom it shows."
    veil = veil_of(make_stage(), replace(dispute_of(SARAH, SANDRA), theirs=None, number=None, words=words))
    said = [part.text() for part in veil.findChildren(QLabel)]
    assert "The legacy screen may show another patient" in said
