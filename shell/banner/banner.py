"""The patient banner: who is open, so that nobody can be taken for another. Nothing ever covers it."""

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Protocol

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from shell.banner.flow import FlowLayout
from shell.patient import Patient

_BREAKS_EARLY = 8
"""Pixels within which a wrapping label still breaks a line that its letters would fit."""
_GAP, _LINE = 28, 44
"""Between what identifies a patient, and how high a line of it is; less of both where the window is low."""
_DEAD_ONE, _DEAD_TWO = QColor("#3B464D"), QColor("#2B353B")
"""The stripes of a dead patient: a pattern and a colour, the same in every scheme."""
ALLERGIES_ELSEWHERE = "Allergies: see the legacy screen"
"""What is true until allergies are mirrored; "none" is only ever said of complete data (hazard H04)."""


class Look(Protocol):
    """What the banner needs of the window's theme."""

    def px(self, pixels: float) -> int:
        """A drawn length at the window's scale."""

    def pixmap(self, name: str, colour: str = "", size: int = 16) -> QPixmap:
        """An icon."""


class Banner(QFrame):
    """The patient banner."""

    close_wanted = Signal()
    differences_wanted = Signal()
    """What of the open patient waits for a person is to be listed."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("banner")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._look = look
        self._edge = QFrame()
        self._edge.setObjectName("edge")
        self._edge.setFixedWidth(look.px(6))
        self._one = _Zone("zoneOne", look, gap=look.px(_GAP), height=look.px(_LINE))
        self._two = _Zone("zoneTwo", look, gap=look.px(24), height=look.px(32))
        self._name = _Words("name")
        self._hint = _Hint(look)
        self._born = _Pair("Born")
        self._died = _label("")
        self._died.setObjectName("died")
        self._gender = _Pair("Gender")
        self._number = _Pair("NHS No.")
        self._close = _Close(look)
        self._close.pressed.connect(self.close_wanted)
        parts: tuple[QWidget, ...] = (
            self._name,
            self._hint,
            self._born,
            self._died,
            self._gender,
            self._number,
            self._close,
        )
        for part in parts:
            self._one.flow.addWidget(part)
        self._one.flow.right = self._close
        self._address = _Pair("Address", is_small=True)
        self._phone = _Pair("Phone", is_small=True)
        self._usual = _Pair("Usual GP", is_small=True)
        self._copy = _Pair("Not mirrored", is_small=True)
        self._allergies = _Allergies(look)
        parts = (self._address, self._phone, self._usual, self._copy, self._allergies)
        for part in parts:
            self._two.flow.addWidget(part)
        self._two.flow.right = self._allergies
        self._same = _Say(look, "people")
        self._unsettled = _Say(look, "scales", "Show both sides")
        self._unsettled.pressed.connect(self.differences_wanted)
        self._warning = _Say(look, "warning")
        zones = QVBoxLayout()
        zones.setSpacing(0)
        for line in (self._one, self._two, self._same, self._unsettled, self._warning):
            zones.addWidget(line)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 1)
        layout.setSpacing(0)
        layout.addWidget(self._edge)
        layout.addLayout(zones, 1)
        self._state = ""
        self._is_low = False
        self._copy.hide()
        self.show_patient(None, date.min)

    def show_patient(self, patient: Patient | None, today: date) -> None:
        """Say who is open.

        Args:
            patient: None when nobody is.
            today: the environment's day, on which ages are told.
        """
        self._same.say("")
        self._unsettled.say("")  # of the patient before: not even one paint may show it
        is_open = patient is not None
        self._set_state("nobody" if patient is None else "dead" if patient.died is not None else "open")
        for part in (self._born, self._gender, self._number, self._close, self._two):
            part.setVisible(is_open)
        self._hint.setVisible(not is_open)
        self._died.setVisible(patient is not None and patient.died is not None)
        if patient is None:
            self._name.setText("No patient is open")
            self.setAccessibleName("No patient is open")
            return
        self._name.setText(patient.name)
        self._born.say(patient.born_words(today))
        self._died.setText(patient.died_words() or "")
        self._gender.say(patient.gender_word)
        self._number.say(patient.number_words, is_weak=patient.nhs_number is None)
        self._address.say(patient.address or "not recorded")
        self._phone.say(patient.phone or "not recorded")
        self._usual.say(patient.usual_gp)
        self._fit_details()
        self.setAccessibleName(
            f"{patient.name}, born {patient.born_words(today)}, {patient.gender_word}, "
            f"NHS number {patient.number_words}. {ALLERGIES_ELSEWHERE}"
        )
        self.updateGeometry()
        self._fit_close()

    def set_low(self, *, is_low: bool) -> None:
        """Leave the details to the panes where the window is low: who it is, and allergies, always stay."""
        if is_low != self._is_low:
            self._is_low = is_low
            self._one.flow.gap = self._look.px(12 if is_low else _GAP)
            self._one.flow.line_height = self._look.px(34 if is_low else _LINE)
            self._fit_details()
            self.updateGeometry()
            self._fit_close()

    def _fit_details(self) -> None:
        details = (("Address", self._address), ("Phone", self._phone), ("Usual GP", self._usual))
        for _, part in details:
            part.setVisible(not self._is_low and bool(part.value))
        said = "\n".join(f"{name}: {part.value}" for name, part in details if part.value)
        self._one.setToolTip(said if self._is_low else "")

    def show_same_name(self, others: Sequence[Patient], today: date) -> None:
        """Warn of patients of the same name.

        Args:
            others: who bear the open patient's name too.
            today: the environment's day.
        """
        if not others:
            self._same.say("")
            return
        who = "; ".join(
            f"{other.name}, born {other.born_words(today)}, NHS No. {other.number_words}" for other in others
        )
        many = "Another patient has" if len(others) == 1 else f"{len(others)} other patients have"
        self._same.say(f"{many} this name:", f"{who}. Check the date of birth.")

    def show_unsettled(self, lead: str, words: str, *, is_short: bool = False) -> None:
        """Say what of the open patient waits for a person (hazard H14).

        Args:
            lead: how much; empty while nothing does.
            words: what to do.
            is_short: there is no room for more than the lead; the rest is on the tool tip.
        """
        self._unsettled.say(lead, words, is_short=is_short)

    def show_copy(self, words: str) -> None:
        """Say of when the details are, where nobody keeps them up to date (hazard H03); empty: they are."""
        if words != self._copy.value:
            self._copy.say(words)
            self._copy.setVisible(bool(words))

    def show_warning(self, lead: str | None, words: str = "") -> None:
        """Warn that what is in front of the person may be about another patient; None: no longer."""
        self._warning.say(lead or "", words)

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002, N802 - Qt's name
        """Identity first: what closes the patient takes the room that is left."""
        self._fit_close()

    def event(self, event: QEvent) -> bool:
        """Words that came onto the glass have their size only once the style sheet has been at them."""
        if event.type() is QEvent.Type.LayoutRequest:
            self._fit_close()
        return super().event(event)

    def _fit_close(self) -> None:
        self._close.fit(self._one.flow.room_left(self.width() - self._edge.width()))

    def _set_state(self, state: str) -> None:
        if state == self._state:
            return
        self._state = state
        self.setProperty("state", state)
        self._one.is_dead = state == "dead"
        for widget in [self, *self.findChildren(QWidget)]:
            widget.style().unpolish(widget)
            widget.style().polish(widget)


class _Zone(QFrame):
    """One line of the banner, or more where it is narrow."""

    def __init__(self, name: str, look: Look, *, gap: int, height: int) -> None:
        super().__init__()
        self.setObjectName(name)
        self.is_dead = False
        self._stripe = look.px(10)
        self.flow = FlowLayout(self, gap=gap, line_height=height)
        self.flow.setContentsMargins(look.px(16), 0, look.px(16), 0)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The style sheet's ground, or a dead patient's stripes."""
        super().paintEvent(event)
        if not self.is_dead:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), _DEAD_ONE)
        painter.setPen(QPen(_DEAD_TWO, self._stripe))
        height, step = self.height(), round(self._stripe * 2.83)
        for left in range(-height - step, self.width() + step, step):
            painter.drawLine(left, height + self._stripe, left + height + 2 * self._stripe, -self._stripe)


