"""The strip above each pane: which side, whom it shows by its own read-back, whether keys go there."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QFrame, QPushButton

from shell.main_window.parts import label, restyle, rich_label, row
from shell.main_window.theme import Theme

_PILL = "KEYS GO HERE"
_POINTED_MILLISECONDS = 3000


class PaneStrip(QFrame):
    """The strip above one pane.

    Args:
        theme: the look.
        title: `Legacy screen` or `New module`.
        question: by which one asks for the other side's place for the same.
    """

    closed = Signal()
    """What lies over the page is to be closed."""
    where_wanted = Signal()
    """The person asks where the other side does what this one shows."""

    def __init__(self, theme: Theme, title: str, question: str) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setMinimumHeight(theme.px(28))
        self._title = title
        self._edges = theme.px(40)
        self._said_right = ""
        self._pill = label(_PILL)
        self._pill.setObjectName("pill")
        self._pill.setFixedHeight(theme.px(16))
        self._pill.hide()
        self._words = rich_label()
        self._words.setWordWrap(True)
        self._right = label()
        self._close = QPushButton("Close the app")
        self._close.setObjectName("link")
        self._close.setCursor(Qt.CursorShape.PointingHandCursor)
        self._close.clicked.connect(self.closed)
        self._close.hide()
        self._where = QPushButton(question)
        self._where.setObjectName("link")
        self._where.setToolTip(f"{question}  Ctrl J")
        self._where.setCursor(Qt.CursorShape.PointingHandCursor)
        self._where.clicked.connect(self.where_wanted)
        self._where.hide()
        self._pointed_timer = QTimer(self, singleShot=True, interval=_POINTED_MILLISECONDS)
        self._pointed_timer.timeout.connect(lambda: restyle(self, "pointed", "false"))
        layout = row(self._pill, spacing=theme.px(8))
        layout.addWidget(self._words, 1)
        layout.addWidget(self._where)
        layout.addWidget(self._right)
        layout.addWidget(self._close)
        layout.setContentsMargins(theme.px(12), 0, theme.px(12), 0)
        self.setLayout(layout)
        self.show_words("", "")

    def show_active(self, is_active: bool, *, is_alone: bool) -> None:
        """Say whether the keys go to this pane; alone on the glass it needs no words for it."""
        self._pill.setVisible(is_active and not is_alone)
        self._fit()
        restyle(self, "active", "true" if is_active else "false")

    def show_closing(self, *, can_close: bool) -> None:
        """Offer to close what lies over the page."""
        self._close.setVisible(can_close)

    def show_where(self, *, can_ask: bool) -> None:
        """Offer to show the other side's place for the same, beside it."""
        self._where.setVisible(can_ask)
        self._fit()

    def point_out(self) -> None:
        """Catch the eye for a moment."""
        restyle(self, "pointed", "true")
        self._pointed_timer.start()

    def show_words(self, words: str, right: str, *, is_warning: bool = False, title: str = "") -> None:
        """Say whom the pane shows.

        Args:
            words: after the title, with <b>…</b>; what comes from outside is escaped already.
            right: at the right end.
            is_warning: whether `right` warns.
            title: other than the pane's own.
        """
        self._said_right = right
        whole = f"<b>{title or self._title}</b>{' · ' + words if words else ''}"
        if whole != self._words.text():
            self._words.setText(whole)
        self._fit()
        restyle(self._right, "kind", "warn" if is_warning else "")

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002, N802 - Qt's name
        """Say less where there is less room."""
        self._fit()

    def _fit(self) -> None:
        """What stands at the right makes room for the name, then the pill's words do; then the name wraps."""
        metrics = self._right.fontMetrics()
        whole = QTextDocument()
        whole.setDefaultFont(self._words.font())
        whole.setHtml(self._words.text())
        taken = round(whole.idealWidth()) + self._edges
        right = metrics.horizontalAdvance(self._said_right)
        links = [one for one in (self._close, self._where) if not one.isHidden()]
        taken += sum(one.sizeHint().width() + self._edges // 2 for one in links)
        pill = 0 if self._pill.isHidden() else metrics.horizontalAdvance(_PILL) + self._edges
        if taken + right + pill > self.width():
            right = 0
        self._right.setText(self._said_right if right else "")
        self._right.setVisible(bool(right))
        self._pill.setText(_PILL if taken + right + pill <= self.width() else "KEYS")
