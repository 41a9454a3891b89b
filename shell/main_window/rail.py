"""The rail: the functions with their stage, and the patients that were open last."""

import re
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from shell.functions import FunctionPages
from shell.main_window.parts import STAGE_WORDS, Pips, draw_ring, label, restyle, row, rule
from shell.main_window.theme import Theme
from shell.patient import Patient, date_words
from web_modules.decision.words import Function, Stage

_RECENT_SHOWN = 5
_MANY = 100
_LOW = 30
"""A row of icons alone gives up so much of its height before the rail has to scroll."""
_RECENT_ROOM = 208 - 16 - 18
"""The rail without its margins and a row's own."""


class Rail(QWidget):
    """The functions; wide with names, or slim with icons alone.

    Args:
        theme: the look.
        functions: in their order.
    """

    chosen = Signal(object)
    """A `Function`."""
    desk_wanted = Signal()
    apps_wanted = Signal()
    recent_chosen = Signal(object)
    """A `Patient`."""

    def __init__(self, theme: Theme, functions: Sequence[FunctionPages]) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._is_slim = False
        self._rows = {
            pages.function: _Row(theme, pages, number) for number, pages in enumerate(functions, start=1)
        }
        inside = QWidget()
        self._column = layout = QVBoxLayout(inside)
        layout.setContentsMargins(theme.px(8), theme.px(8), theme.px(8), theme.px(8))
        layout.setSpacing(0)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumHeight(0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        self._desk = _Desk(theme)
        self._desk.clicked.connect(self.desk_wanted)
        self._apps = _Foot(theme, "apps", "Apps")
        self._apps.say("Apps of the practice")
        self._apps.clicked.connect(self.apps_wanted)
        self._apps.hide()
        whole.addWidget(rule(theme))
        whole.addWidget(self._apps)
        whole.addWidget(self._desk)
        for function, entry in self._rows.items():
            entry.clicked.connect(lambda _=False, function=function: self.chosen.emit(function))
            layout.addWidget(entry)
        self._recent_title = label("Recent patients", "cap")
        self._recent_title.setContentsMargins(theme.px(10), theme.px(16), 0, theme.px(4))
        self._recent_title.hide()
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        layout.addWidget(self._recent_title)
        layout.addLayout(self._recent)
        layout.addStretch(1)
        self.setFixedWidth(theme.px(208))

    def show_stages(self, stages: Mapping[Function, Stage]) -> None:
        """Say how far each function has moved."""
        for function, stage in stages.items():
            if function in self._rows:
                self._rows[function].show_stage(stage)

    def show_current(self, function: Function) -> None:
        """Mark the function on the glass."""
        for each, entry in self._rows.items():
            entry.show_current(is_current=each is function)

    def show_recent(self, patients: Sequence[Patient]) -> None:
        """List the patients that were open last, the latest first."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for patient in patients[:_RECENT_SHOWN]:
            entry = _Recent(self._theme, patient)
            entry.clicked.connect(lambda _=False, patient=patient: self.recent_chosen.emit(patient))
            self._recent.addWidget(entry)
            entry.setVisible(not self._is_slim)
        self._recent_title.setVisible(bool(patients) and not self._is_slim)

    def show_apps(self, *, has_some: bool) -> None:
        """Offer applications, where there are some."""
        self._apps.setVisible(has_some)

    def show_desk(self, decisions: int | None) -> None:
        """Say how much waits for a decision (hazard H14); None: not known."""
        self._desk.show_count(decisions)

    def set_slim(self, is_slim: bool) -> None:
        """Show icons alone, or names too."""
        if is_slim == self._is_slim:
            return
        self._is_slim = is_slim
        self.setFixedWidth(self._theme.px(56 if is_slim else 208))
        side = self._theme.px(6 if is_slim else 8)
        self._column.setContentsMargins(side, self._theme.px(8), side, self._theme.px(8))
        for entry in self._rows.values():
            entry.set_slim(is_slim)
        self._desk.set_slim(is_slim)
        self._apps.set_slim(is_slim)
        has_recent = self._recent.count() > 0
        self._recent_title.setVisible(has_recent and not is_slim)
        for number in range(self._recent.count()):
            item = self._recent.itemAt(number)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.setVisible(not is_slim)


class _Row(QPushButton):
    """One function: icon, name, stage."""

    def __init__(self, theme: Theme, pages: FunctionPages, number: int) -> None:
        super().__init__()
        self.setObjectName("railRow")
        self.setMinimumHeight(theme.px(44))
        self.setMaximumHeight(theme.px(44))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._theme = theme
        self._pages = pages
        self._number = number
        self._stage = Stage.LEGACY
        self._is_current = False
        self._icon = QLabel()
        self._name = label(pages.title, "function")
        self._pips = Pips(theme)
        self._stage_word = label("", "small")
        self._words = QWidget()
        stage = row(self._pips, self._stage_word, None, spacing=theme.px(6))
        words = QVBoxLayout(self._words)
        words.setContentsMargins(0, theme.px(2), 0, theme.px(3))
        words.setSpacing(0)
        words.addWidget(self._name)
        words.addLayout(stage)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(theme.px(10), 0, theme.px(8), 0)
        self._line.setSpacing(theme.px(10))
        self._line.addWidget(self._icon)
        self._line.addWidget(self._words, 1)
        for part in (self._icon, self._words):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.show_stage(Stage.LEGACY)

    def show_stage(self, stage: Stage) -> None:
        self._stage = stage
        self._stage_word.setText(STAGE_WORDS[stage])
        words = f"{self._pages.title}, {STAGE_WORDS[stage]}, step {stage.step} of 6. Ctrl {self._number}"
        self.setAccessibleName(words)
        self.setToolTip(words)
        self._draw()

    def show_current(self, *, is_current: bool) -> None:
        self._is_current = is_current
        restyle(self, "on", "true" if is_current else "false")
        self._draw()

    def set_slim(self, is_slim: bool) -> None:
        self._words.setVisible(not is_slim)
        self.setMinimumHeight(self._theme.px(_LOW if is_slim else 44))
        side = self._theme.px(12 if is_slim else 10)
        self._line.setContentsMargins(side, 0, 0 if is_slim else self._theme.px(8), 0)

    def _draw(self) -> None:
        tokens = self._theme.tokens
        colour = tokens.accent if self._is_current else tokens.quiet
        self._icon.setPixmap(self._theme.pixmap(self._pages.function.value, colour, 20))
        self._pips.show_stage(self._stage, is_current=self._is_current)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The style sheet's ground, and the mark at the left of the current one."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._is_current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("accent"))
            top = self._theme.px(8)
            painter.drawRoundedRect(0, top, 3, self.height() - 2 * top, 1.5, 1.5)
        if self.hasFocus():
            draw_ring(painter, QRectF(self.rect()))


_AFTER_COUNT = 4
"""Which part of a foot's line follows the count; the room before it is the other that stretches."""


class _Foot(QPushButton):
    """A way to what is of no function, perhaps with how much waits there."""

    def __init__(self, theme: Theme, picture: str, name: str) -> None:
        super().__init__()
        self.setObjectName("railRow")
        self.setFixedHeight(theme.px(40))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._theme = theme
        self._is_slim = False
        self._icon = icon = QLabel()
        icon.setPixmap(theme.pixmap(picture, theme.tokens.quiet, 16))
        self._name, self._count = label(name), label("", "count")
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(theme.px(20), 0, theme.px(16), 0)
        self._line.setSpacing(theme.px(10))
        for part in (icon, self._name, self._count):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._line.addWidget(part)
        self._line.insertStretch(2, 1)
        self._line.addStretch(0)
        for part in (icon, self._count):
            part.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._draw()

    def say(self, words: str, count: str = "") -> None:
        self._count.setText(count)
        self._draw()
        self.setAccessibleName(words)
        self.setToolTip(words)

    def set_slim(self, is_slim: bool) -> None:
        self._is_slim = is_slim
        self._draw()

    def _draw(self) -> None:
        is_slim, waits = self._is_slim, bool(self._count.text())
        self._name.setVisible(not is_slim)
        self._count.setVisible(waits)
        self._icon.setVisible(not (is_slim and waits))  # there is room for one of them
        left, right = (20 if not waits else 4, 4) if is_slim else (20, 16)
        self._line.setStretch(_AFTER_COUNT, 1 if is_slim and waits else 0)  # the count stands in the middle
        self._line.setContentsMargins(self._theme.px(left), 0, self._theme.px(right), 0)
        self._line.setSpacing(self._theme.px(2 if is_slim else 10))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The style sheet's ground, and a ring while it has the keys."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_ring(painter, QRectF(self.rect()))


class _Desk(_Foot):
    """The way to the conflict desk, with how much waits there."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "scales", "Conflict desk")
        self.show_count(None)

    def show_count(self, decisions: int | None) -> None:
        waits = "not known" if decisions is None else f"{decisions} to decide"
        count = "" if not decisions else str(decisions) if decisions < _MANY else f"{_MANY - 1}+"
        self.say(f"Conflict desk, {waits}. Ctrl Shift D", count)


class _Recent(QPushButton):
    """One patient that was open: short name and date of birth, never cut."""

    def __init__(self, theme: Theme, patient: Patient) -> None:
        super().__init__()
        self.setObjectName("recent")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        name, born = label(patient.short_name), label(date_words(patient.born or ""), "small")
        name.setWordWrap(True)
        metrics = QFontMetrics(theme.font(12))
        whole = theme.px(_RECENT_ROOM)
        beside = whole - theme.px(8) - metrics.horizontalAdvance(born.text())
        widest = max(metrics.horizontalAdvance(part) for part in re.split(r"(?<=[ -])", patient.short_name))
        is_below = widest > beside  # a long word takes the whole width, and the date goes below
        layout: QBoxLayout = QVBoxLayout() if is_below else QHBoxLayout()
        layout.setSpacing(0 if is_below else theme.px(8))
        layout.addWidget(name, 1)
        layout.addWidget(born, 0, Qt.AlignmentFlag.AlignTop)
        layout.setContentsMargins(theme.px(10), theme.px(4), theme.px(8), theme.px(4))
        self.setLayout(layout)
        self.setAccessibleName(f"{patient.name}, born {patient.born or 'not known'}")
        for part in (name, born):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        room = QRect(0, 0, whole if is_below else beside, 999)
        height = metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, patient.short_name).height()
        self.setFixedHeight(height + theme.px(10) + (metrics.height() if is_below else 0))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The style sheet's ground, and the ring."""
        super().paintEvent(event)
        if self.hasFocus():
            draw_ring(QPainter(self), QRectF(self.rect()))
