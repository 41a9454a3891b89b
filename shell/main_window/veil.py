"""The veil: covers a pane opaquely while it may be about another patient, and says why and what to choose."""

from collections.abc import Callable
from datetime import date
from html import escape

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from shell.context.hub import Dispute
from shell.main_window.freshness import PRACTICE_ZONE
from shell.main_window.identity_box import IdentityBox
from shell.main_window.parts import button, label, picture, rich_label, row
from shell.main_window.theme import Theme

_WORDS_AFTER_MILLISECONDS = 300
"""A change that is through by then says nothing: no words that only flash up."""
_NARROW = 620


class Veil(QWidget):
    """Covers one pane. Nothing of the pane shines through, and nothing on it is chosen already."""

    put_back = Signal()
    follow = Signal()
    try_again = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._build: Callable[[bool], QWidget] | None = None
        self._is_narrow = False
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.hide()
        self._soon = QTimer(self, singleShot=True, interval=_WORDS_AFTER_MILLISECONDS)
        self._soon.timeout.connect(self._draw)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_waiting(self, words: str) -> None:
        """Say what is under way; nothing at all for the first moment."""
        self._clear()
        self._build = lambda _narrow: self._waiting_card(words)
        self._soon.start()

    def show_trouble(self, title: str, words: str) -> None:
        """Say that the pane did not come to agree, with a way to try again."""
        self._soon.stop()
        self._build = lambda _narrow: self._trouble_card(title, words)
        self._draw()

    def show_dispute(self, dispute: Dispute, today: date) -> None:
        """Show both identities in full and two equal choices."""
        self._soon.stop()
        self._build = lambda is_narrow: self._dispute_card(dispute, today, is_narrow=is_narrow)
        self._draw()

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002, N802 - Qt's name
        """Keep the card in the middle; one identity above the other where it is narrow."""
        self._scroll.setGeometry(self.rect())
        is_narrow = self.width() < self._theme.px(_NARROW)
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            if self._scroll.isVisible():
                self._draw()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """An opaque pattern: covered is not the same as empty."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.colour("hatch_one"))
        width = self._theme.px(10)
        painter.setPen(QPen(self._theme.colour("hatch_two"), width))
        height, step = self.height(), round(width * 2.83)
        for left in range(-height - step, self.width() + step, step):
            painter.drawLine(left, height + width, left + height + 2 * width, -width)

    def _clear(self) -> None:
        self._scroll.hide()
        old = self._scroll.takeWidget()
        if old is not None:
            old.deleteLater()

    def _draw(self) -> None:
        self._clear()
        if self._build is None:
            return
        holder = QWidget()
        column = QVBoxLayout(holder)
        gap = self._theme.px(12)
        column.setContentsMargins(gap, gap, gap, gap)
        column.addStretch(2)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self._build(self._is_narrow), 20)
        line.addStretch(1)
        column.addLayout(line)
        column.addStretch(3)
        self._scroll.setWidget(holder)
        self._scroll.setGeometry(QRect(0, 0, self.width(), self.height()))
        self._scroll.show()

    def _card(self, name: str, width: int) -> tuple[QFrame, QVBoxLayout]:
        card = QFrame()
        card.setObjectName(name)
        card.setMaximumWidth(self._theme.px(width))
        column = QVBoxLayout(card)
        edge = self._theme.px(24)
        column.setContentsMargins(edge, self._theme.px(20), edge, edge)
        column.setSpacing(self._theme.px(14))
        return card, column

    def _waiting_card(self, words: str) -> QWidget:
        card, column = self._card("card", 420)
        line = row(picture(self._theme, "clock", size=20), label(words, "heading"), None)
        column.addLayout(line)
        return card

    def _trouble_card(self, title: str, words: str) -> QWidget:
        card, column = self._card("veilCard", 520)
        column.addLayout(self._head(title, words))
        again = button("Ask it again")
        again.clicked.connect(self.try_again)
        column.addLayout(row(again, None))
        return card

    def _dispute_card(self, dispute: Dispute, today: date, *, is_narrow: bool) -> QWidget:
        theme = self._theme
        card, column = self._card("veilCard", 640)
        is_known = not dispute.words
        title = "The legacy screen shows another patient"
        if not is_known:
            title = "The legacy screen may show another patient"
        elif dispute.theirs is None:
            title = "The legacy screen shows no patient"
        said = dispute.words or "Nothing was saved to either record since then."
        column.addLayout(self._head(title, f"This page is covered until both show the same patient. {said}"))
        number = "" if dispute.number is None else f" (number {dispute.number})"
        mine = IdentityBox(
            theme,
            head=("new", "This window is set to"),
            patient=dispute.mine,
            other=dispute.theirs if is_known else None,
            today=today,
            foot="Chosen in this window",
        )
        read_at = dispute.read_at.astimezone(PRACTICE_ZONE)
        boxes = [mine]
        if is_known:
            boxes.append(
                IdentityBox(
                    theme,
                    head=("legacy", "The legacy screen shows"),
                    patient=dispute.theirs,
                    other=dispute.mine,
                    today=today,
                    foot=f"Read back at {read_at:%H:%M:%S}{number}",
                )
            )
        pair: QVBoxLayout | QHBoxLayout = QVBoxLayout() if is_narrow else QHBoxLayout()
        pair.setSpacing(theme.px(16))
        for box in boxes:
            pair.addWidget(box, 1)
        column.addLayout(pair)
        if is_known and dispute.mine is not None:
            kept = rich_label("small")
            kept.setWordWrap(True)
            name = escape(dispute.mine.name)
            kept.setText(f"Differences are marked. What you typed here stays with <b>{name}</b>.")
            column.addWidget(kept)
        choices: QVBoxLayout | QHBoxLayout = QHBoxLayout()
        back = button(
            f"Put the legacy screen back to {dispute.mine.short_name}"
            if dispute.mine
            else "Put the legacy screen back to no patient"
        )
        back.clicked.connect(self.put_back)
        made = [back]
        if is_known:
            other = dispute.theirs
            follow = button(f"Open {other.short_name} in both" if other else "Close the patient in both")
            follow.clicked.connect(self.follow)
            made.append(follow)
        metrics = QFontMetrics(theme.font(13, QFont.Weight.DemiBold))
        widest = max(metrics.horizontalAdvance(one.text()) for one in made) + theme.px(28)
        room = min(theme.px(640), self.width() - 2 * theme.px(12)) - 2 * theme.px(24)
        if 2 * widest + theme.px(12) > room:
            choices = QVBoxLayout()
        choices.setSpacing(theme.px(12))
        for one in made:
            one.setProperty("size", "tall")
            one.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            choices.addWidget(one, 1)
        column.addLayout(choices)
        return card

    def _head(self, title: str, words: str) -> QHBoxLayout:
        theme = self._theme
        said = label(words, "read")
        said.setWordWrap(True)
        name = label(title, "title")
        name.setWordWrap(True)
        column = QVBoxLayout()
        column.setSpacing(theme.px(4))
        column.addWidget(name)
        column.addWidget(said)
        line = QHBoxLayout()
        line.setSpacing(theme.px(12))
        line.addWidget(picture(theme, "warning", theme.tokens.warn, 20), 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(column, 1)
        return line
