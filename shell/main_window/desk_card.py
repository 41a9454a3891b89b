"""The conflict desk over the panes: its page, and a way back."""

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from shell.drafts.draft import Draft
from shell.hosts.desk_page import DeskPage
from shell.main_window.draft_line import CHOICES, offer_words
from shell.main_window.notice import Notice
from shell.main_window.overlay import Card
from shell.main_window.parts import button, label, row
from shell.main_window.theme import Theme

_LOOK_MILLISECONDS = 200


class DeskCard(Card):
    """As large as there is room. The page is only lent: what is typed there is kept.

    Args:
        theme: the look.
        page: the desk's.
        shelf: where the page waits meanwhile.
        of: the FHIR id of the one patient whose differences are shown; empty: the whole practice's.
    """

    closed = Signal()

    def __init__(self, theme: Theme, page: DeskPage, shelf: QWidget, of: str = "") -> None:
        super().__init__()
        self._page, self._shelf = page, shelf
        self.of = of
        whole = QVBoxLayout(self)
        edge = theme.px(1)
        whole.setContentsMargins(edge, edge, edge, edge)
        whole.setSpacing(0)
        self.draft = Notice(theme, "clock")
        self.draft.pressed.connect(self._answer)
        self._offered: list[Draft] = []
        whole.addWidget(self.draft)
        whole.addWidget(page, 1)
        done = button("Close the desk", "plain", "Esc")
        done.clicked.connect(self.closed)
        whose = "Of the patient who is open" if of else "Of the whole practice, whoever is open"
        foot = row(label(whose, "small"), None, done)
        foot.setContentsMargins(theme.px(16), theme.px(8), theme.px(8), theme.px(8))
        whole.addLayout(foot)
        back = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        back.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        back.activated.connect(self.closed)
        self.first = page
        page.show()
        looking = QTimer(self, interval=_LOOK_MILLISECONDS)
        looking.timeout.connect(self._offer)
        looking.start()

    def _offer(self) -> None:
        """Say that a decision was begun and not written."""
        found = self._page.offered()
        if found and found != self._offered:
            self.draft.say(offer_words(found[0], None, more=len(found) - 1), CHOICES)
        elif not found:
            self.draft.hide()
        self._offered = found

    def _answer(self, name: str) -> None:
        if self._offered:
            (self._page.take_up if name == "go-on" else self._page.throw_away)(self._offered[0])

    def wanted(self, room: QSize) -> QSize:
        """All the room."""
        return room

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Give the page back before the card is gone."""
        self._page.hide()
        self._page.setParent(self._shelf)
        super().hideEvent(event)
