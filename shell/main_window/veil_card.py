"""The card on a veil: what it says may scroll; what can be chosen stays on the glass while there is room."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from shell.main_window.parts import label, picture, row
from shell.main_window.theme import Theme

_EDGE, _GAP, _MARGIN = 24, 14, 12
_TIGHT = 10
"""In place of all three where not all that is said has room."""
_BORDER = 8
"""What the style sheet draws around a card, above and below together."""
_NARROW = 620
"""Below this width of the veil one identity stands above the other."""


class VeilCard(QFrame):
    """Words above, choices below.

    Args:
        theme: the look.
        name: of the style sheet.
        width: at most, as drawn.
    """

    def __init__(self, theme: Theme, name: str, width: int) -> None:
        super().__init__()
        self.setObjectName(name)
        self._theme = theme
        self._width = theme.px(width)
        self._body = QWidget()
        self.body = QVBoxLayout(self._body)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(theme.px(_GAP))
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._body)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pair.setSpacing(theme.px(16))
        self._foot = QWidget()
        self._choices = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._foot)
        self._choices.setContentsMargins(0, 0, 0, 0)
        self._choices.setSpacing(theme.px(12))
        self._buttons: list[QPushButton] = []
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._scroll, 1)

    def add_pair(self, *boxes: QWidget) -> None:
        """Add boxes that stand beside each other, or above each other where it is narrow."""
        for box in boxes:
            self._pair.addWidget(box, 1)
        self.body.addLayout(self._pair)

    def add_choices(self, *buttons: QPushButton) -> None:
        """Add what can be chosen: equal buttons, none of them chosen."""
        for one in buttons:
            one.setProperty("size", "tall")
            one.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._choices.addWidget(one, 1)
        self._buttons = list(buttons)

    def add_head(self, title: str, words: str) -> None:
        """Add what happened and what it means."""
        theme = self._theme
        name, said = label(title, "title"), label(words, "read")
        column = QVBoxLayout()
        column.setSpacing(theme.px(4))
        for one in (name, said):
            one.setWordWrap(True)
            column.addWidget(one)
        line = row(spacing=theme.px(12))
        line.addWidget(picture(theme, "warning", theme.tokens.warn, 20), 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(column, 1)
        self.body.addLayout(line)

    def fit(self, room: QSize) -> None:
        """Take a place in the middle of a veil: whole where it can, else with its words to scroll."""
        for part in self.findChildren(QWidget):
            part.ensurePolished()  # the style sheet says how large words are
        if not self._take_place(room, _EDGE, _GAP, _MARGIN):
            self._take_place(room, _TIGHT, _TIGHT, _TIGHT)

    def _take_place(self, room: QSize, edge: int, gap: int, margin: int) -> bool:
        """Lie in the middle.

        Returns:
            Whether all of it can be seen at once.
        """
        edge, gap, margin = (self._theme.px(one) for one in (edge, gap, margin))
        width = max(1, min(self._width, room.width() - 2 * margin))
        tallest = max(1, room.height() - 2 * margin)
        inner = width - 2 * edge - 2
        self._column.setContentsMargins(edge, edge, edge, edge)
        self._column.setSpacing(gap)
        self.body.setSpacing(gap)
        self._pair.setDirection(_direction(is_beside=room.width() >= self._theme.px(_NARROW)))
        widest = max((one.sizeHint().width() for one in self._buttons), default=0)
        total = len(self._buttons) * (widest + self._choices.spacing()) - self._choices.spacing()
        self._choices.setDirection(_direction(is_beside=total <= inner))
        choices = self._choices.totalHeightForWidth(inner) + gap if self._buttons else 0
        around = 2 * edge + _BORDER
        self._put_choices(is_below=choices + around <= tallest * 2 // 3)
        is_below = self._column.indexOf(self._foot) >= 0
        wanted = self.body.totalHeightForWidth(inner) + (choices if is_below else 0) + around
        height = min(tallest, wanted)
        left, top = (room.width() - width) // 2, max(margin, (room.height() - height) * 2 // 5)
        self.setGeometry(QRect(left, top, width, height))
        return wanted <= tallest

    def _put_choices(self, *, is_below: bool) -> None:
        """Below the words that scroll, or among them where the choices alone would fill the card."""
        if not self._buttons:
            return
        column = self._column if is_below else self.body
        if column.indexOf(self._foot) < 0:
            (self.body if is_below else self._column).removeWidget(self._foot)
            column.addWidget(self._foot)
            self._foot.show()


def _direction(*, is_beside: bool) -> QBoxLayout.Direction:
    return QBoxLayout.Direction.LeftToRight if is_beside else QBoxLayout.Direction.TopToBottom