class _Words(QLabel):
    """Words from a record: in one line where that is wide enough, else wrapped, never cut."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        if kind:
            self.setProperty("kind", kind)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """One line; a wrapping label would ask for several of them, however wide the window is."""
        letters = self.fontMetrics().horizontalAdvance(self.text())
        width = letters + 1
        for more in range(2, _BREAKS_EARLY):  # a label may break a line before its letters reach the end
            if self.heightForWidth(width) < 2 * self.fontMetrics().height():
                break
            width = letters + more
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A few letters."""
        metrics = self.fontMetrics()
        return QSize(min(self.sizeHint().width(), metrics.averageCharWidth() * 8), metrics.height())


class _Pair(QWidget):
    """What it is, and its value."""

    def __init__(self, name: str, *, is_small: bool = False) -> None:
        super().__init__()
        self._value = _Words("" if is_small else "value")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(_label(name, "label"), 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._value, 1)

    @property
    def value(self) -> str:
        """What it says."""
        return self._value.text()

    def say(self, value: str, *, is_weak: bool = False) -> None:
        self._value.setText(value)
        self._value.setStyleSheet("font-weight: 400;" if is_weak else "")


class _Allergies(QFrame):
    """What is known of allergies: until they are mirrored, where to look."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("allergies")
        self.setFixedHeight(look.px(24))
        icon = QLabel()
        icon.setPixmap(look.pixmap("legacy"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(look.px(8), 0, look.px(10), 0)
        layout.setSpacing(look.px(8))
        layout.addWidget(icon)
        layout.addWidget(_label(ALLERGIES_ELSEWHERE))


class _Hint(QWidget):
    """How to open a patient."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(look.px(5))
        for words, kind in (
            ("Press", "label"),
            ("Ctrl K", "key"),
            ("and type a name, a date of birth or an NHS number.", "label"),
        ):
            layout.addWidget(_label(words, kind))


