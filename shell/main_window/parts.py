"""The small parts that the whole window is made of: labels, key caps, buttons, tags, pips, rules."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

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


def button(words: str, kind: str = "plain", key: str | None = None) -> QPushButton:
    """A button that says what it does; `key` is said behind it."""
    made = QPushButton(f"{words}   {key}" if key else words)
    made.setProperty("kind", kind)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
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
