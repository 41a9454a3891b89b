"""A line across the work area that says what happened and offers what to do about it."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy

from shell.main_window.parts import button, restyle, rich_label
from shell.main_window.theme import Theme

Choice = tuple[str, str, str | None, str]
"""Name, words, key or None, kind of button."""
LOSING = "losing"
"""The kind of a plain button that loses something: Enter does not press it."""


class Notice(QFrame):
    """One line, or more where the words are long; hidden while there is nothing to say.

    Args:
        theme: the look.
        icon: of the sheet.
        tone: empty, warn or bad.
    """

    pressed = Signal(str)
    """The name of the choice."""

    def __init__(self, theme: Theme, icon: str, tone: str = "") -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setProperty("tone", tone)
        self._theme = theme
        self._tone = tone
        self._icon = QLabel()
        self._icon.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._words = rich_label("read" if tone else "")
        self._words.setWordWrap(True)
        self._words.setMinimumWidth(theme.px(200))
        self._buttons: list[QPushButton] = []
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(theme.px(16), theme.px(5), theme.px(16), theme.px(5))
        self._line.setSpacing(theme.px(12))
        self._line.addWidget(
            self._icon, 0, Qt.AlignmentFlag.AlignTop if tone else Qt.AlignmentFlag.AlignVCenter
        )
        self._line.addWidget(self._words, 1)
        self._icon.setContentsMargins(0, theme.px(4) if tone else 0, 0, 0)
        self._draw(icon)
        self.hide()

    def say(
        self, words: str, choices: Sequence[Choice] = (), *, icon: str = "", tone: str | None = None
    ) -> None:
        """Say something and show itself.

        Args:
            words: with <b>…</b> where needed; what comes from outside is escaped already.
            choices: the buttons.
            icon: another icon than before.
            tone: another tone than before.
        """
        if tone is not None and tone != self._tone:
            self._tone = tone
            restyle(self, "tone", tone)
        if icon:
            self._draw(icon)
        self._words.setText(words)
        for old in self._buttons:
            self._line.removeWidget(old)
            old.deleteLater()
        self._buttons = []
        for name, said, key, kind in choices:
            made = button(said, "plain" if kind == LOSING else kind, key)
            if kind == LOSING:
                made.installEventFilter(self)
            made.clicked.connect(lambda _=False, name=name: self.pressed.emit(name))
            self._line.addWidget(made, 0, Qt.AlignmentFlag.AlignVCenter)
            self._buttons.append(made)
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Enter never confirms a loss."""
        if isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return True
        return super().eventFilter(watched, event)

    def words(self) -> str:
        """What it says."""
        return self._words.text()

    def _draw(self, icon: str) -> None:
        tokens = self._theme.tokens
        colour = {"warn": tokens.warn, "bad": tokens.bad}.get(self._tone, tokens.accent)
        self._icon.setPixmap(self._theme.pixmap(icon, colour, 20 if self._tone else 16))
