"""Which page may be printed; what is printed is tried on real pages, and from key to file end to end."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtPrintSupport import QPrintDialog
from pytestqt.qtbot import QtBot

from shell.context.shown import Shown, ShownState
from shell.main_window.printing import Printing
from shell.main_window.window import MainWindow
from tests.support.widgets import texts
from tests.support.window_stage import SANDRA, SARAH, WindowStage

_SHOWN = Shown(state=ShownState.SOMEBODY, read_at=datetime.now(UTC), identifier=SARAH.fhir_id)


@dataclass
class OnePage:
    """Where pages are shown; the page of the open patient is on the glass."""

    on_glass: Any


@pytest.fixture
def pages() -> OnePage:
    return OnePage(on_glass=SimpleNamespace(shown=_SHOWN, wanted="/patients/1", page=None))


@pytest.fixture
def window(make_stage: Callable[..., WindowStage], qtbot: QtBot) -> MainWindow:
    """Sarah is open, on both panes."""
    stage = make_stage()
    stage.cloud.start()
    stage.open(SARAH)
    qtbot.waitUntil(lambda: stage.window.is_page_seen, timeout=5000)
    return stage.window


@pytest.fixture
def printing(window: MainWindow, pages: OnePage) -> Printing:
    made = window.cards.printing = Printing(window, window, pages, window._offer, window._person)
    window.cards.locked.connect(made.stop)
    return made


def dialogs(window: MainWindow) -> list[QPrintDialog]:
    """The dialogs that are open."""
    return [one for one in window.findChildren(QPrintDialog) if one.isVisible()]


def test_a_printer_is_asked_for_once(printing: Printing, window: MainWindow) -> None:
    printing.ask()
    printing.ask()
    (dialog,) = dialogs(window)
    assert dialog.printer().docName() == "Banyan"  # a queue is read by others
    dialog.reject()
    assert dialogs(window) == []
    printing.ask()
    assert len(dialogs(window)) == 1


@pytest.mark.hazard("H01")
@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (replace(_SHOWN, identifier=SANDRA.fhir_id), "whose page this is"),
        (replace(_SHOWN, state=ShownState.UNKNOWN, identifier=None), "whose page this is"),
        (replace(_SHOWN, unsaved=True), "Save what you are typing first"),
    ],
)
def test_a_page_in_doubt_or_not_saved_is_not_printed(
    printing: Printing, window: MainWindow, pages: OnePage, shown: Shown, words: str
) -> None:
    pages.on_glass.shown = shown
    printing.ask()
    assert words in texts(window.said)
    assert dialogs(window) == []


def test_without_a_page_on_the_glass_it_is_said_who_prints(
    printing: Printing, window: MainWindow, pages: OnePage
) -> None:
    pages.on_glass = None
    printing.ask()
    assert "The legacy program prints its own screens." in texts(window.said)
    assert dialogs(window) == []


@pytest.mark.hazard("H01")
def test_a_page_that_changed_while_the_printer_was_chosen_is_not_printed(
    printing: Printing, window: MainWindow, pages: OnePage
) -> None:
    printing.ask()
    (dialog,) = dialogs(window)
    pages.on_glass.shown = replace(_SHOWN, identifier=SANDRA.fhir_id)
    dialog.accepted.emit(dialog.printer())
    assert "Nothing was printed." in texts(window.said)


def test_the_lock_ends_the_question(printing: Printing, window: MainWindow) -> None:
    printing.ask()
    window.cards.lock()
    assert dialogs(window) == []
