"""The hole where a foreign window lies; it scrolls rather than make a program smaller than it can be.

The foreign window is not inside this widget but over it, in a sibling of the window's content (`key_frame`).
"""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QPlatformSurfaceEvent, QWindow
from PySide6.QtWidgets import QAbstractScrollArea, QLabel, QSizePolicy, QVBoxLayout, QWidget

from shell.native.interface import Box

_SETTLE_MILLISECONDS: Final = 30
"""A drag of a splitter moves the pane at every pixel; the program is told where it is when that rests."""
_SURFACE_GOES: Final = QPlatformSurfaceEvent.SurfaceEventType.SurfaceAboutToBeDestroyed
_MOVING_EVENTS: Final = frozenset(
    {QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.ParentChange}
)


class LegacyPane(QWidget):
    """A pane that a foreign window can be laid over.

    Args:
        top: the shell's top-level window; the foreign window becomes a child of it.
        program: the program's name, for the words at the edge.
        settled: told the foreign window's new place on the screen, in device pixels.
        left: told that the foreign window went off the glass, and can have no keys.
        ending: told that the pane's own window is about to go; what is still in it would go with it.
    """

    def __init__(
        self,
        top: QWidget,
        program: str,
        settled: Callable[[Box], None],
        left: Callable[[], None],
        ending: Callable[[], None],
    ) -> None:
        super().__init__()
        self._top = top
        self._program = program
        self._settled = settled
        self._left = left
        self._ending = ending
        self._minimum = QSize(1, 1)
        self._window: QWindow | None = None
        self._is_covered = False
        self._watched: list[QWidget] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._hole = _Hole(self)
        self._hole.horizontalScrollBar().valueChanged.connect(self._scrolled)
        self._hole.verticalScrollBar().valueChanged.connect(self._scrolled)
        self._edge = QLabel(self)
        self._edge.setObjectName("legacyPaneEdge")
        self._edge.setWordWrap(True)
        self._edge.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._hole, 1)
        layout.addWidget(self._edge)
        self._overlay = QWidget(top)
        self._overlay.setAttribute(Qt.WidgetAttribute.WA_DontCreateNativeAncestors)
        self._overlay.setAttribute(Qt.WidgetAttribute.WA_NativeWindow)
        self._overlay.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._overlay.hide()
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MILLISECONDS)
        self._settle.timeout.connect(self._tell_place)

    @property
    def is_on_the_glass(self) -> bool:
        """Whether the foreign window can be seen and may have the keys."""
        return self._overlay.isVisible() and self._window is not None

    def lay(self, window: QWindow, minimum: QSize) -> None:
        """Lay a foreign window over the pane; it is never made smaller than `minimum` (logical pixels)."""
        self._minimum = minimum
        self._window = window
        # no QWidget.createWindowContainer: it takes the focus by itself, and the window with it when it goes
        window.setParent(self._overlay.windowHandle())
        self._overlay.windowHandle().installEventFilter(self)
        window.show()
        self.arrange()

    def lift(self, *, to_screen: bool) -> None:
        """Take the foreign window out: back to the screen, or, when it is no more, just forget it."""
        if self._window is not None and to_screen:
            self._window.setParent(None)
        self._window = None
        self.arrange()

    def cover(self, *, covered: bool) -> None:
        """Take the foreign window off the glass, or put it back."""
        self._is_covered = covered
        self.arrange()

    def arrange(self) -> None:
        """Put the foreign window where the pane now is."""
        shown = self._window is not None and not self._is_covered and self.isVisible()
        if not shown:
            was_shown = self._overlay.isVisible()
            self._overlay.hide()
            self._edge.hide()
            if was_shown:
                self._left()
            return
        self._say_at_the_edge()
        viewport = self._hole.viewport()
        place = QRect(viewport.mapTo(self._top, QPoint(0, 0)), viewport.size())
        self._overlay.setGeometry(place)
        self._scroll()
        self._overlay.show()
        self._overlay.raise_()
        self._settle.start()

    def place_on_screen(self) -> Box:
        """The foreign window's place on the screen, in device pixels."""
        place = QRect() if self._window is None else self._window.geometry()
        corner, ratio = self._overlay.mapToGlobal(place.topLeft()), self.devicePixelRatioF()
        return Box(
            x=round(corner.x() * ratio),
            y=round(corner.y() * ratio),
            width=round(place.width() * ratio),
            height=round(place.height() * ratio),
        )

    def showEvent(self, event: object) -> None:  # noqa: ARG002, N802 - Qt's name
        """Watch all that the pane lies in: any of it may move the pane."""
        self._watch_ancestors()
        self.arrange()

    def hideEvent(self, event: object) -> None:  # noqa: ARG002, N802 - Qt's name
        """The foreign window goes with its pane."""
        self.arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Follow the pane and all around it."""
        if isinstance(event, QPlatformSurfaceEvent):
            if event.surfaceEventType() is _SURFACE_GOES and watched is self._overlay.windowHandle():
                self._ending()
        elif event.type() in _MOVING_EVENTS:
            if event.type() == QEvent.Type.ParentChange:
                self._watch_ancestors()
            self.arrange()
        return super().eventFilter(watched, event)

    def _watch_ancestors(self) -> None:
        for widget in self._watched:
            widget.removeEventFilter(self)
        self._watched = [self, self._hole.viewport()]
        ancestor = self.parentWidget()
        while ancestor is not None:
            self._watched.append(ancestor)
            ancestor = ancestor.parentWidget()
        for widget in self._watched:
            widget.installEventFilter(self)

    def _scrolled(self) -> None:
        self._scroll()
        self._settle.start()

    def _scroll(self) -> None:
        if self._window is None:
            return
        room = self._hole.viewport().size()
        size = room.expandedTo(self._minimum)
        across, down = self._hole.horizontalScrollBar(), self._hole.verticalScrollBar()
        across.setPageStep(room.width())
        across.setRange(0, size.width() - room.width())
        down.setPageStep(room.height())
        down.setRange(0, size.height() - room.height())
        self._window.setGeometry(QRect(QPoint(-across.value(), -down.value()), size))

    def _say_at_the_edge(self) -> None:
        room, need = self.size(), self._minimum
        is_narrow = room.width() < need.width() or room.height() < need.height()
        if is_narrow:
            self._edge.setText(
                f"{self._program} needs {need.width()} × {need.height()}, here is room for "
                f"{room.width()} × {room.height()}. It keeps its size: scroll to see the rest."
            )
        if self._edge.isVisibleTo(self) != is_narrow:
            self._edge.setVisible(is_narrow)
            layout = self.layout()
            if layout is not None:
                layout.activate()

    def _tell_place(self) -> None:
        if self.is_on_the_glass:
            self._settled(self.place_on_screen())


class _Hole(QAbstractScrollArea):
    """Scroll bars around nothing: what they scroll lies over them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
