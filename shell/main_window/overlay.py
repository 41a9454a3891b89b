"""What is laid over the middle of the window for a moment: a scrim and one card; never over the banner."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from shell.main_window.theme import Theme


class Card(QFrame):
    """What a person answers; keys stay within it, and Enter never confirms a loss.

    Attributes:
        first: gets the keys when the card appears.
        foot: what can be chosen; always on the glass.
    """

    escaped = Signal()

    def __init__(self, name: str = "card") -> None:
        super().__init__()
        self.setObjectName(name)
        self.first: QWidget = self
        self._letters: dict[str, QPushButton] = {}
        self._losing: set[QPushButton] = set()
        self._column: QVBoxLayout | None = None
        self._scroll = QScrollArea()
        self.foot = QVBoxLayout()

    def scrolling(self, width: int, edge: int, gap: int) -> QVBoxLayout:
        """Give the card a column that scrolls where the window lacks the height, and a foot that does not.

        Args:
            width: of the card, in pixels.
            edge: around the column.
            gap: between its parts.
        """
        self.setFixedWidth(width)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(edge, edge, edge, gap)
        self._column.setSpacing(gap)
        self.foot.setContentsMargins(edge, 0, edge, edge)
        scroll = self._scroll
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole = self._whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addLayout(self.foot)
        return self._column

    def wanted(self, room: QSize) -> QSize:
        """How large it is where it has all the height that it needs."""
        if self._column is not None:
            width = min(self.maximumWidth(), room.width())
            edges = self.size() - self._whole.contentsRect().size()  # the layout's own, and the border's
            inside = width - edges.width()
            parts = (self._column, self.foot)
            return QSize(width, edges.height() + sum(part.totalHeightForWidth(inside) for part in parts))
        wanted = self.sizeHint().expandedTo(self.minimumSize()).boundedTo(self.maximumSize())
        layout = self.layout()
        if layout is not None and layout.hasHeightForWidth():
            wanted.setHeight(layout.totalMinimumHeightForWidth(min(wanted.width(), room.width())))
        return wanted

    def scroll_where(self, *, is_cut: bool) -> None:
        """Have a scroll bar or none: one that shows takes width, which makes the column higher, and stays."""
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded if is_cut else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self._scroll.setVerticalScrollBarPolicy(policy)

    def letter(self, letter: str, button: QPushButton) -> None:
        """A single letter that presses a button."""
        self._letters[letter.lower()] = button

    def never_by_enter(self, button: QPushButton) -> None:
        """A button that loses something."""
        self._losing.add(button)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc goes back, Enter presses the button that has the keys, letters theirs."""
        focused = QApplication.focusWidget()
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if isinstance(focused, QPushButton) and focused not in self._losing:
                focused.click()
        elif event.text().lower() in self._letters and not event.modifiers():
            button = self._letters[event.text().lower()]
            if button.isEnabled():
                button.click()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, is_next: bool) -> bool:  # noqa: N802 - Qt's name
        """Tab goes around within the card."""
        stops = [
            part
            for part in self.findChildren(QWidget)
            if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isEnabled() and part.isVisible()
        ]
        if stops:
            now = QApplication.focusWidget()
            place = stops.index(now) if now in stops else -1
            stops[(place + (1 if is_next else -1)) % len(stops)].setFocus(Qt.FocusReason.TabFocusReason)
        return True


class Overlay(QWidget):
    """The scrim over everything between banner and status bar, with one card on it.

    Args:
        parent: the window's content.
        theme: the look.
        bottom: says which height is left free below, for the status bar.
        edge: the width left free at both sides, for the frame of training.
    """

    closed = Signal()

    def __init__(self, parent: QWidget, theme: Theme, bottom: Callable[[], int], edge: int = 0) -> None:
        super().__init__(parent)
        self._parent = parent
        self._theme = theme
        self._bottom = bottom
        self._edge = edge
        self._below: Callable[[], int] = lambda: 0
        self._is_at_top = False
        self._card: Card | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        parent.installEventFilter(self)
        self.hide()

    @property
    def is_open(self) -> bool:
        """Whether a card lies there."""
        return self._card is not None

    @property
    def card(self) -> Card | None:
        """The card that lies there."""
        return self._card

    def open_card(self, card: Card, below: Callable[[], int], *, at_top: bool = False) -> None:
        """Lay a card there, in the place of one that lay there before.

        Args:
            card: becomes a child of this.
            below: says above which height nothing is covered; asked whenever the parent changes.
            at_top: near the top instead of in the middle.
        """
        self._drop()
        self._card, self._below, self._is_at_top = card, below, at_top
        card.setParent(self)
        self.arrange()
        self.show()
        self.raise_()
        card.show()
        self.arrange()
        card.first.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_card(self) -> None:
        """Take the card away."""
        if self._card is not None:
            self._drop()
            self.hide()
            self.closed.emit()

    def arrange(self) -> None:
        """Lie where the panes are, and keep the card whole on the glass."""
        parent = self._parent
        top = self._below()
        width, height = parent.width() - 2 * self._edge, parent.height() - top - self._bottom()
        self.setGeometry(self._edge, top, width, max(0, height))
        if self._card is None:
            return
        gap = self._theme.px(12)
        room = self.rect().adjusted(gap, gap, -gap, -gap)
        wanted = self._card.wanted(room.size())
        size = wanted.boundedTo(room.size()).expandedTo(self._card.minimumSizeHint().boundedTo(room.size()))
        self._card.scroll_where(is_cut=size.height() < wanted.height())
        top = self._theme.px(24) if self._is_at_top else (self.height() - size.height()) * 2 // 5
        left = (self.width() - size.width()) // 2
        self._card.setGeometry(QRect(left, max(gap, min(top, self.height() - size.height() - gap)), 0, 0))
        self._card.resize(size)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Follow the parent's size, and what lies above when it becomes higher or lower."""
        if self._card is not None and event.type() == QEvent.Type.Resize:
            self.arrange()
        elif self._card is not None and event.type() == QEvent.Type.LayoutRequest:
            QTimer.singleShot(0, self, self.arrange)
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Dim what lies below."""
        QPainter(self).fillRect(self.rect(), QColor(self._theme.tokens.scrim))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A press beside the card is nobody's."""
        event.accept()
        if self._card is not None:
            self._card.first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _drop(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            card.hide()
            card.deleteLater()
