"""The conflict desk in the window: counted in the rail, opened by a key, left by any other."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from shell.hosts import desk_page
from shell.hosts.desk_page import DeskPage
from shell.main_window.desk_card import DeskCard
from shell.patient import Patient
from tests.support.paper_shelf import paper_shelf
from tests.support.widgets import press, texts
from tests.support.window_stage import SANDRA, SARAH, WindowStage
from web_modules.decision.words import Function
from web_modules.fhir.mirror_tasks import TaskKind


class PaperDesk(DeskPage):
    """A desk without a browser."""

    def __init__(self) -> None:
        super().__init__(None, "http://cloud/desk", lambda _words: None, paper_shelf())  # type: ignore[arg-type]
        self.opened = 0
        self.of = ""

    def open(self, of: str = "") -> None:
        """Be counted."""
        self.opened += 1
        self.of = of
        self.setFocus()


@pytest.fixture
def desk(stage: WindowStage) -> PaperDesk:
    """The window has a desk."""
    made = PaperDesk()
    stage.window.cards.take_desk(made)
    return made


class PaperPage:
    """A page without a browser, as far as the desk asks of it."""

    def __init__(self, *_: object) -> None:
        self.view = QWidget()
        self.wanted: str | None = None
        self.draft: object = None
        self.is_closed = False

    def load(self, address: str, _bond: object) -> None:
        self.wanted = address

    def look(self, _take: object) -> None:
        """Nothing is typed."""

    def close(self) -> None:
        self.is_closed = True
        self.view.deleteLater()


@pytest.mark.hazard("H23")
def test_page_that_rests_long_gives_its_memory_back_unless_something_is_typed(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_page, "WarmPage", PaperPage)
    monkeypatch.setattr(desk_page, "REST_MILLISECONDS", 50)
    profile = SimpleNamespace(identity=SimpleNamespace(environment="reference"))
    desk = DeskPage(profile, "http://cloud/desk", lambda _words: None, paper_shelf())  # type: ignore[arg-type]
    qtbot.addWidget(desk)
    desk.open()
    desk.show()
    (first,) = desk._pages()
    first.draft = object()  # type: ignore[assignment]
    desk.hide()
    qtbot.wait(150)
    assert desk._pages() == [first], "what is typed stays on its page"
    first.draft = None
    desk.show()
    qtbot.wait(150)
    assert desk._pages() == [first], "it is looked at"
    desk.hide()
    qtbot.waitUntil(lambda: desk._pages() == [], timeout=5000)
    assert first.is_closed  # type: ignore[attr-defined]
    desk.open()
    desk.show()
    assert [page.wanted for page in desk._pages()] == ["http://cloud/desk"]
    desk.close_page()


def is_open(stage: WindowStage) -> bool:
    return isinstance(stage.window.overlay.card, DeskCard)


@pytest.mark.hazard("H14")
def test_the_rail_counts_what_waits_for_a_decision(stage: WindowStage, qtbot: QtBot) -> None:
    for _ in range(3):
        stage.leave_unsettled(TaskKind.CONFLICT, None)
    stage.cloud.start()
    button = next(
        one
        for one in stage.window.rail.findChildren(QPushButton)
        if one.accessibleName().startswith("Conflict desk")
    )
    qtbot.waitUntil(lambda: "3 to decide" in button.accessibleName(), timeout=5000)
    assert "3" in texts(button)


def test_the_count_stands_in_the_middle_of_a_slim_rail(stage: WindowStage, qtbot: QtBot) -> None:
    rail = stage.window.rail
    rail.set_slim(is_slim=True)
    rail.show_desk(3)
    (count,) = [one for one in rail.findChildren(QLabel) if one.text() == "3"]

    def is_centred() -> bool:
        row = count.parentWidget()
        return row is not None and abs(2 * count.geometry().center().x() - row.width()) <= 4

    qtbot.waitUntil(is_centred, timeout=2000)


def test_the_desk_opens_by_a_key_and_goes_by_it(stage: WindowStage, desk: PaperDesk) -> None:
    stage.window.press("Ctrl+Shift+D")
    assert is_open(stage)
    assert desk.isVisible()
    stage.window.press("Ctrl+Shift+D")
    assert not is_open(stage)
    assert desk.parentWidget() is stage.window.overlay, "the page waits for the next time"
    stage.window.press("Ctrl+Shift+D")
    assert (is_open(stage), desk.opened) == (True, 2)


def test_any_key_of_the_window_leads_on_from_the_desk(stage: WindowStage, desk: PaperDesk) -> None:
    after: dict[str, Callable[[], bool]] = {
        "Ctrl+2": lambda: stage.board.function is Function.APPOINTMENTS,
        "Ctrl+K": lambda: stage.window.cards.palette is not None,
    }
    for key, leads in after.items():
        stage.window.press("Ctrl+Shift+D")
        assert is_open(stage)
        stage.window.press(key)
        assert not is_open(stage)
        assert leads(), key
        assert desk.parentWidget() is stage.window.overlay
        stage.window.cards.close()


def test_a_cloud_without_a_desk_is_said(stage: WindowStage) -> None:
    stage.window.press("Ctrl+Shift+D")
    assert not is_open(stage)
    assert "no conflict desk" in stage.window.said.words()


def test_a_program_that_waits_for_an_answer_comes_first(
    make_stage: Callable[..., WindowStage],
) -> None:
    stage = make_stage()
    made = PaperDesk()
    stage.window.cards.take_desk(made)
    stage.board.on_question(stage.legacy.side, is_open=True)
    stage.window.cards.open_desk()
    assert not is_open(stage)
    assert made.opened == 0


@pytest.mark.hazard("H14")
def test_what_differs_on_the_open_patient_is_shown_from_the_banner(
    stage: WindowStage, desk: PaperDesk, qtbot: QtBot
) -> None:
    stage.leave_unsettled(TaskKind.CONFLICT, SARAH)
    stage.cloud.start()
    stage.open(SARAH)
    qtbot.waitUntil(lambda: "Show both sides" in texts(stage.window.banner), timeout=5000)
    press(stage.window.banner, "Show both sides")
    assert desk.of == SARAH.fhir_id
    card = stage.window.overlay.card
    assert isinstance(card, DeskCard)
    assert "Of the patient who is open" in texts(card)


@pytest.mark.hazard("H01")
@pytest.mark.parametrize(
    ("opened", "shown", "stays"),
    [("differences", SARAH, True), ("differences", SANDRA, False), ("desk", SANDRA, True)],
)
def test_what_differs_goes_with_its_patient(
    stage: WindowStage, desk: PaperDesk, opened: str, shown: Patient, stays: bool
) -> None:
    stage.open(SARAH)
    stage.window.act(opened)
    assert desk.opened == 1
    stage.window.show_patient(shown)
    assert isinstance(stage.window.overlay.card, DeskCard) is stays


def test_a_desk_of_somebody_else_is_opened_anew_unless_something_is_typed(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_page, "WarmPage", PaperPage)
    profile = SimpleNamespace(identity=SimpleNamespace(environment="reference"))
    desk = DeskPage(profile, "http://cloud/desk", lambda _words: None, paper_shelf())  # type: ignore[arg-type]
    qtbot.addWidget(desk)
    desk.open("p1")
    (page,) = desk._pages()
    assert page.wanted == "http://cloud/desk?of=p1"
    desk.open()
    assert page.wanted == "http://cloud/desk"
    page.draft = object()  # type: ignore[assignment]
    desk.open("p1")
    assert page.wanted == "http://cloud/desk"
