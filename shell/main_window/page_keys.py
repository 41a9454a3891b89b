"""Keeps the shell's keys out of the pages: in a text field a page would take Ctrl+K for an editing key."""

from collections.abc import Collection

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget


class PageKeys(QObject):
    """Filters the widgets inside a page's pane as they get the keys.

    Qt asks the widget that has the keys first whether it wants a shortcut for itself; a page's text field
    wants Ctrl+K, which is "delete to the end of the line" on X11. It is not asked about the shell's keys.

    Args:
        pages: the widget that all pages lie in.
        keys: the shell's keys, such as `Ctrl+K`.
    """

    def __init__(self, pages: QWidget, keys: Collection[str]) -> None:
        super().__init__(pages)
        self._pages = pages
        self._keys = {QKeySequence(key).toString() for key in keys}
        self._filtered: set[int] = set()

    def focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        """Look after a widget that got the keys for the first time."""
        if new is None or id(new) in self._filtered or not self._pages.isAncestorOf(new):
            return
        new.installEventFilter(self)
        place = id(new)
        self._filtered.add(place)
        new.destroyed.connect(lambda: self._filtered.discard(place))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Answer for the page that it does not want the shell's keys."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            pressed = QKeySequence(event.keyCombination()).toString()
            if pressed in self._keys:
                event.ignore()
                return True
        return super().eventFilter(watched, event)
