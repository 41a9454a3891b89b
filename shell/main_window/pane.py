"""One side's pane: the strip that says what it shows, the host's widget, and the veil over it."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from shell.context.shown import Side
from shell.main_window.strip import PaneStrip
from shell.main_window.theme import Theme
from shell.main_window.veil import Veil

TITLES = {Side.LEGACY: "Legacy screen", Side.CLOUD: "New module"}


_QUESTIONS = {Side.LEGACY: "Where is this now?", Side.CLOUD: "Where was this?"}


class Pane(QWidget):
    """A pane of the middle.

    Args:
        theme: the look.
        side: whose pane it is.
        host: the host's widget.

    Attributes:
        is_gone: whether the pane's program or page ended; its veil then says so.
        can_restart: whether starting it again is offered then.
    """

    def __init__(self, theme: Theme, side: Side, host: QWidget) -> None:
        super().__init__()
        self.side = side
        self.is_gone = False
        self.can_restart = True
        self.setAccessibleName(TITLES[side])
        self.strip = PaneStrip(theme, TITLES[side], _QUESTIONS[side])
        self.veil = Veil(theme)
        self._host = host
        self._middle = QWidget()
        self._stack = QStackedLayout(self._middle)
        self._stack.setContentsMargins(0, 0, 0, 0)
        # the host stays visible below its veil: a page that is hidden does not paint
        self._stack.setStackingMode(QStackedLayout.StackingMode.StackAll)
        self._stack.addWidget(host)
        self._stack.addWidget(self.veil)
        self._still = QLabel(self._middle)
        self._still.hide()
        self._middle.installEventFilter(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self._middle, 1)

    @property
    def is_veiled(self) -> bool:
        """Whether the veil is in front."""
        return self._stack.currentWidget() is self.veil

    def show_gone(self, title: str, words: str) -> None:
        """Cover the pane, say that its program ended and what that means, and offer to start it again."""
        self.is_gone = True
        self.show_veil(is_veiled=True)
        is_page = self.side is Side.CLOUD
        self.strip.show_words("not open" if is_page else "not here", "")
        again = "Open the page again" if is_page else "Start it again"
        self.veil.show_trouble(title, words, again if self.can_restart else "")

    def show_veil(self, *, is_veiled: bool) -> None:
        """Put the veil in front of the host, or behind it."""
        self._stack.setCurrentWidget(self.veil if is_veiled else self._host)

    def show_still(self, *, is_still: bool) -> None:
        """Show a picture of the pane in its place, for while a foreign window may not lie over a card."""
        screen = self.screen()
        if not is_still or self.is_veiled or not self._middle.isVisible():
            self._still.hide()
            return
        corner = self._middle.mapToGlobal(self._middle.rect().topLeft()) - screen.geometry().topLeft()
        size = self._middle.size()
        self._still.setPixmap(screen.grabWindow(0, corner.x(), corner.y(), size.width(), size.height()))
        self._still.setGeometry(self._middle.rect())
        self._still.show()
        self._still.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """A picture of another size than the pane is no picture of it."""
        if event.type() is QEvent.Type.Resize and watched is self._middle:
            self._still.hide()
        return super().eventFilter(watched, event)
