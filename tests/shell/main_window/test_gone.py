"""A side that ended: covered at once, said in plain words, started again by key."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from shell.context.shown import Side
from tests.support.widgets import hit, texts
from tests.support.window_stage import SANDRA, SARAH, WindowStage, host_patient
from web_modules.decision.words import Function, View


@pytest.mark.hazard("H23")
@pytest.mark.parametrize(
    ("view", "what_works"),
    [(View.LEGACY, "works as usual: Alt 3 opens it."), (View.SIDE_BY_SIDE, "The new page works as usual.")],
)
def test_program_that_died_is_covered_at_once_and_its_pane_says_what_that_means(
    stage: WindowStage, view: View, what_works: str
) -> None:
    stage.board.choose(view)
    stage.open(SARAH)
    stage.legacy.show(host_patient(SARAH), unsaved=True)
    keys_given_to_page = stage.pages.key_requests
    stage.board.on_gone(Side.LEGACY, "Halden GP has ended.")
    pane = stage.window.panes[Side.LEGACY]
    assert pane.is_veiled
    assert stage.legacy.is_covered
    assert stage.pages.key_requests == keys_given_to_page
    words = texts(pane.veil)
    assert "Halden GP has ended." in words
    assert "Work on SMITH, Sarah was not saved in it" in words
    assert what_works in words
    assert "not here" in texts(pane.strip)
    assert "SMITH" not in texts(pane.strip)
    assert not stage.window.panes[Side.CLOUD].is_veiled


def test_program_that_died_stays_covered_with_its_words_while_others_are_opened(stage: WindowStage) -> None:
    stage.board.choose(View.LEGACY)
    stage.open(SARAH)
    stage.board.on_gone(Side.LEGACY, "Halden GP has ended.")
    stage.board.open_patient(SANDRA)
    stage.board.select(Function.DOCUMENTS)
    pane = stage.window.panes[Side.LEGACY]
    assert pane.is_veiled
    assert "Halden GP has ended." in texts(pane.veil)
    assert "There is no new page for this" in texts(pane.veil)


def test_program_that_cannot_be_started_is_not_offered_to_be(stage: WindowStage) -> None:
    pane = stage.window.panes[Side.LEGACY]
    pane.can_restart = False
    stage.board.choose(View.SIDE_BY_SIDE)
    stage.board.on_gone(Side.LEGACY, "No legacy database was named. Name it.")
    assert "No legacy database was named." in texts(pane.veil)
    assert pane.veil.findChildren(QPushButton) == []


@pytest.mark.parametrize("view", [View.LEGACY, View.SIDE_BY_SIDE])
def test_program_that_died_is_started_again_by_key_and_asked_for_the_open_patient(
    stage: WindowStage, qtbot: QtBot, view: View
) -> None:
    stage.board.choose(view)
    stage.open(SARAH)
    stage.board.on_active(Side.LEGACY)
    stage.frame.active = Side.LEGACY
    stage.frame.register_guest(None)
    stage.board.on_gone(Side.LEGACY, "Halden GP has ended.")
    asked = len(stage.legacy.asked)
    hit(qtbot, stage.window.focusWidget(), Qt.Key.Key_Return)  # still typing: nothing is pressed by it
    assert len(stage.legacy.asked) == asked
    hit(qtbot, stage.window.focusWidget(), Qt.Key.Key_Tab)
    focused = stage.window.focusWidget()
    assert isinstance(focused, QPushButton)
    assert focused.text() == "Start it again"
    hit(qtbot, focused, Qt.Key.Key_Return)
    assert [patient for _, patient, _ in stage.legacy.asked[asked:]] == [host_patient(SARAH)]
    pane = stage.window.panes[Side.LEGACY]
    veiled = [pane.is_veiled]
    qtbot.waitUntil(lambda: "Opening SMITH, Sarah" in texts(pane.veil))
    stage.legacy.obey()
    veiled.append(pane.is_veiled)
    assert veiled == [True, False]
    assert "104417 = <b>SMITH, Sarah</b>" in texts(pane.strip)


def test_program_that_never_showed_itself_is_not_said_to_have_lost_work(
    make_stage: Callable[..., WindowStage],
) -> None:
    stage = make_stage()
    stage.board.choose(View.LEGACY)
    stage.board.on_gone(Side.LEGACY, "Halden GP could not be started.")
    stage.board.restart(Side.LEGACY)
    stage.board.on_gone(Side.LEGACY, "Halden GP could not be started.")
    assert "lost" not in texts(stage.window.panes[Side.LEGACY].veil)
