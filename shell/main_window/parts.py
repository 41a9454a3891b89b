"""The small parts that the whole window is made of: labels, key caps, buttons, tags, pips, rules."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from shell.main_window.theme import Theme
from web_modules.decision.words import Stage

STAGE_WORDS = {stage: stage.value.capitalize() for stage in Stage}


def label(words: str = "", kind: str = "") -> QLabel:
    """A text of a kind that the style sheet knows; never interpreted as rich text."""
    made = QLabel(words)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if kind:
        made.setProperty("kind", kind)
    return made


def rich_label(kind: str = "") -> QLabel:
    """A text with bold parts. Whoever sets it escapes what comes from outside."""
    made = label(kind=kind)
    made.setTextFormat(Qt.TextFormat.RichText)
    return made


def key_cap(words: str, *, on_brand: bool = False) -> QLabel:
    """A key, drawn as one."""
    made = label(words, "keyOnBrand" if on_brand else "key")
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


def picture(theme: Theme, name: str, colour: str = "", size: int = 16) -> QLabel:
    """An icon; what it means is always said in words beside it."""
    made = QLabel()
    made.setPixmap(theme.pixmap(name, colour, size))
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


class Button(QPushButton):
    """A button that says what it does, its key in a cap behind the words; ringed while it has the keys.

    Words that have no room in one line take more of them: they are never cut.

    Args:
        words: what it does.
        key: the key that does the same, or None.
    """

    def __init__(self, words: str, key: str | None) -> None:
        super().__init__(words)
        self._key = key
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{words}, {key}" if key else words)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for the words and the key in one line."""
        hint = super().sizeHint()
        return QSize(hint.width() + self._cap_width(), hint.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Words are never cut: few of them stay in one line."""
        least = self.fontMetrics().averageCharWidth() * _LETTERS_IN_LINE
        return QSize(min(self.sizeHint().width(), least), super().sizeHint().height())

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """The narrower, the higher."""
        hint = super().sizeHint()
        around = hint.width() - self.fontMetrics().horizontalAdvance(self.text())
        height = self._words_box(width - around).height()
        return max(hint.height(), height + _ABOVE_AND_BELOW if height > self.fontMetrics().height() else 0)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """The style sheet's frame, then words and key in its middle, then the ring."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.palette().buttonText().color())
        around = super().sizeHint().width() - self.fontMetrics().horizontalAdvance(self.text())
        box = self._words_box(self.width() - around)
        left = (self.width() - box.width() - self._cap_width()) / 2
        room = QRectF(left, 0, box.width() + 2, self.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, self.text())
        if self._key:
            self._draw_cap(painter, left + box.width() + _CAP_GAP)
        if self.hasFocus():
            draw_ring(painter, QRectF(self.rect()))

    def _words_box(self, width: int) -> QRect:
        room = QRect(0, 0, max(1, width - self._cap_width()) + 1, 9999)
        return self.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, self.text())

    def _cap_width(self) -> int:
        return self.fontMetrics().horizontalAdvance(self._key) + _CAP_GAP + 10 if self._key else 0

    def _draw_cap(self, painter: QPainter, left: float) -> None:
        height = self.fontMetrics().height() - 1
        width = self._cap_width() - _CAP_GAP
        box = QRectF(left + 0.5, round((self.height() - height) / 2) + 0.5, width - 1, height - 1)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 3, 3)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._key or "")


_LETTERS_IN_LINE = 30
"""A button whose words are shorter is never narrower than they are."""
_ABOVE_AND_BELOW = 12
_CAP_GAP = 8
_FOCUS, _FOCUS_INK = QColor("#FFEB3B"), QColor("#212B32")
"""The same in every scheme: yellow outside, dark inside, so that one of them is seen on any ground."""


def draw_ring(painter: QPainter, box: QRectF) -> None:
    """Draw the ring of what has the keys, inside a box."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_FOCUS, 3))
    painter.drawRoundedRect(box.adjusted(1.5, 1.5, -1.5, -1.5), 4, 4)
    painter.setPen(QPen(_FOCUS_INK, 2))
    painter.drawRoundedRect(box.adjusted(4, 4, -4, -4), 2, 2)


def button(words: str, kind: str = "plain", key: str | None = None) -> QPushButton:
    """A button of a kind: main (one a view), plain, text."""
    made = Button(words, key)
    made.setProperty("kind", kind)
    return made


def row(*parts: QWidget | int | None, spacing: int = 8) -> QHBoxLayout:
    """Widgets in a line; a number is a gap of that width, None takes what is left."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, int):
            layout.addSpacing(part)
        else:
            layout.addWidget(part)
    return layout


def rule(theme: Theme, *, upright: bool = False, name: str = "divider") -> QFrame:
    """A thin line."""
    made = QFrame()
    made.setObjectName(name)
    if upright:
        made.setFixedSize(1, theme.px(16))
    else:
        made.setFixedHeight(1)
    return made


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Change a property that the style sheet looks at, and have it look again."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    for child in widget.findChildren(QWidget):
        child.style().unpolish(child)
        child.style().polish(child)
    widget.update()


class Pips(QWidget):
    """Six small squares, as many of them filled as steps have been taken."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._step = 1
        self._colour = theme.tokens.line_strong
        edge = theme.px(5)
        self.setFixedSize(QSize(edge * 6 + theme.px(2) * 5, edge))

    def show_stage(self, stage: Stage, *, is_current: bool = False) -> None:
        """Fill up to a stage."""
        self._step = stage.step
        tokens = self._theme.tokens
        self._colour = tokens.accent if is_current else tokens.line_strong
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Draw them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge, gap = self._theme.px(5), self._theme.px(2)
        empty = QPen(QColor(self._theme.tokens.line_control), 1)
        for number in range(6):
            box = QRectF(number * (edge + gap) + 0.5, 0.5, edge - 1, edge - 1)
            is_taken = number < self._step
            painter.setPen(QPen(QColor(self._colour), 1) if is_taken else empty)
            painter.setBrush(QColor(self._colour) if is_taken else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 1, 1)


class StageTag(QFrame):
    """A stage in a small frame: pips and word."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("tag")
        self.setFixedHeight(theme.px(20))
        self._pips = Pips(theme)
        self._word = label()
        layout = row(self._pips, self._word, spacing=theme.px(6))
        layout.setContentsMargins(theme.px(8), 0, theme.px(8), 0)
        self.setLayout(layout)

    def show_stage(self, stage: Stage) -> None:
        """Say a stage."""
        self._pips.show_stage(stage)
        self._word.setText(STAGE_WORDS[stage])
        self.setAccessibleName(f"Stage: {STAGE_WORDS[stage]}, {stage.step} of 6")


class Tag(QFrame):
    """A few words in a small frame."""

    def __init__(self, theme: Theme, words: str, tone: str = "") -> None:
        super().__init__()
        self.setObjectName("tag")
        self.setProperty("tone", tone)
        self.setFixedHeight(theme.px(20))
        layout = row(label(words))
        layout.setContentsMargins(theme.px(8), 0, theme.px(8), 0)
        self.setLayout(layout)