class _Close(QWidget):
    """Closes the patient."""

    pressed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Close patient, Ctrl Shift X")
        self.setToolTip("Close patient  Ctrl Shift X")
        self._words = _label("Close patient", "label")
        self._key = _label("Ctrl Shift X", "key")
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(look.px(8))
        self._layout.addWidget(self._words)
        self._layout.addWidget(self._key)

    def fit(self, room: int) -> None:
        """Say as much as there is room for; where there is none for anything, a line of its own has some."""
        key = self._layout.spacing() + self._key.sizeHint().width()
        metrics = self._words.fontMetrics()
        for words, is_with_key in (("Close patient", True), ("Close", True), ("Close", False), ("×", False)):
            if metrics.horizontalAdvance(words) + (key if is_with_key else 0) <= room:
                break
        else:
            words, is_with_key = "Close patient", True
        if (words, is_with_key) != (self._words.text(), not self._key.isHidden()):
            self._words.setText(words)
            self._key.setVisible(is_with_key)
            self.updateGeometry()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click closes."""
        event.accept()
        self.pressed.emit()


class _Say(QFrame):
    """A line that warns; gone while there is nothing to say.

    Args:
        look: the window's.
        icon: before its words.
        offer: what can be done about it, by a link at the end; empty: nothing here.
    """

    pressed = Signal()

    def __init__(self, look: Look, icon: str, offer: str = "") -> None:
        super().__init__()
        self.setObjectName("say")
        picture = QLabel()
        picture.setPixmap(look.pixmap(icon))
        picture.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.RichText)
        self._words.setWordWrap(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(look.px(16), look.px(6), look.px(16), look.px(6))
        layout.setSpacing(look.px(8))
        layout.addWidget(picture)
        layout.addWidget(self._words, 1)
        if offer:
            link = QPushButton(offer)
            link.setObjectName("link")
            link.setCursor(Qt.CursorShape.PointingHandCursor)
            link.clicked.connect(self.pressed)
            layout.addWidget(link)
        self.hide()

    def say(self, lead: str, words: str = "", *, is_short: bool = False) -> None:
        said = "" if is_short else escape(words)
        self._words.setText(f"<b>{escape(lead)}</b> {said}" if lead else "")
        self._words.setAccessibleName(f"{lead} {words}".strip())
        self.setToolTip(words if is_short else "")
        self.setVisible(bool(lead))


def _label(words: str, kind: str = "") -> QLabel:
    made = QLabel(words)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if kind:
        made.setProperty("kind", kind)
    return made
