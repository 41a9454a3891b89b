"""Looks for words that are cut: in too small a label or button, or beyond the edge of what holds them."""

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QAbstractScrollArea, QLabel, QPushButton, QWidget


def cut_parts(root: QWidget) -> list[str]:
    """The words of each visible label and button in a widget that cannot be read as a whole.

    What a scroll area can bring into view counts as whole, unless it lies beside it.
    """
    parts: list[QLabel | QPushButton] = [*root.findChildren(QLabel), *root.findChildren(QPushButton)]
    return [part.text() for part in parts if part.isVisible() and part.text() and _is_cut(part, root)]


def _is_cut(part: QLabel | QPushButton, root: QWidget) -> bool:
    if part.hasHeightForWidth():
        is_narrow = part.width() < part.minimumSizeHint().width()
        is_small = is_narrow or part.height() < part.heightForWidth(part.width())
    else:
        is_small = part.width() < part.sizeHint().width() or part.height() < part.minimumSizeHint().height()
    return is_small or _is_outside(part, root)


def _is_outside(part: QWidget, root: QWidget) -> bool:
    box = QRect(part.rect())
    widget = part
    while widget is not root:
        parent = widget.parentWidget()
        assert parent is not None
        box.moveTopLeft(widget.mapToParent(box.topLeft()))
        if isinstance(parent.parentWidget(), QAbstractScrollArea):
            if box.left() < 0 or box.right() > parent.rect().right():
                return True
            box = parent.rect()  # the rest can be brought into view
        elif not parent.rect().contains(box):
            return True
        widget = parent
    return False
