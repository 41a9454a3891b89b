"""What a test reads from widgets, and does to them."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot


def texts(widget: QWidget) -> str:
    """All words that can be seen in a widget."""
    parts: list[QLabel | QPushButton] = [*widget.findChildren(QLabel), *widget.findChildren(QPushButton)]
    return " | ".join(part.text() for part in parts if part.isVisibleTo(widget))


def press(widget: QWidget, words: str) -> None:
    """Press the button that says something."""
    (found,) = [
        part
        for part in widget.findChildren(QPushButton)
        if part.text().strip().startswith(words) and part.isVisibleTo(widget)
    ]
    found.click()


def hit(qtbot: QtBot, widget: QWidget | None, key: Qt.Key) -> None:
    """Hit a key over a widget."""
    assert widget is not None
    qtbot.keyClick(widget, key)  # type: ignore[no-untyped-call] # pytest-qt adds it at run time
