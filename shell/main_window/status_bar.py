"""The line at the bottom: who leads, how fresh, what waits for a person, what day and time it is."""

from datetime import datetime

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from shell.banner.flow import FlowLayout
from shell.main_window.freshness import MirrorLine
from shell.main_window.parts import label, restyle, row, rule
from shell.main_window.theme import Theme

_NOTHING_HELD = "0 held back"
_POINTED_MILLISECONDS = 10_000


class StatusBar(QFrame):
    """The line at the bottom."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("statusBar")
        self._theme = theme
        self._leads = _Cell(theme)
        self._fresh = _Cell(theme)
        self._waiting = _Cell(theme)
        self._trouble = _Cell(theme)
        self._decisions = _Cell(theme)
        self._held = _Cell(theme)
        self._drafts = _Cell(theme)
        self._note = _Cell(theme)
        self._time = _Cell(theme)
        self._day = label()
        self._counts: tuple[int | None, int | None] = (None, None)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._line = FlowLayout(self, gap=theme.px(12), line_height=theme.px(28))
        self._line.setContentsMargins(theme.px(16), 0, theme.px(16), 0)
        end = QWidget()
        right = row(spacing=theme.px(12))
        at_left = (self._leads, self._fresh, self._waiting, self._trouble)
        at_right = (self._decisions, self._held, self._drafts, self._note)
        self._cells = at_left + at_right
        for cell in at_left:
            self._line.addWidget(cell)
            self._line.addWidget(cell.rule)
        for cell in at_right:
            right.addWidget(cell)
            right.addWidget(cell.rule)
        right.addWidget(self._time)
        right.addWidget(self._day)
        end.setLayout(right)
        self._line.addWidget(end)
        self._line.right = end
        self._fit()

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002, N802 - Qt's name
        """Another width has room for other words."""
        self._fit()

    def _fit(self) -> None:
        """Leave out what is said elsewhere too where one line has no room, and say it on a tool tip.

        What stands in the way of work and what waits for a person is never left out: it takes another line.
        """
        gap = self._theme.px(12)
        margins = self._line.contentsMargins()
        taken = self._time.sizeHint().width() + gap + self._day.sizeHint().width()
        taken += margins.left() + margins.right()
        taken += sum(cell.sizeHint().width() + 2 * gap + 1 for cell in self._cells if cell.words)
        nothing_held = (self._held,) if self._held.words == _NOTHING_HELD else ()
        left_out = []
        for cell in (self._note, self._waiting, self._leads, *nothing_held):
            if taken > self.width() and cell.words:
                taken -= cell.sizeHint().width() + 2 * gap + 1
                left_out.append(cell)
        has_day = taken <= self.width()
        self.setToolTip(" · ".join([cell.words for cell in left_out] + [self._day.text()] * (not has_day)))
        for cell in self._cells:
            cell.fit(has_room=cell not in left_out)
        self._day.setVisible(has_day)

    def show_mirror(self, line: MirrorLine) -> None:
        """Say who leads, how fresh it is and what is on its way."""
        self._leads.say(line.leads, line.leads_icon)
        self._fresh.say(line.sentence if line.tone else "", line.icon, line.tone)
        self._waiting.say(line.waiting_words)
        self._fit()

    def show_trouble(self, words: str | None) -> None:
        """Say what stands in the way of writing; None: nothing."""
        self._trouble.say(words or "", "warning", "warn")
        self._fit()

    def show_counts(self, decisions: int | None, held_back: int | None, *, is_hidden: bool = False) -> None:
        """Say what waits for a person (hazard H14); None: not known, or not for this person to see.

        More than before catches the eye for a moment: nothing moves, and nobody's keys are taken.
        """
        for cell, before, now in zip(
            (self._decisions, self._held), self._counts, (decisions, held_back), strict=True
        ):
            if before is not None and now is not None and now > before:
                cell.point_out()
        if decisions is not None or is_hidden:  # a cloud that was silent tells of what came meanwhile
            self._counts = (decisions, held_back)
        if is_hidden:
            self._decisions.say("Decisions –")
        elif decisions is None:
            self._decisions.say("Decisions: not known", "scales", "warn")
        else:
            words = f"{decisions} needs a decision" if decisions == 1 else f"{decisions} need a decision"
            self._decisions.say(words, "scales" if decisions else "", "warn" if decisions else "")
        if is_hidden:
            self._held.say("Held back –")
        else:
            self._held.say("" if held_back is None else f"{held_back} held back")
        self._fit()

    def show_drafts(self, words: str, *, is_warning: bool) -> None:
        """Say how many drafts wait, or why none is kept."""
        self._drafts.say(words, "warning" if is_warning else "", "warn" if is_warning else "")
        self._fit()

    def show_note(self, words: str) -> None:
        """Say something lasting, such as that training is connected to nothing."""
        self._note.say(words, tone="strong")
        self._fit()

    def show_clock(self, moment: datetime) -> None:
        """Say the environment's day and the time of day (local)."""
        self._time.say(f"{moment:%H:%M}", tone="strong")
        self._day.setText(f"{moment:%a %d-%b-%Y}")
        self._fit()


class _Cell(QWidget):
    """An icon and a few words, with the rule that follows them; gone while there are no words."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._icon = QLabel()
        self._words = label()
        self._said: tuple[str, str, str] | None = None
        self.rule = rule(theme, upright=True)
        self.rule.setParent(self)  # a widget without a parent would be a window of its own once shown
        self.rule.hide()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._pointed_timer = QTimer(self, singleShot=True, interval=_POINTED_MILLISECONDS)
        self._pointed_timer.timeout.connect(lambda: restyle(self, "pointed", "false"))
        self.setLayout(row(self._icon, self._words, spacing=theme.px(6)))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def say(self, words: str, icon: str = "", tone: str = "") -> None:
        if self._said == (words, icon, tone):
            return
        self._said = (words, icon, tone)
        tokens = self._theme.tokens
        colour = {"ok": tokens.ok, "warn": tokens.warn, "bad": tokens.bad}.get(tone, tokens.quiet)
        self._icon.setVisible(bool(icon))
        if icon:
            self._icon.setPixmap(self._theme.pixmap(icon, colour, 14 if icon != "tick" else 12))
        self._words.setText(words)
        restyle(self._words, "tone", tone)

    def point_out(self) -> None:
        """Catch the eye for a moment."""
        restyle(self, "pointed", "true")
        self._pointed_timer.start()

    @property
    def words(self) -> str:
        """What it says."""
        return self._words.text()

    def fit(self, *, has_room: bool) -> None:
        """Be there only with something to say, and room to say it."""
        is_shown = has_room and bool(self._words.text())
        self.setVisible(is_shown)
        self.rule.setVisible(is_shown)
