"""The shell's own keys: the same over both panes; a page's text field does not take them for editing keys."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget

from shell.functions import CloudOffer
from shell.main_window.cards import Cards
from shell.switchboard import LOCK_KEY, Switchboard
from web_modules.decision.words import View

_VIEW_KEYS = {View.LEGACY: "Alt+1", View.SIDE_BY_SIDE: "Alt+2", View.NEW: "Alt+3"}


class ShellKeys(QObject):
    """Hears the keys in a window, and keeps them out of its pages.

    Qt asks the widget that has the keys first whether it wants a shortcut for itself; a page's text field
    wants Ctrl+K, which is "delete to the end of the line" on X11. It is not asked about the shell's keys.

    Args:
        window: whose keys they are.
        pages: the widget that all pages lie in.
        offer: the functions, in the order of their keys.
        board: does what is asked for.
        cards: opened by keys; while one asks something, keys are its own.
    """

    def __init__(
        self, window: QWidget, pages: QWidget, offer: CloudOffer, board: Switchboard, cards: Cards
    ) -> None:
        super().__init__(window)
        self._pages = pages
        self._cards = cards
        self._actions: dict[str, Callable[[], None]] = {
            "Ctrl+K": cards.open_palette,
            "Ctrl+Shift+X": lambda: board.open_patient(None),
            "Ctrl+Shift+D": cards.open_desk,
            "Ctrl+J": board.show_where,
            "Ctrl+P": cards.print_page,
            "Ctrl+/": cards.show_keys,
            LOCK_KEY: cards.lock_wanted.emit,
        }
        for view, key in _VIEW_KEYS.items():
            self._actions[key] = partial(board.choose, view)
        for place, one in enumerate(offer.functions[:9], start=1):
            self._actions[f"Ctrl+{place}"] = partial(board.select, one.function)
        self._keys = {QKeySequence(key).toString() for key in self._actions}
        self._filtered: set[int] = set()
        for key in self._actions:
            shortcut = QShortcut(QKeySequence(key), window)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(partial(self.press, key))
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._focus_moved)

    def press(self, key: str) -> None:
        """Do what a key means; a question that waits for its answer comes before all but the lock."""
        action = self._actions.get(key)
        if action is not None and (key == LOCK_KEY or not self._cards.is_asking):
            self._cards.after_palette(action)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Answer for the page that it does not want the shell's keys."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            pressed = QKeySequence(event.keyCombination()).toString()
            if pressed in self._keys:
                event.ignore()
                return True
        return super().eventFilter(watched, event)

    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        """Look after a widget that got the keys for the first time."""
        if new is None or id(new) in self._filtered or not self._pages.isAncestorOf(new):
            return
        new.installEventFilter(self)
        place = id(new)
        self._filtered.add(place)
        new.destroyed.connect(lambda: self._filtered.discard(place))
