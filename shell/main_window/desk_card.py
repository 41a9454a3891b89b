"""The conflict desk over the panes: its page, and a way back."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from shell.hosts.desk_page import DeskPage
from shell.main_window.overlay import Card
from shell.main_window.parts import button, label, row
from shell.main_window.theme import Theme


class DeskCard(Card):
    """As large as there is room. The page is only lent: what is typed there is kept.

    Args:
        theme: the look.
        page: the desk's.
        shelf: where the page waits meanwhile.
    """

    closed = Signal()

    def __init__(self, theme: Theme, page: DeskPage, shelf: QWidget) -> None:
        super().__init__()
        self._page, self._shelf = page, shelf
        whole = QVBoxLayout(self)
        edge = theme.px(1)
        whole.setContentsMargins(edge, edge, edge, edge)
        whole.setSpacing(0)
        whole.addWidget(page, 1)
        done = button("Close the desk", "plain", "Esc")
        done.clicked.connect(self.closed)
        foot = row(label("Of the whole practice, whoever is open", "small"), None, done)
        foot.setContentsMargins(theme.px(16), theme.px(8), theme.px(8), theme.px(8))
        whole.addLayout(foot)
        back = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        back.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        back.activated.connect(self.closed)
        self.first = page
        page.show()

    def wanted(self, room: QSize) -> QSize:
        """All the room."""
        return room

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Give the page back before the card is gone."""
        self._page.hide()
        self._page.setParent(self._shelf)
        super().hideEvent(event)
