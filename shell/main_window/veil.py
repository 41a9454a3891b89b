"""The veil: covers a pane opaquely while it may be about another patient, and says why and what to choose."""

from datetime import date
from html import escape

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from shell.context.hub import Dispute
from shell.main_window.freshness import PRACTICE_ZONE
from shell.main_window.identity_box import IdentityBox
from shell.main_window.parts import button, label, picture, rich_label, row
from shell.main_window.theme import Theme
from shell.main_window.veil_card import VeilCard

_WORDS_AFTER_MILLISECONDS = 300
"""A change that is through by then says nothing: no words that only flash up."""


class Veil(QWidget):
    """Covers one pane. Nothing of the pane shines through, and nothing on it is chosen already.

    Its card lies in no layout: whatever it says, it makes no pane wider.
    """

    put_back = Signal()
    follow = Signal()
    try_again = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._card: VeilCard | None = None
        self._waited_for = ""
        self._trouble: tuple[str, str, str] | None = None
        self._soon = QTimer(self, singleShot=True, interval=_WORDS_AFTER_MILLISECONDS)
        self._soon.timeout.connect(lambda: self._show(self._waiting_card(self._waited_for)))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_waiting(self, words: str) -> None:
        """Say what is under way; nothing at all for the first moment."""
        self._show(None)
        self._waited_for = words
        self._soon.start()

    def show_trouble(self, title: str, words: str, choice: str = "Ask it again") -> None:
        """Say that the pane did not come to agree, or cannot; with a way to try again where there is one."""
        said = (title, words, choice)
        if said == self._trouble:
            return  # it may have the keys
        card = VeilCard(self._theme, "veilCard", 520)
        card.setAccessibleName(f"{title} {words}")
        card.add_head(title, words)
        if choice:
            card.add_choices(self._again(choice))
        self._show(card)
        self._trouble = said

    @property
    def card(self) -> QWidget:
        """What can have the keys without anything being chosen: the next Tab goes to the first choice."""
        return self._card or self

    def show_dispute(self, dispute: Dispute, today: date, failed: str = "") -> None:
        """Show both identities in full and two equal choices.

        Args:
            dispute: who is on the two panes.
            today: the environment's day.
            failed: what was chosen and did not come to be, and what to do.
        """
        self._show(self._dispute_card(dispute, today, failed))

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002, N802 - Qt's name
        """Keep the card in the middle."""
        self._fit()

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

    def _show(self, card: VeilCard | None) -> None:
        self._soon.stop()
        self._trouble = None
        old, self._card = self._card, card
        if old is not None:
            old.hide()
            old.deleteLater()
        if card is not None:
            card.setParent(self)
            card.show()
            self._fit()
            QTimer.singleShot(0, self, self._fit)  # its words have their size once they were laid out

    def _fit(self) -> None:
        if self._card is not None:
            self._card.fit(self.size())

    def _waiting_card(self, words: str) -> VeilCard:
        card = VeilCard(self._theme, "card", 420)
        said = label(words, "heading")
        said.setWordWrap(True)
        line = row(picture(self._theme, "clock", size=20))
        line.addWidget(said, 1)
        card.body.addLayout(line)
        return card

    def _dispute_card(self, dispute: Dispute, today: date, failed: str) -> VeilCard:
        card = VeilCard(self._theme, "veilCard", 640)
        is_known = not dispute.words
        title = "The legacy screen shows another patient"
        if not is_known and dispute.number is not None:
            title = f"The legacy screen shows the number {dispute.number}"
        elif not is_known:
            title = "The legacy screen may show another patient"
        elif dispute.theirs is None:
            title = "The legacy screen shows no patient"
        said = dispute.words or "Nothing was saved to either record since then."
        card.add_head(title, f"This page is covered until both show the same patient. {said}")
        if failed:
            card.body.addLayout(self._failure(failed))
        card.add_pair(*self._identities(dispute, today))
        if is_known and dispute.mine is not None:
            kept = rich_label("small")
            kept.setWordWrap(True)
            name = escape(dispute.mine.name)
            kept.setText(f"Differences are marked. What you typed here stays with <b>{name}</b>.")
            card.body.addWidget(kept)
        mine, theirs = dispute.mine, dispute.theirs
        back = button(f"Put the legacy screen back to {mine.short_name if mine else 'no patient'}")
        back.clicked.connect(self.put_back)
        choices = [back]
        if is_known:
            follow = button(f"Open {theirs.short_name} in both" if theirs else "Close the patient in both")
            follow.clicked.connect(self.follow)
            choices.append(follow)
        card.add_choices(*choices)
        return card

    def _identities(self, dispute: Dispute, today: date) -> list[IdentityBox]:
        is_known = not dispute.words
        mine = IdentityBox(
            self._theme,
            head=("new", "This window is set to"),
            patient=dispute.mine,
            other=dispute.theirs if is_known else None,
            today=today,
            foot="Chosen in this window",
        )
        if not is_known:
            return [mine]
        number = "" if dispute.number is None else f" (number {dispute.number})"
        read_at = dispute.read_at.astimezone(PRACTICE_ZONE)
        theirs = IdentityBox(
            self._theme,
            head=("legacy", "The legacy screen shows"),
            patient=dispute.theirs,
            other=dispute.mine,
            today=today,
            foot=f"Read back at {read_at:%H:%M:%S}{number}",
        )
        return [mine, theirs]

    def _again(self, choice: str) -> QPushButton:
        again = button(choice)
        again.clicked.connect(self.try_again)
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # Qt presses a button by Space alone
            pressed = QShortcut(QKeySequence(key), again, context=Qt.ShortcutContext.WidgetShortcut)
            pressed.activated.connect(again.click)
        return again

    def _failure(self, words: str) -> QHBoxLayout:
        said = label(words, "bad")
        said.setWordWrap(True)
        line = row(spacing=self._theme.px(12))
        mark = picture(self._theme, "alarm", self._theme.tokens.bad, 20)
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(said, 1)
        return line
