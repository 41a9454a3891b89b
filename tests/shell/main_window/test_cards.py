"""What is laid over the panes for a moment: the palette and the questions, and what they leave behind."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from shell.context.shown import Side
from shell.main_window.dialogs import CloseCard, UnsavedWork, VoteCard
from shell.main_window.draft_line import DraftLine
from shell.patient import Patient
from tests.support.paper_shelf import PaperPages, paper_shelf
from tests.support.whole import cut_parts
from tests.support.widgets import hit, press, texts
from tests.support.window_stage import GWYNETH, LONG, SANDRA, SARAH, TODAY, WindowStage, host_patient
from web_modules.decision.words import Environment, View


def is_away(widget: QWidget) -> bool:
    """Whether a widget is not on the glass."""
    return not widget.isVisible()


def still_of(stage: WindowStage) -> int:
    """Which picture stands in the legacy pane."""
    (still,) = [
        part
        for part in stage.window.panes[Side.LEGACY].findChildren(QLabel)
        if not part.pixmap().isNull() and part.isVisible() and part.width() > 300
    ]
    return still.pixmap().cacheKey()


def test_change_of_patient_asks_about_unsaved_work_and_the_keys_are_on_staying(stage: WindowStage) -> None:
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.board.open_patient(GWYNETH)
    card = stage.window.overlay.card
    assert isinstance(card, VoteCard)
    assert "SMITH, Sarah (Mrs)" in texts(card)
    assert "EVANS, Gwyneth (Mrs)" in texts(card)
    focused = stage.window.focusWidget()
    assert isinstance(focused, QPushButton)
    assert focused.text() == "Stay here"
    assert stage.board.hub.patient == SARAH


@pytest.mark.parametrize(
    ("wanted", "words"), [(GWYNETH, "then the patient changes."), (None, "then the patient is closed.")]
)
def test_saving_says_what_becomes_of_the_patient(
    stage: WindowStage, wanted: Patient | None, words: str
) -> None:
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.board.open_patient(wanted)
    assert f"Both sides get it, {words}" in texts(stage.window.overlay)


def test_card_with_a_long_name_is_as_high_as_it_needs_to_be(stage: WindowStage, qtbot: QtBot) -> None:
    stage.window.resize(1440, 860)
    for family in ("Smith", "O'Brien-Fitzwilliam-Featherstonehaugh"):
        wanted = replace(SANDRA, family=family, given="Maximiliana Alexandrina")
        card_of = (stage.window._theme, SARAH, wanted, UnsavedWork(sides=(Side.CLOUD,)), TODAY)
        card = VoteCard(*card_of)
        stage.window.overlay.open_card(card, lambda: 0)
        (scroll,) = card.findChildren(QScrollArea)
        qtbot.waitUntil(partial(is_away, scroll.verticalScrollBar()), timeout=2000)
        assert card.size() == card.wanted(stage.window.size()), family
    stage.window.overlay.open_card(card := VoteCard(*card_of), lambda: 600)
    (scroll,) = card.findChildren(QScrollArea)
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().isVisible(), timeout=2000)


def test_staying_changes_nothing_and_saving_changes_patient(stage: WindowStage, qtbot: QtBot) -> None:
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.board.open_patient(GWYNETH)
    hit(qtbot, stage.window.overlay.card, Qt.Key.Key_Escape)
    assert stage.board.hub.patient == SARAH
    assert stage.pages.work == []
    stage.board.open_patient(GWYNETH)
    hit(qtbot, stage.window.overlay.card, Qt.Key.Key_S)
    assert stage.pages.work == ["save"]
    assert stage.board.hub.patient == GWYNETH


def test_work_is_left_as_a_draft_by_one_key_and_the_card_says_where_it_waits(
    stage: WindowStage, qtbot: QtBot
) -> None:
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.window.take_drafts(
        DraftLine(paper_shelf(), PaperPages(), stage.window.draft, stage.window.status_bar)
    )
    stage.board.open_patient(GWYNETH)
    card = stage.window.overlay.card
    assert card is not None
    assert "It waits for you with SMITH, Sarah." in texts(card)
    hit(qtbot, card, Qt.Key.Key_D)
    assert stage.pages.work == ["leave"]
    assert stage.board.hub.patient == GWYNETH


def test_work_of_the_legacy_screen_cannot_be_left_as_a_draft(stage: WindowStage, qtbot: QtBot) -> None:
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.legacy.show(host_patient(SARAH), unsaved=True)
    stage.board.open_patient(GWYNETH)
    card = stage.window.overlay.card
    assert card is not None
    assert "The legacy screen keeps no drafts." in texts(card)
    hit(qtbot, card, Qt.Key.Key_D)
    assert stage.pages.work == []
    assert stage.board.hub.patient == SARAH


def test_card_says_plainly_that_a_draft_is_only_in_memory(stage: WindowStage) -> None:
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    shelf = paper_shelf()
    shelf.trouble = "This computer has no key store."
    stage.window.take_drafts(DraftLine(shelf, PaperPages(), stage.window.draft, stage.window.status_bar))
    stage.board.open_patient(GWYNETH)
    card = stage.window.overlay.card
    assert card is not None
    assert "It waits only until this window closes." in texts(card)
    assert "only in this window" in texts(card)


def test_banner_and_status_bar_stay_uncovered_under_a_question(stage: WindowStage) -> None:
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.board.open_patient(GWYNETH)
    overlay = stage.window.overlay.geometry()
    content = stage.window.content
    banner, status = stage.window.banner, stage.window.status_bar
    assert overlay.top() >= banner.mapTo(content, banner.rect().bottomLeft()).y()
    assert overlay.bottom() < status.mapTo(content, status.rect().topLeft()).y()


def test_question_about_a_long_name_is_whole_and_its_choices_are_on_the_glass(
    make_stage: Callable[..., WindowStage], qtbot: QtBot
) -> None:
    stage = make_stage(scale=1.5)
    stage.transport.records[0]["name"][0]["family"] = LONG.family
    stage.window.resize(1280, 800)
    stage.open(LONG)
    stage.pages.show(host_patient(LONG), unsaved=True)
    stage.board.open_patient(GWYNETH)
    card = stage.window.overlay.card
    assert card is not None
    qtbot.waitUntil(lambda: cut_parts(card) == [])
    for one in card.findChildren(QPushButton):
        assert stage.window.overlay.rect().contains(
            QRect(one.mapTo(stage.window.overlay, QPoint()), one.size())
        )


@pytest.mark.parametrize("key", ["Enter", "Ctrl+Shift+X", "Ctrl+/"])
def test_card_after_the_palette_lies_over_the_picture_that_was_taken_before_it(
    stage: WindowStage, qtbot: QtBot, key: str
) -> None:
    stage.open(SARAH)
    stage.board.choose(View.LEGACY)
    stage.obey()
    stage.legacy.show(host_patient(SARAH), unsaved=True)
    qtbot.waitUntil(lambda: stage.legacy.widget.width() > 300)
    stage.window.press("Ctrl+K")
    palette = stage.window.cards.palette
    assert palette is not None
    still = still_of(stage)
    if key == "Enter":
        palette.patient_chosen.emit(GWYNETH)
    else:
        stage.window.press(key)
    assert stage.window.cards.palette is None
    assert stage.window.overlay.card is not None
    assert still_of(stage) == still


def test_what_the_palette_opened_has_the_keys_after_it(stage: WindowStage, qtbot: QtBot) -> None:
    stage.board.choose(View.LEGACY)
    stage.obey()
    stage.frame.active = Side.LEGACY
    stage.window.press("Ctrl+K")
    palette = stage.window.cards.palette
    assert palette is not None
    before = stage.pages.key_requests
    stage.frame.active = None
    palette.action_chosen.emit("view:new")
    stage.obey()
    assert not stage.window.overlay.is_open
    assert stage.pages.key_requests > before


@pytest.mark.parametrize("size", [(1440, 900), (1280, 800)])
def test_question_that_fits_has_no_scroll_bar(
    stage: WindowStage, qtbot: QtBot, size: tuple[int, int]
) -> None:
    stage.window.resize(*size)
    stage.open(SARAH)
    stage.legacy.show(host_patient(SARAH), unsaved=True)
    cards: list[Callable[[], object]] = [
        lambda: stage.board.open_patient(GWYNETH),
        stage.window.close,
        stage.window.cards.show_keys,
    ]
    for open_card in cards:
        open_card()
        card = stage.window.overlay.card
        assert card is not None
        (scroll,) = card.findChildren(QScrollArea)
        bar = scroll.verticalScrollBar()
        qtbot.waitUntil(partial(is_away, bar))
        assert bar.maximum() == 0
        stage.window.cards.close()


@pytest.mark.hazard("H01")
def test_question_makes_room_for_a_banner_that_grows(stage: WindowStage, qtbot: QtBot) -> None:
    stage.open(SARAH)
    stage.window.press("Ctrl+K")
    stage.window.banner.show_same_name([SANDRA], stage.window.today())
    qtbot.waitUntil(lambda: stage.window.overlay.y() == stage.window.below_banner())
    assert stage.window.overlay.y() > 150


@pytest.mark.hazard("H25")
def test_foreign_window_is_off_the_glass_while_the_palette_lies_there(
    stage: WindowStage, qtbot: QtBot
) -> None:
    stage.board.choose(View.LEGACY)
    stage.obey()
    covered = [stage.legacy.is_covered]
    stage.window.press("Ctrl+K")
    covered.append(stage.legacy.is_covered)
    hit(qtbot, stage.window.overlay.card, Qt.Key.Key_Escape)
    covered.append(stage.legacy.is_covered)
    assert covered == [False, True, False]


@pytest.mark.hazard("H25")
def test_keys_return_to_the_pane_that_had_them(stage: WindowStage, qtbot: QtBot) -> None:
    stage.board.choose(View.LEGACY)
    stage.obey()
    stage.frame.active = Side.LEGACY
    stage.window.press("Ctrl+K")
    before = stage.legacy.key_requests
    hit(qtbot, stage.window.overlay.card, Qt.Key.Key_Escape)
    assert stage.legacy.key_requests == before + 1


def test_window_that_holds_unsaved_work_asks_before_it_closes(stage: WindowStage) -> None:
    stage.open(SARAH)
    stage.legacy.show(host_patient(SARAH), unsaved=True)
    assert not stage.window.close()
    assert isinstance(stage.window.overlay.card, CloseCard)
    press(stage.window.overlay.card, "Save, then close")
    assert stage.legacy.work == ["save"]
    assert not stage.window.isVisible()


@pytest.mark.hazard("H21")
def test_question_does_not_cover_the_frame_of_training(make_stage: Callable[..., WindowStage]) -> None:
    stage = make_stage(environment=Environment.TRAINING)
    stage.window.press("Ctrl+K")
    QApplication.processEvents()
    assert stage.window.grab().toImage().pixelColor(2, 450).name() == "#ffb81c"


@pytest.mark.hazard("H22")
@pytest.mark.parametrize("asked", ["close", "change of patient", "palette", "keys"])
def test_no_card_is_laid_under_the_legacy_programs_own_question(stage: WindowStage, asked: str) -> None:
    stage.open(SARAH)
    stage.legacy.show(host_patient(SARAH), unsaved=True)
    stage.board.on_active(Side.LEGACY)
    stage.board.on_question(Side.LEGACY, is_open=True)
    ask: dict[str, Callable[[], object]] = {
        "close": stage.window.close,
        "change of patient": lambda: stage.board.open_patient(GWYNETH),
        "palette": lambda: stage.window.press("Ctrl+K"),
        "keys": lambda: stage.window.press("Ctrl+/"),
    }
    raised = stage.legacy.key_requests
    ask[asked]()
    assert not stage.window.overlay.is_open
    assert stage.window.isVisible()
    assert "Answer that first." in texts(stage.window.said)
    assert stage.legacy.key_requests == raised + 1, "it is brought to the front"
    assert stage.board.hub.patient == SARAH
    stage.board.on_question(Side.LEGACY, is_open=False)
    ask[asked]()
    assert stage.window.overlay.is_open
