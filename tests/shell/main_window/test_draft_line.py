"""What the window says of drafts: offered to their own patient, dated, counted, and said when not kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from shell.context.shown import Side
from shell.drafts.draft import Draft
from shell.drafts.shelf import Shelf
from shell.main_window.draft_line import DraftLine
from tests.support.paper_shelf import PaperPages, paper_shelf
from tests.support.widgets import hit, press, texts
from tests.support.window_stage import GWYNETH, SANDRA, SARAH, WindowStage, host_patient
from web_modules.decision.words import Function, View

AT = datetime(2026, 11, 17, 10, 6, 12, tzinfo=UTC)


def draft(name: str = "d1", **more: Any) -> Draft:
    given: dict[str, Any] = {
        "id": name,
        "patient": SARAH.fhir_id,
        "function": "patients",
        "form": "contact",
        "content": "{}",
        "began_at": AT,
        "typed_at": AT,
        "window": "w1",
    }
    return Draft(**(given | more))


@pytest.fixture
def pages() -> PaperPages:
    return PaperPages()


@pytest.fixture
def shelf(stage: WindowStage, pages: PaperPages) -> Shelf:
    """The window has drafts."""
    made = paper_shelf()
    stage.window.take_drafts(DraftLine(made, pages, stage.window.draft, stage.window.status_bar))
    made.on_change = stage.window.show_drafts
    return made


@pytest.mark.hazard("H02")
def test_draft_is_offered_when_its_patient_is_opened_and_goes_with_them(
    stage: WindowStage, shelf: Shelf, pages: PaperPages
) -> None:
    shelf.keep(draft())
    assert not stage.window.draft.isVisible()
    stage.open(SANDRA)
    assert not stage.window.draft.isVisible()
    stage.open(SARAH)
    assert "You began this at 10:06 on 17-Nov-2026" in stage.window.draft.words()
    assert "SMITH, Sarah" in stage.window.draft.words()
    stage.board.open_patient(GWYNETH)
    assert not stage.window.draft.isVisible()
    assert pages.taken_up == []


def test_draft_is_taken_up_or_thrown_away_by_the_person_alone(
    stage: WindowStage, shelf: Shelf, pages: PaperPages, qtbot: QtBot
) -> None:
    stage.open(SARAH)
    shelf.keep(draft("old"))
    shelf.keep(draft("new", typed_at=AT + timedelta(minutes=1)))
    assert "One more draft waits." in stage.window.draft.words()
    press(stage.window.draft, "Go on")
    assert [one.id for one in pages.taken_up] == ["new"]
    pages.live = {"new"}
    stage.window.show_drafts()
    assert "more draft" not in stage.window.draft.words()
    buttons = stage.window.draft.findChildren(QPushButton)
    throw = [one for one in buttons if one.text() == "Throw away"][-1]  # what was said before goes later
    throw.setFocus()
    hit(qtbot, throw, Qt.Key.Key_Return)
    assert shelf.count == 2, "Enter never confirms a loss"
    hit(qtbot, throw, Qt.Key.Key_Space)
    assert shelf.count == 1
    assert not stage.window.draft.isVisible()


def test_draft_is_not_offered_over_a_page_that_cannot_be_seen(stage: WindowStage, shelf: Shelf) -> None:
    shelf.keep(draft())
    stage.open(SARAH)
    assert stage.window.draft.isVisible()
    stage.board.choose(View.LEGACY)
    assert not stage.window.draft.isVisible()
    stage.board.choose(View.NEW)
    assert stage.window.draft.isVisible()
    stage.board.select(Function.APPOINTMENTS)
    assert not stage.window.draft.isVisible()
    stage.board.select(Function.PATIENTS)
    stage.board.hub.leave(Side.CLOUD)
    stage.window.show_drafts()
    assert not stage.window.draft.isVisible()


def test_strip_says_since_when_what_is_typed_is_kept(
    stage: WindowStage, shelf: Shelf, pages: PaperPages
) -> None:
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    pages.typed, pages.live = draft(), {"d1"}
    shelf.keep(draft())
    strip = stage.window.panes[Side.CLOUD].strip
    stage.window._show_ages()
    assert "Draft kept" not in texts(strip), "it is not on the disk yet"
    shelf._kept_at["d1"] = AT
    stage.window._show_ages()
    assert "not saved yet · Draft kept 10:06:12" in texts(strip)
    assert "1 draft kept" in texts(stage.window.status_bar)


def test_that_drafts_are_only_in_memory_is_said_and_stays_said(stage: WindowStage, shelf: Shelf) -> None:
    shelf.trouble = "This computer has no key store, so drafts are not kept when the window closes."
    stage.window.show_drafts()
    assert "Drafts only in this window" in texts(stage.window.status_bar)
    assert not stage.window.said.isVisible()
    shelf.keep(draft())
    assert "no key store" in stage.window.said.words()


@pytest.mark.hazard("H23")
def test_page_that_ended_says_what_is_kept_of_it(stage: WindowStage, shelf: Shelf) -> None:
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    shelf.keep(draft())
    stage.board.on_gone(Side.CLOUD, "The page stopped. The legacy screen works as usual.")
    words = texts(stage.window.panes[Side.CLOUD].veil)
    assert "The legacy screen works as usual." in words
    assert "What you typed until 10:06:12 is kept." in words
    assert "may be lost" not in words


def test_only_the_person_forgives_a_page_that_ended_too_often(
    stage: WindowStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgiven: list[bool] = []
    monkeypatch.setattr(stage.pages, "forgive", lambda: forgiven.append(True))
    stage.board.on_gone(Side.CLOUD, "It is switched off.")
    stage.board.select(Function.APPOINTMENTS)
    stage.board.choose(View.NEW)
    assert forgiven == []
    stage.board.restart(Side.CLOUD)
    assert forgiven == [True]


def test_window_is_not_closed_unasked_over_drafts_that_would_end_with_it(
    stage: WindowStage, shelf: Shelf, qtbot: QtBot
) -> None:
    shelf.trouble = "This computer has no key store."
    shelf.keep(draft())
    stage.window.close()
    card = stage.window.overlay.card
    assert card is not None
    assert "1 draft waits" in texts(card)
    assert "It is lost." in texts(card)
    hit(qtbot, card, Qt.Key.Key_Escape)
    assert stage.window.isVisible()
    shelf.trouble = ""
    stage.window.close()
    assert not stage.window.isVisible(), "on the disk it is not lost"
