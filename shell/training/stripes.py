"""Amber stripes above the window and an amber frame around it; neither can be closed, hidden or covered."""

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

AMBER, AMBER_LIGHT, INK = QColor("#FFB81C"), QColor("#FFCB57"), QColor("#212B32")
"""The same in every scheme: training is never drawn in another colour."""
FRAME_WIDTH = 5
WORDS = "Nothing here is real. Nothing is sent. Practise freely."
TITLE_PREFIX = "TRAINING – "


class TrainingStripe(QWidget):
    """The striped line above everything.

    Args:
        scale: of the window's text.
        more: a further sentence, such as a warning.
    """

    def __init__(self, scale: float = 1.0, more: str = "") -> None:
        super().__init__()
        self.setMinimumHeight(round(40 * scale))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setAccessibleName(f"Training. {WORDS} {more}")
        self._scale = scale
        tag = _ink_label("TRAINING", 16, scale, QFont.Weight.Bold)
        tag.setStyleSheet(
            f"background: {INK.name()}; color: #FFFFFF; border-radius: {round(4 * scale)}px; "
            f"padding: 0 {round(10 * scale)}px; font-size: {round(16 * scale)}px; font-weight: 700;"
        )
        words = _ink_label(WORDS, 15, scale, QFont.Weight.DemiBold)
        words.setWordWrap(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(round(12 * scale), 2, round(16 * scale), 5)
        layout.setSpacing(round(16 * scale))
        layout.addWidget(tag)
        layout.addWidget(words, 1)
        layout.addWidget(_ink_label(more, 13, scale, QFont.Weight.Normal))

    def setVisible(self, visible: bool) -> None:  # noqa: ARG002, N802 - Qt's name
        """It cannot be taken away."""
        super().setVisible(True)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Draw the stripes."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), AMBER)
        width = round(15.5 * self._scale)
        painter.setPen(QPen(AMBER_LIGHT, width))
        height, step = self.height(), round(width * 2.83)
        for left in range(-height - step, self.width() + step, step):
            painter.drawLine(left, height + width, left + height + 2 * width, -width)
        painter.fillRect(QRect(0, height - 3, self.width(), 3), INK)


class TrainingFrame(QWidget):
    """The frame: four edges of its parent, over everything that Qt draws there, through which clicks pass.

    Args:
        parent: what it frames; it keeps `FRAME_WIDTH` free at its edges.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._parent = parent
        parent.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Go around the parent, and stay on top of its other children."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.ChildAdded):
            self.setGeometry(self._parent.rect())
            inside = self.rect().adjusted(FRAME_WIDTH, 0, -FRAME_WIDTH, -FRAME_WIDTH)
            self.setMask(QRegion(self.rect()).subtracted(QRegion(inside)))
            self.raise_()
        return super().eventFilter(watched, event)

    def setVisible(self, visible: bool) -> None:  # noqa: ARG002, N802 - Qt's name
        """It cannot be taken away."""
        super().setVisible(True)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Draw the frame; the mask leaves only its edges."""
        QPainter(self).fillRect(self.rect(), AMBER)


def _ink_label(words: str, pixels: int, scale: float, weight: QFont.Weight) -> QLabel:
    made = QLabel(words)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setStyleSheet(
        f"color: {INK.name()}; background: transparent; font-size: {round(pixels * scale)}px; "
        f"font-weight: {int(weight)};"
    )
    return made
