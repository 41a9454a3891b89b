"""A layout that breaks into further lines where the width ends, so that nothing is ever cut."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Items one after the other, wrapped like words; one may be kept at the right end of its line.

    Args:
        parent: the widget laid out.
        gap: between items; may change.
        line_height: the least height of a line; may change.
        right: the item that is kept at the right end of its line.
    """

    def __init__(self, parent: QWidget, *, gap: int, line_height: int, right: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.gap = gap
        self.line_height = line_height
        self.right = right

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802 - Qt's name
        """Take an item."""
        self._items.append(item)

    def count(self) -> int:
        """How many items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - Qt's name
        """One item."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - Qt's name
        """Take one item out."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802 - Qt's name
        """It takes no more room than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """How high it is at a width."""
        return self._place(QRect(0, 0, width, 0), is_trial=True)

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802 - Qt's name
        """Place the items."""
        super().setGeometry(rect)
        self._place(rect, is_trial=False)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """One line."""
        margins = self.contentsMargins()
        return QSize(self.minimumSize().width(), self.line_height + margins.top() + margins.bottom())

    def minimumSize(self) -> QSize:  # noqa: N802 - Qt's name
        """The widest word must fit: what is wider than a line is wrapped within itself."""
        margins = self.contentsMargins()
        widest = max((item.minimumSize().width() for item in self._items if not item.isEmpty()), default=0)
        return QSize(widest + margins.left() + margins.right(), self.line_height)

    def _place(self, rect: QRect, *, is_trial: bool) -> int:
        room = rect.marginsRemoved(self.contentsMargins())
        y = room.y()
        for line in self._lines(room.width()):
            height = max(self.line_height, *(size.height() for _, size in line))
            x = room.x()
            for item, size in line:
                is_at_end = self.right is not None and item.widget() is self.right
                left = room.right() + 1 - size.width() if is_at_end else x
                if not is_trial:
                    item.setGeometry(QRect(QPoint(left, y + (height - size.height()) // 2), size))
                x += size.width() + self.gap
            y += height
        return max(y - rect.y(), self.line_height) + self.contentsMargins().bottom()

    def room_left(self, width: int) -> int:
        """The room at the end of the last line that the items before the right one leave to it."""
        margins = self.contentsMargins()
        inner = width - margins.left() - margins.right()
        lines = self._lines(inner, is_without_right=True)
        return inner - sum(size.width() + self.gap for _, size in lines[-1]) if lines else inner

    def _lines(self, width: int, *, is_without_right: bool = False) -> list[list[tuple[QLayoutItem, QSize]]]:
        """Which items stand in which line, and how large."""
        lines: list[list[tuple[QLayoutItem, QSize]]] = []
        taken = width
        for item in self._items:
            if item.isEmpty() or (is_without_right and item.widget() is self.right):
                continue
            size = item.sizeHint()
            if size.width() > width and item.hasHeightForWidth():
                size = QSize(width, item.heightForWidth(width))
            if not lines or taken + size.width() > width:
                lines.append([])
                taken = 0
            lines[-1].append((item, size))
            taken += size.width() + self.gap
        return lines
