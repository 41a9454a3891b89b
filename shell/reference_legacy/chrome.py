"""What stands around the screens: the button bar, the row of function keys, the status bar."""

from collections.abc import Iterable
from datetime import datetime

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from shell.reference_legacy.style import plain_label, raised_button, sunken

FUNCTION_KEYS = 12


def _ruled(parent: QWidget | None = None) -> tuple[QFrame, QHBoxLayout]:
    frame = QFrame(parent)
    row = QHBoxLayout(frame)
    row.setContentsMargins(4, 2, 4, 2)
    row.setSpacing(2)
    return frame, row


def button_bar(groups: Iterable[Iterable[QAction]]) -> QWidget:
    """Raised buttons in groups, one for each action."""
    frame, row = _ruled()
    for group in groups:
        for action in group:
            button = raised_button(action.iconText())
            button.setFixedHeight(22)
            button.clicked.connect(action.trigger)
            row.addWidget(button)
        row.addSpacing(8)
    row.addStretch(1)
    return frame


def function_keys(actions: dict[int, QAction]) -> QWidget:
    """A button for each of F1 to F12."""
    frame, row = _ruled()
    for number in range(1, FUNCTION_KEYS + 1):
        action = actions[number]
        button = raised_button(f"F{number}\n{action.iconText()}")
        button.setFixedHeight(34)
        button.setMinimumWidth(20)
        button.clicked.connect(action.trigger)
        row.addWidget(button, 1)
    return frame


class StatusLine(QFrame):
    """Sunken panels: what just happened, who works, which practice, the time."""

    def __init__(self, user: str, practice: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 1, 2, 2)
        row.setSpacing(2)
        self._said = sunken(plain_label())
        self._said.setAccessibleName("Status")
        self._clock = self._panel("", 64)
        row.addWidget(self._said, 1)
        for panel in (self._panel(f"User: {user}", 120), self._panel(practice, 150), self._panel("NUM", 34)):
            row.addWidget(panel)
        row.addWidget(self._clock)

    def say(self, text: str) -> None:
        """Say something until something else is said."""
        self._said.setText(text)

    def said(self) -> str:
        """What was said last."""
        return self._said.text()

    def show_time(self, now: datetime) -> None:
        """Show the time of day."""
        self._clock.setText(now.strftime("%H:%M:%S"))

    def _panel(self, text: str, width: int) -> QLabel:
        panel = sunken(plain_label(text))
        panel.setMinimumWidth(width)
        return panel
