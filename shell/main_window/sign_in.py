"""The first question of a window that was not told: who are you? Asked where no password is asked."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from shell.functions import CloudOffer
from shell.main_window.parts import button, label, row
from shell.main_window.sign_in_frame import SignInFrame
from shell.main_window.theme import Theme
from shell.main_window.top_bar import initials
from shell.main_window.wording import role_words
from shell.meeting import Candidate

_ROW, _SHOWN, _LEAST = 52, 6, 2
_TITLE_BAR = 40
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_ACTIVE = QStyle.StateFlag.State_Selected


class SignInWindow(SignInFrame):
    """Lets a person say who they are: type to narrow the list, Enter takes the marked row.

    Nobody is marked until the person types or moves: an Enter too early signs nobody in.

    Args:
        theme: the look.
        offer: of the cloud that asks.
        candidates: whom one may choose to be.
    """

    chosen = Signal(object)
    """A `Candidate`."""

    def __init__(self, theme: Theme, offer: CloudOffer, candidates: Sequence[Candidate]) -> None:
        super().__init__(theme, offer, "Who are you?")
        self._candidates = tuple(candidates)
        self._field = QLineEdit()
        self._field.setObjectName("signInField")
        self._field.setPlaceholderText("Type a name or a role")
        self._field.setAccessibleName("Who are you? Type a name or a role")
        self._field.setMinimumHeight(theme.px(40))
        self._field.textChanged.connect(self._narrow)
        self._field.installEventFilter(self)
        self._list = QListWidget()
        self._list.setObjectName("signInList")
        self._list.setAccessibleName("People")
        self._list.setItemDelegate(_Row(theme, self._candidates, self._list))
        self._rows_wanted = theme.px(_ROW) * min(len(self._candidates), _SHOWN) + 2
        self._list.setMinimumHeight(min(self._rows_wanted, theme.px(_ROW) * _LEAST))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for one in self._candidates:
            self._list.addItem(f"{one.name}, {role_words(one.role)}")
        self._list.currentRowChanged.connect(lambda _row: self._show_mark())
        self._list.itemActivated.connect(lambda _item: self._take())
        self._nobody = label("Nobody has such a name or role.", "read")
        self._nobody.hide()
        self._trouble = label(kind="bad")
        self._trouble.setWordWrap(True)
        self._trouble.hide()
        self._sign_in = button("Sign in", "main", "Enter")
        self._sign_in.setProperty("size", "tall")
        self._sign_in.clicked.connect(self._take)
        leave = button("Close", "text", "Esc")
        leave.clicked.connect(self.close)
        said = label(f"Choose who you are at {offer.practice}. No password is asked here.", "read")
        said.setWordWrap(True)
        for part in (said, self._field, self._list, self._nobody, self._trouble):
            self.inner.addWidget(part)
        self.inner.addLayout(row(self._sign_in, leave, None, spacing=theme.px(12)))
        self._narrow("")

    def say_trouble(self, words: str) -> None:
        """Say why the choice did not hold, and ask again."""
        self._trouble.setText(words)
        self._trouble.show()
        self._fit()
        self.setEnabled(True)
        self._field.setFocus()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Typing narrows the list at once."""
        super().showEvent(event)
        self._fit()
        self.activateWindow()
        self._field.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter takes the marked row wherever the keys are."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Arrows in the field move the mark."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            step = _STEPS.get(Qt.Key(event.key()))
            if step is not None:
                self._move(step)
                return True
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """Be as high as all the words need, on a low screen at the list's expense."""
        layout, screen = self.layout(), self.screen()
        if layout is not None:
            needed = layout.totalMinimumHeightForWidth(self.width())
            room = screen.availableGeometry().height() - _TITLE_BAR
            self.setMinimumHeight(min(needed, room))
            self.resize(self.width(), min(needed + self._rows_wanted - self._list.minimumHeight(), room))

    def _narrow(self, typed: str) -> None:
        words = typed.lower().split()
        for item in self._items():
            parts = item.text().lower().replace(",", " ").split()
            fits = all(any(part.startswith(word) for part in parts) for word in words)
            item.setHidden(not fits)
        shown = self._shown()
        self._list.setCurrentRow(self._list.row(shown[0]) if words and shown else -1)
        self._list.setVisible(bool(shown))
        self._nobody.setVisible(not shown)
        self._show_mark()

    def _move(self, step: int) -> None:
        shown = self._shown()
        if shown:
            now = self._list.currentItem()
            place = shown.index(now) + step if now in shown else (0 if step > 0 else -1)
            self._list.setCurrentItem(shown[place % len(shown)])

    def _show_mark(self) -> None:
        self._sign_in.setEnabled(self._marked() is not None)

    def _take(self) -> None:
        item = self._marked()
        if item is not None and self.isEnabled():
            self.setEnabled(False)
            self._trouble.hide()
            self.chosen.emit(self._candidates[self._list.row(item)])

    def _marked(self) -> QListWidgetItem | None:
        item = self._list.currentItem()
        return item if item is not None and not item.isHidden() else None

    def _items(self) -> list[QListWidgetItem]:
        return [self._list.item(place) for place in range(self._list.count())]

    def _shown(self) -> list[QListWidgetItem]:
        return [item for item in self._items() if not item.isHidden()]


class _Row(QStyledItemDelegate):
    """Draws a person: initials, name, role; the marked one on a tint with a bar at its left."""

    def __init__(self, theme: Theme, candidates: Sequence[Candidate], parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self._candidates = candidates

    def sizeHint(  # noqa: N802 - Qt's name
        self,
        option: QStyleOptionViewItem,  # noqa: ARG002
        index: QModelIndex | QPersistentModelIndex,  # noqa: ARG002
    ) -> QSize:
        """All rows are equally high."""
        return QSize(0, self._theme.px(_ROW))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw one row."""
        theme, one = self._theme, self._candidates[index.row()]
        state: QStyle.StateFlag = option.state
        box = QRectF(option.rect)
        is_marked = bool(state & _ACTIVE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_marked:
            painter.fillRect(box, theme.colour("accent_tint"))
            painter.fillRect(QRectF(box.left(), box.top(), theme.px(3), box.height()), theme.colour("accent"))
        edge = theme.px(32)
        circle = QRectF(box.left() + theme.px(14), box.center().y() - edge / 2, edge, edge)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        painter.drawEllipse(circle)
        painter.setPen(theme.colour("on_accent"))
        painter.setFont(theme.font(12, QFont.Weight.Bold))
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, initials(one.name))
        words = box.adjusted(edge + theme.px(28), 0, -theme.px(12), 0)
        upper = words.adjusted(0, theme.px(6), 0, -box.height() / 2)
        lower = words.adjusted(0, box.height() / 2, 0, -theme.px(6))
        painter.setPen(theme.colour("text"))
        painter.setFont(theme.font(14, QFont.Weight.DemiBold))
        painter.drawText(upper, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, one.name)
        painter.setPen(theme.colour("quiet"))
        painter.setFont(theme.font(13))
        painter.drawText(
            lower, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, role_words(one.role)
        )
        painter.restore()
