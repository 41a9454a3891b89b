"""The line at the bottom, in windows of every width."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from shell.main_window import status_bar
from shell.main_window.freshness import MirrorLine
from shell.main_window.status_bar import StatusBar
from shell.main_window.theme import Theme
from shell.main_window.tokens import Scheme
from tests.support.widgets import texts

_MORNING = datetime(2026, 3, 9, 9, 30, tzinfo=ZoneInfo("Europe/London"))


def test_a_bar_that_its_words_make_higher_comes_to_rest(qtbot: QtBot) -> None:
    """A cell that is shown can take another line, which asks anew who has room: this must end."""
    window = QWidget()
    qtbot.addWidget(window)
    bar = StatusBar(Theme(Scheme.LIGHT, is_training=False, scale=2.0))
    column = QVBoxLayout(window)
    column.addWidget(bar)
    column.addWidget(QWidget(), 1)
    window.resize(4000, 400)
    window.show()
    qtbot.waitExposed(window)
    bar.show_clock(_MORNING)
    bar.show_mirror(
        MirrorLine(
            leads="Both ways · cloud leads", fresh="up to date 2 s ago", tone="ok", icon="tick", waiting=0
        )
    )
    for width in range(3000, 300, -20):
        window.resize(width, 400)
        for held_back in (3, 0):
            bar.show_counts(1, held_back)
            assert "1 needs a decision" in texts(bar)
            assert held_back == 0 or "3 held back" in texts(bar)
    assert "0 held back" not in texts(bar)
    window.resize(4000, 200)
    qtbot.waitUntil(lambda: "0 held back" in texts(bar) and "Mon 09-Mar-2026" in texts(bar), timeout=5000)


@pytest.mark.hazard("H14")
def test_what_newly_waits_for_a_person_catches_the_eye_and_moves_nothing(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_bar, "_POINTED_MILLISECONDS", 100)
    bar = StatusBar(Theme(Scheme.LIGHT, is_training=False))
    qtbot.addWidget(bar)
    bar.resize(1400, 28)
    bar.show()

    def pointed() -> list[str]:
        return [one.words for one in bar._cells if one.property("pointed") == "true"]

    bar.show_counts(2, 0)
    assert pointed() == []  # what was there when the window came is no news
    size = bar.sizeHint()
    bar.show_counts(3, 0)
    assert pointed() == ["3 need a decision"]
    assert bar.sizeHint() == size
    qtbot.waitUntil(lambda: pointed() == [], timeout=2000)
    bar.show_counts(1, 0)
    bar.show_counts(None, None)  # the cloud is silent
    bar.show_counts(1, 4)
    assert pointed() == ["4 held back"]
