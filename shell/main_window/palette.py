"""The command palette: finds a patient, goes to a function or a view; Enter opens only the marked row."""

import re
from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from shell.main_window.finding import Action, Found, found_words, in_order, matching, similar
from shell.main_window.overlay import Card
from shell.main_window.parts import Tag, key_cap, label, picture, restyle, row
from shell.main_window.theme import Theme
from shell.patient import Patient
from web_modules.fhir.patient_search import read_wanted

_ACTIONS_BESIDE_PATIENTS = 4
_NAME, _BORN, _GENDER = 166, 150, 64
_LOWEST, _TALLEST = 160, 424


class Palette(Card):
    """The palette.

    Args:
        theme: the look.
        actions: all that can be gone to.
        recent: who was open before, the last one first; offered while nothing is typed.
        today: the environment's day.
    """

    searched = Signal(str)
    """Other words were typed."""
    patient_chosen = Signal(object)
    action_chosen = Signal(str)
    dismissed = Signal()
    resized = Signal()
    """It wants another height than before."""

    def __init__(
        self, theme: Theme, actions: Sequence[Action], recent: Sequence[Patient], today: date
    ) -> None:
        super().__init__("palette")
        self._theme = theme
        self._actions = actions
        self._recent = recent
        self._today = today
        self._rows: list[_Row] = []
        self._marked = -1
        self.setFixedWidth(theme.px(640))
        self._field = QLineEdit()
        self._field.setObjectName("paletteField")
        self._field.setPlaceholderText("A name, a date of birth, an NHS number, or what you want to do")
        self._field.setAccessibleName("Find a patient, or type what you want to do")
        self._field.textChanged.connect(self._typed)
        self._field.installEventFilter(self)
        top = QFrame()
        top.setObjectName("paletteTop")
        top.setFixedHeight(theme.px(52))
        line = row(
            picture(theme, "find", theme.tokens.text), self._field, key_cap("Esc"), spacing=theme.px(12)
        )
        line.setContentsMargins(theme.px(16), 0, theme.px(16), 0)
        top.setLayout(line)
        self._warning = QFrame()
        self._warning.setObjectName("paletteWarn")
        self._warning_words = label()
        self._warning_words.setWordWrap(True)
        line = row(picture(theme, "warning", theme.tokens.warn), spacing=theme.px(12))
        line.addWidget(self._warning_words, 1)
        line.setContentsMargins(theme.px(16), theme.px(6), theme.px(16), theme.px(6))
        self._warning.setLayout(line)
        self._warning.hide()
        self._body = QVBoxLayout()
        self._body.setContentsMargins(0, 0, 0, theme.px(6))
        self._body.setSpacing(0)
        holder = QWidget()
        holder.setLayout(self._body)
        self._scroll = QScrollArea()
        self._scroll.setWidget(holder)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        for part in (top, self._warning, self._scroll, self._foot()):
            column.addWidget(part)
        self.escaped.connect(self.dismissed)
        self.first = self._field
        self._show_what_is_near()

    def words(self) -> str:
        """What is typed."""
        return self._field.text().strip()

    def show_patients(self, found: Found, today: date, open_id: str | None, missing: str) -> None:
        """Show who was found for the words that are typed now.

        Args:
            found: who.
            today: the environment's day.
            open_id: the FHIR id of the patient who is open.
            missing: what is said of those who are not listed; may be empty.
        """
        patients = in_order(found.patients, read_wanted(self.words(), today))
        self._warn_of_similar(patients)
        head = found_words(len(patients), found.total) if patients else ""
        rows: list[QWidget] = [
            _PatientRow(self._theme, one, today, is_open=one.fhir_id == open_id) for one in patients
        ]
        actions = matching(self._actions, self.words())
        if not patients and self.words():
            rows = [
                _Empty(
                    self._theme,
                    f"No patient matches “{self.words()}”",
                    "Looked in names, dates of birth, NHS numbers and practice numbers.",
                )
            ]
        if missing and self.words():
            rows.append(_Missing(self._theme, missing))
        self._show_rows(rows, actions[:_ACTIONS_BESIDE_PATIENTS] if patients else actions, head)

    def show_trouble(self, title: str, words: str) -> None:
        """Say that nobody can be found now, and what to do."""
        self._warning.hide()
        empty = _Empty(self._theme, title, words)
        self._show_rows([empty], matching(self._actions, self.words()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Arrows, Enter and Tab in the field move and open the mark."""
        if watched is self._field and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._move(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._open_marked()
                return True
        return super().eventFilter(watched, event)

    def _typed(self, _words: str) -> None:
        # what was found for other words may not be opened by an Enter that comes before the answer
        self._show_what_is_near()
        self.searched.emit(self.words())

    def _warn_of_similar(self, patients: Sequence[Patient]) -> None:
        many = similar(patients)
        self._warning.setVisible(many > 1)
        self._warning_words.setText(
            f"{many} patients have a similar name. Check the date of birth and NHS number."
        )

    def _show_what_is_near(self) -> None:
        """What is known without asking: recent patients while nothing is typed, and what can be gone to."""
        recent = () if self.words() else self._recent
        self._warn_of_similar(recent)
        rows = [_PatientRow(self._theme, one, self._today, is_open=False) for one in recent]
        self._show_rows(rows, matching(self._actions, self.words()), title="Recent patients")

    def _show_rows(
        self,
        patients: Sequence[QWidget],
        actions: Sequence[Action],
        head: str = "",
        *,
        title: str = "Patients",
    ) -> None:
        while (item := self._body.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        self._rows, self._marked = [], -1
        if patients:
            self._body.addWidget(_Head(self._theme, title, head))
        for one in patients:
            self._add(one)
        if actions:
            self._body.addWidget(_Head(self._theme, "Go to", ""))
        for action in actions:
            made = _Row(self._theme)
            made.fill_action(action)
            made.opened.connect(lambda action=action: self.action_chosen.emit(action.id))
            self._add(made)
        self._body.addStretch(1)
        QTimer.singleShot(0, self, self._fit)
        if self._rows and self.words():
            self._mark(0)

    def _fit(self) -> None:
        """Be as high as the rows, once the style sheet has been at them."""
        wanted = self._body.totalHeightForWidth(self.width() - 2) + 2
        self._scroll.setFixedHeight(min(self._theme.px(_TALLEST), max(self._theme.px(_LOWEST), wanted)))
        self.resized.emit()

    def _add(self, made: QWidget) -> None:
        self._body.addWidget(made)
        if isinstance(made, _Row):
            self._rows.append(made)
        if isinstance(made, _PatientRow):
            made.opened.connect(lambda patient=made.patient: self.patient_chosen.emit(patient))

    def _move(self, step: int) -> None:
        if self._rows:
            self._mark((self._marked + step) % len(self._rows) if self._marked >= 0 or step > 0 else -1)

    def _mark(self, place: int) -> None:
        self._marked = place % len(self._rows)
        for number, one in enumerate(self._rows):
            restyle(one, "on", "true" if number == self._marked else "false")
        self._scroll.ensureWidgetVisible(self._rows[self._marked], 0, self._theme.px(8))

    def _open_marked(self) -> None:
        if 0 <= self._marked < len(self._rows):
            self._rows[self._marked].opened.emit()

    def _foot(self) -> QFrame:
        foot = QFrame()
        foot.setObjectName("paletteFoot")
        foot.setFixedHeight(self._theme.px(36))
        line = row(
            key_cap("↑"),
            key_cap("↓"),
            label("choose", "small"),
            self._theme.px(8),
            key_cap("Enter"),
            label("open the marked row", "small"),
            None,
            label("Ctrl / lists every key", "small"),
            spacing=self._theme.px(5),
        )
        line.setContentsMargins(self._theme.px(16), 0, self._theme.px(16), 0)
        foot.setLayout(line)
        return foot


class _Row(QFrame):
    """One thing to open."""

    opened = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("paletteRow")
        self.setMinimumHeight(theme.px(40))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._theme = theme

    def fill_action(self, action: Action) -> None:
        """Show an action."""
        words = label(action.words)
        words.setWordWrap(True)
        line = row(picture(self._theme, action.icon, size=18), spacing=self._theme.px(12))
        line.addWidget(words, 1)
        if action.key:
            line.addWidget(key_cap(action.key))
        line.setContentsMargins(self._theme.px(14), 0, self._theme.px(16), 0)
        self.setLayout(line)
        self.setAccessibleName(action.words)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click opens."""
        event.accept()
        self.opened.emit()


class _PatientRow(_Row):
    """A patient, never without date of birth and number; a long name takes a second line."""

    def __init__(self, theme: Theme, patient: Patient, today: date, *, is_open: bool) -> None:
        super().__init__(theme)
        self.patient = patient
        name = label(patient.name, "strong")
        name.setWordWrap(True)
        # a number that is broken in two is read wrong
        number = label(re.sub(r"(?<=\d) (?=\d)", "\N{NO-BREAK SPACE}", patient.number_words))
        number.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(theme.px(14), theme.px(4), theme.px(16), theme.px(4))
        grid.setHorizontalSpacing(theme.px(8))
        born = label(patient.born_words(today) if patient.died is None else patient.died_words() or "")
        for place, (part, width) in enumerate(
            ((name, _NAME), (born, _BORN), (label(patient.gender_word), _GENDER)), start=1
        ):
            part.setFixedWidth(theme.px(width))
            grid.addWidget(part, 0, place)
        icon = picture(theme, "patients", size=20)
        grid.addWidget(icon, 0, 0)
        grid.addWidget(number, 0, 4)
        grid.setColumnStretch(4, 1)
        if is_open:
            grid.addWidget(Tag(theme, "Open now", "accent"), 0, 5)
        self.setAccessibleName(
            f"{patient.name}, born {patient.born_words(today)}, {patient.gender_word}, {patient.number_words}"
        )


class _Head(QWidget):
    """The head of a group."""

    def __init__(self, theme: Theme, words: str, right: str) -> None:
        super().__init__()
        line = row(label(words, "cap"), None, label(right, "small"))
        line.setContentsMargins(theme.px(16), theme.px(10), theme.px(16), theme.px(4))
        self.setLayout(line)


class _Missing(QWidget):
    """Who is not listed, and where to look."""

    def __init__(self, theme: Theme, words: str) -> None:
        super().__init__()
        said = label(words, "small")
        said.setWordWrap(True)
        line = row(picture(theme, "lock", size=18), spacing=theme.px(12))
        line.addWidget(said, 1)
        line.setContentsMargins(theme.px(14), theme.px(6), theme.px(16), theme.px(6))
        self.setLayout(line)


class _Empty(QWidget):
    """Nobody was found: what was looked in."""

    def __init__(self, theme: Theme, title: str, words: str) -> None:
        super().__init__()
        icon: QLabel = picture(theme, "find", size=20)
        said = label(words)
        said.setWordWrap(True)
        heading = label(title, "heading")
        heading.setWordWrap(True)
        column = QVBoxLayout()
        column.addWidget(heading)
        column.addWidget(said)
        line = QHBoxLayout(self)
        line.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(16))
        line.setSpacing(theme.px(12))
        line.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(column, 1)
