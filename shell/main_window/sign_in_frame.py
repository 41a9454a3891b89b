"""What the windows have in common that ask who is there: the environment's stripe, a title, and Esc."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from shell.functions import CloudOffer
from shell.main_window.parts import label
from shell.main_window.theme import Theme
from shell.main_window.top_bar import ReferenceStripe
from shell.main_window.wording import window_title
from shell.training.stripes import TrainingStripe
from web_modules.decision.words import Environment

_WIDTH = 600


class SignInFrame(QWidget):
    """A window of its own that is there until somebody signs in or closes it.

    Args:
        theme: the look.
        offer: of the cloud that is signed in to.
        title: of what is asked.
    """

    left = Signal()
    """It was closed without an answer."""

    def __init__(self, theme: Theme, offer: CloudOffer, title: str) -> None:
        super().__init__()
        self._is_answered = False
        self.setWindowTitle(window_title(offer))
        self.setObjectName("content")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setStyleSheet(theme.style_sheet())
        self.setFixedWidth(theme.px(_WIDTH))
        self.inner = QVBoxLayout()
        self.inner.setContentsMargins(theme.px(24), theme.px(20), theme.px(24), theme.px(24))
        self.inner.setSpacing(theme.px(14))
        self.inner.addWidget(label(title, "title"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if offer.environment is Environment.TRAINING:
            column.addWidget(TrainingStripe(theme.scale))
        elif offer.environment is Environment.REFERENCE:
            column.addWidget(ReferenceStripe(theme))
        column.addLayout(self.inner)

    def answered(self) -> None:
        """Somebody is signed in: go, without a word."""
        self._is_answered = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Closing is an answer too."""
        event.accept()
        if not self._is_answered:
            self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc leaves."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)
