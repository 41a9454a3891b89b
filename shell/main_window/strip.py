"""The strip above each pane: which side, whom it shows by its own read-back, whether keys go there."""

from PySide6.QtWidgets import QFrame

from shell.main_window.parts import label, restyle, rich_label, row
from shell.main_window.theme import Theme


class PaneStrip(QFrame):
    """The strip above one pane.

    Args:
        theme: the look.
        title: `Legacy screen` or `New module`.
    """

    def __init__(self, theme: Theme, title: str) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setFixedHeight(theme.px(28))
        self._title = title
        self._pill = label("KEYS GO HERE")
        self._pill.setObjectName("pill")
        self._pill.setFixedHeight(theme.px(16))
        self._pill.hide()
        self._words = rich_label()
        self._right = label()
        layout = row(self._pill, self._words, None, self._right, spacing=theme.px(8))
        layout.setContentsMargins(theme.px(12), 0, theme.px(12), 0)
        self.setLayout(layout)
        self.show_words("", "")

    def show_active(self, is_active: bool, *, is_alone: bool) -> None:
        """Say whether the keys go to this pane; alone on the glass it needs no words for it."""
        self._pill.setVisible(is_active and not is_alone)
        restyle(self, "active", "true" if is_active else "false")

    def show_words(self, words: str, right: str, *, is_warning: bool = False) -> None:
        """Say whom the pane shows.

        Args:
            words: after the title, with <b>…</b>; what comes from outside is escaped already.
            right: at the right end.
            is_warning: whether `right` warns.
        """
        whole = f"<b>{self._title}</b>{' · ' + words if words else ''}"
        if whole != self._words.text():
            self._words.setText(whole)
        self._right.setText(right)
        restyle(self._right, "kind", "warn" if is_warning else "")
